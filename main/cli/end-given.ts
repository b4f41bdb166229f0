// When a grant ends here, as the options of a command line say it.
import { UsageError } from './command.ts';
import { longestLife, parseDuration } from './duration.ts';

export interface EndOptions {
  readonly for?: string;
  readonly 'no-end'?: boolean;
}

/** Milliseconds since the epoch; null: it has no end; undefined: nothing was said about one. @throws UsageError */
export function endGiven(given: EndOptions): number | null | undefined {
  if (given.for !== undefined && given['no-end'] === true) throw new UsageError('--for and --no-end contradict');
  if (given['no-end'] === true) return null;
  return given.for === undefined ? undefined : Date.now() + parseDuration(given.for, '--for', longestLife);
}
