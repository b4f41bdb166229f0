// The servers as the relay sees them: one object per server, with its token, its era, and what is known of it.
import * as z from 'zod';
import type { Grants, GrantState } from '../grants/types.ts';
import type { Clock, Fetch, Log } from '../ports.ts';
import type { ServerRow, Store } from '../store/types.ts';
import { createHttpRelay } from './relay/http.ts';
import type { HttpRelay, KnownServer, Upstream } from './relay/types.ts';
import { upstreamFetch } from './upstream.ts';

export interface UpstreamParts {
  readonly store: Pick<Store, 'servers' | 'settings'>;
  readonly grants: Pick<Grants, 'upstreamAuth' | 'view' | 'onChange'>;
  readonly mcpFetch: Fetch;
  /** A one-time local sign-in link. */
  readonly linkFor: (server: string) => string;
  readonly log: Log;
  readonly clock: Clock;
}

export interface Upstreams {
  /** @throws unknown_server */
  upstream(server: string): Upstream;
  relay(server: string): HttpRelay;
  close(): Promise<void>;
}

/** How long an era verdict is believed: a server that was upgraded still answers `initialize`, nothing else would tell. */
const eraHorizonMs = 24 * 60 * 60_000;
const mostKnownBytes = 1024 * 1024;

const object = z.record(z.string(), z.unknown());
const knownSchema = z.object({
  serverInfo: object.optional(),
  capabilities: object.optional(),
  instructions: z.string().optional(),
  tools: z.array(object).optional(),
});

export function createUpstreams(parts: UpstreamParts): Upstreams {
  const { store, grants, log, clock } = parts;
  const entries = new Map<string, { url: string; upstream: Upstream; relay: HttpRelay }>();

  function entryOf(name: string): { upstream: Upstream; relay: HttpRelay } {
    const { url } = grants.view(name);
    const held = entries.get(name);
    // Forgotten and added again under the same name, it is another server.
    if (held?.url === url) return held;
    void held?.relay.close();
    const upstream = upstreamOf(name, new URL(url));
    const entry = { url, upstream, relay: createHttpRelay(upstream) };
    entries.set(name, entry);
    return entry;
  }

  function upstreamOf(name: string, url: URL): Upstream {
    const row = (): ServerRow | null => store.servers.get(name);
    const isReady = (state: GrantState['kind']): boolean =>
      state === 'open' || state === 'connected' || state === 'retrying' || row()?.settings.signIn === 'auto';
    return {
      name,
      url,
      fetch: upstreamFetch({ auth: grants.upstreamAuth(name), url, fetch: parts.mcpFetch, log }),
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
        ready: () => isReady(grants.view(name).state.kind),
        link: () => Promise.resolve(parts.linkFor(name)),
        onReady(listener) {
          let was = isReady(grants.view(name).state.kind);
          return grants.onChange((change) => {
            if (change.server !== name) return;
            const is = change.state.kind === 'connected';
            if (is && !was) listener();
            was = is;
          });
        },
      },
      known: {
        get: () => readKnown(store.settings.get(`known:${name}`)),
        set(known) {
          const text = JSON.stringify(known);
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
    async close() {
      await Promise.all([...entries.values()].map((entry) => entry.relay.close()));
      entries.clear();
    },
  };
}

function readKnown(text: string | null): KnownServer | null {
  if (text === null) return null;
  const parsed = knownSchema.safeParse(fromJson(text));
  if (!parsed.success) return null;
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
