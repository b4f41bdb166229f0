// A list of any length: only the rows in view are drawn, one of them is in the tab order, arrow keys go through all of them.
import { useEffect, useMemo, useRef, useState, type CSSProperties, type KeyboardEvent, type ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { rowForKey, rowOffsets, scrollIntoView } from './windowing.ts';
import { useVisibleRows } from './use-visible-rows.ts';
import styles from './virtual-list.module.css';

export interface RowPlace {
  readonly index: number;
  /**
   * For everything in the row that takes focus: 0 in the row that Tab reaches, -1 in the others.
   * The row's first element with `data-row-focus` gets the focus when an arrow key arrives.
   */
  readonly tabIndex: 0 | -1;
}

interface VirtualListProps<T> {
  readonly label: string;
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string | number;
  /** Pixels; rows are cut to it. A function must give the same for the same item. */
  readonly rowHeight: number | ((item: T) => number);
  readonly children: (item: T, place: RowPlace) => ReactNode;
  /** Called when the last rows come into view: for lists that are loaded by pages. */
  readonly onEnd?: () => void;
}

export function VirtualList<T>({ label, items, keyOf, rowHeight, children, onEnd }: VirtualListProps<T>) {
  const list = useRef<HTMLUListElement>(null);
  const offsets = useMemo(() => rowOffsets(items, rowHeight), [items, rowHeight]);
  const view = useVisibleRows(list, offsets);
  const [place, setPlace] = useState<Place | null>(null);
  const active = placeIn(items, keyOf, place);
  const total = offsets[items.length] ?? 0;

  const atEnd = items.length > 0 && view.range.end >= items.length;
  useEffect(() => {
    if (atEnd) onEnd?.();
  }, [atEnd, items.length, onEnd]);

  const onKeyDown = (event: KeyboardEvent<HTMLUListElement>) => {
    const target = event.target as HTMLElement;
    if (event.altKey || event.ctrlKey || event.metaKey || target.closest('input, select, textarea') !== null) return;
    const { top, height } = view.measure();
    const row = target.closest<HTMLElement>('[data-row]');
    const from = row === null ? active : Number(row.dataset['row']);
    const next = rowForKey(event.key, from, items.length, Math.floor((height * items.length) / total) - 1);
    const item = next === null ? undefined : items[next];
    if (next === null || item === undefined) return;
    event.preventDefault();
    // The row is drawn and has the focus before this press is over: the next press starts from it, however soon it comes.
    flushSync(() => setPlace({ key: keyOf(item), index: next }));
    list.current?.querySelector<HTMLElement>(`[data-row='${next}'] [data-row-focus]`)?.focus({ preventScroll: true });
    view.scrollBy(scrollIntoView(offsets, next, top, height));
  };

  const shown: number[] = [];
  for (let index = view.range.start; index < view.range.end; index += 1) shown.push(index);
  // The row that has the focus, or would get it, is always there: else the focus would fall to the page.
  if (active < view.range.start && active < items.length) shown.unshift(active);
  if (active >= view.range.end && active < items.length) shown.push(active);

  return (
    // The keys move among the rows' own links and buttons; the list itself takes no focus.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <ul
      ref={list}
      className={styles.list}
      aria-label={label}
      style={{ height: total }}
      onKeyDown={onKeyDown}
      onFocus={(event) => {
        const row = event.target.closest<HTMLElement>('[data-row]');
        const index = Number(row?.dataset['row']);
        const item = items[index];
        if (item !== undefined && keyOf(item) !== place?.key) setPlace({ key: keyOf(item), index });
      }}
    >
      {shown.map((index) => {
        const item = items[index];
        if (item === undefined) return null;
        return (
          <li
            key={keyOf(item)}
            className={styles.row}
            style={boxOf(offsets, index)}
            data-row={index}
            aria-posinset={index + 1}
            aria-setsize={items.length}
          >
            {children(item, { index, tabIndex: index === active ? 0 : -1 })}
          </li>
        );
      })}
    </ul>
  );
}

/** Which row Tab reaches. */
interface Place {
  readonly key: string | number;
  /** Where it was when it got the focus. */
  readonly index: number;
}

/** By key, so that the place is kept while rows come and go above it; where it stood when it is gone itself. */
function placeIn<T>(items: readonly T[], keyOf: (item: T) => string | number, place: Place | null): number {
  if (place === null) return 0;
  const found = items.findIndex((item) => keyOf(item) === place.key);
  return found === -1 ? Math.max(0, Math.min(place.index, items.length - 1)) : found;
}

/** Set through the element's own style object, which the page's policy allows; no style attribute is ever parsed. */
function boxOf(offsets: Float64Array, index: number): CSSProperties {
  const top = offsets[index] ?? 0;
  return { transform: `translateY(${top}px)`, height: (offsets[index + 1] ?? top) - top };
}
