// Web contents and their frames: what a page is, where it may go, and that it gets no second window.
import { app } from './app.ts';
import { answers } from './chromium.ts';
import { Emitter, PreventableEvent } from './emitter.ts';
import type { FrameInfo } from './wire.ts';

export class WebFrameMain {
  url = '';
  readonly parent: WebFrameMain | null;
  readonly frames: WebFrameMain[] = [];

  constructor(parent: WebFrameMain | null) {
    this.parent = parent;
  }

  get top(): WebFrameMain {
    return this.parent === null ? this : this.parent.top;
  }
}

export class WillFrameNavigateEvent extends PreventableEvent {
  readonly url: string;
  readonly frame: WebFrameMain | null;
  readonly isMainFrame: boolean;
  readonly isSameDocument = false;

  constructor(url: string, frame: WebFrameMain | null, isMainFrame: boolean) {
    super();
    this.url = url;
    this.frame = frame;
    this.isMainFrame = isMainFrame;
  }
}

type OpenHandler = (details: { url: string }) => { action: 'deny' };

export class WebContents extends Emitter<{
  'will-frame-navigate': [WillFrameNavigateEvent];
  /** Never: a page in Chromium has no webview element. */
  'will-attach-webview': [PreventableEvent];
}> {
  readonly id: number;
  readonly mainFrame = new WebFrameMain(null);
  #openHandler: OpenHandler | null = null;
  #frames = new Map<number, WebFrameMain>();

  constructor(id: number) {
    super();
    this.id = id;
    known.set(id, this);
    app.emit('web-contents-created', new PreventableEvent(), this);
  }

  getURL(): string {
    return this.mainFrame.url;
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.#openHandler = handler;
  }

  /** Not Electron's: a page asked for a window. An app that leaves that to Electron would get one. */
  openForStandIn(url: string): void {
    if (this.#openHandler === null) throw new Error('a page opened a window, and nothing denied it');
    this.#openHandler({ url });
  }

  /** Not Electron's. */
  mayGoForStandIn(url: string, frame: FrameInfo): boolean {
    const isMainFrame = frame.parent === null;
    const event = new WillFrameNavigateEvent(url, isMainFrame ? this.mainFrame : this.#frame(frame), isMainFrame);
    this.emit('will-frame-navigate', event);
    return !event.defaultPrevented;
  }

  /** Not Electron's: the tree as it is now, parents first. */
  updateForStandIn(frames: readonly FrameInfo[]): void {
    const before = this.#frames;
    this.#frames = new Map();
    this.mainFrame.frames.length = 0;
    for (const frame of frames) {
      if (frame.parent === null) {
        this.mainFrame.url = frame.url;
        this.#frames.set(frame.id, this.mainFrame);
        continue;
      }
      const parent = this.#frames.get(frame.parent) ?? this.mainFrame;
      const known = before.get(frame.id) ?? new WebFrameMain(parent);
      known.frames.length = 0;
      known.url = frame.url;
      parent.frames.push(known);
      this.#frames.set(frame.id, known);
    }
  }

  #frame({ id, url }: FrameInfo): WebFrameMain {
    const frame = this.#frames.get(id) ?? new WebFrameMain(this.mainFrame);
    frame.url = url;
    return frame;
  }
}

const known = new Map<number, WebContents>();
export const webContentsOf = (id: number): WebContents | null => known.get(id) ?? null;
export const forgetWebContents = (id: number): boolean => known.delete(id);

answers('navigate', ({ id, url, frame }) => webContentsOf(id)?.mayGoForStandIn(url, frame) ?? false);
answers('open', ({ id, url }) => webContentsOf(id)?.openForStandIn(url));
answers('frames', ({ id, frames }) => webContentsOf(id)?.updateForStandIn(frames));
