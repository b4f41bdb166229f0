// What the person decided holds for as long as they said, and nothing that has ended comes back.
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { everything, type ApprovalRow } from '../../main/access/types.ts';
import { columnsOf } from '../../main/audit/entry.ts';
import type { AgentRow } from '../../main/store/types.ts';
import { temporaryFolder } from '../support/temp.ts';
import { attempt, stateOf, world, type World } from './world.ts';

const minute = 60_000;
const hour = 60 * minute;

let w: World;
beforeEach(() => {
  w = world();
});
afterEach(() => w[Symbol.asyncDispose]());

type Lasts = ApprovalRow['lasts'];
const decided = (agent: AgentRow, lasts: Lasts, until?: number, sessions: readonly string[] = ['stdio 1']) =>
  w.access.approvals.decide(
    { agent, server: 'linear', account: 'default' },
    sessions,
    { decision: 'allow', lasts, ...(until === undefined ? {} : { until }) },
    'window',
  );
const standing = (agent: AgentRow, session = 'stdio 1', account = 'default') =>
  w.access.approvals.standing({ agent, server: 'linear', account, session }).kind;

describe('what is told of a decision', () => {
  const rules = { tools: 'read-only', allow: ['up*', 'get_?'], deny: ['delete_*'], ask: 'changes' } as const;

  it('is all that was allowed, and of a denial none of it', () => {
    const agent = w.agent('claude');
    const who = { agent, server: 'linear', account: 'default' };
    const { approvals } = w.access;
    const { id } = approvals.decide(who, [], { decision: 'allow', lasts: 'always', rules }, 'command-line');
    expect(w.events.at(-1)).toMatchObject({
      kind: 'approved',
      detail: { lasts: 'always', until: null, ...rules, by: 'command-line' },
    });
    approvals.change(id, { rules: { ...rules, allow: [] } });
    expect(w.events.at(-1)).toMatchObject({ kind: 'approval-changed', detail: { until: null, ...rules, allow: [] } });
    const denied = approvals.decide(who, [], { decision: 'deny', lasts: 'always' }, 'window');
    expect(w.events.at(-1)).toMatchObject({ kind: 'denied' });
    expect(w.events.at(-1)?.detail).toEqual({ lasts: 'always', until: null, by: 'window' });
    approvals.change(denied.id, { until: w.clock.now() + hour });
    expect(w.events.at(-1)?.detail).toEqual({ until: w.clock.now() + hour });
  });

  it('is said as well where nobody is asked', () => {
    const agent = w.agent('ci', { trusted: true });
    expect(standing(agent)).toBe('allowed');
    expect(w.events.at(-1)).toMatchObject({
      kind: 'approved',
      detail: { tools: 'everything', allow: [], deny: [], ask: 'never', by: 'trusted' },
    });
  });

  it('fits into a row, whatever was allowed, and says how much there is', () => {
    const many = Array.from({ length: 100 }, (_, n) => `${n}${'x'.repeat(200)}*`);
    const decision = { decision: 'allow', lasts: 'always', rules: { ...rules, allow: many, deny: many } } as const;
    w.access.approvals.decide(
      { agent: w.agent('claude'), server: 'linear', account: 'default' },
      [],
      decision,
      'window',
    );
    const { detail } = w.events.at(-1) ?? {};
    expect(detail).toMatchObject({ tools: 'read-only', allowGlobs: 100, denyGlobs: 100 });
    const row: unknown = JSON.parse(columnsOf({ kind: 'approved', detail }).detail);
    expect(row).toEqual({ ...detail, cut: true });
    expect(detail).toMatchObject({ allow: { length: 20 }, deny: { length: 20 } });
  });
});

