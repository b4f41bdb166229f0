// Of a list of any length exactly the rows in view are drawn, and the arrow keys reach every one of them.
import { array, assert, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowAt, rowForKey, rowOffsets, scrollIntoView, visibleRows } from '../../renderer/design/windowing.ts';

const many = Array.from({ length: 20_000 }, (_, index) => index);

describe('the rows in view', () => {
  it('of 20,000, only those that the view touches and a few more', () => {
    const offsets = rowOffsets(many, 40);
    expect(offsets[20_000]).toBe(800_000);
    expect(visibleRows(offsets, 400_010, 600, 6)).toEqual({ start: 9_994, end: 10_022 });
    expect(visibleRows(offsets, 0, 600, 6)).toEqual({ start: 0, end: 22 });
    expect(visibleRows(offsets, 799_400, 600, 6)).toEqual({ start: 19_979, end: 20_000 });
  });
  it('none of an empty list, and the first few before anything is measured', () => {
    expect(visibleRows(rowOffsets([], 40), 0, 600, 6)).toEqual({ start: 0, end: 0 });
    expect(visibleRows(rowOffsets(many, 40), 0, 0, 6)).toEqual({ start: 0, end: 6 });
  });
  it('with any heights: every row that touches the view is drawn, and no row far from it', () => {
    const heights = array(integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 300 });
    assert(
      property(heights, integer({ min: -500, max: 30_000 }), integer({ min: 1, max: 900 }), (list, top, view) => {
        const offsets = rowOffsets(list, (height) => height);
        const { start, end } = visibleRows(offsets, top, view, 0);
        list.forEach((_, index) => {
          const touches = (offsets[index] ?? 0) < top + view && (offsets[index + 1] ?? 0) > top;
          if (touches) expect(index >= start && index < end).toBe(true);
        });
        const drawn = (offsets[end] ?? 0) - (offsets[start] ?? 0);
        expect(drawn).toBeLessThanOrEqual(view + 400);
      }),
    );
  });
  it('finds the row at a distance', () => {
    const offsets = rowOffsets([10, 20, 30], (height) => height);
    expect([-5, 0, 9, 10, 29, 30, 59, 1_000].map((distance) => rowAt(offsets, distance))).toEqual([
      0, 0, 0, 1, 1, 2, 2, 2,
    ]);
  });
});

describe('a row that gets the focus', () => {
  const offsets = rowOffsets(many, 40);
  it('is scrolled to only as far as it takes', () => {
    expect(scrollIntoView(offsets, 5, 0, 600, 0)).toBe(0);
    expect(scrollIntoView(offsets, 20, 0, 600, 0)).toBe(240);
    expect(scrollIntoView(offsets, 2, 400, 600, 0)).toBe(-320);
  });
});

describe('the keys of a list', () => {
  it('go row by row, page by page, and to both ends, and stop there', () => {
    expect(rowForKey('ArrowDown', 3, 10, 5)).toBe(4);
    expect(rowForKey('ArrowDown', 9, 10, 5)).toBe(9);
    expect(rowForKey('ArrowUp', 0, 10, 5)).toBe(0);
    expect(rowForKey('PageDown', 3, 10, 5)).toBe(8);
    expect(rowForKey('PageUp', 3, 10, 5)).toBe(0);
    expect(rowForKey('PageDown', 3, 10, 0)).toBe(4);
    expect(rowForKey('Home', 7, 10, 5)).toBe(0);
    expect(rowForKey('End', 7, 10, 5)).toBe(9);
  });
  it('leave every other key alone', () => expect(rowForKey('Enter', 3, 10, 5)).toBeNull());
});
