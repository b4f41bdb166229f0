// The control contract over a MessagePort, for the main frames of our own windows and nobody else.
import { ipcMain } from 'electron';
import type { IpcMainEvent, MessagePortMain } from 'electron';
import { RPCHandler } from '@orpc/server/message-port';
import { portChannel } from '../../preload/channel.ts';
import type { createUiRouter } from '../control/ui-router.ts';
import type { Log } from '../ports.ts';
import { isOwnPage } from './app-page.ts';

/** The longest thing that a window says is a pasted key or certificate. */
const longestMessage = 1_048_576;

export interface PortsOptions {
  /** What every UI may ask; the command line's calls are not among it. */
  readonly router: ReturnType<typeof createUiRouter>;
  /** Whether these web contents are one of the app's windows. */
  readonly isOwnWindow: (id: number) => boolean;
  readonly log: Log;
}

export function servePorts({ router, isOwnWindow, log }: PortsOptions): void {
  const handler = new RPCHandler(router);
  const open = new Map<number, MessagePortMain>();

  ipcMain.on(portChannel, (event) => {
    const [port, ...more] = event.ports;
    if (port === undefined || more.length > 0 || !isOurs(event, isOwnWindow)) {
      for (const offered of event.ports) offered.close();
      log.warn('a port was asked for by somebody else than our own page', { page: event.senderFrame?.url ?? null });
      return;
    }
    // One port for a window: a page that was loaded again has left its old one behind.
    const { id } = event.sender;
    open.get(id)?.close();
    open.set(id, port);
    port.on('close', () => {
      if (open.get(id) === port) open.delete(id);
    });
    handler.upgrade(limited(port, log), { context: { session: null } });
    port.start();
  });
}

function isOurs(event: IpcMainEvent, isOwnWindow: (id: number) => boolean): boolean {
  const frame = event.senderFrame;
  // Null: the frame went away or elsewhere since it asked.
  if (frame === null || frame !== event.sender.mainFrame) return false;
  return isOwnWindow(event.sender.id) && isOwnPage(frame.url);
}

/** The port as the handler sees it: what is too long to be meant ends it. */
function limited(port: MessagePortMain, log: Log) {
  return {
    on(name: string, listener: (event?: { data: unknown }) => void): void {
      if (name === 'close') port.on('close', () => listener());
      if (name !== 'message') return;
      port.on('message', ({ data }) => {
        if (isShort(data)) return listener({ data });
        log.warn('a window said more than any window has to say', { limit: longestMessage });
        port.close();
      });
    },
    postMessage: (message: unknown) => port.postMessage(message),
  };
}

function isShort(data: unknown): boolean {
  if (typeof data === 'string') return data.length <= longestMessage;
  return data instanceof Uint8Array && data.byteLength <= longestMessage;
}
