// A person's stop button: while it is pressed nothing is lent. In memory only, so that a restarted broker is never silently paused.
import { TokentrayError } from '../errors.ts';
import type { Clock } from '../ports.ts';

export interface Pause {
  /** Milliseconds since the epoch; null while lending. */
  since(): number | null;
  pause(): void;
  resume(): void;
  /** What is under way may finish; nothing new begins. @throws paused */
  check(): void;
}

export function createPause(clock: Pick<Clock, 'now'>, onChange: (since: number | null) => void): Pause {
  let since: number | null = null;
  const become = (next: number | null) => {
    if ((since === null) === (next === null)) return;
    since = next;
    onChange(since);
  };
  return {
    since: () => since,
    pause: () => become(clock.now()),
    resume: () => become(null),
    check() {
      if (since === null) return;
      throw new TokentrayError('paused', 'Tokentray is paused: a person stopped all access to servers', {
        attempted: 'lend a token',
        advice: 'Ask them to press Resume in Tokentray, then send the request again.',
      });
    },
  };
}
