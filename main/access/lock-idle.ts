// Notices that for some minutes no agent asked for anything and no person did anything.
import type { Clock } from '../ports.ts';
import type { SteadyClock } from './steady-clock.ts';

export interface Idle {
  /** Somebody did something. Cheap: every request comes here. */
  touched(): void;
  /** The setting may have changed, or the machine has woken up. */
  look(): void;
  close(): void;
}

interface IdleParts {
  readonly clock: Pick<Clock, 'after'>;
  readonly steady: Pick<SteadyClock, 'now'>;
  /** Null: it does not matter. */
  readonly minutes: () => number | null;
  readonly due: () => void;
}

/** A machine that slept, or whose clock was set, is noticed by looking. */
const lookEveryMs = 60_000;

export function watchIdle({ clock, steady, minutes, due }: IdleParts): Idle {
  let lastAt = steady.now();
  let stop: (() => void) | null = null;
  let closed = false;

  function look(): void {
    stop?.();
    stop = null;
    const after = minutes();
    if (closed || after === null) return;
    const left = lastAt + after * 60_000 - steady.now();
    if (left <= 0) {
      lastAt = steady.now();
      due();
    }
    stop = clock.after(left > 0 ? Math.min(left, lookEveryMs) : lookEveryMs, look);
  }
  look();

  return {
    touched() {
      lastAt = steady.now();
    },
    look,
    close() {
      closed = true;
      stop?.();
    },
  };
}
