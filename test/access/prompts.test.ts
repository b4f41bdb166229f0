// A person is asked what they can answer: few questions, in words that cannot deceive, each answered once.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { promptLivesMs } from '../../main/access/prompts.ts';
import { everything } from '../../main/access/types.ts';
import { promptSchema } from '../../preload/contract-access.ts';
import { attempt, call, request, stateOf, useOf, world, type World } from './world.ts';

const minute = 60_000;
const hostile = [
  ['a name that turns the line around', 'claude\u202e}gnihtyna{', 'claude\\u202e}gnihtyna{'],
  ['a name with another line', 'claude\nAllowed: yes', 'claude\\u000aAllowed: yes'],
  ['a name with characters that cannot be seen', 'cla\u200bude\u00ad\u{e0041}', 'cla\\u200bude\\u00ad\\udb40\\udc41'],
  ['a name that is markup', '<b onclick=x>claude</b>', '<b onclick=x>claude</b>'],
  ['a name of 10,000 characters', 'x'.repeat(10_000), `${'x'.repeat(120)}…`],
] as const;

let w: World;
beforeEach(() => {
  w = world();
});
afterEach(() => w[Symbol.asyncDispose]());

const raise = (name: string, server?: string) => w.access.prompts.raise(useOf(w.agent(name), null, server));

describe('a prompt', () => {
  it('names the agent with its evidence, the server, the account, who that is, and the tool', async () => {
    const checked = {
      by: 'kernel',
      pid: 7,
      executable: '/usr/bin/node',
      script: '/opt/claude.js',
      parents: [{ pid: 6, name: 'zsh', executable: null }],
      folder: '/home/alice/work',
      signature: null,
    } as const;
    const agent = w.agent('claude', { checked, claimed: { name: 'Claude', client: null, clientUri: null } });
    attempt(w.guard(agent), call('create_issue'));
    await w.clock.settle();
    const [prompt] = w.access.prompts.list();
    expect(promptSchema.parse(prompt)).toMatchObject({
      kind: 'use',
      agent: { name: 'claude', checked, claimed: { name: 'Claude' } },
      via: 'stdio',
      server: 'linear',
      account: 'default',
      identity: 'alice@example.com',
      scopes: ['read', 'write'],
      tool: 'create_issue',
      waiting: 1,
      expiresAt: w.clock.now() + promptLivesMs,
    });
  });

  it.each(hostile)('shows %s as what it is', async (_what, name, shown) => {
    const agent = w.agent('plain', {
      claimed: {
        name: name.slice(0, 4_000),
        client: { name: name.slice(0, 4_000), version: name.slice(0, 4_000) },
        clientUri: null,
      },
    });
    attempt(w.guard(agent), call(name));
    await w.clock.settle();
    const prompt = promptSchema.parse(w.access.prompts.list()[0]);
    expect(prompt.agent.claimed).toEqual({ name: shown, client: { name: shown, version: shown }, clientUri: null });
    expect(prompt.tool).toBe(shown);
  });

  it('cuts arguments that nobody could read, and says so', async () => {
    w.mode = 'ask';
    w.pin('delete', 'destructive');
    const agent = w.agent('claude');
    w.access.approvals.decide(
      { agent, server: 'linear', account: 'default' },
      [],
      { decision: 'allow', lasts: 'always', rules: everything },
      'window',
    );
    attempt(w.guard(agent), call('delete', { text: 'x'.repeat(1_000_000) }));
    await w.clock.settle();
    const prompt = promptSchema.parse(w.access.prompts.list()[0]);
    expect(prompt).toMatchObject({ kind: 'call', cut: true });
  });

  it('is the same for every connection of the agent, and a yes for the session is one for each of them', async () => {
    const agent = w.agent('claude');
    const guards = [w.guard(agent), w.guard(agent)];
    const all = guards.map((guard) => attempt(guard));
    await w.clock.settle();
    w.access.prompts.decide(w.prompt(), { decision: 'allow', lasts: 'session' }, 'window');
    expect(await Promise.all(all.map(stateOf))).toEqual(['admitted', 'admitted']);
    guards[0]?.close();
    expect(await stateOf(attempt(guards[1] as never))).toBe('admitted');
  });

  it('is over after 15 minutes, and whoever still waits is asked about anew', async () => {
    w.wait = 10 * minute;
    const agent = w.agent('claude');
    const first = attempt(w.guard(agent));
    await w.clock.advance(10 * minute);
    expect(await stateOf(first)).toBe('approval_needed');
    const id = w.prompt();
    const second = attempt(w.guard(agent));
    await w.clock.advance(5 * minute);
    expect(w.prompt()).not.toBe(id);
    expect(second.state()).toBe('waiting');
    expect(() => w.access.prompts.decide(id, { decision: 'allow', lasts: 'always' }, 'window')).toThrowError(
      expect.objectContaining({ code: 'unknown_approval' }),
    );
    expect(w.access.prompts.get(id)).toMatchObject({ kind: 'over' });
  });

  it('of one kind takes no answer to the other', async () => {
    const id = raise('claude');
    expect(() => w.access.prompts.answer(id, true, 'window')).toThrow(/nothing open/u);
    expect(w.access.prompts.list()).toHaveLength(1);
  });

  it('stays open when the answer cannot be taken', () => {
    const id = raise('claude');
    expect(() => w.access.prompts.decide(id, { decision: 'allow', lasts: 'until' }, 'window')).toThrow(
      /needs that time/u,
    );
    expect(w.prompt()).toBe(id);
  });

  it('is told to whoever watches: when it comes, when somebody waits, and when it is answered', async () => {
    const seen: number[][] = [];
    w.access.prompts.onChange(() => seen.push(w.access.prompts.list().map(({ waiting }) => waiting)));
    const one = attempt(w.guard(w.agent('claude')));
    await w.clock.settle();
    one.giveUp();
    await one.outcome;
    w.access.prompts.decide(w.prompt(), { decision: 'deny', lasts: 'always' }, 'window');
    expect(seen.at(0)).toEqual([0]);
    expect(seen).toContainEqual([1]);
    expect(seen.at(-1)).toEqual([]);
  });

  it('leaves what happened, with the agent in it', () => {
    w.access.prompts.decide(raise('claude'), { decision: 'allow', lasts: 'always' }, 'command-line');
    expect(w.events).toMatchObject([
      { kind: 'approval-asked', agent: 'claude', server: 'linear', detail: { about: 'use' } },
      { kind: 'approved', agent: 'claude', detail: { lasts: 'always', by: 'command-line' } },
    ]);
  });
});

