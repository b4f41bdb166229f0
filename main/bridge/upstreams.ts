// The servers as the relay sees them: one object per server, with its token, its era, and what is known of it.
import type { Duplex } from 'node:stream';
import * as z from 'zod';
import { TokentrayError } from '../errors.ts';
import type { Grants, GrantState } from '../grants/types.ts';
import type { Clock, Fetch, Log } from '../ports.ts';
import type { ServerRow, Store } from '../store/types.ts';
import { createHttpRelay } from './relay/http.ts';
import { serveStdio } from './relay/stdio.ts';
import type { HttpRelay, KnownServer, RelayOptions, RelaySession, Upstream } from './relay/types.ts';
import { eventStreamFetch, upstreamFetch } from './upstream.ts';

export interface UpstreamParts {
  readonly store: Pick<Store, 'servers' | 'settings'>;
  readonly grants: Pick<Grants, 'upstreamAuth' | 'state' | 'onChange'>;
  readonly mcpFetch: Fetch;
  /** A one-time local sign-in link. */
  readonly linkFor: (server: string) => string;
  /** @throws paused while a person has stopped all lending */
  readonly checkOpen?: () => void;
  readonly log: Log;
  readonly clock: Clock;
}

export interface Upstreams {
  /** @throws unknown_server */
  upstream(server: string): Upstream;
  relay(server: string): HttpRelay;
  /** Serves an agent on stdio until either side ends it, or the server is forgotten. @throws unknown_server */
  stdio(server: string, stream: Duplex, options?: RelayOptions): RelaySession;
  /**
   * Ends everything that is open to a server within a second, then does `drop`: sessions are ended while there still is a token to end them with, and nobody can open
   * another one until the server is gone. Rejects as `drop` does; the server can be used again then.
   */
  forgetWith<T>(server: string, drop: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

interface Entry {
  readonly identity: string;
  readonly upstream: Upstream;
  readonly relay: HttpRelay;
  readonly stdio: Set<RelaySession>;
  /** Ends every request that is still under way. */
  readonly gone: AbortController;
}

/** For sessions to be ended in words. */
const endWithinMs = 1000;

/** How long an era verdict is believed: a server that was upgraded still answers `initialize`, nothing else would tell. */
const eraHorizonMs = 24 * 60 * 60_000;
const mostKnownBytes = 1024 * 1024;

const object = z.record(z.string(), z.unknown());
const knownSchema = z.object({
  url: z.string(),
  serverInfo: object.optional(),
  capabilities: object.optional(),
  instructions: z.string().optional(),
  tools: z.array(object).optional(),
});

export function createUpstreams(parts: UpstreamParts): Upstreams {
  const { store, grants, log, clock } = parts;
  const entries = new Map<string, Entry>();
  const leaving = new Set<string>();

  function entryOf(name: string): Entry {
    const row = store.servers.get(name);
    if (row === null || leaving.has(name)) {
      throw new TokentrayError('unknown_server', `there is no server named ${name}`, { subject: name });
    }
    // Forgotten and added again, even with the same name and address, it is another server.
    const { url } = row;
    const identity = `${row.addedAt} ${url}`;
    const held = entries.get(name);
    if (held?.identity === identity) return held;
    if (held !== undefined) void end(held);
    const gone = new AbortController();
    const upstream = upstreamOf(name, new URL(url), gone.signal);
    const entry = { identity, upstream, relay: createHttpRelay(upstream), stdio: new Set<RelaySession>(), gone };
    entries.set(name, entry);
    return entry;
  }

  async function end({ relay, stdio, gone }: Entry): Promise<void> {
    const ended = Promise.allSettled([relay.close(), ...[...stdio].map((session) => session.close())]);
    await new Promise<void>((resolve) => {
      const late = clock.after(endWithinMs, resolve);
      void ended.then(late).then(resolve);
    });
    // What a server keeps waiting, and what was about to be opened, ends without a goodbye.
    gone.abort();
  }

  async function forget(name: string): Promise<void> {
    const held = entries.get(name);
    entries.delete(name);
    if (held !== undefined) await end(held);
  }

  function upstreamOf(name: string, url: URL, gone: AbortSignal): Upstream {
    const carrying = { auth: grants.upstreamAuth(name), url, fetch: parts.mcpFetch, log };
    const row = (): ServerRow | null => store.servers.get(name);
    const isReady = (state: GrantState['kind']): boolean =>
      state === 'open' || state === 'connected' || state === 'retrying' || row()?.settings.signIn === 'auto';
    return {
      name,
      url,
      fetch: whileOpen(parts.checkOpen, until(gone, upstreamFetch(carrying))),
      eventStreamFetch: () => whileOpen(parts.checkOpen, until(gone, eventStreamFetch(carrying))),
      era: {
        get() {
          const era = row()?.settings.era ?? null;
          return era === null || clock.now() - era.seenAt > eraHorizonMs ? null : era.kind;
        },
        set(kind) {
          if (row() !== null) store.servers.update(name, { era: { kind, seenAt: clock.now() } });
        },
      },
      signIn: {
        ready: () => isReady(grants.state(name).kind),
        link: () => Promise.resolve(parts.linkFor(name)),
        onReady(listener) {
          let was = isReady(grants.state(name).kind);
          return grants.onChange((change) => {
            if (change.server !== name) return;
            const is = change.state.kind === 'connected';
            if (is && !was) listener();
            was = is;
          });
        },
      },
      known: {
        get: () => readKnown(store.settings.get(`known:${name}`), url),
        set(known) {
          // What comes late must not outlive the server that it is of.
          if (gone.aborted) return;
          const text = JSON.stringify({ ...known, url: url.href });
          if (text.length <= mostKnownBytes) store.settings.set(`known:${name}`, text);
        },
      },
      log: log.with({ server: name }),
      clock,
    };
  }

  return {
    upstream: (name) => entryOf(name).upstream,
    relay: (name) => entryOf(name).relay,
    stdio(name, stream, options) {
      const { upstream, stdio } = entryOf(name);
      const session = serveStdio(upstream, stream, options);
      stdio.add(session);
      void session.done.then(() => stdio.delete(session));
      return session;
    },
    async forgetWith(name, drop) {
      leaving.add(name);
      try {
        await forget(name);
        const dropped = await drop();
        store.settings.set(`known:${name}`, '');
        return dropped;
      } finally {
        leaving.delete(name);
      }
    },
    async close() {
      await Promise.all([...entries.keys()].map(forget));
    },
  };
}

/** The fetch for as long as the server is there. */
const until =
  (gone: AbortSignal, fetch: Fetch): Fetch =>
  (input, init) => {
    const given = init?.signal ?? (input instanceof Request ? input.signal : null);
    return fetch(input, { ...init, signal: given === null ? gone : AbortSignal.any([given, gone]) });
  };

/** The fetch for as long as nothing is paused; a session may be ended all the same, that lends nothing. */
const whileOpen =
  (check: (() => void) | undefined, fetch: Fetch): Fetch =>
  async (input, init) => {
    if (init?.method !== 'DELETE') check?.();
    return fetch(input, init);
  };

/** What is known, unless it is of a server that had this name before. */
function readKnown(text: string | null, url: URL): KnownServer | null {
  if (text === null) return null;
  const parsed = knownSchema.safeParse(fromJson(text));
  if (!parsed.success || parsed.data.url !== url.href) return null;
  const { serverInfo, capabilities, instructions, tools } = parsed.data;
  return {
    ...(serverInfo === undefined ? {} : { serverInfo }),
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(instructions === undefined ? {} : { instructions }),
    ...(tools === undefined ? {} : { tools }),
  };
}

/** A setting that cannot be read says nothing about the server: it is learnt anew. */
function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
