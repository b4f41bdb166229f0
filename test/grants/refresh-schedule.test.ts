import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refreshSchedule } from '../../main/grants/refresh-schedule.ts';

const never = () => 0;
const seconds = fc.integer({ min: 1, max: 30 * 24 * 3600 });
const jitter = fc.double({ min: 0, max: 0.999, noNaN: true });

describe('when a token is refreshed', () => {
  it('refreshes an hour-long token at 80 % of its life', () => {
    expect(refreshSchedule(0, 3_600_000, never)?.refreshesAt).toBe(2_880_000);
  });

  it('leaves at least 30 s before the end of a token of two minutes', () => {
    expect(refreshSchedule(0, 120_000, never)?.refreshesAt).toBe(90_000);
  });

  it('does not make every call refresh when a token lives 60 s or less', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), jitter, (life, random) => {
        const schedule = refreshSchedule(0, life * 1000, () => random);
        expect(schedule?.refreshesAt).toBeGreaterThanOrEqual(life * 1000 * 0.4);
      }),
    );
  });

  it('refreshes ahead of the moment from which calls must wait, whatever the life and the jitter', () => {
    fc.assert(
      fc.property(seconds, jitter, (life, random) => {
        const schedule = refreshSchedule(0, life * 1000, () => random);
        expect(schedule).not.toBeNull();
        if (schedule === null) return;
        expect(schedule.refreshesAt).toBeLessThan(schedule.staleAt);
        expect(schedule.staleAt).toBeLessThan(life * 1000);
      }),
    );
  });

  it('plans nothing for a token whose end the server did not tell', () => {
    expect(refreshSchedule(0, null, never)).toBeNull();
  });
});
