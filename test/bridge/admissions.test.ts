// A call is asked about once, however many tries it takes, and is told of to the audit exactly once.
import { describe, expect, it } from 'vitest';
import type { Finished, Guard } from '../../main/access/types.ts';
import { Admissions } from '../../main/bridge/admissions.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { testAccess } from './access.ts';

function world() {
  const clock = createFakeClock();
  const made = testAccess();
  const real = made.guard(made.caller(made.agent()));
  const told: Finished[] = [];
  let asked = 0;
  // A real guard that is watched.
  const guard: Guard = {
    account: real.account,
    ended: real.ended,
    open: () => real.open(),
    allowed: () => real.allowed(),
    denied: () => real.denied(),
    onChange: (listener) => real.onChange(listener),
    filterTools: (result) => real.filterTools(result),
    close: () => real.close(),
    async admit(request, waiting) {
      asked += 1;
      const admitted = await real.admit(request, waiting);
      return { ...admitted, finished: (how) => void told.push(how) };
    },
  };
  const admissions = new Admissions(guard, clock);
  const signal = new AbortController().signal;
  const admit = (params: Record<string, unknown>) =>
    admissions.admit({ method: 'tools/call', params, bytes: 1 }, { signal });
  return { clock, admissions, admit, told, asked: () => asked };
}

const call = { name: 'write', arguments: { a: 1, b: 2 } };
const done: Finished = { outcome: 'ok', bytes: 5 };

describe('a call that the server asks for input in', () => {
  it('goes on with its next try, whatever the order of its members, and ends once', async () => {
    const made = world();
    const first = await made.admit(call);
    first.goesOn();
    first.finished(done);
    const next = await made.admit({ arguments: { b: 2, a: 1 }, name: 'write', requestState: 's', _meta: { x: 1 } });
    next.finished(done);
    next.finished(done);
    expect(made.asked()).toBe(1);
    expect(made.told).toEqual([done]);
  });

  it('is another one with other arguments, without input, or a second time', async () => {
    const made = world();
    (await made.admit(call)).goesOn();
    await made.admit({ ...call, arguments: { a: 2 }, requestState: 's' });
    await made.admit(call);
    expect(made.asked()).toBe(3);
    await made.admit({ ...call, inputResponses: {} });
    expect(made.asked()).toBe(3);
    await made.admit({ ...call, inputResponses: {} });
    expect(made.asked()).toBe(4);
  });

  it('is over when nobody comes back for ten minutes, and when the connection is', async () => {
    const made = world();
    (await made.admit(call)).goesOn();
    await made.clock.advance(10 * 60_000);
    expect(made.told).toEqual([{ outcome: 'cancelled', bytes: 0 }]);
    (await made.admit(call)).goesOn();
    made.admissions.close();
    expect(made.told).toHaveLength(2);
    await made.admit({ ...call, requestState: 's' });
    expect(made.asked()).toBe(3);
    expect(made.clock.pending()).toBe(0);
  });
});

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const signal = new AbortController().signal;
const asks = (method: string) => ({ method, params: {}, bytes: 1 });

function allowedOnce() {
  const made = testAccess({ mode: 'ask' });
  const agent = made.agent();
  made.allow(agent, undefined, 'once');
  const admissions = new Admissions(made.guard(made.caller(agent)), createFakeClock());
  const other = made.guard(made.caller(agent));
  const ends = { count: 0 };
  const off = admissions.whenDeaf(() => (ends.count += 1));
  return { made, agent, admissions, other, ends, off };
}

describe('what only listens', () => {
  it('ends once what was allowed is over, is told of it once, and is not kept by others that only listen', async () => {
    const { admissions, ends } = allowedOnce();
    const listening = await admissions.admit(asks('subscriptions/listen'), { signal });
    const [one, two] = [
      await admissions.admit(asks('tools/list'), { signal }),
      await admissions.admit(asks('resources/read'), { signal }),
    ];
    await turn();
    expect([admissions.hears, ends.count]).toEqual([true, 0]);
    two.finished(done);
    await turn();
    expect([admissions.hears, ends.count]).toEqual([true, 0]);
    one.finished(done);
    await turn();
    expect([admissions.hears, admissions.passNotices, ends.count]).toEqual([false, false, 1]);
    listening.finished(done);
    await turn();
    expect(ends.count).toBe(1);
  });

  it('ends when another connection of the agent used what was allowed, and at once when it comes too late', async () => {
    const { admissions, other, ends } = allowedOnce();
    await other.admit(asks('resources/read'), { signal });
    await turn();
    expect(ends.count).toBe(1);
    let late = 0;
    admissions.whenDeaf(() => (late += 1));
    await turn();
    expect(late).toBe(1);
  });

  it('goes on when the person allows more meanwhile, and is told of nothing once it is gone', async () => {
    const { made, agent, admissions, ends, off } = allowedOnce();
    const one = await admissions.admit(asks('resources/read'), { signal });
    made.allow(agent);
    one.finished(done);
    await turn();
    expect([admissions.hears, ends.count]).toEqual([true, 0]);
    off();
    made.access.agentEnded(agent.id, 'revoked');
    await turn();
    expect([admissions.hears, ends.count]).toEqual([false, 0]);
  });
});

describe('a request that goes another way after all', () => {
  it('is not asked about again', async () => {
    const made = world();
    (await made.admit(call)).again();
    (await made.admit(call)).finished(done);
    expect(made.asked()).toBe(1);
    expect(made.told).toEqual([done]);
  });
});
