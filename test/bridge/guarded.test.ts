// What a person did not allow does not happen, whichever bridge and revision an agent comes by, and it hears why.
import { describe, expect, it } from 'vitest';
import { startMcpServer } from '../support/mcp-server.ts';
import { withoutRules } from './access.ts';
import { guardedBridge, overHttp, type Guarded, ways, type Way } from './guarded.ts';
import type { Json } from './relay/raw.ts';
import { keptUntilTheEnd } from '../support/kept.ts';

const kept = keptUntilTheEnd();

const echo = { name: 'echo', arguments: { text: 'now' } };
const add = { name: 'add', arguments: { a: 1, b: 2 } };

async function world({ server: era }: Pick<Way, 'server'>) {
  const server = kept(await startMcpServer({ era }));
  const made = kept(await guardedBridge(server.url));
  return { server, made };
}

const namesIn = ({ result }: Json): unknown[] => ((result as Json)['tools'] as Json[]).map(({ name }) => name);
const textOf = ({ result, error }: Json): string =>
  String(
    ((result as Json | undefined)?.['content'] as Json[] | undefined)?.[0]?.['text'] ?? (error as Json)?.['message'],
  );

const progress = (heard: readonly Json[]): Json[] =>
  heard.flatMap(({ method, params }) => (method === 'notifications/progress' ? [params as Json] : []));

const told = (heard: readonly Json[], wanted: string): boolean => heard.some(({ method }) => method === wanted);

describe.each(ways)('over $link, a $agent agent and a $server server:', (way: Way) => {
  it('a tool that a rule hides is in no list, and its call is refused without a word to the server', async () => {
    const { server, made } = await world(way);
    made.access.allow(made.agent, { ...withoutRules, deny: ['echo'] });
    const agent = kept(await made.open(way.link, way.agent));
    const names = namesIn(await agent.ask('tools/list'));
    expect(names).toContain('add');
    expect(names).not.toContain('echo');
    const refused = await agent.ask('tools/call', echo);
    expect(refused['result']).toMatchObject({ isError: true });
    expect(textOf(refused)).toMatch(/^Tokentray: A rule of the person stands against the tool "echo"/u);
    expect((await agent.ask('tools/call', add))['result']).toMatchObject({ structuredContent: { sum: 3 } });
    expect(server.calls).toEqual({ add: 1 });
    expect(made.access.calls.map(({ tool, outcome }) => [tool, outcome])).toContainEqual(['echo', 'refused']);
  });

  it('a call of an agent that nobody was asked about waits with progress, and goes on when it is allowed', async () => {
    const { server, made } = await world(way);
    const agent = kept(await made.open(way.link, way.agent));
    expect(namesIn(await agent.ask('tools/list'))).toEqual([]);
    expect(server.requests).toEqual([]);
    const answered = agent.ask('tools/call', { ...echo, _meta: { progressToken: 'p' } });
    const prompt = await made.access.prompt();
    await expect.poll(() => progress(agent.heard).length).toBe(1);
    await made.waits.advance(6000);
    await expect.poll(() => progress(agent.heard).length).toBe(2);
    expect(server.requests).toEqual([]);
    made.access.access.prompts.decide(prompt, { decision: 'allow', lasts: 'always', rules: withoutRules }, 'window');
    expect(textOf(await answered)).toBe('now');
    const steps = progress(agent.heard);
    expect(steps.map(({ progressToken }) => progressToken)).toEqual(['p', 'p']);
    expect(Number(steps[1]?.['progress'])).toBeGreaterThan(Number(steps[0]?.['progress']));
    expect(String(steps[0]?.['message'])).not.toBe('');
    expect(namesIn(await agent.ask('tools/list'))).toContain('echo');
  });

  it('a call that nobody answers for is told where a person can, and one that is denied hears that', async () => {
    const { server, made } = await world(way);
    const agent = kept(await made.open(way.link, way.agent));
    const asked = agent.ask('tools/call', { ...echo, _meta: { progressToken: 1 } });
    const prompt = await made.access.prompt();
    await expect.poll(() => progress(agent.heard).length).toBe(1);
    await made.waits.advance(50_000);
    const late = await asked;
    expect(late['result']).toMatchObject({ isError: true });
    expect(textOf(late)).toContain(`/approve/${prompt}`);
    made.access.access.prompts.decide(prompt, { decision: 'deny', lasts: 'always' }, 'window');
    expect(textOf(await agent.ask('tools/call', echo))).toContain('denied');
    expect((await agent.ask('resources/read', { uri: 'note://today' }))['error']).toMatchObject({
      data: { source: 'tokentray', code: 'approval_denied' },
    });
    expect(server.requests).toEqual([]);
  });

  it('allowed once is one call', async () => {
    const { server, made } = await world(way);
    const agent = kept(await made.open(way.link, way.agent));
    const answered = agent.ask('tools/call', echo);
    const prompt = await made.access.prompt();
    made.access.access.prompts.decide(prompt, { decision: 'allow', lasts: 'once', rules: withoutRules }, 'window');
    expect(textOf(await answered)).toBe('now');
    const second = agent.ask('tools/call', { ...echo, _meta: { progressToken: 2 } });
    await expect.poll(() => progress(agent.heard).some(({ progressToken }) => progressToken === 2)).toBe(true);
    await made.waits.advance(50_000);
    expect((await second)['result']).toMatchObject({ isError: true });
    expect(server.calls).toEqual({ echo: 1 });
  });
});

