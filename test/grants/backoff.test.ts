import { describe, expect, it } from 'vitest';
import { backoff } from '../../main/grants/backoff.ts';

describe('waiting after a failed refresh', () => {
  it('doubles the wait and never passes five minutes', () => {
    const waits = [1, 2, 3, 20].map((failures) => backoff(failures, () => 0.999));
    expect(waits[0]).toBeLessThanOrEqual(2_000);
    expect(waits[1]).toBeGreaterThan(waits[0] ?? 0);
    expect(waits[2]).toBeGreaterThan(waits[1] ?? 0);
    expect(waits[3]).toBeLessThanOrEqual(300_000);
  });

  it('spreads those who failed together', () => {
    expect(backoff(5, () => 0)).not.toBe(backoff(5, () => 0.9));
  });

  it('waits as long as the server asks, but lets no server park a grant for more than an hour', () => {
    expect(backoff(1, () => 0, 30_000)).toBe(30_000);
    expect(backoff(1, () => 0, 10 * 24 * 3_600_000)).toBe(3_600_000);
  });
});
