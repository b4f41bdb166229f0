// Which rows of a long list are worth drawing. Pure arithmetic over known heights; 20,000 rows cost a binary search.

/** Where each row starts; the last entry is where the list ends. */
export function rowOffsets<T>(items: readonly T[], height: number | ((item: T) => number)): Float64Array {
  const offsets = new Float64Array(items.length + 1);
  items.forEach((item, index) => {
    offsets[index + 1] = at(offsets, index) + (typeof height === 'number' ? height : height(item));
  });
  return offsets;
}

export interface RowRange {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/**
 * The rows that touch the view, and `overscan` more on either side.
 * @param top how far the view's upper edge is below the list's; negative while the list begins further down
 */
export function visibleRows(offsets: Float64Array, top: number, viewHeight: number, overscan: number): RowRange {
  const count = offsets.length - 1;
  if (count <= 0 || viewHeight <= 0) return { start: 0, end: Math.max(0, Math.min(count, overscan)) };
  const first = rowAt(offsets, top);
  const last = rowAt(offsets, top + viewHeight);
  return { start: Math.max(0, first - overscan), end: Math.min(count, last + 1 + overscan) };
}

/** The row at a distance from the list's upper edge; the nearest one outside of the list. */
export function rowAt(offsets: Float64Array, distance: number): number {
  let low = 0;
  let high = offsets.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (at(offsets, middle) <= distance) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

/** By how much to scroll so that the row is wholly in view; 0 when it is. `margin` keeps it off the edges. */
export function scrollIntoView(
  offsets: Float64Array,
  index: number,
  top: number,
  viewHeight: number,
  margin = 8,
): number {
  const rowTop = at(offsets, index) - margin;
  const rowEnd = at(offsets, index + 1) + margin;
  if (rowTop < top) return rowTop - top;
  return rowEnd > top + viewHeight ? rowEnd - top - viewHeight : 0;
}

/** Where a key leads in a list of `count` rows; null for keys that mean nothing here. */
export function rowForKey(key: string, index: number, count: number, pageRows: number): number | null {
  const last = count - 1;
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, index + 1);
    case 'ArrowUp':
      return Math.max(0, index - 1);
    case 'PageDown':
      return Math.min(last, index + Math.max(1, pageRows));
    case 'PageUp':
      return Math.max(0, index - Math.max(1, pageRows));
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}

const at = (offsets: Float64Array, index: number): number => offsets[index] ?? 0;
