// `app`: the life of the process, from ready to quit, as Electron leads it.
import { existsSync } from 'node:fs';
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { Emitter, PreventableEvent } from './emitter.ts';
import type { WebContents } from './web-contents.ts';

interface LoginItemSettings {
  openAtLogin?: boolean;
  args?: string[];
  path?: string;
}

interface Closable {
  close(): void;
  destroy(): void;
  isDestroyed(): boolean;
}

/** Filled by the windows; kept here because quitting closes them. */
export const windows = new Map<number, Closable>();

class App extends Emitter<{
  ready: [];
  'before-quit': [PreventableEvent];
  'will-quit': [PreventableEvent];
  'window-all-closed': [];
  activate: [];
  'web-contents-created': [PreventableEvent, WebContents];
}> {
  readonly isPackaged = false;
  readonly dock: { hide(): void } | undefined = undefined;
  readonly #paths = new Map<string, string>();
  #sandboxed = false;
  #ready = false;
  #login: LoginItemSettings = {};
  readonly #whenReady = this.#start();

  whenReady(): Promise<void> {
    return this.#whenReady;
  }

  /** Once the entry has been read. */
  async #start(): Promise<void> {
    await setImmediate();
    this.#ready = true;
    this.emit('ready');
  }

  isReady(): boolean {
    return this.#ready;
  }

  /** @throws when it is too late, as Electron does */
  enableSandbox(): void {
    if (this.#ready) throw new Error('app.enableSandbox() can only be called before app is ready');
    this.#sandboxed = true;
  }

  setName(_name: string): void {
    // A name shows in menus that nobody sees here.
  }

  setPath(name: 'userData', path: string): void {
    if (!existsSync(path)) throw new Error(`Failed to set path: ${path} does not exist`);
    this.#paths.set(name, path);
  }

  getPath(name: 'userData'): string {
    return this.#paths.get(name) ?? '';
  }

  getAppPath(): string {
    return process.cwd();
  }

  setAppUserModelId(_id: string): void {
    // Windows alone has these.
  }

  setLoginItemSettings(settings: LoginItemSettings): void {
    this.#login = settings;
  }

  getLoginItemSettings(_asked?: { args?: string[]; path?: string }): {
    openAtLogin: boolean;
    wasOpenedAtLogin: boolean;
  } {
    return { openAtLogin: this.#login.openAtLogin ?? false, wasOpenedAtLogin: false };
  }

  /** `before-quit`, then every window is asked to close, then `will-quit`; whoever prevents one of them stops it. */
  quit(): void {
    if (prevented((event) => this.emit('before-quit', event))) return;
    for (const window of windows.values()) window.close();
    if ([...windows.values()].some((window) => !window.isDestroyed())) return;
    if (prevented((event) => this.emit('will-quit', event))) return;
    process.exit(0);
  }

  /** At once and unasked. */
  exit(code = 0): void {
    for (const window of windows.values()) window.destroy();
    process.exit(code);
  }

  /** Not Electron's: whether a window would run in the sandbox. */
  sandboxedForStandIn(): boolean {
    return this.#sandboxed;
  }
}

function prevented(emit: (event: PreventableEvent) => void): boolean {
  const event = new PreventableEvent();
  emit(event);
  return event.defaultPrevented;
}

export const app = new App();
// As Electron's own handlers do on Linux and macOS.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => app.quit());
