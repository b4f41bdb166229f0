// A server that was forgotten is gone at once, with its sessions and with what was known of it.
import { duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createUpstreams, type Upstreams } from '../../main/bridge/upstreams.ts';
import { TokentrayError } from '../../main/errors.ts';
import { openStore } from '../../main/store/open.ts';
import type { AgentRow, Store } from '../../main/store/types.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { serverSettings as settings, testAccess, type TestAccess } from './access.ts';
import { startMcpServer } from '../support/mcp-server.ts';
import { stamped } from './relay/raw.ts';
import { gate, loopback, silentLog, testGrant, withBody } from './fixture.ts';
import { keptUntilTheEnd } from '../support/kept.ts';

const kept = keptUntilTheEnd();

interface World {
  readonly upstreams: Upstreams;
  readonly store: Store;
  readonly clock: FakeClock;
  readonly access: TestAccess;
  readonly agent: AgentRow;
  /** As the grants do it: the server is gone, and no token of it is given out any more. */
  drop(): Promise<string>;
  add(url: string): void;
}

function world(url: string, mode: 'ask' | 'off' = 'off'): World {
  const clock = createFakeClock();
  const { store } = openStore({ file: ':memory:', log: silentLog, clock });
  kept(store);
  const grant = testGrant();
  const gone = new TokentrayError('unknown_server', 'there is no such server');
  const add = (at: string): void => {
    grant.onAuthorize = () => null;
    store.servers.add({ name: 'notes', url: at, addedAt: clock.now(), settings });
  };
  add(url);
  const access = testAccess({ store, server: 'notes', mode, known: () => upstreams.upstream('notes').known.get() });
  const upstreams = createUpstreams({
    store,
    guards: access.access.guards,
    grants: {
      accounts: () => ['default'],
      defaultAccount: () => 'default',
      upstreamAuth: () => grant,
      onChange: () => () => undefined,
      state: () => ({ kind: 'open' }),
    },
    mcpFetch: (input, init) => fetch(input, init),
    linkFor: () => 'http://127.0.0.1:1/sign-in/notes',
    log: silentLog,
    clock,
  });
  kept(upstreams);
  return {
    upstreams,
    store,
    clock,
    access,
    agent: access.agent(),
    add,
    async drop() {
      grant.onAuthorize = () => gone;
      store.servers.remove('notes');
      return 'dropped';
    },
  };
}

const hello = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a', version: '1' } },
};

/** An agent on stdio that says `initialize`; `answered` resolves with the first line that it hears. */
function stdioAgent(
  { upstreams, access, agent }: World,
  first: object = hello,
): { done: Promise<void>; answered: Promise<string>; hangUp(): void } {
  const [agentEnd, relayEnd] = duplexPair();
  const { done } = upstreams.stdio('notes', relayEnd, access.caller(agent));
  const heard = gate<string>();
  agentEnd.once('data', (chunk: Buffer) => {
    agentEnd.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    heard.open(chunk.toString('utf8'));
  });
  agentEnd.write(`${JSON.stringify(first)}\n`);
  return { done, answered: heard.opened, hangUp: () => agentEnd.end() };
}

async function httpAgent({ upstreams, access, agent }: World): Promise<string> {
  const request = new Request('http://127.0.0.1/mcp/notes', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify(hello),
  });
  const response = await upstreams.relay('notes', access.caller(agent, 'http')).handle(request);
  expect(await response.text()).toContain('protocolVersion');
  return response.headers.get('mcp-session-id') ?? '';
}

/** A server that opens one session, and leaves everything after that unanswered. */
async function stubbornServer() {
  const ended = { stream: gate(), goodbye: gate(), call: gate() };
  const begun = { stream: gate(), goodbye: gate(), call: gate() };
  const hang = (name: keyof typeof ended, res: { once(event: 'close', then: () => void): unknown }): void => {
    res.once('close', () => ended[name].open());
    begun[name].open();
  };
  let greeted = 0;
  const server = kept(
    await loopback(
      withBody((req, res, body) => {
        if (req.method === 'DELETE') return hang('goodbye', res);
        if (req.method === 'GET') {
          res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
          return hang('stream', res);
        }
        const { id, method } = JSON.parse(body) as { id?: unknown; method: string };
        if (method === 'notifications/initialized') return void res.writeHead(202).end();
        if (method === 'server/discover') return void res.writeHead(400).end('{"jsonrpc":"2.0","id":null}');
        greeted += 1;
        if (greeted > 1) return hang('call', res);
        const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 's', version: '1' } };
        res.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's' });
        res.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
      }),
    ),
  );
  return { url: server.url, begun, ended };
}

