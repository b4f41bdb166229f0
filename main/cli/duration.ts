// Lengths of time as people write them: `90`, `60s`, `5m`, `2h`.
import { UsageError } from './command.ts';

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const longest = 86_400_000;

/** Milliseconds; a bare number means seconds. @throws UsageError */
export function parseDuration(text: string, option: string): number {
  const [, digits, unit = 's'] = /^(\d{1,9})(ms|s|m|h)?$/u.exec(text) ?? [];
  const millis = digits === undefined ? Number.NaN : Number(digits) * (units[unit] ?? Number.NaN);
  if (!(millis <= longest)) throw new UsageError(`${option} takes a time up to 24h, like 60s, 5m or 1h`);
  return millis;
}
