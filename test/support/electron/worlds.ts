// What runs inside a window's page: the preload in an isolated world of Chromium's own, and in the page's world the little that
// the context bridge needs. Both functions are sent as text, so they use nothing from outside themselves.

/** The isolated world's only way out, put there by `Runtime.addBinding`. */
export const bindingName = 'standInSay';
export const preloadWorld = 'preload';

/** What the preload's world says through the binding, as JSON. */
export type Said =
  | { readonly kind: 'ipc'; readonly channel: string; readonly message: unknown; readonly ports: readonly string[] }
  | { readonly kind: 'port'; readonly port: string; readonly text?: string; readonly bytes?: string }
  | { readonly kind: 'closed'; readonly port: string };

interface InPage {
  standInSay: (text: string) => void;
  standInHear: (port: string, text: string | null, bytes: string | null) => void;
}

/** Before the page's own scripts: makes what the preload exposes. Frozen, as Electron's bridge leaves it. */
export function pageSide(event: string): void {
  if (window !== window.top) return;
  const expose = (happening: Event): void => {
    const { key, members } = JSON.parse((happening as CustomEvent<string>).detail) as {
      key: string;
      members: string[];
    };
    const api = Object.fromEntries(
      members.map((member) => [
        member,
        (...args: unknown[]) => {
          window.dispatchEvent(new CustomEvent(`${event}-call`, { detail: JSON.stringify({ key, member, args }) }));
        },
      ]),
    );
    Object.defineProperty(window, key, { value: Object.freeze(api), enumerable: true });
  };
  window.addEventListener(`${event}-expose`, expose);
}

/** Runs `preload` as Electron's sandbox does: CommonJS, with the renderer's part of `electron` and nothing else to require. */
export function preloadSide(
  event: string,
  nonce: string,
  preload: (require: (name: string) => unknown, module: { exports: unknown }, exports: unknown) => void,
): void {
  if (window !== window.top || location.href === 'about:blank') return;
  const world = globalThis as unknown as InPage;
  const say = (said: unknown): void => world.standInSay(JSON.stringify(said));
  const ports = new Map<string, MessagePort>();
  let last = 0;

  function carry(port: MessagePort): string {
    last += 1;
    const id = `${nonce}-${Math.random().toString(36).slice(2)}-${last}`;
    ports.set(id, port);
    port.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'string') say({ kind: 'port', port: id, text: data });
      else if (data instanceof Uint8Array) say({ kind: 'port', port: id, bytes: btoa(String.fromCharCode(...data)) });
      else throw new TypeError('the stand-in carries text and bytes only');
    });
    port.addEventListener('close', () => {
      ports.delete(id);
      say({ kind: 'closed', port: id });
    });
    port.start();
    return id;
  }

  world.standInHear = (id, text, bytes) => {
    const port = ports.get(id);
    if (text === null && bytes === null) {
      port?.close();
      ports.delete(id);
      return;
    }
    port?.postMessage(text ?? Uint8Array.from(atob(bytes ?? ''), (character) => character.charCodeAt(0)));
  };

  const exposed = new Map<string, Readonly<Record<string, unknown>>>();
  window.addEventListener(`${event}-call`, (happening) => {
    const call = JSON.parse((happening as CustomEvent<string>).detail) as {
      key: string;
      member: string;
      args: unknown[];
    };
    const member = exposed.get(call.key)?.[call.member];
    if (typeof member === 'function') member(...call.args);
  });

  const electron = {
    contextBridge: {
      exposeInMainWorld(key: string, api: Readonly<Record<string, unknown>>): void {
        if (Object.values(api).some((member) => typeof member !== 'function')) {
          throw new TypeError('the stand-in’s context bridge carries functions only');
        }
        exposed.set(key, api);
        const detail = JSON.stringify({ key, members: Object.keys(api) });
        window.dispatchEvent(new CustomEvent(`${event}-expose`, { detail }));
      },
    },
    ipcRenderer: {
      postMessage(channel: string, message: unknown, transfer: MessagePort[] = []): void {
        say({ kind: 'ipc', channel, message, ports: transfer.map(carry) });
      },
    },
  };
  const module = { exports: {} };
  const require = (name: string): unknown => {
    if (name === 'electron') return electron;
    throw new Error(`module not found: ${name}`);
  };
  preload(require, module, module.exports);
}
