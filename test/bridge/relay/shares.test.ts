// What one agent does, and what it leaves undone, takes nothing from the others and fills no memory.
import { describe, expect, it } from 'vitest';
import { roomFor } from '../../../main/bridge/relay/room.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { startMcpServer } from '../../support/mcp-server.ts';
import { relayTo, testUpstream } from './bench.ts';
import { discovered, hello, rawAgent, scriptedServer, stamped } from './raw.ts';
import type { Json } from './raw.ts';
import { keptUntilTheEnd } from '../../support/kept.ts';

const kept = keptUntilTheEnd();

function post(
  relay: ReturnType<typeof relayTo>,
  body: unknown,
  agent = 'a',
  headers: Record<string, string> = {},
): Promise<Response> {
  const accept = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const request = new Request('http://127.0.0.1/mcp/x', {
    method: 'POST',
    headers: { ...accept, ...headers },
    body: JSON.stringify(body),
  });
  return relay.handle(request, { agent });
}

const initialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params: hello() };

async function openSession(relay: ReturnType<typeof relayTo>, agent: string): Promise<string> {
  const response = await post(relay, initialize, agent);
  await response.text();
  return response.headers.get('mcp-session-id') ?? '';
}

const held = (agents: string): (readonly [number, { agent: string }])[] =>
  Array.from(agents, (agent, index) => [index, { agent }]);

describe('the one who makes room', () => {
  const limits = { all: 4, perAgent: 3 };
  it.each([
    ['aab', 'a', { kind: 'free' }],
    ['abaa', 'a', { kind: 'instead', of: 0 }],
    ['baab', 'a', { kind: 'instead', of: 1 }],
    ['baaa', 'c', { kind: 'instead', of: 1 }],
  ])('of %s for one more %s is found among its own, then where most is', (before, agent, expected) => {
    expect(roomFor(held(before), agent, limits)).toEqual(expected);
  });

  it('is never one that is needed', () => {
    const needed = { kind: 'full' };
    expect(roomFor(held('aaab'), 'a', limits, ({ agent }) => agent !== 'a')).toEqual(needed);
    expect(roomFor(held('aabb'), 'c', limits, () => false)).toEqual(needed);
    expect(roomFor(held('aabb'), 'a', limits, ({ agent }) => agent !== 'a')).toEqual(needed);
  });
});

describe('sessions of an agent on HTTP', () => {
  it('leave nothing behind when they are refused before they begin', async () => {
    const upstream = testUpstream('http://127.0.0.1:9/mcp', { ready: false });
    const relay = kept(relayTo(upstream, { limits: { sessions: 2 } }));
    const before = await openSession(relay, 'a');
    const ping = { jsonrpc: '2.0', id: 2, method: 'ping' };
    expect((await post(relay, [initialize, ping])).status).toBe(400);
    expect((await post(relay, [initialize, { ...initialize, id: 2 }])).status).toBe(400);
    expect((await post(relay, initialize, 'a', { accept: 'text/plain' })).status).toBe(406);
    expect((await post(relay, { jsonrpc: '2.0', method: 'initialize' })).status).toBe(400);
    expect(upstream.listeners()).toBe(1);
    expect(relay.owns(before)).toBe(true);
  });

  it('push out its own and not those of others', async () => {
    const clock = createFakeClock();
    const upstream = testUpstream('http://127.0.0.1:9/mcp', { ready: false, clock });
    const relay = kept(relayTo(upstream, { limits: { sessions: 6, sessionsPerAgent: 4 } }));
    const victim = await openSession(relay, 'victim');
    const greedy: string[] = [];
    for (let count = 0; count < 8; count += 1) {
      await clock.advance(1000);
      greedy.push(await openSession(relay, 'greedy'));
    }
    expect(relay.owns(victim)).toBe(true);
    expect(greedy.map((id) => relay.owns(id))).toEqual([...Array(4).fill(false), ...Array(4).fill(true)]);
    for (const agent of ['third', 'fourth']) await openSession(relay, agent);
    expect(relay.owns(victim)).toBe(true);
    expect(greedy.map((id) => relay.owns(id))).toEqual([...Array(5).fill(false), ...Array(3).fill(true)]);
  });
});

