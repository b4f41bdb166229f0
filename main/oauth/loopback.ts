// The loopback redirect (RFC 8252 section 7.3): one listener, any number of sign-ins, told apart by their `state`.
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { TokentrayError } from '../errors.ts';
import type { Clock, Log } from '../ports.ts';
import { sameText } from './authorize.ts';
import { pageHeaders, renderPage } from './loopback-page.ts';
import type { CallbackPage } from './loopback-page.ts';

export type { CallbackPage } from './loopback-page.ts';

export interface LoopbackOptions {
  /** 0: any. */
  readonly preferredPort: number;
  /** The preferred port or none: for a registration whose server compares ports. */
  readonly exactPort?: boolean;
  readonly log: Log;
  readonly clock: Clock;
}

export interface Loopback {
  readonly port: number;
  /** The redirect URI to register and send: the address (RFC 8252 section 7.3), or the name for servers that insist. */
  redirectUri(host?: '127.0.0.1' | 'localhost'): string;
  /**
   * The answer with this `state`. Wrong, foreign and repeated callbacks are turned away and change nothing.
   * @throws the signal's reason
   */
  wait(state: string, signal: AbortSignal): Promise<Callback>;
  /** An answer that came another way, such as pasted. True when somebody waited for its `state`. */
  paste(url: URL): boolean;
  close(): Promise<void>;
}

interface Callback {
  readonly url: URL;
  /** What the browser's tab shows; to be called when the outcome is known. Without a tab it does nothing. */
  reply(page: CallbackPage): void;
}

interface Waiter {
  readonly state: string;
  resolve(callback: Callback): void;
  reject(reason: unknown): void;
}

const path = '/callback';
/** How long a tab is kept waiting for the token exchange. */
const patienceMs = 60_000;

/** @throws port_taken */
export async function openLoopback(options: LoopbackOptions): Promise<Loopback> {
  const waiters = new Set<Waiter>();
  const held = new Set<() => void>();
  const unfinished = new Set<Promise<void>>();
  let port = 0;
  const listeners = await listen(options, (request, response) => {
    const finished = written(response).finally(() => unfinished.delete(finished));
    unfinished.add(finished);
    response.setHeader('connection', 'close');
    receive(request, response);
  });
  port = portOf(listeners);
  options.log.debug('listening for callbacks', { port, addresses: listeners.length });

  return {
    port,
    redirectUri: (host = '127.0.0.1') => `http://${host}:${port}${path}`,
    async wait(state, signal) {
      signal.throwIfAborted();
      return new Promise<Callback>((resolve, reject) => {
        const aborted = () => waiter.reject(signal.reason);
        const settle = () => {
          waiters.delete(waiter);
          signal.removeEventListener('abort', aborted);
        };
        const waiter: Waiter = {
          state,
          resolve(callback) {
            settle();
            resolve(callback);
          },
          reject(reason) {
            settle();
            reject(reason instanceof Error ? reason : closed());
          },
        };
        waiters.add(waiter);
        signal.addEventListener('abort', aborted, { once: true });
      });
    },
    paste(url) {
      const waiter = take(url);
      waiter?.resolve({ url, reply: () => undefined });
      return waiter !== null;
    },
    async close() {
      for (const waiter of waiters) waiter.reject(closed());
      for (const release of held) release();
      // The page that was just replied is to reach its tab; a browser's idle connections are not waited for.
      await Promise.all(unfinished);
      await Promise.all(listeners.map(shut));
    },
  };

  function receive(request: IncomingMessage, response: ServerResponse): void {
    const refuse = (status: number, because: string) => {
      options.log.debug('turned a callback away', { status, because });
      send(response, status, { kind: 'unexpected', because });
    };
    // A page elsewhere that rebinds its own name to 127.0.0.1 comes with that name (DNS rebinding).
    if (!ownHost(request.headers.host)) return refuse(400, 'This address is not one of ours.');
    const url = URL.parse(request.url ?? '', `http://127.0.0.1:${port}`);
    if (url?.pathname !== path) return refuse(404, 'There is nothing here.');
    if (request.method !== 'GET') {
      response.setHeader('allow', 'GET');
      return refuse(405, 'Only a browser that comes back from a sign-in has business here.');
    }
    const waiter = take(url);
    if (waiter === null) return refuse(400, 'No sign-in is waiting for this answer. It may be over already.');
    waiter.resolve({ url, reply: holdOpen(response) });
  }

  /** The waiter for a callback; null when nobody waits for it. Resolving it takes it off the list. */
  function take(url: URL): Waiter | null {
    const [state, ...more] = url.searchParams.getAll('state');
    if (state === undefined || more.length > 0) return null;
    // Every waiter is compared, in constant time: how long it takes tells nothing about any state.
    const [match] = [...waiters].filter((waiter) => sameText(waiter.state, state));
    if (match === undefined) return null;
    return match;
  }

  function holdOpen(response: ServerResponse): (page: CallbackPage) => void {
    const stopWaiting = options.clock.after(patienceMs, () => reply({ kind: 'pending' }));
    const release = () => reply({ kind: 'pending' });
    held.add(release);
    response.once('close', () => {
      held.delete(release);
      stopWaiting();
    });
    function reply(page: CallbackPage): void {
      stopWaiting();
      held.delete(release);
      if (!response.headersSent) send(response, page.kind === 'failed' ? 400 : 200, page);
    }
    return reply;
  }

  function ownHost(host: string | undefined): boolean {
    return host === `127.0.0.1:${port}` || host === `localhost:${port}` || host === `[::1]:${port}`;
  }
}

