// Which rows are in view: measured against the nearest element that scrolls, again on scroll and on every change of size.
import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import { visibleRows, type RowRange } from './windowing.ts';

const overscan = 6;

export interface VisibleRows {
  readonly range: RowRange;
  /** The view's upper edge from the list's, and its height, now. */
  measure(): { readonly top: number; readonly height: number };
  scrollBy(distance: number): void;
}

export function useVisibleRows(list: RefObject<HTMLElement | null>, offsets: Float64Array): VisibleRows {
  const [range, setRange] = useState<RowRange>({ start: 0, end: 20 });
  const latest = useRef(offsets);

  const measure = useCallback(() => {
    const element = list.current;
    if (element === null) return { top: 0, height: 0 };
    const scroller = scrollerOf(element);
    const view = scroller.getBoundingClientRect();
    // Rounded: half a pixel of a zoomed page must not draw anything again.
    return { top: Math.round(view.top - element.getBoundingClientRect().top), height: scroller.clientHeight };
  }, [list]);

  const update = useCallback(() => {
    const { top, height } = measure();
    const next = visibleRows(latest.current, top, height, overscan);
    setRange((known) => (known.start === next.start && known.end === next.end ? known : next));
  }, [measure]);

  useLayoutEffect(() => {
    latest.current = offsets;
    update();
  }, [offsets, update]);

  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) return undefined;
    const scroller = scrollerOf(element);
    const sizes = new ResizeObserver(update);
    sizes.observe(scroller);
    // What stands above the list moves it without a scroll.
    if (element.parentElement !== null) sizes.observe(element.parentElement);
    scroller.addEventListener('scroll', update, { passive: true });
    return () => {
      sizes.disconnect();
      scroller.removeEventListener('scroll', update);
    };
  }, [list, update]);

  const scrollBy = useCallback(
    (distance: number) => {
      if (distance !== 0 && list.current !== null) scrollerOf(list.current).scrollBy({ top: distance });
    },
    [list],
  );
  return { range, measure, scrollBy };
}

function scrollerOf(element: HTMLElement): HTMLElement {
  for (let at = element.parentElement; at !== null; at = at.parentElement) {
    if (/auto|scroll/u.test(getComputedStyle(at).overflowY)) return at;
  }
  return document.documentElement;
}
