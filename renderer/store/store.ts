// The one store: fed by the broker's stream of changes, never by polling; survives a broker that goes and comes back.
import type { Change } from '../../preload/contract.ts';
import type { Client } from '../client.ts';

import { applyChange } from './apply.ts';
import { emptyModel, type Link, type Model } from './model.ts';
import { describeProblem } from './problem.ts';

export interface Store {
  readonly client: Client;
  get(): Model;
  /** Called after every change of the model. */
  subscribe(listener: () => void): () => void;
  /** Called with every change as it arrives: for screens that show a stream, like activity. */
  onChange(listener: (change: Change) => void): () => void;
  /** Follows the broker until the returned function is called. */
  start(): () => void;
  /** Tries again now instead of when the wait is over. */
  reconnect(): void;
}

const firstWaitMs = 500;
const longestWaitMs = 10_000;

export function createStore(client: Client): Store {
  let model: Model = emptyModel;
  const listeners = new Set<() => void>();
  const changeListeners = new Set<(change: Change) => void>();
  let wakeUp: (() => void) | null = null;

  const set = (next: Model) => {
    model = next;
    for (const listener of listeners) listener();
  };

  async function follow(signal: AbortSignal): Promise<void> {
    let waitMs = firstWaitMs;
    while (!signal.aborted) {
      try {
        for await (const change of await client.changes({}, { signal })) {
          waitMs = firstWaitMs;
          const known = applyChange(model.known, change);
          const link: Link = change.kind === 'snapshot' ? { kind: 'live' } : model.link;
          if (known !== model.known || link !== model.link) set({ ...model, known, link });
          for (const listener of changeListeners) listener(change);
          // Status has parts that no change carries (the folder, the vault): asked for once per connection.
          if (change.kind === 'snapshot') void refreshStatus(signal);
        }
        throw new TypeError('the stream ended');
      } catch (error) {
        if (signal.aborted) return;
        const problem = describeProblem(error);
        if (problem.code === 'session-over') {
          set({ ...model, link: { kind: 'shut-out', problem } });
          return;
        }
        set({ ...model, link: { kind: 'lost', problem, retryAt: Date.now() + waitMs } });
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      waitMs = Math.min(waitMs * 2, longestWaitMs);
    }
  }

  async function refreshStatus(signal: AbortSignal): Promise<void> {
    try {
      const status = await client.status({}, { signal });
      set({ ...model, status });
    } catch {
      // The stream tells of a broker that is gone; a status that did not come is asked for again with the next snapshot.
    }
  }

  return {
    client,
    get: () => model,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onChange(listener) {
      changeListeners.add(listener);
      return () => changeListeners.delete(listener);
    },
    start() {
      const end = new AbortController();
      void follow(end.signal);
      return () => {
        end.abort();
        wakeUp?.();
      };
    },
    reconnect: () => wakeUp?.(),
  };
}
