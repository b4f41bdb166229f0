// The store, overheard: whoever writes an event need not know that somebody watches.
import type { EventRow, Store } from '../store/types.ts';

/** The same store; `onEvent` gets each event after it was written. */
export function observedStore(store: Store, onEvent: (event: EventRow) => void): Store {
  return {
    ...store,
    events: {
      ...store.events,
      append(event) {
        const row = store.events.append(event);
        onEvent(row);
        return row;
      },
    },
  };
}
