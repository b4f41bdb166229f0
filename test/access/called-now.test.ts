// Whatever is told of an agent names it as it is called now, though its connection began before it had that name.
import { createInterface } from 'node:readline';
import { duplexPair } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { promptLivesMs } from '../../main/access/prompts.ts';
import { everything } from '../../main/access/types.ts';
import { eventually } from '../support/eventually.ts';
import { liveBroker, type LiveBroker } from '../ui/live-broker.ts';
import { attempt, call, request, world, type World } from './world.ts';

describe('a connection that began under another name', () => {
  let w: World;
  beforeEach(() => {
    w = world();
  });
  afterEach(() => w[Symbol.asyncDispose]());

  /** An agent that is called "s" when it connects, and "Claude Code" once it has spoken. */
  const renamed = () => {
    const agent = w.agent('s');
    const guard = w.guard(agent);
    w.store.agents.change(agent.id, { name: 'Claude Code' });
    return { agent, guard };
  };
  const everyAgent = () => [...w.events, ...w.calls].map(({ agent }) => agent);

  it('is told of under its last name when its call ends after everything was closed', async () => {
    const { agent, guard } = renamed();
    w.access.approvals.decide(
      { agent, server: 'linear', account: 'default' },
      [],
      { decision: 'allow', lasts: 'always', rules: { ...everything, ask: 'never' } },
      'window',
    );
    const admitted = await attempt(guard).outcome;
    w.access.close();
    w.store.close();
    if (admitted instanceof Error) throw admitted;
    admitted.finished({ outcome: 'failed', bytes: 0 });
    expect(w.calls.at(-1)).toMatchObject({ agent: 'Claude Code', outcome: 'failed' });
    // That one is closed already.
    w = world();
  });

  it('is asked about, waited for and denied under its name', async () => {
    const { guard } = renamed();
    const gaveUp = attempt(guard);
    await w.clock.advance(w.wait);
    expect(await gaveUp.outcome).toMatchObject({ message: expect.stringMatching(/allow "Claude Code" to use/u) });
    expect(w.access.prompts.list()).toMatchObject([{ agent: { name: 'Claude Code' } }]);
    expect(await attempt(guard, request('tools/list')).outcome).toMatchObject({
      message: expect.stringMatching(/allowed "Claude Code" to use/u),
    });
    const one = attempt(guard);
    await w.clock.settle();
    w.access.prompts.decide(w.prompt(), { decision: 'deny', lasts: 'always' }, 'window');
    expect(await one.outcome).toMatchObject({ message: expect.stringMatching(/denied "Claude Code" the use/u) });
    expect(await attempt(guard).outcome).toMatchObject({
      message: expect.stringMatching(/denied "Claude Code" the use/u),
    });
    expect(new Set(everyAgent())).toEqual(new Set(['Claude Code']));
  });

  it('has its calls, and the questions about them, under its name', async () => {
    const { agent, guard } = renamed();
    w.pin('delete', 'destructive');
    w.access.approvals.decide(
      { agent, server: 'linear', account: 'default' },
      [],
      { decision: 'allow', lasts: 'always', rules: everything },
      'window',
    );
    const one = attempt(guard, call('delete'));
    await w.clock.settle();
    w.access.prompts.answer(w.prompt(), true, 'window');
    const admitted = await one.outcome;
    if (!('finished' in admitted)) throw admitted;
    admitted.finished({ outcome: 'ok', bytes: 1 });
    expect(w.events.map(({ kind }) => kind)).toEqual(['approved', 'approval-asked', 'call-allowed']);
    expect(w.calls).toHaveLength(1);
    expect(new Set(everyAgent())).toEqual(new Set(['Claude Code']));
  });

  it('floods under its name', async () => {
    const { guard, agent } = renamed();
    for (let at = 0; at < 6; at += 1) {
      const name = `s${at}`;
      const { settings } = w.store.servers.get('linear') ?? {};
      if (settings !== undefined) w.store.servers.add({ name, url: 'https://s.example', addedAt: 1, settings });
      attempt(w.guard({ ...agent, name: 's' }, { server: name }));
    }
    await w.clock.settle();
    expect(w.access.prompts.floods()).toMatchObject([{ agent: 'Claude Code', agents: ['Claude Code'] }]);
    guard.close();
    expect(new Set(everyAgent())).toEqual(new Set(['Claude Code']));
  });

  it('is told of under the name that a person gave it while it waited', async () => {
    const { agent, guard } = renamed();
    const one = attempt(guard);
    await w.clock.settle();
    w.store.agents.change(agent.id, { name: 'my own' });
    await w.clock.advance(w.wait);
    expect(await one.outcome).toMatchObject({ message: expect.stringMatching(/allow "my own" to use/u) });
    await w.clock.advance(promptLivesMs);
    expect(w.events).toMatchObject([
      { kind: 'approval-asked', agent: 'Claude Code' },
      { kind: 'approval-unanswered', agent: 'my own' },
    ]);
  });

  it('has its open question under the name that a person gives it meanwhile, and whoever watches hears of it', async () => {
    const { agent, guard } = renamed();
    attempt(guard);
    await w.clock.settle();
    let told = 0;
    w.access.prompts.onChange(() => (told += 1));
    w.store.agents.change(agent.id, { name: 'my own' });
    w.access.prompts.agentsChanged();
    expect(told).toBe(1);
    expect(w.access.prompts.list()).toMatchObject([{ agent: { name: 'my own' } }]);
    w.access.prompts.decide(w.prompt(), { decision: 'allow', lasts: 'always' }, 'window');
    expect(w.events.at(-1)).toMatchObject({ kind: 'approved', agent: 'my own' });
  });
});

