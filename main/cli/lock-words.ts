// The lock in a person's words: how it stands, and what opens it.
import type { LockState } from '../../preload/contract-access.ts';
import { assertNever } from '../errors.ts';
import { shownTime } from './terminal.ts';

type Locked = Extract<LockState, { kind: 'locked' }>;

/** One line. */
export function lockWords(lock: LockState): string {
  if (lock.kind === 'open') return 'Unlocked.';
  return `Locked since ${shownTime(lock.since)} (${because(lock)}). ${opens(lock)}`;
}

/** What locking cannot do there. */
export const inMemoryOnly =
  'This broker keeps secrets in memory only: locked, it lends none of them, but they stay in its memory. "tokentray panic" drops them.';

function because({ because: why }: Locked): string {
  switch (why) {
    case 'by-hand':
      return 'by hand';
    case 'screen':
      return 'the screen was locked';
    case 'idle':
      return 'nobody did anything';
    case 'panic':
      return 'panic';
    case 'no-passphrase':
      return 'it was started without the passphrase of its vault';
    default:
      return assertNever(why);
  }
}

function opens({ unlocksBy }: Locked): string {
  switch (unlocksBy) {
    case 'passphrase':
      return 'The passphrase of the vault unlocks it: tokentray unlock';
    case 'system':
      return 'The system asks whether it is you: tokentray unlock';
    case 'click':
      return 'Whoever sits at this machine can unlock it, in the window or with: tokentray unlock';
    default:
      return assertNever(unlocksBy);
  }
}
