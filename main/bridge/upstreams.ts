// The servers as the relay sees them: one object per server, with its token, its era, and what is known of it.
import type { Duplex } from 'node:stream';
import * as z from 'zod';
import type { ToolsRead } from '../access/listings.ts';
import type { Caller, Guard, Guards } from '../access/types.ts';
import { TokentrayError } from '../errors.ts';
import type { Grants, GrantState, OfAccount } from '../grants/types.ts';
import type { Clock, Fetch, Log } from '../ports.ts';
import type { ServerRow, Store } from '../store/types.ts';
import { detectServerEra } from './eras.ts';
import { guarded } from './guarded-upstream.ts';
import type { Incoming } from './incoming.ts';
import { listTools } from './list-tools.ts';
import { createHttpRelay } from './relay/http.ts';
import { serveStdio } from './relay/stdio.ts';
import type {
  GuardedUpstream,
  HttpRelay,
  KnownServer,
  RelayOptions,
  RelaySession,
  ServerEra,
  Upstream,
} from './relay/types.ts';
import { until } from './until.ts';
import { eventStreamFetch, upstreamFetch } from './upstream.ts';

export interface UpstreamParts {
  readonly store: Pick<Store, 'servers' | 'settings'>;
  readonly grants: Pick<Grants, 'upstreamAuth' | 'state' | 'onChange' | 'accounts' | 'defaultAccount'>;
  readonly guards: Guards;
  readonly mcpFetch: Fetch;
  /** A one-time local sign-in link. */
  readonly linkFor: (server: string, account: string) => string;
  /** @throws paused, locked while a person has stopped all lending */
  readonly checkOpen?: () => void;
  readonly log: Log;
  readonly clock: Clock;
}

/** What one agent on HTTP has of one server. It ends with its guard, and the next request gets another one. */
export interface AgentRelay {
  readonly upstream: GuardedUpstream;
  readonly guard: Guard;
  era(): Promise<ServerEra>;
  handle(request: Request, body?: Incoming): Promise<Response>;
  /** Whether the relay gave out this `Mcp-Session-Id`. */
  owns(sessionId: string): boolean;
  /** Called once when the agent's time is over: what is open for it ends now. The returned function ends that. */
  onEnd(listener: () => void): () => void;
}

export interface Upstreams {
  /** Its tools, as it lists them to us. @throws unknown_server, needs_sign_in, paused, locked, and what says that it cannot be reached */
  readTools(server: string, account: string): Promise<ToolsRead>;
  /** The server with the token of one account, by default its default one. @throws unknown_server */
  upstream(server: string, account?: string): Upstream;
  /** @throws unknown_server, account_missing */
  relay(server: string, caller: Caller): AgentRelay;
  /**
   * Serves an agent on stdio until either side ends it, its guard does, or the server is forgotten.
   * @throws unknown_server, account_missing
   */
  stdio(server: string, stream: Duplex, caller: Caller, options?: RelayOptions): RelaySession;
  /**
   * Ends everything that is open to a server within a second, then does `drop`: sessions are ended while there still is a token to end them with, and nobody can open
   * another one until the server is gone. Rejects as `drop` does; the server can be used again then.
   */
  forgetWith<T>(server: string, drop: () => Promise<T>): Promise<T>;
  /** How many agents are there on stdio. */
  streams(): number;
  close(): Promise<void>;
}

interface Entry {
  readonly identity: string;
  /** With the token of one account. */
  readonly upstreamOf: (account: string) => Upstream;
  readonly relay: HttpRelay;
  readonly stdio: Set<RelaySession>;
  /** On HTTP, by the agent's id. */
  readonly agents: Map<string, AgentRelay>;
  /** Ends every request that is still under way. */
  readonly gone: AbortController;
}

/** For sessions to be ended in words. */
const endWithinMs = 1000;

/**
 * Nothing more reaches a server for an agent that was shut out. What waits on our side is told so in this time, and then
 * every stream and session of it ends.
 */
