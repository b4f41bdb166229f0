// What was allowed for once is over with its answer: nothing that only listens goes on, and the agent can ask anew where it is.
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { startMcpServer, type ServerEra } from '../support/mcp-server.ts';
import { withoutRules } from './access.ts';
import { agentHeaders, ask, gate } from './fixture.ts';
import { guardedBridge, overHttp, readInto, type Agent, type Guarded, type Link } from './guarded.ts';
import type { Json } from './relay/raw.ts';
import { answer, callOf, parsed, post, request, world, type Handler } from './scripted.ts';
import { keptUntilTheEnd } from '../support/kept.ts';

const kept = keptUntilTheEnd();

const allowOnce = ({ access, agent }: Guarded): string => access.allow(agent, withoutRules, 'once');
/** As a person who is asked about a request that waits. */
const answerOnce = async ({ access }: Guarded): Promise<void> => {
  const id = await access.prompt();
  access.access.prompts.decide(id, { decision: 'allow', lasts: 'once', rules: withoutRules }, 'window');
};
const lock = ({ access }: Guarded): void => {
  access.locked = true;
  access.access.locked(false);
};
const unlock = ({ access }: Guarded): void => {
  access.locked = false;
  access.access.unlocked();
};

const echo = { name: 'echo', arguments: { text: 'now' } };
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const changes = ({ heard }: Agent): number =>
  heard.filter(({ method }) => method === 'notifications/tools/list_changed').length;
const event = (message: Json): string => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;

/** Another agent, that may hear everything: when it has, and has spoken with the server since, others would have heard. */
async function witnessFor(made: Guarded): Promise<() => Promise<void>> {
  const { agent: known, key } = made.newKey('witness');
  made.access.allow(known);
  const witness = kept(await overHttp({ ...made, agent: known, key }, 'old'));
  let before = 0;
  return async () => {
    await expect.poll(() => changes(witness)).toBeGreaterThan(before);
    before = changes(witness);
    for (let rounds = 0; rounds < 3; rounds += 1) await witness.ask('tools/call', echo);
  };
}

describe('a session of the server itself, over HTTP', () => {
  const session = { 'mcp-session-id': 'of-the-server' };

  /** A server that asks the agent in the middle of a call, on the stream that the agent listens on. */
  async function asking() {
    const streams: ServerResponse[] = [];
    const answered = gate<Json>();
    const ended = { count: 0 };
    const handle: Handler = (req, res, message) => {
      if (req.method === 'GET') {
        res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
        res.once('close', () => (ended.count += 1));
        streams.push(res);
      } else if (message['method'] === 'tools/call') {
        streams.at(-1)?.write(event({ id: 'q', method: 'elicitation/create', params: { message: 'which?' } }));
        void answered.opened.then((said) =>
          answer(res, message, { content: [{ type: 'text', text: JSON.stringify(said) }] }),
        );
      } else if (message['id'] === 'q') {
        res.writeHead(202).end();
        answered.open(message['result'] as Json);
      } else answer(res, message, {}, { 'mcp-session-id': 'of-the-server' });
    };
    const made = await world(kept, handle);
    const listen = async (heard: Json[]): Promise<{ over: Promise<string> }> => {
      const before = streams.length;
      const response = fetch(made.mcp, { headers: agentHeaders(made.key, session) as Record<string, string> });
      await expect.poll(() => streams.length).toBe(before + 1);
      const over = response
        .then((found) => readInto(found, heard))
        .then(
          () => 'ended',
          () => 'ended',
        );
      return { over };
    };
    const reply = { jsonrpc: '2.0', id: 'q', result: { action: 'accept', content: { which: 'this' } } };
    return { made, streams, ended, listen, reply };
  }

  it('ends its listening stream with the one call, which is asked and answered on it before', async () => {
    const { made, ended, listen, reply } = await asking();
    allowOnce(made);
    await post(made, request('initialize', { protocolVersion: '2025-11-25' }));
    const heard: Json[] = [];
    const { over } = await listen(heard);
    await post(made, request('tools/list', {}, 2), session);
    const calling = post(made, callOf('seen', 3), session);
    await expect.poll(() => heard).toMatchObject([{ id: 'q', method: 'elicitation/create' }]);
    await made.clock.settle();
    expect(ended.count).toBe(0);
    expect((await post(made, reply, session)).status).toBe(202);
    expect((await calling).text).toContain('this');
    expect(await over).toBe('ended');
    await expect.poll(() => ended.count).toBe(1);
    expect((await ask(made.mcp, { headers: agentHeaders(made.key, session) })).status).toBe(403);
  });

  it('may be listened to anew while the one call is under way, and by an agent that asks anew', async () => {
    const { made, streams, ended, listen, reply } = await asking();
    allowOnce(made);
    await post(made, request('initialize', { protocolVersion: '2025-11-25' }));
    const first = post(made, callOf('seen', 3), session);
    await expect.poll(() => made.arrived.length).toBe(2);
    const { over } = await listen([]);
    await post(made, reply, session);
    await first;
    expect(await over).toBe('ended');
    const again = post(made, callOf('seen', 4), session);
    await answerOnce(made);
    expect(parsed(await again)).toMatchObject({ id: 4, result: { content: [{ type: 'text' }] } });
    made.access.allow(made.agent);
    const heard: Json[] = [];
    await listen(heard);
    streams.at(-1)?.write(event({ method: 'notifications/tools/list_changed' }));
    await expect.poll(() => heard.length).toBe(1);
    await post(made, callOf('seen', 5), session);
    await made.clock.settle();
    expect(ended.count).toBe(1);
  });

  it('goes on listening where what was allowed lasts, and while it is locked', async () => {
    const { made, streams, ended, listen, reply } = await asking();
    made.access.allow(made.agent);
    await post(made, request('initialize', { protocolVersion: '2025-11-25' }));
    const heard: Json[] = [];
    await listen(heard);
    await post(made, reply, session);
    await post(made, callOf('seen', 3), session);
    lock(made);
    await made.clock.settle();
    await turn();
    streams.at(-1)?.write(event({ method: 'notifications/tools/list_changed' }));
    await expect.poll(() => heard.length).toBe(2);
    expect(ended.count).toBe(0);
  });
});

