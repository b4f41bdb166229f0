// In the popover a question takes the screen when it comes: there is nothing else to do there first. A form that is being filled in stays.
import { useEffect, useRef } from 'react';
import { useNarrow } from '../design/use-media.ts';
import { useModel } from '../store/context.tsx';
import { go, type Route } from '../store/route.ts';

/** Where a person may be in the middle of something. */
const inTheMiddle: ReadonlySet<Route['at']> = new Set(['add', 'approvals']);

export function useComesForward(route: Route): void {
  const newest = useModel((model) => model.known?.prompts.at(-1)?.id ?? null);
  const narrow = useNarrow();
  const seen = useRef<string | null>(null);
  useEffect(() => {
    // Each question does it once: who went elsewhere meanwhile wants to be there.
    const isNew = newest !== null && newest !== seen.current;
    seen.current = newest;
    if (!isNew || !narrow || inTheMiddle.has(route.at) || isBusy()) return;
    go({ at: 'approvals' });
  }, [newest, narrow, route.at]);
}

/** Something is typed, or a dialog asks something else. */
function isBusy(): boolean {
  const focused = document.activeElement;
  return (
    document.querySelector('[role=dialog], [role=alertdialog]') !== null ||
    (focused instanceof HTMLElement && focused.matches('input:not([type=checkbox], [type=radio]), textarea, select'))
  );
}
