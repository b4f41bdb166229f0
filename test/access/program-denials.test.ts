// "Deny and don't ask again" is about the program: another name for itself gets it no other question.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentView } from '../../preload/contract.ts';
import { attempt, call, request, stateOf, world, type World } from './world.ts';

let w: World;
beforeEach(() => {
  w = world();
});
afterEach(() => w[Symbol.asyncDispose]());

type Checked = NonNullable<AgentView['checked']>;
const run = (name: string, more: Partial<Checked> = {}, trusted = false) =>
  w.agent(name, {
    trusted,
    checked: {
      by: 'kernel',
      pid: 7,
      executable: '/usr/bin/node',
      script: '/home/alice/flood.mjs',
      parents: [],
      folder: null,
      signature: null,
      ...more,
    },
  });

/** Asks, and is told no. */
async function denied(name: string, lasts: 'always' | 'once' = 'always', more: Partial<Checked> = {}) {
  const one = attempt(w.guard(run(name, more)));
  await w.clock.settle();
  w.access.prompts.decide(w.prompt(), { decision: 'deny', lasts }, 'window');
  expect(await stateOf(one)).toBe('approval_denied');
}

describe('a program that was denied for good', () => {
  it('is denied under every other name without a question, and the agent and the audit are told as whom', async () => {
    await denied('fl0');
    const guard = w.guard(run('fl1'));
    const one = attempt(guard);
    expect(await one.outcome).toMatchObject({
      code: 'approval_denied',
      message: expect.stringMatching(/^"fl1" may not use "linear": .*the same program, as "fl0"/u),
    });
    expect(guard.denied()).toBe(true);
    expect(w.access.prompts.list()).toEqual([]);
    expect(w.calls.at(-1)).toMatchObject({
      agent: 'fl1',
      outcome: 'denied',
      rule: expect.stringContaining('"fl0"') as string,
    });
    w.restart();
    expect(await stateOf(attempt(w.guard(run('fl2'))))).toBe('approval_denied');
  });

  it('has every question of its other names answered by that, and those of others stay', async () => {
    const all = ['fl0', 'fl1', 'fl2'].map((name) => attempt(w.guard(run(name))));
    const other = attempt(w.guard(run('work', { script: '/home/alice/work.mjs' })));
    const elsewhere = attempt(w.guard(run('fl3')), call('other_tool'));
    await w.clock.settle();
    const [first] = w.access.prompts.list();
    w.access.prompts.decide(first?.id ?? '', { decision: 'deny', lasts: 'always' }, 'window');
    expect(await Promise.all([...all, elsewhere].map(stateOf))).toEqual(Array(4).fill('approval_denied'));
    expect(w.access.prompts.list()).toMatchObject([{ agent: { name: 'work' } }]);
    expect(other.state()).toBe('waiting');
  });

  it('is asked about for another server', async () => {
    await denied('fl0');
    expect(await w.stateNow(attempt(w.guard(run('fl1'), { server: 'notion' })))).toBe('waiting');
  });

  it('is asked about again when the person takes the denial back', async () => {
    await denied('fl0');
    const [row] = w.access.approvals.living();
    w.access.approvals.revoke(row?.id ?? '');
    expect(await w.stateNow(attempt(w.guard(run('fl1'))))).toBe('waiting');
  });

  it('keeps what was decided about one of its names, and trust', async () => {
    const work = run('work');
    w.access.approvals.decide(
      { agent: work, server: 'linear', account: 'default' },
      [],
      { decision: 'allow', lasts: 'always' },
      'window',
    );
    await denied('private');
    expect(await stateOf(attempt(w.guard(work), request('resources/read')))).toBe('admitted');
    expect(await stateOf(attempt(w.guard(run('trusted', {}, true)), request('resources/read')))).toBe('admitted');
  });
});

describe('another name is asked about', () => {
  it('after a denial for once', async () => {
    await denied('fl0', 'once');
    expect(await w.stateNow(attempt(w.guard(run('fl1'))))).toBe('waiting');
  });

  it.each<[string, Partial<Checked>]>([
    ['was on a command line, which says nothing of who runs it', { script: 'inline code 0123456789abcdef' }],
    ['is not known but for what runs it', { script: null }],
    ['is a shell’s', { executable: '/bin/bash', script: null }],
    ['is its own word', { by: 'its-word' }],
  ])('where the program %s', async (_what, more) => {
    await denied('fl0', 'always', more);
    expect(await w.stateNow(attempt(w.guard(run('fl1', more))))).toBe('waiting');
  });

  it('not where the program has a file of its own', async () => {
    const own = { executable: '/opt/agent/bin/agent', script: null };
    await denied('fl0', 'always', own);
    expect(await stateOf(attempt(w.guard(run('fl1', own))))).toBe('approval_denied');
  });
});
