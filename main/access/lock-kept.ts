// That Tokentray is locked outlives the broker: else whoever can end its process could unlock it.
import { z } from 'zod';
import type { LockState } from '../../preload/contract-access.ts';
import type { Store } from '../store/types.ts';

type Kept = Pick<Store, 'settings'>;
type Locked = Extract<LockState, { kind: 'locked' }>;

export interface KeptLock extends Pick<Locked, 'since' | 'because'> {
  /** What opened it when it was shut; absent in what an earlier version kept. */
  readonly unlocksBy?: Locked['unlocksBy'] | undefined;
}

const name = 'locked';
const schema = z.object({
  since: z.int().nonnegative(),
  because: z.enum(['by-hand', 'screen', 'idle', 'panic', 'no-passphrase']),
  unlocksBy: z.enum(['passphrase', 'system', 'click']).optional(),
});

/** Null: not locked. What is there and cannot be read is a lock all the same. */
export function keptLock(store: Kept): KeptLock | null {
  const text = store.settings.get(name) ?? '';
  if (text === '') return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return { since: 0, because: 'by-hand' };
  }
}

export function keepLock(store: Kept, lock: KeptLock | null): void {
  const kept = lock && { since: Math.trunc(lock.since), because: lock.because, unlocksBy: lock.unlocksBy };
  store.settings.set(name, kept === null ? '' : JSON.stringify(kept));
}
