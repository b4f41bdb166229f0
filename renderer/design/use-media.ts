// Whether the window is as narrow as the popover at the tray: for what style sheets cannot decide, like row heights.
import { useSyncExternalStore } from 'react';

const narrow = '(max-width: 720px)';

function subscribe(listener: () => void): () => void {
  const query = matchMedia(narrow);
  query.addEventListener('change', listener);
  return () => query.removeEventListener('change', listener);
}

export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => matchMedia(narrow).matches);
}
