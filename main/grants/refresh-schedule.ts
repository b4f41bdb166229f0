// When an access token is refreshed: ahead of its end, spread out, and not on every call when its life is short.
import type { Random } from '../ports.ts';

export interface Schedule {
  /** From here on a refresh runs in the background while calls still use the token. */
  readonly refreshesAt: number;
  /** From here on calls wait for the refresh. */
  readonly staleAt: number;
}

const leastMargin = 30_000;

/**
 * At 80 % of the token's life and at least 30 s before its end, earlier by a little jitter so that grants which started
 * together do not refresh together. A life too short for 30 s keeps at least its first half free of refreshes.
 *
 * @param issuedAt - milliseconds since the epoch
 * @param expiresAt - milliseconds since the epoch; null gives null: the server did not say, only a 401 will tell
 */
export function refreshSchedule(issuedAt: number, expiresAt: number | null, random: Random): Schedule | null {
  if (expiresAt === null) return null;
  const life = Math.max(0, expiresAt - issuedAt);
  const margin = Math.min(Math.max(life * 0.2, leastMargin), life * 0.5);
  const jitter = random() * Math.min(margin * 0.2, life * 0.05);
  // What is sent just before the end may arrive after it: the last twentieth (5 s at most) does not count as life.
  const latency = Math.min(5_000, life * 0.05);
  return { refreshesAt: expiresAt - margin - jitter, staleAt: expiresAt - latency };
}
