// What an agent waits for can end before it is answered: then nobody is asked about it any more, and it hears what has happened.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { everything, readOnly } from '../../main/access/types.ts';
import { attempt, call, request, stateOf, world, type World } from './world.ts';

let w: World;
beforeEach(() => {
  w = world();
});
afterEach(() => w[Symbol.asyncDispose]());

const asked = async (lasts: 'once' | 'session' | 'always' = 'always') => {
  w.pin('delete', 'destructive');
  const agent = w.agent('claude');
  const guard = w.guard(agent);
  const first = attempt(guard, request(lasts === 'once' ? 'initialize' : 'resources/read'));
  if (lasts === 'once') await first.outcome;
  const one = attempt(guard, call('delete'));
  await w.clock.settle();
  w.access.prompts.decide(w.prompt(), { decision: 'allow', lasts }, 'window');
  await w.clock.settle();
  expect(w.access.prompts.list()).toMatchObject([{ kind: 'call', tool: 'delete', waiting: 1 }]);
  return { agent, guard, one };
};
const who = (agent: { id: string; name: string }) => ({ agent, server: 'linear', account: 'default' });

const lockAll = (end: boolean) => {
  w.isLocked = true;
  w.access.locked(end);
};

describe('a question about a call', () => {
  it('is gone when the approval is over, though nobody waits for it any more', async () => {
    const { agent, one } = await asked();
    const until = w.clock.now() + 60_000;
    w.access.approvals.decide(who(agent), [], { decision: 'allow', lasts: 'until', until }, 'window');
    one.giveUp();
    await one.outcome;
    const id = w.prompt();
    await w.clock.advance(60_000);
    expect(w.access.prompts.list()).toEqual([]);
    expect(w.access.prompts.get(id)).toMatchObject({ kind: 'over' });
    expect(() => w.access.prompts.answer(id, true, 'window')).toThrow(/nothing open/u);
  });

  it('is gone with the connection that the approval was for', async () => {
    const { guard, one } = await asked('session');
    one.giveUp();
    await one.outcome;
    guard.close();
    expect(w.access.prompts.list()).toEqual([]);
  });

  it('is gone when the person denies the agent, and is there as long as something still allows the call', async () => {
    const { agent, one } = await asked();
    w.access.approvals.decide(who(agent), [], { decision: 'allow', lasts: 'always', rules: everything }, 'window');
    await w.clock.settle();
    expect(w.access.prompts.list()).toMatchObject([{ kind: 'call', waiting: 1 }]);
    w.access.approvals.decide(who(agent), [], { decision: 'deny', lasts: 'always' }, 'window');
    expect(w.access.prompts.list()).toEqual([]);
    expect(await stateOf(one)).toBe('approval_denied');
  });

  it('that was allowed for once is gone when another request has used that up, and that one is asked about', async () => {
    const { guard, one } = await asked('once');
    expect(await stateOf(attempt(guard, call('read')))).toBe('admitted');
    await w.clock.settle();
    expect(one.state()).toBe('waiting');
    expect(w.access.prompts.list()).toMatchObject([{ kind: 'use', tool: 'delete', waiting: 1 }]);
  });

  it('leaves no yes behind for the same call under a later approval', async () => {
    const { agent, guard, one } = await asked();
    one.giveUp();
    await one.outcome;
    w.access.prompts.answer(w.prompt(), true, 'window');
    w.access.approvals.revokeAll();
    guard.close();
    w.access.approvals.decide(who(agent), [], { decision: 'allow', lasts: 'always' }, 'window');
    expect(await w.stateNow(attempt(w.guard(agent), call('delete')))).toBe('waiting');
  });
});

describe('an agent that waits when everything is locked', () => {
  it.each([true, false])(
    'hears that it is locked, and not that a person ended its use (streams end: %s)',
    async (end) => {
      const { one: calling } = await asked();
      const asking = attempt(w.guard(w.agent('cursor')));
      await w.clock.settle();
      expect(w.access.prompts.list()).toHaveLength(2);
      lockAll(end);
      for (const one of [asking, calling]) {
        expect(await one.outcome).toMatchObject({
          code: 'locked',
          message: expect.stringContaining('a person has to unlock it') as string,
        });
      }
      expect(w.access.prompts.list()).toEqual([]);
      expect(w.calls).toMatchObject([{ rule: 'locked' }, { rule: 'locked' }]);
    },
  );

  it('hears so while the server’s tools are read, and afterwards that its connection ended with the lock', async () => {
    w.serverRules = readOnly;
    const reading = Promise.withResolvers<never>();
    w.readTools = () => reading.promise;
    const agent = w.agent('claude');
    w.access.approvals.decide(
      { agent, server: 'linear', account: 'default' },
      [],
      { decision: 'allow', lasts: 'always' },
      'window',
    );
    const guard = w.guard(agent);
    const one = attempt(guard, call('never_seen'));
    await w.clock.settle();
    lockAll(true);
    expect(await stateOf(one)).toBe('locked');
    w.isLocked = false;
    w.access.unlocked();
    expect(await attempt(guard).outcome).toMatchObject({
      code: 'locked',
      message: expect.stringContaining('was locked meanwhile') as string,
    });
    expect(await stateOf(attempt(w.guard(agent), request('resources/read')))).toBe('admitted');
  });
});
