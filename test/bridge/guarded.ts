// Both bridges behind real guards, in front of a server: agents on HTTP and stdio that speak either era by hand.
import { duplexPair } from 'node:stream';
import { createAgents } from '../../main/access/agents.ts';
import { startBridge, type Bridge } from '../../main/bridge/listener.ts';
import { createUpstreams, type Upstreams } from '../../main/bridge/upstreams.ts';
import type { TokentrayError } from '../../main/errors.ts';
import type { GrantState } from '../../main/grants/types.ts';
import { createOutbound } from '../../main/net/outbound.ts';
import { openStore } from '../../main/store/open.ts';
import type { AgentRow, Store } from '../../main/store/types.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { serverSettings, testAccess, type TestAccess } from './access.ts';
import { silentLog, testGrant } from './fixture.ts';
import { hello, stamped, type Json } from './relay/raw.ts';

export type Era = 'old' | 'new';
export type Link = 'stdio' | 'HTTP';

/** How an agent reaches a server. */
export interface Way {
  readonly link: Link;
  readonly agent: Era;
  readonly server: 'legacy' | 'modern';
}

export const ways: readonly Way[] = (['stdio', 'HTTP'] as const).flatMap((link) =>
  (['old', 'new'] as const).flatMap((agent) =>
    (['legacy', 'modern'] as const).map((server): Way => ({ link, agent, server })),
  ),
);

export interface Guarded {
  readonly bridge: Bridge;
  readonly upstreams: Upstreams;
  readonly access: TestAccess;
  readonly store: Store;
  /** Of the bridge; what waits for a person runs by `waits`. */
  readonly clock: FakeClock;
  readonly waits: FakeClock;
  readonly agent: AgentRow;
  readonly key: string;
  readonly mcp: string;
  newKey(name: string): { agent: AgentRow; key: string };
  open(link: Link, era: Era, capabilities?: Json): Promise<Agent>;
  close(): Promise<void>;
}

export interface Agent {
  /** The message that answers. */
  ask(method: string, params?: Json): Promise<Json>;
  /** The answers to requests that are sent as one batch; over stdio. */
  batch(requests: readonly Json[]): Promise<Json[]>;
  /** As it is; over stdio. */
  write(text: string): void;
  /** Everything that came, answers too. */
  readonly heard: Json[];
  /** Resolves when what is open to the agent has ended. */
  readonly ended: Promise<void>;
  readonly session: string | null;
  close(): Promise<void>;
}

export async function guardedBridge(
  url: string,
  options: {
    mode?: 'ask' | 'off';
    state?: () => GrantState['kind'];
    /** Thrown at whoever wants a token. */
    refuses?: () => TokentrayError | null;
    /** The broker reads the list of a tool's server as it does; else there is nothing in it. */
    lists?: boolean;
  } = {},
): Promise<Guarded> {
  const [clock, waits] = [createFakeClock(), createFakeClock()];
  const { store } = openStore({ file: ':memory:', log: silentLog, clock });
  store.servers.add({ name: 'notes', url, addedAt: 0, settings: serverSettings });
  const grant = testGrant();
  grant.onAuthorize = () => options.refuses?.() ?? null;
  const grants = {
    upstreamAuth: () => grant,
    state: () => ({ kind: options.state?.() ?? 'open' }) as GrantState,
    onChange: () => () => undefined,
    accounts: () => ['default'],
    defaultAccount: () => 'default',
    signIn: () => Promise.reject(new Error('nobody signs in')),
  };
  const access = testAccess({
    store,
    clock: waits,
    server: 'notes',
    mode: options.mode ?? 'ask',
    known: () => upstreams.upstream('notes').known.get(),
    ...(options.lists === true ? { readTools: (server, account) => upstreams.readTools(server, account) } : {}),
  });
  const outbound = createOutbound({ log: silentLog, env: {} });
  const upstreams = createUpstreams({
    store,
    grants,
    guards: access.access.guards,
    mcpFetch: outbound.mcpFetch,
    linkFor: () => 'http://127.0.0.1:1/sign-in/notes',
    log: silentLog,
    clock,
  });
  const agents = createAgents({ store, clock });
  const bridge = await startBridge({
    preferredPort: 0,
    store,
    grants,
    agents,
    outbound,
    relayFor: upstreams.relay,
    log: silentLog,
    clock,
  });
  const newKey = (name: string): { agent: AgentRow; key: string } => {
    const { agent, key } = agents.add(name);
    const row = store.agents.get(agent.id);
    if (row === null) throw new Error('the agent is not there');
    return { agent: row, key: key.reveal() };
  };
  const { agent, key } = newKey('tester');
  const mcp = `${bridge.url}/mcp/notes`;
  const made: Guarded = {
    bridge,
    upstreams,
    access,
    store,
    clock,
    waits,
    agent,
    key,
    mcp,
    newKey,
    open: (link, era, capabilities) =>
      link === 'stdio' ? overStdio(made, era, capabilities) : overHttp(made, era, capabilities),
    async close() {
      access.access.close();
      await bridge.close();
      await upstreams.close();
      await outbound.close();
      store.close();
    },
  };
  return made;
}

