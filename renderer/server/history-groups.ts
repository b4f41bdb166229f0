// The record of one grant made short: what repeats without news (refreshes, uses) is one entry that can be opened. Pure.
import type { Activity } from '../../preload/contract.ts';

export type Entry =
  | { readonly kind: 'one'; readonly event: Activity }
  /** The same thing at least three times in a row, newest first. */
  | { readonly kind: 'run'; readonly what: string; readonly events: readonly Activity[] };

const routine = new Set(['refreshed', 'used']);
const shortestRun = 3;

/** @param events newest first */
export function grouped(events: readonly Activity[]): readonly Entry[] {
  const entries: Entry[] = [];
  for (let from = 0; from < events.length;) {
    const first = events[from];
    if (first === undefined) break;
    let to = from + 1;
    while (routine.has(first.kind) && events[to]?.kind === first.kind) to += 1;
    const run = events.slice(from, to);
    if (run.length >= shortestRun) entries.push({ kind: 'run', what: first.kind, events: run });
    else for (const event of run) entries.push({ kind: 'one', event });
    from = to;
  }
  return entries;
}

/** Stays the same while events are added to a run at its newer end. */
export function entryKey(entry: Entry): string {
  return entry.kind === 'one' ? `one-${entry.event.id}` : `run-${entry.events.at(-1)?.id ?? 0}`;
}
