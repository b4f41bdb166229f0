// A clock that never goes back: what has ended by the clock stays ended when somebody sets the machine's time back.
import { z } from 'zod';
import type { Clock } from '../ports.ts';
import type { Store } from '../store/types.ts';

export interface SteadyClock {
  /** Milliseconds, never less than at any earlier call, in this process or one before it. */
  now(): number;
  /** A time by the machine's clock, as it is by this one. */
  fromWall(at: number): number;
  toWall(at: number): number;
}

const name = 'steady-clock';
/** What a crash forgets of the time that passed. */
const keepEveryMs = 60_000;

const keptSchema = z.object({ highest: z.int().nonnegative(), ahead: z.int().nonnegative() });

/**
 * Runs with the machine's clock, and on from where it was when that one is set back: by as much as it is `ahead` from then on.
 * Forward it follows at once, for nobody can tell a wrong clock from a machine that slept.
 */
export function createSteadyClock(parts: {
  readonly clock: Pick<Clock, 'now'>;
  readonly store: Pick<Store, 'settings'>;
}): SteadyClock {
  const { clock, store } = parts;
  let { highest, ahead } = kept(store);
  let keptAt = highest;

  const now = (): number => {
    const wall = Math.trunc(clock.now());
    if (wall + ahead < highest) {
      ahead = highest - wall;
      keep();
    }
    highest = wall + ahead;
    if (highest - keptAt >= keepEveryMs) keep();
    return highest;
  };
  const keep = (): void => {
    keptAt = highest;
    store.settings.set(name, JSON.stringify({ highest, ahead }));
  };

  return {
    now,
    fromWall(at) {
      now();
      return at + ahead;
    },
    toWall: (at) => at - ahead,
  };
}

/** What cannot be read is no time that was seen. */
function kept(store: Pick<Store, 'settings'>): z.output<typeof keptSchema> {
  try {
    return keptSchema.parse(JSON.parse(store.settings.get(name) ?? ''));
  } catch {
    return { highest: 0, ahead: 0 };
  }
}
