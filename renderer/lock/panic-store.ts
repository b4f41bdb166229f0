// The receipt of a panic: the screen on which it was asked for is gone once Tokentray is locked, so it waits here for whoever shows it.
import { useSyncExternalStore } from 'react';
import type { Panicked } from './lock-words.ts';

let receipt: Panicked | null = null;
const listeners = new Set<() => void>();

export function keepReceipt(next: Panicked | null): void {
  receipt = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useReceipt(): Panicked | null {
  return useSyncExternalStore(subscribe, () => receipt);
}