describe('a decision', () => {
  it('for a time ends when that is over, and with it the streams that stand on it', async () => {
    const agent = w.agent('claude');
    decided(agent, 'until', w.clock.now() + 8 * hour);
    const guard = w.guard(agent);
    await w.clock.advance(8 * hour - 1);
    expect(guard.open()).toBe(true);
    await w.clock.advance(1);
    expect(guard.ended.aborted).toBe(true);
    expect(w.access.approvals.living()).toEqual([]);
    expect(w.events.at(-1)).toMatchObject({ kind: 'approval-ended', agent: 'claude', detail: { because: 'expired' } });
  });

  it('of another kind may have an end, too', async () => {
    const agent = w.agent('claude');
    decided(agent, 'session', w.clock.now() + hour);
    await w.clock.advance(hour);
    expect(standing(agent)).toBe('unasked');
  });

  it('a year long does not end at once because a timer cannot be that long', async () => {
    const agent = w.agent('claude');
    decided(agent, 'until', w.clock.now() + 365 * 24 * hour);
    await w.clock.advance(hour);
    expect(standing(agent)).toBe('allowed');
    expect(w.clock.next()).toBeLessThanOrEqual(w.clock.now() + minute);
  });

  it('ends although the machine slept through its end', async () => {
    const agent = w.agent('claude');
    decided(agent, 'until', w.clock.now() + hour);
    const guard = w.guard(agent);
    await w.clock.sleepMachine(3 * hour);
    expect(guard.ended.aborted).toBe(true);
  });

  it.each([undefined, 0, -hour, 11 * 365 * 24 * hour])('for a time needs an end that can be meant, not %s', (from) => {
    const until = from === undefined ? undefined : w.clock.now() + from;
    expect(() => decided(w.agent('claude'), 'until', until)).toThrowError(
      expect.objectContaining({ code: 'invalid_input' }),
    );
    expect(w.access.approvals.living()).toEqual([]);
  });

  it('is for one account', () => {
    const agent = w.agent('claude');
    decided(agent, 'always');
    expect(standing(agent)).toBe('allowed');
    expect(standing(agent, 'stdio 1', 'work')).toBe('unasked');
  });

  it('takes the place of the one before it, and a no for always stands over what a session may', () => {
    const agent = w.agent('claude');
    decided(agent, 'session');
    decided(agent, 'always');
    expect(w.access.approvals.living()).toMatchObject([{ lasts: 'always' }]);
    decided(agent, 'session');
    w.access.approvals.decide(
      { agent, server: 'linear', account: 'default' },
      [],
      { decision: 'deny', lasts: 'always' },
      'window',
    );
    expect(standing(agent)).toBe('denied');
  });

  it('that takes the place of another one lets open streams go on, unless it is a no', () => {
    const agent = w.agent('claude');
    decided(agent, 'until', w.clock.now() + hour);
    const guard = w.guard(agent);
    decided(agent, 'always');
    expect([guard.open(), guard.ended.aborted]).toEqual([true, false]);
    w.access.approvals.decide(
      { agent, server: 'linear', account: 'default' },
      [],
      { decision: 'deny', lasts: 'always' },
      'window',
    );
    expect([guard.open(), guard.ended.aborted]).toEqual([false, true]);
  });

  it('for one session leaves those of another session alone', () => {
    const agent = w.agent('claude');
    decided(agent, 'session', undefined, ['stdio 1', 'stdio 2']);
    expect(w.access.approvals.living()).toHaveLength(2);
    w.access.approvals.sessionOver(agent.id, 'stdio 1');
    expect([standing(agent, 'stdio 1'), standing(agent, 'stdio 2'), standing(agent, 'stdio 3')]).toEqual([
      'unasked',
      'allowed',
      'unasked',
    ]);
  });

  it('that was for once is spent by exactly one of all who try', () => {
    const { id } = decided(w.agent('claude'), 'once');
    const spent = Array.from({ length: 10 }, () => w.access.approvals.spend(id));
    expect(spent.filter(Boolean)).toHaveLength(1);
  });

  it('can be changed, and its end taken away', async () => {
    const agent = w.agent('claude');
    const { id } = decided(agent, 'always', w.clock.now() + hour);
    w.access.approvals.change(id, { until: null });
    await w.clock.advance(2 * hour);
    expect(standing(agent)).toBe('allowed');
    const rules = { ...everything, deny: ['delete*'] };
    expect(w.access.approvals.change(id, { rules })).toMatchObject({ rules, until: null });
    expect(() => w.access.approvals.change('nothing', {})).toThrowError(
      expect.objectContaining({ code: 'unknown_approval' }),
    );
    w.access.approvals.revoke(id);
    expect(() => w.access.approvals.change(id, { rules })).toThrowError(
      expect.objectContaining({ code: 'unknown_approval' }),
    );
  });
});