describe('a subscription of the stateless era', () => {
  it.each<[Link, ServerEra]>([
    ['HTTP', 'modern'],
    ['HTTP', 'legacy'],
    ['stdio', 'modern'],
    ['stdio', 'legacy'],
  ])('over %s, to a %s server, ends with the one call that was allowed', async (link, era) => {
    const server = kept(await startMcpServer({ era }));
    const made = kept(await guardedBridge(server.url));
    allowOnce(made);
    const agent = kept(await made.open(link, 'new'));
    let ended = false;
    const listening = agent
      .ask('subscriptions/listen', { notifications: { toolsListChanged: true } })
      .catch(() => null)
      .finally(() => (ended = true));
    await expect
      .poll(() => agent.heard.map(({ method }) => method))
      .toContain('notifications/subscriptions/acknowledged');
    const running = agent.ask('tools/call', { name: 'slow', arguments: { steps: 0 } });
    await server.until(() => server.calls['slow'] === 1);
    server.change('tools');
    await expect.poll(() => changes(agent)).toBe(1);
    expect(ended).toBe(false);
    server.release();
    expect((await running)['result']).toMatchObject({ content: [{ type: 'text' }] });
    const last = await listening;
    // Where the bridge has a say in it, the agent hears that it was not cut off.
    if (last !== null) expect(last).toMatchObject({ result: { resultType: 'complete' } });
    if (era === 'modern') await server.until(() => server.openStreams().length === 0);
    server.change('tools');
    const next = agent.ask('tools/call', echo);
    await answerOnce(made);
    expect((await next)['result']).toMatchObject({ content: [{ type: 'text', text: 'now' }] });
    expect(changes(agent)).toBe(1);
  });
});

