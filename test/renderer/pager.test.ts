// Whoever scrolls through a record gets each page once and in order; a failure stops it until they want it tried again.
import { expect, test } from 'vitest';
import { createPager, type Loading, type Pager } from '../../renderer/activity/pager.ts';

interface Page {
  readonly items: readonly number[];
  readonly next: number | null;
}

interface Scene {
  readonly pager: Pager<Page>;
  /** The pages that were asked for, by where they begin. */
  readonly asked: (number | null)[];
  items: readonly number[];
  readonly told: Loading['kind'][];
  /** Answers what was asked first; null: with a failure. */
  answer(page: Page | null): Promise<void>;
}

function scene(): Scene {
  const asked: (number | null)[] = [];
  const told: Loading['kind'][] = [];
  const open: { settle: (page: Page | null) => void }[] = [];
  let next: number | null = null;
  const pager = createPager<Page>({
    list(before) {
      asked.push(before);
      return new Promise((resolve, reject) =>
        open.push({ settle: (page) => (page === null ? reject(new Error('lost')) : resolve(page)) }),
      );
    },
    next: () => next,
    take(page, what) {
      made.items = what === 'first' ? page.items : [...made.items, ...page.items];
      ({ next } = page);
    },
    told: ({ kind }) => told.push(kind),
  });
  const made: Scene = {
    pager,
    asked,
    items: [],
    told,
    async answer(page) {
      open.shift()?.settle(page);
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    },
  };
  return made;
}

const newest: Page = { items: [9, 8], next: 8 };
const older: Page = { items: [7, 6], next: null };

test('the newest page comes first, then older ones until there is none', async () => {
  const s = scene();
  s.pager.first();
  await s.answer(newest);
  s.pager.more();
  await s.answer(older);
  s.pager.more();
  expect(s.asked).toEqual([null, 8]);
  expect(s.items).toEqual([9, 8, 7, 6]);
  expect(s.told).toEqual(['first', 'ready', 'older', 'ready']);
});

test('however fast one scrolls, one page is under way at a time', async () => {
  const s = scene();
  s.pager.first();
  s.pager.more();
  s.pager.first();
  expect(s.asked).toEqual([null]);
  await s.answer(newest);
  s.pager.more();
  s.pager.more();
  expect(s.asked).toEqual([null, 8]);
});

test('after a failure nothing is asked for by scrolling, and what failed is asked for once more on the person’s word', async () => {
  const s = scene();
  s.pager.first();
  await s.answer(newest);
  s.pager.more();
  await s.answer(null);
  s.pager.more();
  expect(s.asked).toEqual([null, 8]);
  expect(s.told.at(-1)).toBe('failed');
  s.pager.again();
  await s.answer(older);
  expect(s.asked).toEqual([null, 8, 8]);
  expect(s.items).toEqual([9, 8, 7, 6]);
});

test('without a first page there are no older ones, and trying again begins with it', async () => {
  const s = scene();
  s.pager.first();
  await s.answer(null);
  s.pager.more();
  s.pager.again();
  expect(s.asked).toEqual([null, null]);
  await s.answer(newest);
  expect(s.items).toEqual([9, 8]);
});

test('beginning anew puts the newest page in the place of all that was there', async () => {
  const s = scene();
  s.pager.first();
  await s.answer(newest);
  s.pager.more();
  await s.answer(older);
  s.pager.first();
  await s.answer({ items: [10, 9], next: 9 });
  expect(s.items).toEqual([10, 9]);
  s.pager.more();
  expect(s.asked.at(-1)).toBe(9);
});

test('a newest page that failed while others are shown is asked for again as that', async () => {
  const s = scene();
  s.pager.first();
  await s.answer(newest);
  s.pager.first();
  await s.answer(null);
  s.pager.again();
  expect(s.asked).toEqual([null, null, null]);
});

test('a look at the newest page disturbs nothing, and its failure is nobody’s', async () => {
  const s = scene();
  s.pager.first();
  await s.answer(newest);
  const looked = s.pager.peek();
  await s.answer(older);
  expect(await looked).toEqual(older);
  const failed = s.pager.peek();
  await s.answer(null);
  expect(await failed).toBeNull();
  expect(s.items).toEqual([9, 8]);
  expect(s.told).toEqual(['first', 'ready']);
});

test('what comes after the list was closed is shown nowhere', async () => {
  const s = scene();
  s.pager.first();
  const looked = s.pager.peek();
  s.pager.close();
  await s.answer(newest);
  await s.answer(newest);
  expect(await looked).toBeNull();
  s.pager.again();
  expect(s.items).toEqual([]);
  expect(s.told).toEqual(['first']);
  expect(s.asked).toEqual([null, null]);
});