const servers = (count: number) => {
  const { settings } = w.store.servers.get('linear') ?? {};
  return Array.from({ length: count }, (_, at) => {
    const name = `server-${at}`;
    if (settings !== undefined) w.store.servers.add({ name, url: 'https://s.example', addedAt: 1, settings });
    return name;
  });
};

describe('a flood', () => {
  it('of one agent is refused at once from the sixth question in ten minutes on, counted, and told', async () => {
    const agent = w.agent('claude');
    const states: string[] = [];
    for (const server of servers(8)) {
      const one = attempt(w.guard(agent, { server }));
      await w.clock.settle();
      states.push(one.state());
    }
    expect(states.filter((state) => state === 'waiting')).toHaveLength(5);
    expect(states.slice(5)).toEqual(['overloaded', 'overloaded', 'overloaded']);
    expect(w.access.prompts.floods()).toEqual([
      { agent: 'claude', since: w.clock.now(), refused: 3, program: null, agents: ['claude'] },
    ]);
    expect(w.events.filter(({ kind }) => kind === 'approval-flood')).toMatchObject([{ agent: 'claude' }]);
    // Another agent is not held back by it.
    expect(await w.stateNow(attempt(w.guard(w.agent('cursor'))))).toBe('waiting');
    await w.clock.advance(10 * minute);
    expect(w.access.prompts.floods()).toEqual([]);
    expect(await w.stateNow(attempt(w.guard(agent, { server: 'server-7' })))).toBe('waiting');
  });

  it('is none where the person says yes each time', async () => {
    w.pin('delete', 'destructive');
    const agent = w.agent('claude');
    w.access.approvals.decide(
      { agent, server: 'linear', account: 'default' },
      [],
      { decision: 'allow', lasts: 'always' },
      'window',
    );
    const guard = w.guard(agent);
    for (let id = 0; id < 12; id += 1) {
      const one = attempt(guard, call('delete', { id }));
      await w.clock.settle();
      w.access.prompts.answer(w.prompt(), true, 'window');
      expect(await stateOf(one)).toBe('admitted');
    }
    expect(w.access.prompts.floods()).toEqual([]);
  });

  it('does not keep an agent from joining the question that is open', async () => {
    const agent = w.agent('claude');
    for (let at = 0; at < 30; at += 1) attempt(w.guard(agent), request('resources/read'));
    await w.clock.settle();
    expect(w.access.prompts.list()).toMatchObject([{ waiting: 30 }]);
  });
});