function written(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('finish', resolve);
    response.once('close', resolve);
  });
}

function send(response: ServerResponse, status: number, page: CallbackPage): void {
  const body = renderPage(page);
  response.writeHead(status, { ...pageHeaders, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Listeners on 127.0.0.1 and, where the machine has IPv6, on ::1, at one port. */
async function listen({ preferredPort, exactPort, log }: LoopbackOptions, handler: Handler): Promise<Server[]> {
  const ports = exactPort === true ? [preferredPort] : [preferredPort, 0, 0, 0, 0, 0];
  for (const port of ports) {
    const listeners = await listenAt(port, handler);
    if (listeners !== null) return listeners;
    log.debug('the callback port is taken', { port });
  }
  throw new TokentrayError('port_taken', `port ${preferredPort} on this machine is taken by another program`, {
    attempted: 'listen for the answer of the sign-in',
    advice: `Close the program that uses port ${preferredPort}; this server sends browsers to no other port.`,
    facts: { port: preferredPort },
  });
}

/** Null when the port is taken, on either address: `localhost` may lead a browser to whoever holds the other one. */
async function listenAt(port: number, handler: Handler): Promise<Server[] | null> {
  const first = await bind('127.0.0.1', port, handler);
  if (typeof first === 'string') {
    if (taken.has(first)) return null;
    throw new TokentrayError('internal', `this machine's loopback address cannot be used (${first})`);
  }
  const second = await bind('::1', portOf([first]), handler);
  if (typeof second !== 'string') return [first, second];
  if (!taken.has(second)) return [first];
  await shut(first);
  return null;
}

const taken = new Set(['EADDRINUSE', 'EACCES']);

/** The listening server, or the code of what prevented it. */
async function bind(host: string, port: number, handler: Handler): Promise<Server | string> {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000, maxHeaderSize: 32_768 }, handler);
  const outcome = await new Promise<Server | string>((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
  // A listener that fails later fails on its own; there is nobody to tell but the sign-in's time-out.
  server.on('error', () => undefined);
  return outcome;
}

function portOf([server]: readonly Server[]): number {
  const address = server?.address();
  if (typeof address === 'object' && address !== null) return address.port;
  throw new TokentrayError('internal', 'the listener for callbacks has no port');
}

async function shut(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function closed(): TokentrayError {
  return new TokentrayError('sign_in_cancelled', 'the sign-in ended because its listener was closed', {
    attempted: 'wait for the answer of the sign-in',
  });
}
