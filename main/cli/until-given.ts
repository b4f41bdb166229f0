// When a decision ends, as the options of a command line say it.
import { UsageError } from './command.ts';
import type { OptionSpecs } from './command.ts';
import { parseDuration } from './duration.ts';

export const untilOptions = {
  for: { type: 'string', value: 'time', help: 'For a time up to 24h, like 30m or 8h' },
  until: {
    type: 'string',
    value: 'date',
    help: 'Until then, like 2026-12-24 or 2026-12-24T18:00; bounds the others, too',
  },
} as const satisfies OptionSpecs;

export interface UntilGiven {
  readonly for?: string;
  readonly until?: string;
}

/** Milliseconds since the epoch; undefined: nothing was said. @throws UsageError */
export function untilGiven(given: UntilGiven): number | undefined {
  if (given.for !== undefined && given.until !== undefined) {
    throw new UsageError('--for and --until do not go together');
  }
  return given.for === undefined ? dateOf(given.until) : Date.now() + parseDuration(given.for, '--for');
}

/** A day alone begins at midnight here. */
function dateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const at = Date.parse(/^\d{4}-\d{2}-\d{2}$/u.test(text) ? `${text}T00:00` : text);
  if (Number.isNaN(at)) throw new UsageError('--until takes a date, like 2026-12-24 or 2026-12-24T18:00');
  return at;
}
