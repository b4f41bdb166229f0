// Locked, no agent reaches a server, whichever bridge and revision it comes by; it hears why, and goes on when the person is back.
import { describe, expect, it } from 'vitest';
import { startMcpServer } from '../support/mcp-server.ts';
import { guardedBridge, overHttp, type Guarded, ways, type Way } from './guarded.ts';
import type { Json } from './relay/raw.ts';
import { keptUntilTheEnd } from '../support/kept.ts';

const kept = keptUntilTheEnd();

const echo = { name: 'echo', arguments: { text: 'now' } };

async function world({ server: era }: Pick<Way, 'server'>, mode: 'ask' | 'off' = 'ask') {
  const server = kept(await startMcpServer({ era }));
  const made = kept(await guardedBridge(server.url, { mode }));
  if (mode === 'ask') made.access.allow(made.agent);
  return { server, made };
}

const lock = ({ access }: Guarded, end: boolean): void => {
  access.locked = true;
  access.access.locked(end);
};
const unlock = ({ access }: Guarded): void => {
  access.locked = false;
  access.access.unlocked();
};

const namesIn = ({ result }: Json): unknown[] => ((result as Json)['tools'] as Json[]).map(({ name }) => name);
const textOf = ({ result, error }: Json): string =>
  String(
    ((result as Json | undefined)?.['content'] as Json[] | undefined)?.[0]?.['text'] ?? (error as Json)?.['message'],
  );
const words = /^Tokentray: Tokentray is locked: a person has to unlock it\. They can do it with "tokentray unlock"/u;

describe.each(ways)('over $link, a $agent agent and a $server server:', (way: Way) => {
  it('what needs no server is answered, calls hear that it is locked, and all goes on afterwards', async () => {
    const { server, made } = await world(way);
    const agent = kept(await made.open(way.link, way.agent));
    expect(namesIn(await agent.ask('tools/list'))).toContain('echo');
    expect(textOf(await agent.ask('tools/call', echo))).toBe('now');
    lock(made, false);
    const before = server.requests.length;
    if (way.agent === 'old') expect((await agent.ask('ping'))['result']).toEqual({});
    expect(namesIn(await agent.ask('tools/list'))).toContain('echo');
    const call = await agent.ask('tools/call', echo);
    expect(call['result']).toMatchObject({ isError: true });
    expect(textOf(call)).toMatch(words);
    const read = await agent.ask('resources/read', { uri: 'note://today' });
    expect(read['error']).toMatchObject({ data: { source: 'tokentray', code: 'locked' } });
    expect(server.requests).toHaveLength(before);
    expect(made.access.calls.at(-1)).toMatchObject({ tool: 'echo', outcome: 'refused', rule: 'locked' });
    unlock(made);
    expect(textOf(await agent.ask('tools/call', echo))).toBe('now');
  });

  it('an agent that begins while it is locked is greeted, and needs no restart', async () => {
    const { server, made } = await world(way);
    lock(made, true);
    const agent = kept(await made.open(way.link, way.agent));
    expect(namesIn(await agent.ask('tools/list'))).toEqual([]);
    expect(textOf(await agent.ask('tools/call', echo))).toMatch(words);
    expect(server.requests).toEqual([]);
    unlock(made);
    expect(textOf(await agent.ask('tools/call', echo))).toBe('now');
  });

  it('nobody is asked, and whoever was waiting for an answer hears that it is locked', async () => {
    const server = kept(await startMcpServer({ era: way.server }));
    const made = kept(await guardedBridge(server.url));
    const agent = kept(await made.open(way.link, way.agent));
    const asked = agent.ask('tools/call', echo);
    await made.access.prompt();
    lock(made, false);
    expect(textOf(await asked)).toMatch(words);
    expect(textOf(await agent.ask('tools/call', echo))).toMatch(words);
    expect(made.access.access.prompts.list()).toEqual([]);
    expect(server.requests).toEqual([]);
  });
});

describe('where nobody is asked before an agent uses a server', () => {
  it.each(['stdio', 'HTTP'] as const)('over %s: locked is locked all the same', async (link) => {
    const { server, made } = await world({ server: 'legacy' }, 'off');
    const agent = kept(await made.open(link, 'old'));
    expect(textOf(await agent.ask('tools/call', echo))).toBe('now');
    lock(made, false);
    expect(textOf(await agent.ask('tools/call', echo))).toMatch(words);
    expect(server.calls).toEqual({ echo: 1 });
  });
});

describe('what is open when it is locked', () => {
  it.each(ways.filter(({ agent }) => agent === 'old'))(
    'over $link, with a $server server: ends within a second where the setting says so',
    async (way: Way) => {
      const { server, made } = await world(way);
      const agent = kept(await made.open(way.link, 'old'));
      const running = agent.ask('tools/call', { name: 'slow', arguments: { steps: 0 } }).catch(() => null);
      await server.until(() => server.calls['slow'] === 1);
      lock(made, true);
      await made.clock.settle();
      await made.clock.advance(1000);
      await agent.ended;
      // Told in words where there was a way left to say them.
      const last = await running;
      if (last !== null) expect(textOf(last)).toMatch(words);
      await server.until(() => server.openStreams().length === 0);
    },
  );

  it.each(ways.filter(({ agent }) => agent === 'old'))(
    'over $link, with a $server server: goes on where the setting says that, and only that',
    async (way: Way) => {
      const { server, made } = await world(way);
      const agent = kept(await made.open(way.link, 'old'));
      const running = agent.ask('tools/call', { name: 'slow', arguments: { steps: 0 } });
      await server.until(() => server.calls['slow'] === 1);
      lock(made, false);
      expect(textOf(await agent.ask('tools/call', echo))).toMatch(words);
      await made.clock.advance(1000);
      server.release();
      expect((await running)['result']).toMatchObject({ content: [{ type: 'text' }] });
      expect(server.calls).toEqual({ slow: 1 });
    },
  );

  it('that goes on ends at once when the agent’s approval does', async () => {
    const { server, made } = await world({ server: 'modern' });
    const approval = made.access.allow(made.agent);
    const agent = kept(await overHttp(made, 'new'));
    let ended = false;
    void agent
      .ask('subscriptions/listen', { notifications: { toolsListChanged: true } })
      .catch(() => undefined)
      .finally(() => {
        ended = true;
      });
    await server.until(() => server.openStreams().length === 1);
    lock(made, false);
    await made.clock.advance(1000);
    expect(ended).toBe(false);
    made.access.revoke(approval);
    await made.clock.advance(1000);
    await expect.poll(() => ended).toBe(true);
    await server.until(() => server.openStreams().length === 0);
  });

  it('is counted, whichever way it came', async () => {
    const { server, made } = await world({ server: 'modern' });
    expect([made.bridge.streams(), made.upstreams.streams()]).toEqual([0, 0]);
    kept(await made.open('stdio', 'new'));
    const agent = kept(await overHttp(made, 'new'));
    const listening = agent
      .ask('subscriptions/listen', { notifications: { toolsListChanged: true } })
      .catch(() => null);
    await server.until(() => server.openStreams().length === 1);
    expect([made.bridge.streams(), made.upstreams.streams()]).toEqual([1, 1]);
    lock(made, true);
    await made.clock.advance(1000);
    await listening;
    await expect.poll(() => [made.bridge.streams(), made.upstreams.streams()]).toEqual([0, 0]);
  });
});