/** Stamped as of an agent with this name. */
const as = (name: string, params: Json): Json => {
  const { _meta, ...rest } = stamped(params);
  return { ...rest, _meta: { ...(_meta as Json), 'io.modelcontextprotocol/clientInfo': { name, version: '1' } } };
};

describe('sessions with an old server, for agents that have none', () => {
  it('are so many for one agent, whatever it calls itself, and none that is in use is ended for another', async () => {
    const server = kept(await startMcpServer({ era: 'legacy' }));
    const agent = rawAgent(testUpstream(server.url), { limits: { sessionsPerAgent: 2 } });
    kept(agent.session);
    for (const name of ['one', 'two', 'three']) await agent.ask('tools/list', as(name, {}));
    await server.until(() => server.sessions() === 2);

    const slow = { name: 'slow', arguments: { steps: 0 } };
    const waiting = [agent.ask('tools/call', as('two', slow)), agent.ask('tools/call', as('three', slow))];
    await server.until(() => server.calls['slow'] === 2);
    expect(await agent.ask('tools/list', as('four', {}))).toMatchObject({
      error: { data: { code: 'overloaded' } },
    });
    expect(await agent.ask('tools/list', as('x'.repeat(70_000), {}))).toMatchObject({
      error: { message: expect.stringContaining('too large') },
    });
    server.release();
    for (const answer of await Promise.all(waiting)) expect(answer).toHaveProperty('result');
  });

  it('hold so many calls of an agent that wait for its input: the first is given up for one too many', async () => {
    const server = kept(await startMcpServer({ era: 'legacy' }));
    const agent = rawAgent(testUpstream(server.url), { limits: { parkedCalls: 2 } });
    kept(agent.session);
    const params = stamped({ name: 'ask', arguments: {} }, { elicitation: { form: {} } });
    const states: unknown[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { result } = await agent.ask('tools/call', params);
      states.push((result as Json)['requestState']);
    }
    await server.until(() => server.log.list({ rpc: 'notifications/cancelled' }).length === 1);
    const again = await agent.ask('tools/call', { ...params, requestState: states[0] });
    expect(again).toMatchObject({ error: { code: -32602 } });
    const other = await agent.ask('tools/call', { ...params, requestState: states[2], inputResponses: {} });
    expect(other).toMatchObject({ result: { resultType: 'input_required' } });
  });
});

describe('an agent on HTTP that does not read', () => {
  it.each(['old', 'new'] as const)('is disconnected, and its call cancelled (%s)', async (era) => {
    const gone = { closed: false, sent: 0 };
    const server = kept(
      await scriptedServer(({ method }) => {
        if (method === 'server/discover') return discovered({ prompts: {} });
        return {
          raw: (_, response) => {
            response.writeHead(200, { 'content-type': 'text/event-stream' });
            const params = { level: 'info', data: 'x'.repeat(1000) };
            const event = `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params })}\n\n`;
            const talk = (): void => {
              while (!response.destroyed && response.write(event)) gone.sent += 1;
            };
            response.on('drain', talk);
            response.on('close', () => (gone.closed = true));
            talk();
          },
        };
      }),
    );
    const upstream = testUpstream(server.url);
    const relay = kept(relayTo(upstream, { limits: { messageBytes: 10_000 } }));
    const headers: Record<string, string> =
      era === 'old'
        ? { 'mcp-session-id': await openSession(relay, 'a') }
        : { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'prompts/get', 'mcp-name': 'x' };
    const params = era === 'old' ? { name: 'x' } : stamped({ name: 'x' });
    const answer = await post(relay, { jsonrpc: '2.0', id: 2, method: 'prompts/get', params }, 'a', headers);
    expect(answer.status).toBe(200);
    await expect.poll(() => gone.closed).toBe(true);
    await expect(answer.text()).rejects.toMatchObject({ code: 'overloaded' });
  });
});

describe('a relay that closes', () => {
  it('ends what agents of the new era still listen to', async () => {
    const server = kept(await startMcpServer({ era: 'modern' }));
    const relay = relayTo(testUpstream(server.url));
    const params = stamped({ notifications: { toolsListChanged: true } });
    const answer = await post(relay, { jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params }, 'a', {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'subscriptions/listen',
    });
    await server.until(() => server.openStreams().length === 1);
    await relay.close();
    await server.until(() => server.openStreams().length === 0);
    expect(await answer.text()).toContain('notifications/subscriptions/acknowledged');
  });
});
