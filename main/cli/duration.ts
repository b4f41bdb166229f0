// Lengths of time as people write them, always with their unit: `60s`, `5m`, `2h`, `7d`.
import { UsageError } from './command.ts';

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export interface Longest {
  readonly ms: number;
  readonly words: string;
}

const aDay: Longest = { ms: 86_400_000, words: 'up to 24h, like 60s, 5m or 1h' };
/** For how long a grant may be given an end. */
export const longestLife: Longest = { ms: 3_650 * 86_400_000, words: 'up to 3650d, like 30m, 8h or 7d' };

/** Milliseconds. A bare number is refused: whoever writes `8` may mean hours, and would get seconds. @throws UsageError */
export function parseDuration(text: string, option: string, longest = aDay): number {
  const [, digits, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/u.exec(text) ?? [];
  const millis = Number(digits ?? Number.NaN) * (units[unit] ?? Number.NaN);
  if (!(millis <= longest.ms)) throw new UsageError(`${option} takes a time with its unit, ${longest.words}`);
  return millis;
}
