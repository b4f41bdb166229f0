// Notices that the machine slept: timers stand still meanwhile, the wall clock does not.
import type { Clock } from './ports.ts';

const everyMs = 30_000;

/** Calls `woke` within half a minute of the machine's waking up; the returned function ends the watch. */
export function watchForWake(clock: Clock, woke: () => void): () => void {
  let last = clock.now();
  let stop = clock.after(everyMs, look);

  function look(): void {
    const now = clock.now();
    if (now - last > 2 * everyMs) woke();
    last = now;
    stop = clock.after(everyMs, look);
  }

  return () => stop();
}
