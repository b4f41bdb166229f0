// A session outlives what happens to it: servers that forget, streams that break, brokers that start again.
import { describe, expect, it } from 'vitest';
import { startMcpServer } from '../../support/mcp-server.ts';
import { connectAgent, said } from './agent.ts';
import { overHttp, overStdio, testUpstream } from './bench.ts';
import { discovered, hello, initialized, rawAgent, scriptedServer } from './raw.ts';
import type { Answer } from './raw.ts';
import { keptUntilTheEnd } from '../../support/kept.ts';

const kept = keptUntilTheEnd();
const gone: Answer = { raw: (_, response) => void response.writeHead(404).end() };
const echo = { name: 'echo', arguments: { text: 'still here' } };

describe.each(['old', 'new'] as const)('an agent of the %s era', (era) => {
  it.each(['legacy', 'legacy-sse'] as const)('does not notice that a %s server forgot the session', async (kind) => {
    const server = kept(await startMcpServer({ era: kind }));
    const { transport } = kept(overStdio(testUpstream(server.url)));
    const agent = await connectAgent(era, transport);
    expect(said(await agent.client.callTool(echo))).toBe('still here');
    server.dropSessions();
    expect(said(await agent.client.callTool(echo))).toBe('still here');
    const both = await Promise.all([agent.client.callTool(echo), agent.client.callTool(echo)]);
    expect(both.map(said)).toEqual(['still here', 'still here']);
    expect(server.log.list({ rpc: 'initialize' }).length).toBe(2);
  });

  it('gets the answer of a call whose stream broke on the way', async () => {
    const server = kept(await startMcpServer({ era: 'legacy', resumable: true }));
    const { transport } = kept(overStdio(testUpstream(server.url)));
    const agent = await connectAgent(era, transport);
    const params = { name: 'slow', arguments: { steps: 0 } };
    let cut = false;
    const result = await agent.client.callTool(params, {
      onprogress: () => {
        if (cut) return;
        cut = true;
        server.cutStreams();
        void server
          .until(() => server.log.list({ method: 'GET' }).some(({ headers }) => headers['last-event-id'] !== undefined))
          .then(() => server.release());
      },
    });
    expect(said(result)).toBe('released');
    expect(server.calls['slow']).toBe(1);
  });

  it('is told of changes again after the stream that carries them broke', async () => {
    const server = kept(await startMcpServer({ era: 'legacy' }));
    const { transport } = kept(overStdio(testUpstream(server.url)));
    const agent = await connectAgent(era, transport);
    if (era === 'new') await agent.client.listen({ toolsListChanged: true });
    await server.until(() => server.openStreams().length === 1);
    server.cutStreams();
    await server.until(() => server.log.list({ method: 'GET', status: 200 }).length === 2);
    server.change('tools');
    await agent.hears(({ method }) => method === 'notifications/tools/list_changed');
  });
});

