// A program that asks more than anybody could answer holds back itself, whatever it calls itself, and nobody else.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentView } from '../../preload/contract.ts';
import { floodSchema } from '../../preload/contract-access.ts';
import type { AgentRow } from '../../main/store/types.ts';
import { attempt, stateOf, useOf, world, type World } from './world.ts';

const minute = 60_000;

let w: World;
beforeEach(() => {
  w = world();
});
afterEach(() => w[Symbol.asyncDispose]());

type Checked = NonNullable<AgentView['checked']>;
const checkedAs = (script: string | null, more: Partial<Checked> = {}): Checked => ({
  by: 'kernel',
  pid: 7,
  executable: '/usr/bin/node',
  script,
  parents: [],
  folder: null,
  signature: null,
  ...more,
});
const run = (name: string, script: string | null, more: Partial<Checked> = {}) =>
  w.agent(name, { checked: checkedAs(script, more) });
const signedIn = (name: string) => w.agent(name, { kind: 'oauth' });
const withKey = (name: string) => w.agent(name, { kind: 'key', keyHash: 'a'.repeat(64), identity: null });
const ask = (agent: AgentRow, server = 'linear') => w.access.prompts.raise(useOf(agent, null, server));
const overloaded = expect.objectContaining({ code: 'overloaded' });
const openNames = () => w.access.prompts.list().map(({ agent }) => agent.name);

/** Twenty open questions: as many of each of these programs. */
function full(...programs: readonly string[]): void {
  for (let at = 0; at < 20; at += 1) {
    const program = programs[at % programs.length] ?? '';
    ask(run(`${program}-${at}`, `/opt/${program}.mjs`));
  }
  expect(w.access.prompts.list()).toHaveLength(20);
}

describe('one program under many names', () => {
  it('may ask as often as under one, and is told of by its file and its names', () => {
    const asked = Array.from({ length: 8 }, (_, at) => {
      const agent = run(`fl${at}`, '/home/alice/flood.mjs');
      try {
        return ask(agent);
      } catch (error) {
        expect(error).toMatchObject({ code: 'overloaded' });
        return null;
      }
    });
    expect(asked.filter((id) => id !== null)).toHaveLength(5);
    expect(openNames()).toEqual(['fl0', 'fl1', 'fl2', 'fl3', 'fl4']);
    const [flood, other] = w.access.prompts.floods().map((one) => floodSchema.parse(one));
    expect(flood).toMatchObject({
      agent: 'fl7',
      since: w.clock.now(),
      refused: 3,
      program: '/home/alice/flood.mjs',
    });
    expect(flood?.agents?.toSorted()).toEqual(Array.from({ length: 8 }, (_, at) => `fl${at}`));
    expect(other).toBeUndefined();
    expect(w.events.filter(({ kind }) => kind === 'approval-flood')).toMatchObject([
      { agent: 'fl5', detail: { program: '/home/alice/flood.mjs' } },
    ]);
    ask(run('another program', '/home/alice/work.mjs'));
  });

  it('is the same one with other code on its command line each time, and after a name of it was revoked', () => {
    for (let at = 0; at < 5; at += 1) {
      const agent = run(`inline ${at}`, `inline code ${at}`);
      ask(agent);
      w.store.agents.revoke(agent.id, w.clock.now());
      w.access.agentEnded(agent.id, 'revoked');
    }
    expect(() => ask(run('inline 5', 'inline code 5'))).toThrow(overloaded);
    expect(w.access.prompts.floods()).toMatchObject([{ agent: 'inline 5', program: '/usr/bin/node' }]);
  });

  it('is another one than what another program said that it is', () => {
    for (let at = 0; at < 5; at += 1) ask(run(`liar ${at}`, '/opt/cursor.js', { by: 'its-word' }));
    expect(() => ask(run('liar 5', '/opt/cursor.js', { by: 'its-word' }))).toThrow(overloaded);
    ask(run('cursor', '/opt/cursor.js'));
  });

  it('counts nothing that the person said yes to', () => {
    for (let at = 0; at < 9; at += 1) {
      const id = ask(run(`good ${at}`, '/opt/good.mjs'));
      w.access.prompts.decide(id, { decision: 'allow', lasts: 'always' }, 'window');
    }
    expect(w.access.prompts.floods()).toEqual([]);
  });
});

