// MessagePorts in the main process, and the channel on which pages send them.
import { Emitter } from './emitter.ts';
import { answers, chromium } from './chromium.ts';
import type { PortData } from './wire.ts';
import { webContentsOf } from './web-contents.ts';
import type { WebContents, WebFrameMain } from './web-contents.ts';

type PortEvents = { message: [{ data: unknown; ports: MessagePortMain[] }]; close: [] };

/** Messages wait until `start`, as Electron's do. */
export class MessagePortMain extends Emitter<PortEvents> {
  readonly #send: (data: PortData) => void;
  readonly #end: () => void;
  #waiting: unknown[] | null = [];
  #closed = false;

  constructor(send: (data: PortData) => void, end: () => void) {
    super();
    this.#send = send;
    this.#end = end;
  }

  start(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const data of waiting) this.emit('message', { data, ports: [] });
  }

  postMessage(message: unknown): void {
    if (this.#closed) return;
    if (typeof message !== 'string' && !(message instanceof Uint8Array)) {
      throw new TypeError('the stand-in carries text and bytes only');
    }
    this.#send(message);
  }

  close(): void {
    if (this.#closed) return;
    this.#end();
    this.closedForStandIn();
  }

  /** Not Electron's: the other end said something. */
  deliverForStandIn(data: unknown): void {
    if (this.#closed) return;
    if (this.#waiting === null) this.emit('message', { data, ports: [] });
    else this.#waiting.push(data);
  }

  /** Not Electron's: the other end is gone. */
  closedForStandIn(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.emit('close');
  }
}

/** Both ends in this process. */
export class MessageChannelMain {
  readonly port1: MessagePortMain;
  readonly port2: MessagePortMain;

  constructor() {
    const ends: MessagePortMain[] = [];
    const end = (other: number) =>
      new MessagePortMain(
        (data) => queueMicrotask(() => ends[other]?.deliverForStandIn(data)),
        () => queueMicrotask(() => ends[other]?.closedForStandIn()),
      );
    this.port1 = end(1);
    this.port2 = end(0);
    ends.push(this.port1, this.port2);
  }
}

export interface IpcMainEvent {
  readonly ports: MessagePortMain[];
  readonly sender: WebContents;
  readonly senderFrame: WebFrameMain | null;
}

class IpcMain {
  readonly #emitter = new Emitter<Record<string, [IpcMainEvent, ...unknown[]]>>();

  on(channel: string, listener: (event: IpcMainEvent, ...args: unknown[]) => void): this {
    this.#emitter.on(channel, listener);
    return this;
  }

  emit(channel: string, event: IpcMainEvent, ...args: unknown[]): boolean {
    return this.#emitter.emit(channel, event, ...args);
  }
}

export const ipcMain = new IpcMain();

/** The main-process ends of ports whose other end is in a page. */
const carried = new Map<string, MessagePortMain>();

function carry(port: string): MessagePortMain {
  const end = new MessagePortMain(
    (data) => void chromium('port.post', { port, data }),
    () => {
      carried.delete(port);
      void chromium('port.close', { port });
    },
  );
  carried.set(port, end);
  return end;
}

answers('ipc', ({ id, url, channel, message, ports }) => {
  const sender = webContentsOf(id);
  if (sender === null) return;
  sender.mainFrame.url = url;
  ipcMain.emit(channel, { sender, senderFrame: sender.mainFrame, ports: ports.map(carry) }, message);
});
answers('port.message', ({ port, data }) => carried.get(port)?.deliverForStandIn(data));
answers('port.closed', ({ port }) => {
  carried.get(port)?.closedForStandIn();
  carried.delete(port);
});
