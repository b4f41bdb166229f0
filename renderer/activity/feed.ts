// What is loaded of the record, newest first: pages from below, live events from above, none twice and none out of order. Pure.
import type { Activity, ActivityFilter } from '../../preload/contract.ts';

export interface Feed {
  readonly items: readonly Activity[];
  /** Where the next page begins; null on the last one. */
  readonly next: number | null;
  /** What happened meanwhile and is held back, so that nothing moves under a person who reads. */
  readonly held: readonly Activity[];
}

export interface Page {
  readonly items: readonly Activity[];
  readonly next: number | null;
}

export const emptyFeed: Feed = { items: [], next: null, held: [] };

/** The first page. Events that came while it was under way are kept. */
export function begun(page: Page, meanwhile: readonly Activity[] = []): Feed {
  return { items: merged(page.items, meanwhile), next: page.next, held: [] };
}

/** A further page, older than all before it. */
export function continued(feed: Feed, page: Page): Feed {
  return { ...feed, items: [...feed.items, ...olderThan(feed.items.at(-1)?.id, page.items)], next: page.next };
}

/** @param hold whether it waits for the person's word */
export function arrived(feed: Feed, item: Activity, hold: boolean): Feed {
  if (hold) return { ...feed, held: merged(feed.held, [item]) };
  return { ...feed, items: merged(feed.items, [...feed.held, item]), held: [] };
}

/** What was held back takes its place. */
export function released(feed: Feed): Feed {
  return feed.held.length === 0 ? feed : { ...feed, items: merged(feed.items, feed.held), held: [] };
}

/**
 * The newest page again, after the stream was interrupted. Where it reaches what is known, the gap is closed; where it
 * does not, there is more in between than was asked for and everything begins anew.
 */
export function caughtUp(feed: Feed, page: Page, hold: boolean): Feed {
  const newest = feed.held[0]?.id ?? feed.items[0]?.id;
  const oldest = page.items.at(-1)?.id;
  if (newest === undefined || (oldest !== undefined && oldest > newest && page.next !== null)) return begun(page);
  const missed = page.items.filter((item) => item.id > newest);
  return missed.reduceRight((known, item) => arrived(known, item, hold), feed);
}

/** Whether a live event belongs under the filter; the broker's own pages are filtered by it. */
export function matches(filter: ActivityFilter, item: Activity): boolean {
  return (
    (filter.server === undefined || item.server === filter.server) &&
    (filter.agent === undefined || item.agent === filter.agent) &&
    (filter.kind === undefined || item.kind === filter.kind)
  );
}

/** Ids grow with time: one order for both. */
function merged(known: readonly Activity[], fresh: readonly Activity[]): readonly Activity[] {
  const newest = known[0]?.id;
  const ids = new Set(known.map((item) => item.id));
  const added = fresh.filter(
    (item, index) => !ids.has(item.id) && fresh.findIndex((other) => other.id === item.id) === index,
  );
  if (added.length === 0) return known;
  const sorted = added.toSorted((a, b) => b.id - a.id);
  const oldestAdded = sorted.at(-1)?.id ?? 0;
  // The usual case, and the only one that 20,000 rows should pay for: newer than all.
  if (newest === undefined || oldestAdded > newest) return [...sorted, ...known];
  return [...sorted, ...known].toSorted((a, b) => b.id - a.id);
}

const olderThan = (id: number | undefined, items: readonly Activity[]): readonly Activity[] =>
  id === undefined ? items : items.filter((item) => item.id < id);