describe.each<[Link, ServerEra]>([
  ['stdio', 'legacy'],
  ['stdio', 'legacy-sse'],
  ['stdio', 'modern'],
  ['HTTP', 'legacy-sse'],
  ['HTTP', 'modern'],
])('a session that the relay holds for an agent on %s, with a %s server', (link, era) => {
  async function relayed() {
    const server = kept(await startMcpServer({ era }));
    const made = kept(await guardedBridge(server.url));
    return { server, made };
  }
  const listened = async (server: Awaited<ReturnType<typeof relayed>>['server']): Promise<void> =>
    server.until(() => server.openStreams().length > 0);

  it('hands nothing on once the one call is over, and everything after the next yes', async () => {
    const { server, made } = await relayed();
    allowOnce(made);
    const agent = kept(await made.open(link, 'old'));
    await listened(server);
    const witnessed = await witnessFor(made);
    const running = agent.ask('tools/call', { name: 'slow', arguments: { steps: 0 } });
    await server.until(() => server.calls['slow'] === 1);
    server.change('tools');
    await expect.poll(() => changes(agent)).toBe(1);
    await witnessed();
    server.release();
    await running;
    await turn();
    server.change('tools');
    await witnessed();
    expect(changes(agent)).toBe(1);
    const waiting = agent.ask('tools/call', echo);
    await answerOnce(made);
    expect((await waiting)['result']).toMatchObject({ content: [{ type: 'text', text: 'now' }] });
    made.access.allow(made.agent);
    // What was missed is told of after all.
    await expect.poll(() => changes(agent)).toBeGreaterThan(1);
    await listened(server);
    const before = changes(agent);
    server.change('tools');
    await expect.poll(() => changes(agent)).toBeGreaterThan(before);
  });

  it('hands nothing on when another connection of the agent has used up the one call', async () => {
    const { server, made } = await relayed();
    allowOnce(made);
    const [agent, other] = [kept(await made.open(link, 'old')), kept(await made.open('stdio', 'old'))];
    const witnessed = await witnessFor(made);
    await listened(server);
    server.change('tools');
    await expect.poll(() => changes(agent)).toBe(1);
    await witnessed();
    expect((await other.ask('tools/call', echo))['result']).toMatchObject({ content: [{ text: 'now' }] });
    await turn();
    server.change('tools');
    await witnessed();
    expect(changes(agent)).toBe(1);
  });

  it('goes on being told while it is locked, where streams go on then', async () => {
    const { server, made } = await relayed();
    made.access.allow(made.agent);
    const agent = kept(await made.open(link, 'old'));
    await listened(server);
    lock(made);
    await turn();
    server.change('tools');
    await expect.poll(() => changes(agent)).toBe(1);
    unlock(made);
  });
});

describe('a server that speaks to the agent when no call is under way', () => {
  it('is told that nobody is there to be asked, and the agent hears of nothing but that lists have changed meanwhile', async () => {
    const streams: ServerResponse[] = [];
    const made = await world(kept, (req, res, message) => {
      if (req.method === 'GET') {
        res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
        return void streams.push(res);
      }
      const { method } = message;
      if (method === undefined || message['id'] === undefined) return void res.writeHead(202).end();
      const serverInfo = { name: 'n', version: '1' };
      const greeting = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo };
      answer(res, message, method === 'initialize' ? greeting : { content: [] });
    });
    allowOnce(made);
    const agent = kept(await made.open('stdio', 'old', { sampling: {} }));
    await expect.poll(() => streams.length).toBe(1);
    await agent.ask('tools/call', echo);
    await turn();
    const before = made.arrived.length;
    streams[0]?.write(event({ method: 'notifications/tools/list_changed' }));
    streams[0]?.write(event({ method: 'notifications/message', params: { level: 'info', data: 'sampling' } }));
    streams[0]?.write(event({ id: 'p', method: 'ping' }));
    streams[0]?.write(event({ id: 's', method: 'sampling/createMessage', params: {} }));
    await expect
      .poll(() => made.arrived.slice(before).map((body) => JSON.parse(body) as Json))
      .toMatchObject([
        { id: 'p', result: {} },
        { id: 's', error: { code: -32601 } },
      ]);
    expect(agent.heard.filter(({ method }) => method !== undefined)).toEqual([]);
    made.access.allow(made.agent);
    await expect.poll(() => agent.heard.map(({ method }) => method)).toContain('notifications/tools/list_changed');
    expect(JSON.stringify(agent.heard)).not.toContain('sampling');
  });
});

describe('a connection that comes to the server only when the one call is over', () => {
  it('listens to nothing before the next yes, and hears of everything then', async () => {
    const server = kept(await startMcpServer({ era: 'modern' }));
    const made = kept(await guardedBridge(server.url));
    const agent = kept(await made.open('stdio', 'old'));
    const other = kept(await made.open('stdio', 'old'));
    // Answered from memory, so both are told as soon as there is more.
    await agent.ask('tools/list');
    const waiting = other.ask('tools/call', echo);
    await answerOnce(made);
    expect((await waiting)['result']).toMatchObject({ content: [{ text: 'now' }] });
    await expect.poll(() => changes(agent)).toBe(1);
    await expect.poll(() => server.openStreams().length).toBe(0);
    server.change('tools');
    made.access.allow(made.agent);
    await server.until(() => server.openStreams().length === 2);
    const before = changes(agent);
    server.change('tools');
    await expect.poll(() => changes(agent)).toBeGreaterThan(before);
  });
});
