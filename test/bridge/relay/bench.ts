// The relay on its own, without a broker: an upstream to a test server, and both ways for an agent to reach it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { duplexPair } from 'node:stream';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Transport } from '@modelcontextprotocol/client';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createHttpRelay } from '../../../main/bridge/relay/http.ts';
import { serveStdio } from '../../../main/bridge/relay/stdio.ts';
import { guarded } from '../../../main/bridge/guarded-upstream.ts';
import type {
  GuardedUpstream,
  HttpRelay,
  KnownServer,
  RelayOptions,
  ServerEra,
  Upstream,
} from '../../../main/bridge/relay/types.ts';
import type { Guard } from '../../../main/access/types.ts';
import type { Clock, Fetch, Log } from '../../../main/ports.ts';
import { TokentrayError } from '../../../main/errors.ts';
import { testAccess } from '../access.ts';
import { lineTransport } from './agent.ts';

export const realClock: Clock = {
  now: () => Date.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms).unref();
    return () => clearTimeout(timer);
  },
};

export interface LoggedLine {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface TestUpstream extends GuardedUpstream {
  readonly logged: LoggedLine[];
  /** Signs in, or loses the grant. */
  setReady(ready: boolean): void;
  /** How many wait for a sign-in. */
  listeners(): number;
  /** Resolves after a request was refused for want of a grant. */
  nextRefusal(): Promise<void>;
}

export interface TestUpstreamOptions {
  readonly ready?: boolean;
  readonly known?: KnownServer;
  readonly era?: ServerEra;
  readonly clock?: Clock;
  /** By default one that asks nobody. */
  readonly guard?: Guard;
}

export function testUpstream(url: string, options: TestUpstreamOptions = {}): TestUpstream {
  const logged: LoggedLine[] = [];
  const listeners = new Set<() => void>();
  const refusals: (() => void)[] = [];
  let ready = options.ready ?? true;
  let known = options.known ?? null;
  let era = options.era ?? null;
  const add = (message: string, fields = {}): void => void logged.push({ message, fields });
  const log: Log = { debug: add, info: add, warn: add, error: add, with: () => log };
  const send: Fetch = async (input, init) => {
    if (!ready) {
      for (const waiter of refusals.splice(0)) setImmediate(waiter);
      throw new TokentrayError('needs_sign_in', 'nobody is signed in');
    }
    return fetch(input, { ...init, redirect: 'manual' });
  };
  const base: Upstream = {
    name: 'everything',
    url: new URL(url),
    fetch: send,
    eventStreamFetch: () => send,
    era: { get: () => era, set: (seen) => void (era = seen) },
    signIn: {
      ready: () => ready,
      link: async () => 'http://127.0.0.1:7411/sign-in/everything?once=abc',
      onReady: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    known: { get: () => known, set: (value) => void (known = value) },
    log,
    clock: options.clock ?? realClock,
  };
  return {
    ...guarded(base, options.guard ?? openGuard()),
    logged,
    listeners: () => listeners.size,
    nextRefusal: () => new Promise((resolve) => void refusals.push(resolve)),
    setReady: (value) => {
      ready = value;
      if (ready) for (const listener of listeners) listener();
    },
  };
}

/** Of an agent that nobody is asked about. */
export function openGuard(): Guard {
  const made = testAccess();
  return made.guard(made.caller(made.agent()));
}

/** A relay for which every agent sees the server in one way. */
export function relayTo(
  upstream: GuardedUpstream,
  options?: RelayOptions,
): Omit<HttpRelay, 'handle'> & { handle(request: Request, options?: { agent?: string }): Promise<Response> } {
  const relay = createHttpRelay(upstream, options);
  return { ...relay, handle: (request, { agent = '' } = {}) => relay.handle(request, { agent, upstream }) };
}

export interface Way {
  readonly transport: Transport;
  close(): Promise<void>;
}

export function overStdio(upstream: GuardedUpstream, options?: RelayOptions): Way {
  const [agentEnd, relayEnd] = duplexPair();
  const session = serveStdio(upstream, relayEnd, options);
  return { transport: lineTransport(agentEnd), close: () => session.close() };
}

export async function overHttp(
  upstream: GuardedUpstream,
  options?: RelayOptions,
): Promise<Way & { url: URL; relay: ReturnType<typeof relayTo> }> {
  const relay = relayTo(upstream, options);
  const serve = toNodeHandler({ fetch: (request: Request) => relay.handle(request, { agent: 'tester' }) });
  type Arrived = Parameters<typeof serve>[0];
  const listener = createServer((request, response) => void serve(request as Arrived, response));
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const url = new URL(`http://127.0.0.1:${(listener.address() as AddressInfo).port}/mcp/everything`);
  return {
    url,
    relay,
    transport: new StreamableHTTPClientTransport(url),
    async close() {
      await relay.close();
      listener.closeAllConnections();
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
}
