// A clock that somebody sets: far ahead and back again, while questions and answers are open.
import { afterEach, describe, expect, it } from 'vitest';
import { everything } from '../../main/access/types.ts';
import type { Guard } from '../../main/access/types.ts';
import { TokentrayError } from '../../main/errors.ts';
import { testAccess, type TestAccess } from '../bridge/access.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';

const minute = 60_000;
const years = 24 * 365 * 24 * 60 * minute;

interface Set extends TestAccess {
  readonly time: FakeClock;
  /** What the machine's clock is off by. */
  set(ms: number): void;
}

const open: TestAccess[] = [];
afterEach(() => {
  for (const { access, store } of open.splice(0)) {
    access.close();
    store.close();
  }
});

function world(): Set {
  const time = createFakeClock();
  let off = 0;
  const clock = { now: () => time.now() + off, after: time.after };
  const made = testAccess({ clock, mode: 'ask' });
  open.push(made);
  return Object.assign(made, { time, set: (ms: number) => void (off = ms) });
}

const call = (guard: Guard, tool = 'delete') =>
  guard
    .admit(
      { method: 'tools/call', params: { name: tool, arguments: {} }, bytes: 1 },
      { signal: AbortSignal.timeout(60_000) },
    )
    .then(
      () => 'sent',
      (error: unknown) => (error instanceof TokentrayError ? error.code : String(error)),
    );

describe('a clock that was set far ahead once', () => {
  it('ends what ended by the clock, keeps what was allowed for good, and what is decided afterwards ends in its time', async () => {
    const made = world();
    const [forGood, forHours] = [made.agent('good'), made.agent('hours')];
    made.allow(forGood);
    const { approvals } = made.access;
    const until = (): number => made.time.now() + 8 * 60 * minute;
    const decide = () =>
      approvals.decide(
        { agent: forHours, server: 'everything', account: 'default' },
        [],
        { decision: 'allow', lasts: 'until', until: until() },
        'window',
      );
    decide();
    made.set(years);
    await made.time.advance(2 * minute);
    made.set(0);
    await made.time.advance(2 * minute);
    expect(approvals.living().map(({ agentId }) => agentId)).toEqual([forGood.id]);
    const row = decide();
    expect(approvals.view(row).until).toBe(until());
    await made.time.advance(7 * 60 * minute);
    expect(approvals.living().map(({ agentId }) => agentId)).toContain(forHours.id);
    await made.time.advance(61 * minute);
    expect(approvals.living().map(({ agentId }) => agentId)).toEqual([forGood.id]);
  });

  it('keeps no agent from asking for the years that it was ahead', async () => {
    const made = world();
    made.wait = 1_000;
    const agent = made.agent('asks');
    made.allow(agent, { ...everything, ask: 'changes' });
    made.set(years);
    const guard = made.guard(made.caller(agent));
    for (let n = 0; n < 6; n += 1) {
      const asked = call(guard, `tool-${n}`);
      await made.time.advance(2_000);
      expect(await asked).toBe(n < 5 ? 'approval_needed' : 'overloaded');
    }
    made.set(0);
    await made.time.advance(16 * minute);
    expect(made.access.prompts.floods()).toEqual([]);
    const asked = call(guard, 'tool-7');
    await made.time.advance(2_000);
    expect(await asked).toBe('approval_needed');
  });
});

describe('a clock that was set back', () => {
  it('does not make a yes to one call good for longer', async () => {
    const made = world();
    made.wait = 1_000;
    const agent = made.agent('asks');
    made.allow(agent, { ...everything, ask: 'changes' });
    const guard = made.guard(made.caller(agent));
    const asked = call(guard);
    await made.time.advance(2_000);
    expect(await asked).toBe('approval_needed');
    made.access.prompts.answer(await made.prompt(), true, 'window');
    made.set(-24 * 60 * minute);
    await made.time.advance(20 * minute);
    const again = call(guard);
    await made.time.advance(2_000);
    expect(await again).toBe('approval_needed');
  });
});