describe('a server that is forgotten', () => {
  it('has no session and no stream left, while there still is a token to end them with', async () => {
    const server = kept(await startMcpServer({ era: 'legacy' }));
    const made = world(server.url);
    const agent = stdioAgent(made);
    await agent.answered;
    const session = await httpAgent(made);
    const relay = made.upstreams.relay('notes', made.access.caller(made.agent, 'http'));
    await server.until(() => server.sessions() === 2 && server.openStreams().length > 0);

    const result = await made.upstreams.forgetWith('notes', async () => {
      expect(server.sessions()).toBe(0);
      expect(() => made.upstreams.relay('notes', made.access.caller(made.agent, 'http'))).toThrow(
        expect.objectContaining({ code: 'unknown_server' }),
      );
      return made.drop();
    });
    expect(result).toBe('dropped');
    await agent.done;
    expect(relay.owns(session)).toBe(false);
    await server.until(() => server.openStreams().length === 0);
  });

  it('is gone within a second, although it answers no goodbye and still owes an answer', async () => {
    const { url, begun, ended } = await stubbornServer();
    const made = world(url);
    await stdioAgent(made).answered;
    // An agent of the new era: its session with the server is about to be opened.
    void stdioAgent(made, { jsonrpc: '2.0', id: 1, method: 'tools/list', params: stamped() });
    await Promise.all([begun.stream.opened, begun.call.opened]);
    const forgotten = made.upstreams.forgetWith('notes', made.drop);
    await begun.goodbye.opened;
    await made.clock.advance(1000);
    expect(await forgotten).toBe('dropped');
    await Promise.all([ended.stream.opened, ended.goodbye.opened, ended.call.opened]);
  });

  it('can be used again when it could not be dropped', async () => {
    const made = world('http://127.0.0.1:9/mcp');
    const before = made.upstreams.upstream('notes');
    const failing = made.upstreams.forgetWith('notes', async () => {
      throw new TokentrayError('vault_locked', 'locked');
    });
    await expect(failing).rejects.toMatchObject({ code: 'vault_locked' });
    expect(made.upstreams.upstream('notes')).not.toBe(before);
  });

  it('is another server when it is added again, even under the same name and address', async () => {
    const made = world('http://127.0.0.1:9/mcp');
    const before = made.upstreams.upstream('notes');
    expect(made.upstreams.upstream('notes')).toBe(before);
    await made.clock.advance(1);
    await made.drop();
    made.add('http://127.0.0.1:9/mcp');
    expect(made.upstreams.upstream('notes')).not.toBe(before);
    await expect(before.fetch('http://127.0.0.1:9/mcp')).rejects.toThrow();
  });
});

describe('a session that its agent has left', () => {
  it('holds no stream open because the server does not answer to its end', async () => {
    const { url, begun, ended } = await stubbornServer();
    const made = world(url);
    const agent = stdioAgent(made);
    await agent.answered;
    await begun.stream.opened;
    agent.hangUp();
    await begun.goodbye.opened;
    await made.clock.advance(1000);
    await Promise.all([ended.stream.opened, ended.goodbye.opened, agent.done]);
  });
});

describe('what is known of a server', () => {
  const tools = [{ name: 'of the old one' }];

  it('is forgotten with it, and not written again by a call that ends late', async () => {
    const made = world('http://127.0.0.1:9/mcp');
    const before = made.upstreams.upstream('notes');
    before.known.set({ tools });
    expect(before.known.get()).toEqual({ tools });
    await made.upstreams.forgetWith('notes', made.drop);
    before.known.set({ tools });
    made.add('http://127.0.0.1:9/mcp');
    expect(made.upstreams.upstream('notes').known.get()).toBeNull();
  });

  it('is not shown for another server of the same name', async () => {
    const made = world('http://127.0.0.1:9/mcp');
    made.upstreams.upstream('notes').known.set({ tools });
    await made.drop();
    made.add('http://127.0.0.1:9/other');
    expect(made.upstreams.upstream('notes').known.get()).toBeNull();
  });
});
