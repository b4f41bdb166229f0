// Times and spans as a person says them. Pure: the present comes in.

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** "20 s", "43 min", "3 h", "2 days": one unit, rounded down, never less than a second. */
export function span(ms: number): string {
  const length = Math.max(ms, second);
  if (length < minute) return `${Math.floor(length / second)} s`;
  if (length < hour) return `${Math.floor(length / minute)} min`;
  if (length < 2 * day) return `${Math.floor(length / hour)} h`;
  return `${Math.floor(length / day)} days`;
}

/** "in 43 min"; "now" when it is due or past. */
export function until(at: number, now: number): string {
  return at - now < second ? 'now' : `in ${span(at - now)}`;
}

/** "just now", "4 min ago", "3 h ago", and the date after a week. */
export function ago(at: number, now: number): string {
  const past = now - at;
  if (past < 10 * second) return 'just now';
  if (past < 7 * day) return `${span(past)} ago`;
  return dateFormat.format(at);
}

const dateFormat = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' });
const exactFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clockFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** The whole of it, for titles. */
export function exactTime(at: number): string {
  return exactFormat.format(at);
}

/** The time of day: "14:32". */
export function clockTime(at: number): string {
  return clockFormat.format(at);
}
