// A stream of what changes for one observer: everything as it is first, then each change in order, never a gap unnoticed.
import type { Change } from '../../preload/contract.ts';

/** More than this waiting means that the observer sleeps: the queue is dropped and it gets a fresh snapshot. */
const queueLimit = 1_000;

/** Passes on what the broker’s parts changed; grants tell of their states by themselves. */
export interface ChangeFeed {
  publish(change: Change): void;
  subscribe(listener: (change: Change) => void): () => void;
}

export function createChangeFeed(): ChangeFeed {
  const listeners = new Set<(change: Change) => void>();
  return {
    publish(change) {
      for (const listener of listeners) listener(change);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * Yields until `signal` aborts. The subscription stands before the snapshot is taken, so that nothing falls between.
 * @param subscribe gets the listener of this observer, gives back how to end it
 */
export async function* observe(
  snapshot: () => Promise<Change>,
  subscribe: (listener: (change: Change) => void) => () => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<Change, void, void> {
  let queue: Change[] = [];
  let behind = true;
  let wake: (() => void) | null = null;
  const unsubscribe = subscribe((change) => {
    if (!behind) queue.push(change);
    if (queue.length > queueLimit) {
      behind = true;
      queue = [];
    }
    wake?.();
  });
  // A generator that waits cannot be returned from outside (the call would queue behind the wait), so the signal wakes it.
  const onAbort = () => wake?.();
  signal?.addEventListener('abort', onAbort);
  try {
    const gone = () => signal?.aborted === true;
    while (!gone()) {
      if (behind) {
        behind = false;
        yield await snapshot();
        continue;
      }
      const next = queue.shift();
      if (next !== undefined) {
        yield next;
        continue;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = null;
    }
  } finally {
    unsubscribe();
    signal?.removeEventListener('abort', onAbort);
  }
}
