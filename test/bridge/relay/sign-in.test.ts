// Nobody is signed in yet: agents connect all the same, are told where to sign in, and go on with the real server.
import { afterEach, describe, expect, it } from 'vitest';
import { startMcpServer } from '../../support/mcp-server.ts';
import type { McpTestServer } from '../../support/mcp-server.ts';
import { connectAgent, said } from './agent.ts';
import type { Agent, Era } from './agent.ts';
import { overHttp, overStdio, testUpstream } from './bench.ts';
import type { TestUpstream, Way } from './bench.ts';
import { hello, rawAgent, stamped } from './raw.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

const eras: readonly Era[] = ['old', 'new'];
const ways = eras.flatMap((agent) =>
  (['legacy', 'modern'] as const).flatMap((server) =>
    (['stdio', 'HTTP'] as const).map((link) => ({ agent, server, link })),
  ),
);

async function server(era: McpTestServer['era']): Promise<McpTestServer> {
  const started = await startMcpServer({ era });
  open.push(started);
  return started;
}

async function way(upstream: TestUpstream, link: string): Promise<Way> {
  const opened = link === 'stdio' ? overStdio(upstream) : await overHttp(upstream);
  open.push(opened);
  return opened;
}

const noLinks = { elicitation: {}, sampling: {}, roots: {} };
const echo = { name: 'echo', arguments: { text: 'now' } };

async function subscribe(agent: Agent): Promise<void> {
  if (agent.era === 'new') await agent.client.listen({ toolsListChanged: true, promptsListChanged: true });
}

describe.each(ways)('an agent of the $agent era on $link before the sign-in to a $server server', (given) => {
  it('connects, lists what is known, gets the link from a call, and uses the server after the sign-in', async () => {
    const real = await server(given.server);
    const known = { capabilities: { tools: {} }, tools: [{ name: 'echo', inputSchema: { type: 'object' } }] };
    const upstream = testUpstream(real.url, { ready: false, known });
    const { transport } = await way(upstream, given.link);
    const agent = await connectAgent(given.agent, transport, { capabilities: noLinks });
    const before = await agent.client.listTools();
    expect(before.tools.map(({ name }) => name)).toEqual(['echo']);
    const refused = await agent.client.callTool(echo);
    expect(refused.isError).toBe(true);
    expect(said(refused)).toContain('http://127.0.0.1:7411/sign-in/everything?once=abc');
    await expect(agent.client.readResource({ uri: 'note://today' })).rejects.toThrow('7411/sign-in');
    expect(real.requests).toEqual([]);

    await subscribe(agent);
    upstream.setReady(true);
    await agent.hears(({ method }) => method === 'notifications/tools/list_changed');
    const after = await agent.client.listTools({}, { cacheMode: 'refresh' });
    expect(after.tools.length).toBeGreaterThan(5);
    expect(said(await agent.client.callTool(echo))).toBe('now');
  });

  it('shows the link by itself where the agent can, and the call goes on once the person has signed in', async () => {
    const real = await server(given.server);
    const upstream = testUpstream(real.url, { ready: false });
    const { transport } = await way(upstream, given.link);
    const shown: string[] = [];
    const agent = await connectAgent(given.agent, transport, {
      onLink: (url) => {
        shown.push(url);
        setImmediate(() => upstream.setReady(true));
        return 'accept';
      },
    });
    expect(await agent.client.request({ method: 'tools/list' })).toMatchObject({ tools: [] });
    expect(said(await agent.client.callTool(echo))).toBe('now');
    expect(shown).toEqual(['http://127.0.0.1:7411/sign-in/everything?once=abc']);
  });

  it('says where to sign in when the grant is lost in the middle, and goes on when it is back', async () => {
    const real = await server(given.server);
    const upstream = testUpstream(real.url);
    const { transport } = await way(upstream, given.link);
    const agent = await connectAgent(given.agent, transport, { onLink: () => 'decline' });
    expect(said(await agent.client.callTool(echo))).toBe('now');
    upstream.setReady(false);
    const refused = await agent.client.callTool(echo);
    expect(refused.isError).toBe(true);
    expect(said(refused)).toContain('7411/sign-in');
    upstream.setReady(true);
    expect(said(await agent.client.callTool(echo))).toBe('now');
  });
});

describe('the probe of an agent that starts the command twice', () => {
  it('is answered without a sign-in and without a word to the server', async () => {
    const real = await server('legacy');
    const upstream = testUpstream(real.url, { ready: false });
    const agent = rawAgent(upstream);
    open.push(agent.session);
    const { result } = await agent.ask('server/discover', stamped());
    expect(result).toMatchObject({ resultType: 'complete', supportedVersions: ['2026-07-28'] });
    expect(real.requests).toEqual([]);
  });

  it('refuses a revision that is not spoken here by naming the one that is', async () => {
    const agent = rawAgent(testUpstream('http://127.0.0.1:9/mcp', { ready: false }));
    open.push(agent.session);
    const asked = stamped();
    (asked['_meta'] as Record<string, unknown>)['io.modelcontextprotocol/protocolVersion'] = '2027-01-01';
    const { error } = await agent.ask('server/discover', asked);
    expect(error).toMatchObject({ code: -32022, data: { supported: ['2026-07-28'], requested: '2027-01-01' } });
  });
});

describe('an old agent that was greeted before the sign-in', () => {
  it('keeps the log level that it set meanwhile', async () => {
    const real = await server('legacy');
    const upstream = testUpstream(real.url, { ready: false });
    const { transport } = await way(upstream, 'stdio');
    const agent = await connectAgent('old', transport);
    await agent.client.setLoggingLevel('critical');
    upstream.setReady(true);
    await agent.hears(({ method }) => method === 'notifications/tools/list_changed');
    await agent.client.callTool({ name: 'log', arguments: {} });
    await agent.hears(({ params }) => params['level'] === 'emergency');
    expect(agent.heard.some(({ params }) => params['level'] === 'error')).toBe(false);
  });

  it('hears that the link is done with when it was shown one', async () => {
    const real = await server('modern');
    const upstream = testUpstream(real.url, { ready: false });
    const agent = rawAgent(upstream);
    open.push(agent.session);
    await agent.ask('initialize', hello({ elicitation: { url: {} } }));
    const answered = agent.ask('tools/call', echo, 7);
    const asked = await agent.until(({ method }) => method === 'elicitation/create');
    expect(asked['params']).toMatchObject({ mode: 'url', url: expect.stringContaining('sign-in') });
    agent.send({ id: asked['id'], result: { action: 'accept' } });
    upstream.setReady(true);
    const { elicitationId } = asked['params'] as { elicitationId: string };
    await agent.until(({ method }) => method === 'notifications/elicitation/complete');
    const done = agent.received.find(({ method }) => method === 'notifications/elicitation/complete');
    expect(done?.['params']).toEqual({ elicitationId });
    expect(await answered).toMatchObject({ result: { content: [{ text: 'now' }] } });
  });
});
