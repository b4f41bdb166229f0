// How long to wait after a failure that may pass: doubling, with full jitter, never less than the server asked for.
import type { Random } from '../ports.ts';

const first = 2_000;
const longest = 5 * 60_000;

/**
 * Milliseconds until the next attempt.
 * @param failures - how many attempts failed in a row, from 1
 * @param retryAfterMs - the server's Retry-After, if it sent one (bounded to an hour: a server cannot park a grant)
 */
export function backoff(failures: number, random: Random, retryAfterMs: number | null = null): number {
  const ceiling = Math.min(longest, first * 2 ** Math.min(failures - 1, 16));
  const jittered = ceiling / 2 + random() * (ceiling / 2);
  return retryAfterMs === null ? jittered : Math.max(jittered, Math.min(retryAfterMs, 60 * 60_000));
}
