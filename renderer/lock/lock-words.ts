// Why Tokentray is locked, what unlocks it, and what locking and panicking do. Pure.
import type { ContractOutputs, LockState } from '../../preload/contract.ts';
import { receiptWords } from '../server/receipt-words.ts';
import type { Status } from '../store/model.ts';
import { span } from '../words/time.ts';

type Locked = Extract<LockState, { kind: 'locked' }>;
export type Panicked = ContractOutputs['lock']['panic'];

export function becauseWords(because: Locked['because']): string {
  switch (because) {
    case 'by-hand':
      return 'You locked it';
    case 'screen':
      return 'It locked with your screen';
    case 'idle':
      return 'It locked because nothing had used it for a while';
    case 'panic':
      return 'It locked in a panic';
    case 'no-passphrase':
      return 'It was started without the passphrase of its vault';
  }
}

/** What of the vault is still in memory: a memory vault has nowhere else to keep it, until a panic drops it. */
export function memoryWords(vault: Status['vault']['kind'] | null, because: Locked['because']): string {
  return vault === 'memory' && because !== 'panic'
    ? 'What the vault holds stays in memory, for it is nowhere else.'
    : 'No secret of the vault is in memory.';
}

export interface UnlockWords {
  readonly action: string;
  /** On the button once a try has failed. */
  readonly again: string;
  readonly help: string;
  /** While it is decided; null where that takes no time that a person would notice. */
  readonly waiting: string | null;
}

export function unlockWords(unlocksBy: Locked['unlocksBy']): UnlockWords {
  switch (unlocksBy) {
    case 'passphrase':
      return {
        action: 'Unlock',
        again: 'Unlock',
        help: 'The passphrase of the vault. It goes to the broker on this machine and nowhere else.',
        waiting: null,
      };
    case 'system':
      return {
        action: 'Unlock…',
        again: 'Try again…',
        help: 'The system asks whether it is you: by fingerprint or login password.',
        waiting: 'The system asks you now, in a window of its own. Answer there; nothing is typed here.',
      };
    case 'click':
      return {
        action: 'Unlock',
        again: 'Try again',
        help: 'This vault has no passphrase, and this system has no check of its own: one press is all it takes.',
        waiting: null,
      };
  }
}

export interface PanicFate {
  readonly tone: 'fine' | 'warn';
  /** May hold text from outside. */
  readonly words: string;
}

export function fateWords({ receipt, error }: Panicked['receipts'][number]): PanicFate {
  if (error !== null) return { tone: 'warn', words: `not revoked: ${error}` };
  if (receipt === null) return { tone: 'fine', words: 'there was no grant to revoke' };
  const { tone, headline } = receiptWords(receipt);
  return { tone, words: headline };
}

export function panicWords({ locked, streams, approvals, dropped, receipts }: Panicked): {
  readonly tone: 'fine' | 'warn';
  readonly headline: string;
  readonly facts: readonly string[];
} {
  const open = receipts.filter((one) => fateWords(one).tone === 'warn').length;
  const headline = !locked
    ? 'It could not be locked'
    : open > 0
      ? `Locked, but ${open === 1 ? 'one grant is' : `${open} grants are`} not known to have ended`
      : 'Locked';
  return {
    tone: locked && open === 0 ? 'fine' : 'warn',
    headline,
    facts: [
      streams === 0
        ? 'No stream was open.'
        : streams === 1
          ? 'One open stream was ended.'
          : `${streams} open streams were ended.`,
      approvals === 0
        ? 'No approval was ended.'
        : approvals === 1
          ? 'One approval was ended.'
          : `${approvals} approvals were ended.`,
      ...(dropped === 0 ? [] : [droppedWords(dropped)]),
    ],
  };
}

function droppedWords(dropped: number | null): string {
  if (dropped === null) return 'What only memory held goes as soon as what is under way has ended.';
  return dropped === 1
    ? 'One sign-in that only memory held is gone: it needs a new one.'
    : `${dropped} sign-ins that only memory held are gone: each needs a new one.`;
}

const usualMinutes = [5, 15, 30, 60, 240, 480];

/** What is set now is among them, whatever it is; null: never. */
export function idleOptions(now: number | null): readonly { readonly value: string; readonly label: string }[] {
  const minutes =
    now === null || usualMinutes.includes(now) ? usualMinutes : [...usualMinutes, now].toSorted((a, b) => a - b);
  return [
    { value: 'never', label: 'Never' },
    ...minutes.map((one) => ({ value: String(one), label: `After ${span(one * 60_000)}` })),
  ];
}

export const streamOptions = [
  { value: 'end', label: 'End' },
  { value: 'go-on', label: 'Go on' },
] as const;
