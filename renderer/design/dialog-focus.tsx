// Where the focus goes when a dialog is gone: back to what opened it, or, when that is gone too, to what is nearest to it.
import { useLayoutEffect, type RefObject } from 'react';

interface Opening {
  readonly popup: RefObject<HTMLElement | null>;
  /** Where the focus may go back to, the best place first. */
  readonly places: readonly HTMLElement[];
  /** The dialog that this one was opened from: a receipt comes from the question that it answers. */
  readonly from: Opening | null;
}

/** The dialogs that are on the page, those that fade out included. */
const openings = new Set<Opening>();
const focusable = ':is(a[href], button, input, select, textarea):not([tabindex="-1"])';

/** Stands inside a dialog's popup: it comes and goes with it. */
export function ReturnFocus({ popup }: { readonly popup: RefObject<HTMLElement | null> }) {
  useLayoutEffect(() => {
    // The dialog takes the focus a moment after this.
    const opening = openedFrom(popup, document.activeElement);
    openings.add(opening);
    return () => {
      openings.delete(opening);
      // By then the page is what it will be, and what took the focus for itself has it.
      queueMicrotask(() => giveBack(opening));
    };
  }, [popup]);
  return null;
}

function openedFrom(popup: Opening['popup'], opener: Element | null): Opening {
  const from = [...openings].find((other) => other.popup.current?.contains(opener) === true) ?? null;
  const places = opener instanceof HTMLElement && opener !== document.body ? around(opener) : [];
  return { popup, places, from };
}

/** The opener itself, then what follows it in its card, then what stands before it. */
function around(opener: HTMLElement): readonly HTMLElement[] {
  const all = [...(opener.closest('section')?.querySelectorAll<HTMLElement>(focusable) ?? [])];
  const at = all.indexOf(opener);
  return [opener, ...all.slice(at + 1), ...all.slice(0, Math.max(0, at)).toReversed()];
}

function giveBack(opening: Opening): void {
  // Another dialog has the focus, or it went to where the person was led.
  if (openings.size > 0 || !isNowhere()) return;
  const place = [...placesOf(opening)].find(takesFocus);
  if (place === undefined) return;
  place.focus({ preventScroll: true });
  // What was destroyed leaves the page a moment after the answer, and would take the focus with it.
  const watch = new MutationObserver(() => {
    if (document.activeElement === place && takesFocus(place)) return;
    watch.disconnect();
    if (document.activeElement === place) place.blur();
    giveBack(opening);
  });
  watch.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['disabled'] });
}

function* placesOf(opening: Opening): Generator<HTMLElement> {
  for (let at: Opening | null = opening; at !== null; at = at.from) yield* at.places;
  const heading = document.querySelector<HTMLElement>('main h1');
  if (heading !== null) yield heading;
}

const takesFocus = (element: HTMLElement): boolean =>
  element.isConnected && !element.matches(':disabled') && element.checkVisibility();

const isNowhere = (): boolean => document.activeElement === null || document.activeElement === document.body;
