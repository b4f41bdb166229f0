// The store in React: components read a part of the model and are drawn again only when that part changes.
import { createContext, useContext, useEffect, useSyncExternalStore, type ReactNode } from 'react';
import type { Client } from '../client.ts';
import type { Change, Use } from '../../preload/contract.ts';
import type { Known, Model, ServerView, Status } from './model.ts';
import type { Store } from './store.ts';

const StoreContext = createContext<Store | null>(null);

export function StoreProvider({ store, children }: { readonly store: Store; readonly children: ReactNode }) {
  useEffect(() => store.start(), [store]);
  return <StoreContext value={store}>{children}</StoreContext>;
}

export function useStore(): Store {
  const store = useContext(StoreContext);
  if (store === null) throw new Error('there is no store around this component');
  return store;
}

/** For calls. What a call changed arrives through the model by itself. */
export function useClient(): Client {
  return useStore().client;
}

/** @param select must give the same object for the same model: pick, don't build */
export function useModel<T>(select: (model: Model) => T): T {
  const store = useStore();
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}

export function useServer(name: string): ServerView | null {
  return useModel((model) => model.known?.servers.get(name) ?? null);
}

const noUses: readonly Use[] = [];

/** Which agents used the server, the latest first. */
export function useUses(server: string): readonly Use[] {
  return useModel((model) => model.known?.uses.get(server) ?? noUses);
}

/** What is known; null before the first snapshot. The screens are drawn only once there is one. */
export function useKnown(): Known | null {
  return useModel((model) => model.known);
}

export function useStatus(): Status | null {
  return useModel((model) => model.status);
}

/** Calls `listener` with every change of the stream while the component is there. */
export function useChanges(listener: (change: Change) => void): void {
  const store = useStore();
  useEffect(() => store.onChange(listener), [store, listener]);
}