describe('an old agent', () => {
  it('keeps its subscriptions and its log level when the server forgot the session', async () => {
    const server = kept(await startMcpServer({ era: 'legacy' }));
    const { transport } = kept(overStdio(testUpstream(server.url)));
    const agent = await connectAgent('old', transport);
    await agent.client.subscribeResource({ uri: 'note://today' });
    await agent.client.setLoggingLevel('critical');
    await server.until(() => server.openStreams().length === 1);
    server.dropSessions();
    await agent.client.callTool({ name: 'log', arguments: {} });
    await server.until(() => server.log.list({ method: 'GET', status: 200 }).length === 2);
    await server.until(() => server.log.list({ rpc: 'resources/subscribe' }).length === 2);
    await agent.client.callTool({ name: 'log', arguments: {} });
    await agent.hears(({ params }) => params['level'] === 'emergency');
    expect(agent.heard.some(({ params }) => params['level'] === 'error')).toBe(false);
    await agent.client.callTool({ name: 'update', arguments: { text: 'new' } });
    await agent.hears(({ method }) => method === 'notifications/resources/updated');
  });

  it('gets a whole session back when the grant was lost and the stream with it', async () => {
    const server = kept(await startMcpServer({ era: 'legacy' }));
    const upstream = testUpstream(server.url);
    const { transport } = kept(overStdio(upstream));
    const agent = await connectAgent('old', transport);
    await server.until(() => server.openStreams().length === 1);
    const refused = upstream.nextRefusal();
    upstream.setReady(false);
    server.cutStreams();
    await refused;
    upstream.setReady(true);
    await server.until(() => server.log.list({ rpc: 'initialize' }).length === 2);
    await server.until(() => server.log.list({ method: 'GET', status: 200 }).length === 2);
    server.change('tools');
    await agent.hears(({ method }) => method === 'notifications/tools/list_changed');
  });

  it('finds a server that went back to the old era when it connects again', async () => {
    let modern = true;
    const server = kept(
      await scriptedServer(({ method }) => {
        if (modern) return method === 'server/discover' ? discovered() : { result: { tools: [] } };
        return method === 'initialize' ? initialized() : method === 'ping' ? { result: {} } : gone;
      }),
    );
    const upstream = testUpstream(server.url);
    const before = rawAgent(upstream);
    kept(before.session);
    await before.ask('initialize', hello());
    expect(await before.ask('tools/list')).toHaveProperty('result');
    modern = false;
    expect(await before.ask('tools/list')).toHaveProperty('error');
    const after = rawAgent(upstream);
    kept(after.session);
    expect(await after.ask('initialize', hello())).toHaveProperty('result');
    expect(upstream.era.get()).toBe('legacy');
  });

  it('is told of every list when the stream of a new server broke, since it may have missed a change', async () => {
    const server = kept(await startMcpServer({ era: 'modern' }));
    const { transport } = kept(overStdio(testUpstream(server.url)));
    const agent = await connectAgent('old', transport);
    await server.until(() => server.openStreams().length === 1);
    server.cutStreams();
    await agent.hears(({ method }) => method === 'notifications/tools/list_changed');
    server.change('prompts');
    await agent.hears(({ method }) => method === 'notifications/prompts/list_changed');
  });

  it('may be followed by a shim that repeats its `initialize` after a restart of the broker', async () => {
    const server = kept(await startMcpServer({ era: 'legacy' }));
    const upstream = testUpstream(server.url);
    const before = rawAgent(upstream);
    const first = await before.ask('initialize', hello(), 'again');
    await before.session.close();
    const after = rawAgent(upstream);
    kept(after.session);
    expect(await after.ask('initialize', hello(), 'again')).toEqual(first);
    expect(await after.ask('tools/call', echo)).toMatchObject({ result: { content: [{ text: 'still here' }] } });
    await server.until(() => server.log.list({ rpc: 'notifications/initialized' }).length === 1);
  });

  it('ends its session with the server when it goes', async () => {
    const server = kept(await startMcpServer({ era: 'legacy' }));
    const agent = rawAgent(testUpstream(server.url));
    await agent.ask('initialize', hello());
    expect(server.sessions()).toBe(1);
    agent.hangUp();
    await agent.session.done;
    await server.until(() => server.sessions() === 0);
  });

  it('has a session of its own on HTTP, which no other agent can use and which it can end', async () => {
    const server = kept(await startMcpServer({ era: 'modern' }));
    const { url, relay } = kept(await overHttp(testUpstream(server.url)));
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const post = (body: object, session?: string): Promise<Response> =>
      fetch(url, {
        method: 'POST',
        headers: { ...headers, ...(session === undefined ? {} : { 'mcp-session-id': session }) },
        body: JSON.stringify({ jsonrpc: '2.0', ...body }),
      });
    const opened = await post({ id: 1, method: 'initialize', params: hello() });
    const session = opened.headers.get('mcp-session-id') ?? '';
    await opened.text();
    expect(session).not.toBe('');
    expect((await post({ id: 2, method: 'tools/list' }, 'another')).status).toBe(404);
    expect((await post({ id: 2, method: 'tools/list' })).status).toBe(400);
    expect((await post({ id: 2, method: 'tools/list' }, session)).status).toBe(200);
    const foreign = await relay.handle(
      new Request(url, {
        method: 'POST',
        headers: { ...headers, 'mcp-session-id': session },
        body: JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'tools/list' }),
      }),
      { agent: 'somebody else' },
    );
    expect(foreign.status).toBe(404);
    const ended = await fetch(url, { method: 'DELETE', headers: { 'mcp-session-id': session } });
    expect(ended.status).toBe(200);
    expect((await post({ id: 3, method: 'tools/list' }, session)).status).toBe(404);
  });
});
