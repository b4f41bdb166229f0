// How often somebody may try to unlock: a person has room for mistakes, guessing has none.
import { TokentrayError } from '../errors.ts';
import type { SteadyClock } from './steady-clock.ts';

const most = 5;
const withinMs = 60_000;

export interface Attempts {
  /** Counts one. @throws overloaded */
  spend(): void;
  /** It was the right one: what was wrong before it no longer counts. */
  right(): void;
}

export function unlockAttempts(steady: Pick<SteadyClock, 'now'>): Attempts {
  let at: number[] = [];
  return {
    spend() {
      const now = steady.now();
      at = at.filter((each) => now - each < withinMs);
      const [first] = at;
      if (first !== undefined && at.length >= most) {
        const seconds = Math.ceil((first + withinMs - now) / 1_000);
        throw new TokentrayError('overloaded', `${most} tries within a minute were wrong`, {
          attempted: 'unlock',
          advice: `Try again in ${seconds} s.`,
          facts: { retryAfterMs: first + withinMs - now },
        });
      }
      at.push(now);
    },
    right() {
      at = [];
    },
  };
}
