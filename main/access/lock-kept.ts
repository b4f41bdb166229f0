// That Tokentray is locked outlives the broker: else whoever can end its process could unlock it.
import { z } from 'zod';
import type { LockState } from '../../preload/contract-access.ts';
import type { Store } from '../store/types.ts';

type Kept = Pick<Store, 'settings'>;
type Because = Extract<LockState, { kind: 'locked' }>['because'];

export interface KeptLock {
  readonly since: number;
  readonly because: Because;
}

const name = 'locked';
const schema = z.object({ since: z.int().nonnegative(), because: z.enum(['by-hand', 'screen', 'idle', 'panic']) });

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
  store.settings.set(
    name,
    lock === null ? '' : JSON.stringify({ since: Math.trunc(lock.since), because: lock.because }),
  );
}