export const lastWordsMs = 300;

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
    const byAccount = new Map<string, Upstream>();
    const ofAccount = (account: string): Upstream => {
      const upstream = byAccount.get(account) ?? upstreamOf({ server: name, account }, new URL(url), gone.signal);
      byAccount.set(account, upstream);
      return upstream;
    };
    const relay = createHttpRelay({ name, log: log.with({ server: name }), clock });
    const stdio = new Set<RelaySession>();
    const entry = { identity, upstreamOf: ofAccount, relay, stdio, agents: new Map(), gone };
    entries.set(name, entry);
    return entry;
  }

  function relayFor(entry: Entry, caller: Caller, server: string): AgentRelay {
    const held = entry.agents.get(caller.agent.id);
    if (held?.guard.ended.aborted === false) return held;
    const guard = parts.guards.guard(caller, server);
    const upstream = guarded(entry.upstreamOf(guard.account), guard);
    const listeners = new Set<() => void>();
    const agentRelay: AgentRelay = {
      upstream,
      guard,
      era: () => detectServerEra(upstream),
      handle: (request, body) =>
        entry.relay.handle(request, { agent: caller.agent.id, upstream, ...(body === undefined ? {} : { body }) }),
      owns: (sessionId) => entry.relay.owns(sessionId),
      onEnd(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    };
    entry.agents.set(caller.agent.id, agentRelay);
    whenEnded(guard, () => {
      if (entry.agents.get(caller.agent.id) === agentRelay) entry.agents.delete(caller.agent.id);
      upstream.admissions.close();
      for (const listener of listeners) listener();
      clock.after(lastWordsMs, () => void entry.relay.end(upstream));
      guard.close();
    });
    return agentRelay;
  }

  async function end({ relay, stdio, agents, gone }: Entry): Promise<void> {
    const ended = Promise.allSettled([relay.close(), ...[...stdio].map((session) => session.close())]);
    for (const { guard, upstream } of agents.values()) {
      upstream.admissions.close();
      guard.close();
    }
    agents.clear();
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

  function upstreamOf({ server: name, account }: OfAccount, url: URL, gone: AbortSignal): Upstream {
    const state = (): GrantState['kind'] => grants.state(name, account).kind;
    const knownKey = keyOfKnown(name, account);
    const carrying = { auth: grants.upstreamAuth(name, account), url, fetch: parts.mcpFetch, log };
    const row = (): ServerRow | null => store.servers.get(name);
    const isReady = (kind: GrantState['kind']): boolean =>
      kind === 'open' || kind === 'connected' || kind === 'retrying' || row()?.settings.signIn === 'auto';
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
        ready: () => isReady(state()),
        link: () => Promise.resolve(parts.linkFor(name, account)),
        onReady(listener) {
          let was = isReady(state());
          return grants.onChange((change) => {
            if (change.server !== name || change.account !== account) return;
            const is = change.state.kind === 'connected';
            if (is && !was) listener();
            was = is;
          });
        },
      },
      known: {
        get: () => readKnown(store.settings.get(knownKey), url),
        set(known) {
          // What comes late must not outlive the server that it is of.
          if (gone.aborted) return;
          const text = JSON.stringify({ ...known, url: url.href });
          if (text.length <= mostKnownBytes) store.settings.set(knownKey, text);
        },
      },
      log: log.with({ server: name }),
      clock,
    };
  }

  return {
    readTools: async (name, account) => listTools(entryOf(name).upstreamOf(account)),
    upstream: (name, account) => entryOf(name).upstreamOf(account ?? grants.defaultAccount(name)),
    relay: (name, caller) => relayFor(entryOf(name), caller, name),
    stdio(name, stream, caller, options) {
      const { upstreamOf: ofAccount, stdio } = entryOf(name);
      const guard = parts.guards.guard(caller, name);
      const session = serveStdio(guarded(ofAccount(guard.account), guard), stream, options);
      const off = whenEnded(guard, () => clock.after(lastWordsMs, () => void session.close()));
      stdio.add(session);
      void session.done.then(off).then(() => stdio.delete(session));
      return session;
    },
    async forgetWith(name, drop) {
      leaving.add(name);
      const accounts = store.servers.get(name) === null ? [] : grants.accounts(name);
      try {
        await forget(name);
        const dropped = await drop();
        for (const account of ['default', ...accounts]) store.settings.set(keyOfKnown(name, account), '');
        return dropped;
      } finally {
        leaving.delete(name);
      }
    },
    streams: () => [...entries.values()].reduce((sum, { stdio }) => sum + stdio.size, 0),
    async close() {
      await Promise.all([...entries.keys()].map(forget));
    },
  };
}

/** What one account may see of a server is not told to agents of another. */
const keyOfKnown = (server: string, account: string): string =>
  account === 'default' ? `known:${server}` : `known:${server}:${account}`;

/** Does `then` when the agent is shut out, or now if it is; the returned function ends that. */
function whenEnded({ ended }: Guard, then: () => void): () => void {
  ended.addEventListener('abort', then, { once: true });
  if (ended.aborted) then();
  return () => ended.removeEventListener('abort', then);
}

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
