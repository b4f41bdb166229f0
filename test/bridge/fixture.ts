// A bridge on a free port in front of a real server on loopback, with a grant that a test can steer.
import {
  createServer,
  request,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { guarded } from '../../main/bridge/guarded-upstream.ts';
import type { AgentRelay } from '../../main/bridge/upstreams.ts';
import type { ServerEra, Upstream } from '../../main/bridge/relay/types.ts';
import { createAgents, type Agents } from '../../main/access/agents.ts';
import { startBridge, type Bridge, type BridgeParts } from '../../main/bridge/listener.ts';
import type { Authorization, UpstreamAuth, UpstreamChallenge } from '../../main/bridge/upstream-auth.ts';
import type { GrantState, SignIn, SignInOptions } from '../../main/grants/types.ts';
import type { Log } from '../../main/ports.ts';
import { createOutbound } from '../../main/net/outbound.ts';
import { openStore } from '../../main/store/open.ts';
import type { Store } from '../../main/store/types.ts';
import { TokentrayError } from '../../main/errors.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { serverSettings as settings, testAccess, type TestAccess } from './access.ts';

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLog,
};

/** A grant as the bridge sees it. `token` changes on every refresh; what happened is counted. */
export interface TestGrant extends UpstreamAuth {
  token: string;
  challenges: UpstreamChallenge[];
  answers: number[];
  /** What `challenged` does; by default a 401 refreshes, anything else stands. */
  onChallenge: (challenge: UpstreamChallenge) => 'refresh' | 'stands' | TokentrayError;
  onAuthorize: () => TokentrayError | null;
}

export function testGrant(): TestGrant {
  let generation = 1;
  const current = (): Authorization => ({ headers: { authorization: `Bearer ${grant.token}` }, generation });
  const grant: TestGrant = {
    token: 'upstream-1',
    challenges: [],
    answers: [],
    onChallenge: (challenge) => (challenge.status === 401 ? 'refresh' : 'stands'),
    onAuthorize: () => null,
    authorize: async () => {
      const error = grant.onAuthorize();
      if (error !== null) throw error;
      return current();
    },
    challenged: async (used, challenge) => {
      grant.challenges.push(challenge);
      const decision = grant.onChallenge(challenge);
      if (decision instanceof TokentrayError) throw decision;
      if (decision === 'stands') return null;
      if (used.generation === generation) {
        generation += 1;
        grant.token = `upstream-${generation}`;
      }
      return current();
    },
    answered: ({ status }) => void grant.answers.push(status),
  };
  return grant;
}

/** A handler that has read the whole body first. */
export const withBody =
  (handler: (req: IncomingMessage, res: ServerResponse, body: string) => void): RequestListener =>
  (req, res) => {
    const answer = async (): Promise<void> => handler(req, res, await text(req));
    void answer();
  };

/** A server on loopback that is closed with everything on it. */
export async function loopback(handler: RequestListener): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface Setup {
  bridge: Bridge;
  grant: TestGrant;
  agents: Agents;
  key: string;
  store: Store;
  access: TestAccess;
  clock: ReturnType<typeof createFakeClock>;
  signIns: { server: string; options: SignInOptions | undefined }[];
  /** `/mcp/notes` on the bridge. */
  mcp: string;
  close(): Promise<void>;
}

type Relay = Pick<AgentRelay, 'handle' | 'owns'>;

export interface SetupOptions {
  upstream: string;
  state?: () => GrantState['kind'];
  serverEra?: () => Promise<ServerEra>;
  /** `ask`: agents are asked about; by default nobody is. */
  mode?: 'ask' | 'off';
  relay?: Partial<Relay>;
  preferredPort?: number;
  mostConnections?: number;
  signIn?: (server: string, options?: SignInOptions) => Promise<SignIn>;
}