describe('an agent on stdio that nobody named', () => {
  let live: LiveBroker;
  afterEach(() => live[Symbol.asyncDispose]());

  it('has every event and every row of its first connection under the name that its messages said', async () => {
    live = await liveBroker({ broker: { approvals: 'ask' } });
    await live.signIn();
    const [ours, theirs] = duplexPair();
    const hello = { agentName: null, pid: process.pid, parentPid: 1, cwd: '/', argv: [], version: '0', resumed: false };
    live.broker.onStdio({ server: 'notes', ...hello }, theirs, null);
    const heard: { id?: number }[] = [];
    createInterface({ input: ours }).on('line', (line) => heard.push(JSON.parse(line) as { id?: number }));
    const say = (message: object) => ours.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    const clientInfo = { name: 'Claude Code', version: '1' };
    say({ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo } });
    await eventually(() => heard.some(({ id }) => id === 1));
    say({ method: 'notifications/initialized' });
    say({ id: 2, method: 'tools/call', params: { name: 'echo', arguments: { text: 'hello' } } });
    const prompts = () => live.broker.control.access.prompts.list();
    await eventually(() => prompts().some(({ tool }) => tool === 'echo'));
    const [prompt] = prompts();
    expect(prompt).toMatchObject({ agent: { name: 'Claude Code' } });
    // Whoever has the question before them sees it, when a person calls the agent something else.
    const agentId = prompt?.agent.id ?? '';
    const shown = Promise.withResolvers<string>();
    const watching = (async () => {
      for await (const change of await live.client.changes()) {
        if (change.kind === 'snapshot') await live.client.agents.rename({ id: agentId, name: 'my own' });
        const [first] = change.kind === 'prompts' ? change.prompts : [];
        if (first?.agent.name === 'my own') return shown.resolve(first.agent.name);
      }
    })();
    expect(await shown.promise).toBe('my own');
    await watching;
    await live.client.agents.rename({ id: agentId, name: 'Claude Code' });
    await live.client.approvals.decide({ id: prompt?.id ?? '', decision: 'allow', lasts: 'always' });
    await eventually(() => heard.some(({ id }) => id === 2));
    const rows = async () => (await live.client.audit.list({})).items.filter(({ agent }) => agent !== null);
    await expect.poll(async () => (await rows()).map(({ kind }) => kind)).toContain('tool-call');
    expect((await rows()).map(({ kind, agent }) => `${kind} ${agent}`)).toEqual(
      expect.arrayContaining(['approval-asked Claude Code', 'approved Claude Code', 'tool-call Claude Code']),
    );
    expect(new Set((await rows()).map(({ agent }) => agent))).toEqual(new Set(['Claude Code', 'my own']));
    theirs.destroy();
  });
});
