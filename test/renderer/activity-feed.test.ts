// The record on the screen: no event twice, none out of order, none lost, and nothing moves under a person who reads.
import { describe, expect, test } from 'vitest';
import type { Activity } from '../../preload/contract.ts';
import { byDays, dayNames } from '../../renderer/activity/days.ts';
import { arrived, begun, caughtUp, continued, emptyFeed, matches, released } from '../../renderer/activity/feed.ts';
import { withChoices, withNamed } from '../../renderer/activity/choices.ts';

const event = (id: number, more: Partial<Activity> = {}): Activity => ({
  id,
  at: id * 1_000,
  server: 'notes',
  grantId: null,
  kind: 'refreshed',
  detail: {},
  agent: null,
  ...more,
});
const ids = (items: readonly Activity[]) => items.map((item) => item.id);
const page = (from: number, to: number, next: number | null = null) => ({
  items: Array.from({ length: from - to + 1 }, (_, index) => event(from - index)),
  next,
});

const noon = (day: number) => new Date(2026, 10, day, 12).getTime();

describe('pages and live events', () => {
  test('what came while the first page was under way is there once, on top', () => {
    expect(ids(begun(page(5, 3), [event(5), event(6), event(7), event(6)]).items)).toEqual([7, 6, 5, 4, 3]);
  });

  test('an older page is put below, and what overlaps is not shown twice', () => {
    const feed = continued(begun(page(9, 7, 7)), page(7, 5, null));
    expect(ids(feed.items)).toEqual([9, 8, 7, 6, 5]);
    expect(feed.next).toBeNull();
  });

  test('a live event goes on top, and the same one again changes nothing', () => {
    const feed = arrived(begun(page(3, 1)), event(4), false);
    expect(ids(feed.items)).toEqual([4, 3, 2, 1]);
    expect(arrived(feed, event(4), false).items).toBe(feed.items);
  });

  test('events that come in the wrong order are put in the right one', () => {
    const feed = arrived(arrived(begun(page(3, 1)), event(6), false), event(5), false);
    expect(ids(feed.items)).toEqual([6, 5, 3, 2, 1]);
  });

  test('while a person reads further down new events wait, and are shown on their word', () => {
    const reading = arrived(arrived(begun(page(3, 1)), event(4), true), event(5), true);
    expect(ids(reading.items)).toEqual([3, 2, 1]);
    expect(ids(reading.held)).toEqual([5, 4]);
    const shown = released(reading);
    expect(ids(shown.items)).toEqual([5, 4, 3, 2, 1]);
    expect(shown.held).toEqual([]);
  });

  test('back at the top, what waited comes with the next event', () => {
    const reading = arrived(begun(page(3, 1)), event(4), true);
    expect(ids(arrived(reading, event(5), false).items)).toEqual([5, 4, 3, 2, 1]);
  });

  test('after an interruption the gap is closed', () => {
    const feed = caughtUp(begun(page(5, 1)), page(8, 4, 4), false);
    expect(ids(feed.items)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  });

  test('after an interruption that was longer than a page the record begins anew instead of hiding a hole', () => {
    const feed = caughtUp(begun(page(5, 1)), page(30, 20, 20), false);
    expect(ids(feed.items)).toEqual(ids(page(30, 20).items));
    expect(feed.next).toBe(20);
  });

  test('a record that was empty is filled', () => {
    expect(ids(caughtUp(emptyFeed, page(2, 1), false).items)).toEqual([2, 1]);
  });
});

test('a live event is shown only where every part of the filter fits', () => {
  const used = event(1, { kind: 'used', agent: 'cursor' });
  expect(matches({}, used)).toBe(true);
  expect(matches({ server: 'notes', agent: 'cursor', kind: 'used' }, used)).toBe(true);
  expect(matches({ server: 'other' }, used)).toBe(false);
  expect(matches({ agent: 'claude' }, used)).toBe(false);
  expect(matches({ kind: 'refreshed' }, used)).toBe(false);
  expect(matches({ agent: 'cursor' }, event(2))).toBe(false);
});

test('each day is named once, today and yesterday by their names', () => {
  const dayOf = dayNames(noon(21));
  const at = [noon(21) + 1, noon(21), noon(20), noon(18), noon(18) - 1];
  const rows = byDays(
    at.map((moment, index) => event(index, { at: moment })),
    dayOf,
  );
  expect(rows.map((row) => row.day !== null)).toEqual([true, false, true, true, false]);
  expect(rows[0]?.day).toBe('Today');
  expect(rows[2]?.day).toBe('Yesterday');
  expect(rows[3]?.day).toContain('18');
});

test('midnight ends a day to the millisecond', () => {
  const midnight = new Date(2026, 10, 21).getTime();
  const dayOf = dayNames(midnight + 5_000);
  expect(dayOf(midnight)).toBe('Today');
  expect(dayOf(midnight - 1)).toBe('Yesterday');
});

describe('what the filters offer', () => {
  const known = { servers: ['notes'], agents: [], kinds: ['refreshed'] };

  test('a name that is new joins in order, and one that is known changes nothing', () => {
    expect(withNamed(known, { servers: ['linear'], agents: [], kinds: [] }).servers).toEqual(['linear', 'notes']);
    expect(withNamed(known, { servers: ['notes'], agents: [], kinds: ['refreshed'] })).toBe(known);
  });

  test('what a link chose is offered even when no event has it', () => {
    expect(withChoices(known, { agent: 'cursor' }).agents).toEqual(['cursor']);
    expect(withChoices(known, {})).toBe(known);
  });
});