describe('a session on HTTP', () => {
  it('lasts for as long as the agent keeps coming, and ends after half an hour of silence', async () => {
    const agent = w.agent('cursor');
    const guard = w.guard(agent, { via: 'http' });
    const first = attempt(guard);
    await w.clock.settle();
    w.access.prompts.decide(w.prompt(), { decision: 'allow', lasts: 'session' }, 'window');
    expect(await stateOf(first)).toBe('admitted');
    for (let round = 0; round < 4; round += 1) {
      await w.clock.advance(29 * minute);
      expect(await stateOf(attempt(guard))).toBe('admitted');
    }
    await w.clock.advance(30 * minute);
    expect(guard.ended.aborted).toBe(true);
    expect(await w.stateNow(attempt(w.guard(agent, { via: 'http' })))).toBe('waiting');
    expect(w.events.some(({ detail }) => detail['because'] === 'silent')).toBe(true);
  });

  it('is over for an agent that comes back in the very moment in which it would be noticed', async () => {
    const agent = w.agent('cursor');
    const session = `http ${agent.id}`;
    w.access.approvals.heard(agent.id, session);
    decided(agent, 'session', undefined, [session]);
    await w.clock.sleepMachine(30 * minute);
    w.access.approvals.heard(agent.id, session);
    expect(standing(agent, session)).toBe('unasked');
  });
});

describe('after a restart', () => {
  it('always and until still hold, what was for a session does not', async () => {
    const [one, two, three] = [w.agent('one'), w.agent('two'), w.agent('three')];
    decided(one, 'always');
    decided(two, 'until', w.clock.now() + hour);
    decided(three, 'session');
    w.restart();
    expect([standing(one), standing(two), standing(three)]).toEqual(['allowed', 'allowed', 'unasked']);
  });

  it('what was for a session does not hold after a crash either', async () => {
    await using folder = await temporaryFolder('approvals');
    const file = join(folder.path, 'tokentray.db');
    const before = world(w.clock.now(), file);
    const agent = before.agent('claude');
    before.access.approvals.decide(
      { agent, server: 'linear', account: 'default' },
      ['stdio 1'],
      { decision: 'allow', lasts: 'session' },
      'window',
    );
    before.store.close();
    const { openStore } = await import('../../main/store/open.ts');
    const { createApprovals } = await import('../../main/access/approvals.ts');
    const { createSteadyClock } = await import('../../main/access/steady-clock.ts');
    const { silent } = await import('../support/silent.ts');
    const { store } = openStore({ file, log: silent, clock: w.clock });
    expect(store.approvals.living()).toHaveLength(1);
    const steady = createSteadyClock({ clock: w.clock, store });
    const after = createApprovals({ store, clock: w.clock, steady, tell: () => undefined });
    expect(after.standing({ agent, server: 'linear', account: 'default', session: 'stdio 1' }).kind).toBe('unasked');
    after.close();
    store.close();
  });

  it('a clock that was set back meanwhile revives nothing', async () => {
    const agent = w.agent('claude');
    decided(agent, 'until', w.clock.now() + hour);
    await w.clock.advance(59 * minute);
    const later = w.clock.now();
    w.access.close();
    const { createApprovals } = await import('../../main/access/approvals.ts');
    const { createSteadyClock } = await import('../../main/access/steady-clock.ts');
    // A day earlier by the clock, and two minutes later in truth.
    let now = later - 24 * hour;
    const clock = { now: () => now, after: () => () => undefined };
    const steady = createSteadyClock({ clock, store: w.store });
    const after = createApprovals({ store: w.store, clock, steady, tell: () => undefined });
    const asking = { agent, server: 'linear', account: 'default', session: 'stdio 1' };
    expect(after.standing(asking).kind).toBe('allowed');
    now += 2 * minute;
    expect(after.standing(asking).kind).toBe('unasked');
    after.close();
    w.restart();
  });
});

