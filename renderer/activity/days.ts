// The record by days: each day's first event carries the day's name. Pure: the present comes in.
import type { Activity } from '../../preload/contract.ts';

export interface DayRow<T> {
  readonly event: T;
  /** On the first row of a day. */
  readonly day: string | null;
}
export type Row = DayRow<Activity>;

/** @param dayOf the name of a moment's day, the same for all moments of that day */
export function byDays<T extends { readonly at: number }>(
  events: readonly T[],
  dayOf: (at: number) => string,
): readonly DayRow<T>[] {
  let known: string | null = null;
  return events.map((event) => {
    const day = dayOf(event.at);
    const row = { event, day: day === known ? null : day };
    known = day;
    return row;
  });
}

const dayFormat = new Intl.DateTimeFormat(undefined, {
  weekday: 'long',
  year: 'numeric',
  month: 'long',
  day: 'numeric',
});

/** "Today", "Yesterday", else the date. @param now milliseconds since the epoch; only its day matters */
export function dayNames(now: number): (at: number) => string {
  const midnight = (days: number): number => {
    const date = new Date(now);
    return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
  };
  const [yesterday, today, tomorrow] = [midnight(-1), midnight(0), midnight(1)];
  return (at) => {
    if (at >= today && at < tomorrow) return 'Today';
    if (at >= yesterday && at < today) return 'Yesterday';
    return dayFormat.format(at);
  };
}