describe('what is known of a server', () => {
  it.each(['stdio', 'HTTP'] as const)(
    'is told over %s before anybody was asked, but for what a rule hides',
    async (link) => {
      const { made } = await world({ server: 'legacy' });
      const approval = made.access.allow(made.agent);
      const agent = kept(await made.open(link, 'old'));
      expect(namesIn(await agent.ask('tools/list'))).toContain('echo');
      made.access.revoke(approval);
      made.access.serverRules = { ...withoutRules, deny: ['echo'] };
      for (const era of ['old', 'new'] as const) {
        const next = kept(await made.open(link, era));
        const names = namesIn(await next.ask('tools/list'));
        expect(names).toContain('add');
        expect(names).not.toContain('echo');
      }
      expect(made.access.access.prompts.list()).toEqual([]);
    },
  );
});

describe('an agent that was answered before it was allowed', () => {
  it.each(['stdio', 'HTTP'] as const)('over %s hears that the lists have changed once it is', async (link) => {
    const { made } = await world({ server: 'modern' });
    const agent = kept(await made.open(link, 'old'));
    const listens = kept(await made.open(link, 'new'));
    void listens.ask('subscriptions/listen', { notifications: { toolsListChanged: true } }).catch(() => null);
    await expect.poll(() => told(listens.heard, 'notifications/subscriptions/acknowledged')).toBe(true);
    expect(told([...agent.heard, ...listens.heard], 'notifications/tools/list_changed')).toBe(false);
    made.access.allow(made.agent);
    await expect.poll(() => told(agent.heard, 'notifications/tools/list_changed')).toBe(true);
    await expect.poll(() => told(listens.heard, 'notifications/tools/list_changed')).toBe(true);
    expect(namesIn(await agent.ask('tools/list'))).toContain('echo');
  });
});

describe('an agent that is not allowed, and a server that nobody is signed in to', () => {
  it.each(['stdio', 'HTTP'] as const)(
    'over %s: the approval comes first, and only then a link to sign in',
    async (link) => {
      const server = kept(await startMcpServer({ era: 'legacy' }));
      const made = kept(await guardedBridge(server.url, { state: () => 'needs-sign-in' }));
      for (const era of ['old', 'new'] as const) {
        const agent = kept(await made.open(link, era));
        const asked = agent.ask('tools/call', echo);
        const prompt = await made.access.prompt();
        expect(agent.heard.map((message) => JSON.stringify(message)).join('')).not.toContain('sign-in');
        made.access.access.prompts.decide(prompt, { decision: 'allow', lasts: 'once', rules: withoutRules }, 'window');
        const told = await asked;
        expect(told['result']).toMatchObject({ isError: true });
        expect(textOf(told)).toContain('http://127.0.0.1:1/sign-in/notes');
      }
      expect(server.requests).toEqual([]);
    },
  );
});

describe('a line over stdio that servers could read differently', () => {
  it('goes to no server, and says what is wrong with it', async () => {
    const { server, made } = await world({ server: 'legacy' });
    made.access.allow(made.agent, { ...withoutRules, deny: ['echo'] });
    const agent = kept(await made.open('stdio', 'old'));
    agent.write('{"jsonrpc":"2.0","id":9,"method":"ping","Method":"tools/call","params":{"name":"echo"}}\n');
    agent.write('{"jsonrpc":"2.0","method":"tools/call","params":{"name":"echo"}}\n');
    await agent.ask('tools/call', add);
    expect(agent.heard.filter(({ id }) => id === null)).toMatchObject([
      { error: { code: -32600, message: expect.stringContaining('can be taken for') as string } },
      { error: { code: -32600 } },
    ]);
    expect(server.calls).toEqual({ add: 1 });
  });
});

describe('an agent that is shut out', () => {
  it.each(ways.filter(({ agent }) => agent === 'old'))(
    'over $link, with a $server server: has no stream and no session left within a second',
    async (way: Way) => {
      const { server, made } = await world(way);
      const approval = made.access.allow(made.agent);
      const agent = kept(await made.open(way.link, way.agent));
      const running = agent.ask('tools/call', { name: 'slow', arguments: { steps: 0 } }).catch(() => null);
      await server.until(() => server.calls['slow'] === 1);
      made.access.revoke(approval);
      await made.clock.settle();
      await made.clock.advance(1000);
      await agent.ended;
      // Told in words where there was a way left to say them.
      const last = await running;
      if (last !== null) expect(textOf(last)).toContain('ended');
      await server.until(() => server.openStreams().length === 0);
    },
  );

  it('over HTTP: a stream of the new revision ends, and those of others go on', async () => {
    const { server, made } = await world({ server: 'modern' });
    const other: Guarded = { ...made, ...made.newKey('other') };
    const approvals = [made, other].map(({ agent }) => made.access.allow(agent));
    const ended: string[] = [];
    const listen = { notifications: { toolsListChanged: true } };
    for (const [name, each] of [
      ['first', made],
      ['second', other],
    ] as const) {
      const opened = kept(await overHttp(each, 'new'));
      void opened
        .ask('subscriptions/listen', listen)
        .catch(() => undefined)
        .finally(() => ended.push(name));
    }
    await server.until(() => server.openStreams().length === 2);
    made.access.revoke(approvals[0] ?? '');
    await made.clock.advance(1000);
    await expect.poll(() => ended).toEqual(['first']);
    await server.until(() => server.openStreams().length === 1);
  });
});