describe('an agent that the person trusts', () => {
  it('is not asked about, and has an approval that is seen and can be taken away for good', async () => {
    const agent = w.agent('ci', { kind: 'key', keyHash: 'a'.repeat(64), identity: null, trusted: true });
    expect(w.access.approvals.living()).toEqual([]);
    const guard = w.guard(agent, { via: 'http' });
    w.pin('delete', 'destructive');
    expect(await stateOf(attempt(guard, { method: 'tools/call', params: { name: 'delete' }, bytes: 1 }))).toBe(
      'admitted',
    );
    expect(w.access.approvals.living()).toMatchObject([{ decidedBy: 'trusted', lasts: 'always' }]);
    w.access.approvals.revoke(w.access.approvals.living()[0]?.id ?? '');
    expect(guard.ended.aborted).toBe(true);
    expect(await w.stateNow(attempt(w.guard(agent)))).toBe('waiting');
  });

  it('is asked about again when it is no longer trusted, at once and on every connection', async () => {
    const agent = w.agent('ci', { trusted: true });
    const guard = w.guard(agent);
    expect(guard.open()).toBe(true);
    w.store.agents.change(agent.id, { trusted: false });
    w.access.agentTrusted(agent.id, false);
    expect(guard.ended.aborted).toBe(true);
    // The connection itself still believes that the agent is trusted.
    expect(w.guard(agent).open()).toBe(false);
  });

  it('goes on when trust comes while it waits', async () => {
    const agent = w.agent('ci');
    const one = attempt(w.guard(agent));
    await w.clock.settle();
    w.store.agents.change(agent.id, { trusted: true });
    w.access.agentTrusted(agent.id, true);
    expect(await stateOf(one)).toBe('admitted');
    expect(w.access.prompts.list()).toEqual([]);
  });

  it('is denied all the same what the person denied', async () => {
    const agent = w.agent('ci', { trusted: true });
    w.access.approvals.decide(
      { agent, server: 'linear', account: 'default' },
      [],
      { decision: 'deny', lasts: 'always' },
      'window',
    );
    expect(await stateOf(attempt(w.guard(agent)))).toBe('approval_denied');
  });
});

describe('an account that is forgotten', () => {
  it('takes with it what was decided about it, and nothing of the others', async () => {
    const agent = w.agent('claude');
    for (const account of ['work', 'home']) {
      w.access.approvals.decide(
        { agent, server: 'linear', account },
        [],
        { decision: 'allow', lasts: 'always' },
        'window',
      );
    }
    w.account = 'work';
    const guard = w.guard(agent);
    w.access.serverForgotten('linear', 'work');
    expect(guard.ended.aborted).toBe(true);
    expect(w.access.approvals.living()).toMatchObject([{ account: 'home' }]);
    expect(w.guard(agent).open()).toBe(false);
  });
});

describe('a connection', () => {
  it('ends when its agent uses another account from now on, rather than change over silently', async () => {
    const agent = w.agent('claude');
    decided(agent, 'always');
    const guard = w.guard(agent);
    const waiting = attempt(w.guard(w.agent('cursor')));
    await w.clock.settle();
    w.account = 'work';
    w.access.settingChanged();
    expect(await stateOf(waiting)).toBe('approval_denied');
    expect(guard.ended.aborted).toBe(true);
    expect(await stateOf(attempt(guard))).toBe('approval_denied');
    expect(w.guard(agent).open()).toBe(false);
  });

  it('whose agent only got another key ends, and what was decided about the agent stays', () => {
    const agent = w.agent('claude');
    decided(agent, 'always');
    const guard = w.guard(agent);
    w.access.agentEnded(agent.id, 'rotated');
    expect(guard.ended.aborted).toBe(true);
    expect(w.guard(agent).open()).toBe(true);
  });
});