export async function setup(options: SetupOptions): Promise<Setup> {
  const clock = createFakeClock();
  const { store } = openStore({ file: ':memory:', log: silentLog, clock });
  const grant = testGrant();
  const signIns: Setup['signIns'] = [];
  store.servers.add({ name: 'notes', url: options.upstream, addedAt: 0, settings });
  const agents = createAgents({ store, clock });
  const { key } = agents.add('tests');
  const outbound = createOutbound({ log: silentLog, env: {} });
  const access = testAccess({ store, server: 'notes', mode: options.mode ?? 'off' });
  const relays = new Map<string, AgentRelay>();
  const relayFor: BridgeParts['relayFor'] = (server, caller) => {
    const key = `${server} ${caller.agent.id}`;
    const held = relays.get(key);
    if (held?.guard.ended.aborted === false) return held;
    const guard = access.access.guards.guard(caller, server);
    const enders = new Set<() => void>();
    guard.ended.addEventListener('abort', () => {
      for (const end of enders) end();
    });
    const relay: AgentRelay = {
      guard,
      upstream: guarded(unreached(server, clock), guard),
      era: options.serverEra ?? (async () => 'legacy'),
      owns: options.relay?.owns ?? (() => false),
      handle: options.relay?.handle ?? (async () => new Response('relayed', { headers: { 'x-way': 'relay' } })),
      onEnd(listener) {
        enders.add(listener);
        return () => void enders.delete(listener);
      },
    };
    relays.set(key, relay);
    return relay;
  };
  const bridge = await startBridge({
    preferredPort: options.preferredPort ?? 0,
    ...(options.mostConnections === undefined ? {} : { mostConnections: options.mostConnections }),
    store,
    grants: {
      upstreamAuth: () => grant,
      state: () => ({ kind: options.state?.() ?? 'open' }) as GrantState,
      signIn: (server, given) => {
        signIns.push({ server, options: given });
        return options.signIn?.(server, given) ?? Promise.resolve(signInTo('https://login.example/authorize?state=1'));
      },
    },
    agents,
    outbound,
    relayFor,
    log: silentLog,
    clock,
  });
  return {
    bridge,
    grant,
    agents,
    key: key.reveal(),
    store,
    access,
    clock,
    signIns,
    mcp: `${bridge.url}/mcp/notes`,
    close: async () => {
      access.access.close();
      await bridge.close();
      await outbound.close();
      store.close();
    },
  };
}

const none = (): Promise<never> => Promise.reject(new Error('not to be reached'));

/** For a relay that is a test's own: nothing is sent through this. */
function unreached(name: string, clock: Setup['clock']): Upstream {
  return {
    name,
    url: new URL('http://127.0.0.1:9/mcp'),
    fetch: none,
    eventStreamFetch: () => none,
    era: { get: () => null, set: () => undefined },
    signIn: { ready: () => true, link: none, onReady: () => () => undefined },
    known: { get: () => null, set: () => undefined },
    log: silentLog,
    clock,
  };
}

export const signInTo = (url: string | null, done: SignIn['done'] = new Promise(() => undefined)): SignIn => ({
  url,
  redirectUri: null,
  done,
  complete: async () => undefined,
  cancel: () => undefined,
});

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
}

/** One request over a connection of its own, with exactly these headers. */
export function ask(
  url: string,
  options: { method?: string; headers?: OutgoingHttpHeaders; body?: string | Buffer } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request(
      url,
      { method: options.method ?? 'GET', headers: options.headers ?? {}, agent: false },
      (res) => {
        text(res).then((body) => resolve({ status: res.statusCode ?? 0, headers: res.headers, text: body }), reject);
      },
    );
    req.once('error', reject);
    req.end(options.body);
  });
}

export async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

export const call = (id: number | string, method = 'tools/call'): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params: {} });

/** What an agent of 2025-11-25 sends. */
export const agentHeaders = (key: string, more: OutgoingHttpHeaders = {}): OutgoingHttpHeaders => ({
  authorization: `Bearer ${key}`,
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2025-11-25',
  ...more,
});

/** A promise and the function that settles it. */
export function gate<T = void>(): { opened: Promise<T>; open: (value: T) => void } {
  const settle: { open?: (value: T) => void } = {};
  const opened = new Promise<T>((resolve) => {
    settle.open = resolve;
  });
  return { opened, open: (value) => settle.open?.(value) };
}
