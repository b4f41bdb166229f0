// Windows: each is a page in Chromium. Whether it is shown and where it stands is kept here, for a page knows neither.
import { readFileSync } from 'node:fs';
import { app, windows } from './app.ts';
import { answers, chromium } from './chromium.ts';
import { Emitter, PreventableEvent } from './emitter.ts';
import { schemesForStandIn, sessionOfWindow } from './session.ts';
import type { Session } from './session.ts';
import type { Rectangle } from './screen.ts';
import { forgetWebContents, WebContents } from './web-contents.ts';

export interface BrowserWindowConstructorOptions {
  title?: string;
  icon?: string;
  show?: boolean;
  width?: number;
  height?: number;
  minWidth?: number;
  minHeight?: number;
  frame?: boolean;
  resizable?: boolean;
  movable?: boolean;
  minimizable?: boolean;
  maximizable?: boolean;
  fullscreenable?: boolean;
  skipTaskbar?: boolean;
  alwaysOnTop?: boolean;
  autoHideMenuBar?: boolean;
  webPreferences?: {
    session?: Session;
    preload?: string;
    sandbox?: boolean;
    contextIsolation?: boolean;
    nodeIntegration?: boolean;
    webviewTag?: boolean;
    spellcheck?: boolean;
    navigateOnDragDrop?: boolean;
    devTools?: boolean;
  };
}

let last = 0;

export class BrowserWindow extends Emitter<{
  close: [PreventableEvent];
  closed: [];
  blur: [];
  'ready-to-show': [];
}> {
  static getAllWindows(): BrowserWindow[] {
    return [...windows.values()] as BrowserWindow[];
  }

  readonly id: number;
  readonly webContents: WebContents;
  readonly #created: Promise<void>;
  #bounds: Rectangle;
  #visible: boolean;
  #destroyed = false;
  #minimized = false;
  #ready = false;

  constructor(options: BrowserWindowConstructorOptions = {}) {
    super();
    if (!app.isReady()) throw new Error('Cannot create BrowserWindow before app is ready');
    last += 1;
    this.id = last;
    const { session, preload, ...web } = options.webPreferences ?? {};
    if (session === undefined || preload === undefined) throw new Error('the stand-in needs a session and a preload');
    // What the stand-in's pages are like; an app that asked for less would be shown a page that is safer than its own.
    const sandboxed = web.sandbox === true && app.sandboxedForStandIn();
    if (!sandboxed || web.contextIsolation === false || web.nodeIntegration === true || web.webviewTag === true) {
      throw new Error('the stand-in only has isolated, sandboxed pages');
    }
    const { width = 800, height = 600 } = options;
    this.#bounds = { x: 0, y: 0, width, height };
    this.#visible = options.show ?? true;
    sessionOfWindow.set(this.id, session);
    windows.set(this.id, this);
    this.#created = chromium('window.create', {
      id: this.id,
      preload: readFileSync(preload, 'utf8'),
      width,
      height,
      refused: session.refusedForStandIn(),
      schemes: schemesForStandIn(),
    });
    this.webContents = new WebContents(this.id);
  }

  async loadURL(url: string): Promise<void> {
    await this.#created;
    await chromium('window.load', { id: this.id, url });
    if (this.#ready || this.#destroyed) return;
    this.#ready = true;
    this.emit('ready-to-show');
  }

  show(): void {
    this.#visible = true;
  }

  hide(): void {
    this.#visible = false;
  }

  focus(): void {
    // Headless pages all have the focus.
  }

  isVisible(): boolean {
    return this.#visible && !this.#destroyed;
  }

  isMinimized(): boolean {
    return this.#minimized;
  }

  minimize(): void {
    this.#minimized = true;
  }

  restore(): void {
    this.#minimized = false;
  }

  getBounds(): Rectangle {
    return { ...this.#bounds };
  }

  setBounds(bounds: Rectangle): void {
    this.#bounds = { ...bounds };
    void chromium('window.size', { id: this.id, width: bounds.width, height: bounds.height });
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  close(): void {
    if (this.#destroyed) return;
    const event = new PreventableEvent();
    this.emit('close', event);
    if (!event.defaultPrevented) this.destroy();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    windows.delete(this.id);
    forgetWebContents(this.id);
    void chromium('window.destroy', { id: this.id });
    this.emit('closed');
    if (windows.size > 0) return;
    if (app.listenerCount('window-all-closed') === 0) app.quit();
    else app.emit('window-all-closed');
  }
}

answers('closing', ({ id }) => windows.get(id)?.close());