async function overStdio({ upstreams, access, agent }: Guarded, era: Era, capabilities: Json = {}): Promise<Agent> {
  const [agentEnd, relayEnd] = duplexPair();
  const { done } = upstreams.stdio('notes', relayEnd, access.caller(agent));
  const heard: Json[] = [];
  const waiters = new Set<() => void>();
  let text = '';
  agentEnd.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) heard.push(JSON.parse(line) as Json);
    for (const look of waiters) look();
  });
  let ids = 0;
  const send = (message: Json): void => void agentEnd.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const ask = (method: string, params: Json = {}): Promise<Json> => {
    const id = (ids += 1);
    send({ id, method, params: era === 'new' ? stamped(params, capabilities) : params });
    return answerTo(id);
  };
  const answerTo = (id: unknown): Promise<Json> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = heard.find((message) => message['id'] === id && !('method' in message));
        if (found === undefined) return;
        waiters.delete(look);
        resolve(found);
      };
      waiters.add(look);
      look();
    });
  if (era === 'old') {
    await ask('initialize', hello(capabilities));
    send({ method: 'notifications/initialized' });
  }
  return {
    ask,
    batch(requests) {
      agentEnd.write(`${JSON.stringify(requests)}\n`);
      return Promise.all(requests.map(({ id }) => answerTo(id)));
    },
    write: (raw) => void agentEnd.write(raw),
    heard,
    ended: done,
    session: null,
    async close() {
      agentEnd.end();
    },
  };
}

export async function overHttp({ mcp, key }: Guarded, era: Era, capabilities: Json = {}): Promise<Agent> {
  const heard: Json[] = [];
  let session: string | null = null;
  let ids = 0;
  const stream = new AbortController();
  const headersOf = (method: string, params: Json): Record<string, string> => ({
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': era === 'new' ? '2026-07-28' : '2025-11-25',
    ...(session === null ? {} : { 'mcp-session-id': session }),
    ...(era === 'new' ? { 'mcp-method': method } : {}),
    ...(era === 'new' && mirrored(params) !== null ? { 'mcp-name': String(mirrored(params)) } : {}),
  });
  const post = async (message: Json): Promise<void> => {
    const { method, params } = message as { method: string; params?: Json };
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    const response = await fetch(mcp, { method: 'POST', headers: headersOf(method, params ?? {}), body });
    session ??= response.headers.get('mcp-session-id');
    await readInto(response, heard);
  };
  const ask = async (method: string, params: Json = {}): Promise<Json> => {
    const id = (ids += 1);
    await post({ id, method, params: era === 'new' ? stamped(params, capabilities) : params });
    const found = heard.find((message) => message['id'] === id && !('method' in message));
    if (found === undefined) throw new Error(`${method} was not answered`);
    return found;
  };
  let ended = Promise.resolve();
  if (era === 'old') {
    await ask('initialize', hello(capabilities));
    await post({ method: 'notifications/initialized' });
    const response = await fetch(mcp, { headers: headersOf('', {}), signal: stream.signal });
    ended = readInto(response, heard).catch(() => undefined);
  }
  return {
    ask,
    batch: () => Promise.reject(new Error('over stdio only')),
    write: () => undefined,
    heard,
    ended,
    session,
    async close() {
      stream.abort();
      await ended;
    },
  };
}

const mirrored = ({ name, uri }: Json): unknown => name ?? uri ?? null;

/** Reads the messages of an answer as they come. */
export async function readInto(response: Response, heard: Json[]): Promise<void> {
  if (!(response.headers.get('content-type') ?? '').startsWith('text/event-stream')) {
    const text = await response.text();
    if (text !== '') heard.push(...[JSON.parse(text) as Json | Json[]].flat());
    return;
  }
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const data = event.split('\n').flatMap((line) => (line.startsWith('data:') ? [line.slice(5)] : []));
      if (data.join('').trim() !== '') heard.push(JSON.parse(data.join('\n')) as Json);
    }
  }
}
