import { describe, expect, it } from 'vitest';
import { watchForWake } from '../main/wake.ts';
import { createFakeClock } from './support/fake-clock.ts';

describe('a machine that sleeps', () => {
  it('is noticed when it wakes, once, and ordinary time is not taken for sleep', async () => {
    const clock = createFakeClock();
    let woken = 0;
    const end = watchForWake(clock, () => {
      woken += 1;
    });
    await clock.advance(3_600_000);
    expect(woken).toBe(0);
    await clock.sleepMachine(3_600_000);
    await clock.advance(120_000);
    expect(woken).toBe(1);
    end();
    await clock.sleepMachine(3_600_000);
    await clock.advance(120_000);
    expect(woken).toBe(1);
  });
});