describe('agents that can be made up', () => {
  it.each([
    ['signed in', signedIn],
    ['could not be looked at', (name: string) => w.agent(name)],
  ])('are bound together where they %s, and hold nobody else back', async (_what, made) => {
    const most = made('asks most');
    for (const server of ['linear', 'notion']) ask(most, server);
    for (let at = 0; at < 8; at += 1) ask(made(`made up ${at}`));
    expect(() => ask(made('victim'))).toThrow(overloaded);
    // Who came too late is not who floods.
    const [flood] = w.access.prompts.floods();
    expect(flood).toMatchObject({ agent: 'asks most', program: null, refused: 1 });
    expect(flood?.agents).toHaveLength(9);
    expect(flood?.agents).not.toContain('victim');
    ask(run('cursor', '/opt/cursor.js'));
    ask(withKey('mine'));
    await w.clock.advance(10 * minute);
    ask(made('later'));
  });
});

describe('when more questions are open than anybody could answer', () => {
  it('whoever has most of them makes room, hears why, and is the one who is told of', async () => {
    w.wait = 14 * minute;
    for (let at = 0; at < 4; at += 1) ask(run(`many-${at}`, '/opt/many.mjs'));
    const waits = attempt(w.guard(run('many-4', '/opt/many.mjs')));
    // It might ask again by now, and would take the place of somebody else.
    await w.clock.advance(11 * minute);
    for (const program of ['one', 'two', 'three']) {
      for (let at = 0; at < 4; at += 1) ask(run(`${program}-${at}`, `/opt/${program}.mjs`));
    }
    for (let at = 0; at < 2; at += 1) ask(run(`few-${at}`, '/opt/few.mjs'));
    expect(w.access.prompts.list()).toHaveLength(19);
    ask(run('last', '/opt/last.mjs'));
    const victim = run('victim', '/opt/victim.mjs');
    const asking = attempt(w.guard(victim));
    await w.clock.settle();
    expect(asking.state()).toBe('waiting');
    expect(await stateOf(waits)).toBe('overloaded');
    expect(openNames()).toContain('victim');
    expect(openNames()).not.toContain('many-4');
    expect(w.access.prompts.list()).toHaveLength(20);
    expect(w.access.prompts.floods()).toMatchObject([{ agent: 'many-4', program: '/opt/many.mjs' }]);
    expect(w.events.at(-2)).toMatchObject({
      kind: 'approval-unanswered',
      agent: 'many-4',
      detail: { because: 'flood' },
    });
    expect(w.events.at(-1)).toMatchObject({ kind: 'approval-asked', agent: 'victim' });
  });

  it('it is the one who comes, where nobody has more than they would have then', () => {
    full('a', 'b', 'c', 'd');
    for (let at = 0; at < 4; at += 1) ask(run(`e-${at}`, '/opt/e.mjs'));
    expect(w.access.prompts.list()).toHaveLength(20);
    expect(() => ask(run('e-4', '/opt/e.mjs'))).toThrow(overloaded);
    expect(w.access.prompts.floods().map(({ program }) => program)).toContain('/opt/e.mjs');
  });

  it('an agent that a person made, and one that was here before, comes before copies of one program', async () => {
    const known = run('known', '/opt/known.mjs');
    await w.clock.advance(minute);
    full(...Array.from({ length: 20 }, (_, at) => `copy${at}`));
    expect(() => ask(run('new', '/opt/new.mjs'))).toThrow(overloaded);
    ask(known);
    ask(withKey('mine'));
    expect(openNames()).toEqual(expect.arrayContaining(['known', 'mine']));
    expect(openNames()).not.toContain('copy19-19');
    // What was asked first is what the person is reading.
    expect(openNames()[0]).toBe('copy0-0');
    for (let at = 20; at < 40; at += 1) expect(() => ask(run(`copy ${at}`, `/opt/copy${at}.mjs`))).toThrow(overloaded);
    expect(openNames()).toEqual(expect.arrayContaining(['known', 'mine']));
  });
});
