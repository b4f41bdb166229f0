// Time that only moves when a test says so. Timers run in order, with pending promises settled in between.
import type { Clock } from '../../main/ports.ts';

export interface FakeClock extends Clock {
  /** Moves time on by `ms`; resolves after everything that became due has run and settled. */
  readonly advance: (ms: number) => Promise<void>;
  /** Jumps without running timers one by one, as a machine that slept: what is due runs at the new time. */
  readonly sleepMachine: (ms: number) => Promise<void>;
  /** Lets promises and immediates run, without moving time. */
  readonly settle: () => Promise<void>;
  /** How many timers wait. */
  readonly pending: () => number;
  /** When the next timer is due; null when none waits. */
  readonly next: () => number | null;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
}

export function createFakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let now = start;
  let order = 0;
  const timers = new Set<Timer>();

  const first = (): Timer | null => {
    let found: Timer | null = null;
    for (const timer of timers) {
      if (found === null || timer.at < found.at || (timer.at === found.at && timer.order < found.order)) found = timer;
    }
    return found;
  };

  async function runUntil(end: number, timeOf: (timer: Timer) => number): Promise<void> {
    for (let timer = first(); timer !== null && timer.at <= end; timer = first()) {
      timers.delete(timer);
      now = Math.max(now, timeOf(timer));
      timer.task();
      await settle();
    }
    now = Math.max(now, end);
    await settle();
  }

  return {
    now: () => now,
    after: (ms, task) => {
      order += 1;
      const timer = { at: now + Math.max(0, ms), order, task };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance: (ms) => runUntil(now + ms, (timer) => timer.at),
    sleepMachine: (ms) => {
      const end = now + ms;
      return runUntil(end, () => end);
    },
    settle,
    pending: () => timers.size,
    next: () => first()?.at ?? null,
  };
}

// Some turns of the event loop: enough for chains of promises, and for loopback I/O that is already there.
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
