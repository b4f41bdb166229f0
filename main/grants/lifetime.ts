// The end that a person gave a grant: at that moment nothing uses it any more, whatever the clock, the vault or the provider does then.
import type { SteadyClock } from '../access/steady-clock.ts';
import type { Clock, Log } from '../ports.ts';
import type { GrantRow } from '../store/types.ts';

export const lifetimeOver = 'lifetime-over';

export interface Lifetime {
  /** Whether the newest grant has come to its end; only a person's sign-in begins another one. */
  isOver(): boolean;
  /** Ends what is due, finishes what could not be finished, and looks again when it has to. */
  look(): void;
  /** Resolves when nothing is being finished. Never rejects. */
  settled(): Promise<void>;
  close(): void;
}

interface Surroundings {
  readonly clock: Clock;
  readonly steady: SteadyClock;
  readonly log: Log;
  /** Living or ended. */
  readonly newest: () => GrantRow | null;
  /** Revokes and removes what is held of a grant that is over; called again until it succeeds. */
  readonly finish: () => Promise<void>;
}

/** Timers hold no more than 24 days, and a clock that was set or a machine that slept is noticed by looking. */
const lookEveryMs = 60_000;

/** Its secret could not be deleted when it ended: the vault was locked, or the broker was killed. */
const isUnfinished = (row: GrantRow): boolean => row.endedBecause === lifetimeOver && row.hasRefreshToken;

export function lifetimeOf({ clock, steady, log, newest, finish }: Surroundings): Lifetime {
  let stopTimer: (() => void) | null = null;
  let finishing: Promise<void> | null = null;
  let closed = false;

  const isDue = ({ endedAt, endsAt }: GrantRow): boolean =>
    endedAt === null && endsAt !== null && endsAt <= steady.now();

  function look(): void {
    stopTimer?.();
    stopTimer = null;
    if (closed || finishing !== null) return;
    const row = newest();
    if (row === null) return;
    if (isDue(row) || isUnfinished(row)) {
      finishing = finish()
        .catch((error: unknown) => log.warn('a grant that is over could not be removed yet', { error }))
        .finally(() => {
          finishing = null;
          if (closed) return;
          const left = newest();
          if (left !== null && (isDue(left) || isUnfinished(left))) again(lookEveryMs);
          else look();
        });
    } else if (row.endedAt === null && row.endsAt !== null) {
      again(Math.min(row.endsAt - steady.now(), lookEveryMs));
    }
  }

  function again(ms: number): void {
    if (closed) return;
    stopTimer?.();
    stopTimer = clock.after(ms, look);
  }

  return {
    isOver() {
      const row = newest();
      return row !== null && (isDue(row) || row.endedBecause === lifetimeOver);
    },
    look,
    async settled() {
      await finishing;
    },
    close() {
      closed = true;
      stopTimer?.();
    },
  };
}
