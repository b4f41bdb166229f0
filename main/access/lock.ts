// The person's lock: nothing is lent while it is shut, the vault's contents leave memory, and only the person opens it again.
import type { z } from 'zod';
import type { LockState, panicSchema } from '../../preload/contract-access.ts';
import type { Audit } from '../audit/types.ts';
import { TokentrayError } from '../errors.ts';
import type { GrantsOfUser } from '../grants/grants.ts';
import type { Clock, Log } from '../ports.ts';
import { quote } from '../quote.ts';
import type { Secret } from '../secret.ts';
import type { Store } from '../store/types.ts';
import type { LockableStore } from '../vault/lockable.ts';
import type { Vault } from '../vault/open.ts';
import { unlockAttempts } from './lock-attempts.ts';
import { watchIdle } from './lock-idle.ts';
import { keepLock, keptLock, type KeptLock } from './lock-kept.ts';
import { revokeEverything } from './lock-panic.ts';
import { lockedNow } from './lock-refusal.ts';
import type { SteadyClock } from './steady-clock.ts';

type Locked = Extract<LockState, { kind: 'locked' }>;
export type PanicReceipt = z.output<typeof panicSchema>;

/** The system's own check that its person is there; false or a rejection, in the system's own words, when it was not passed. */
export type SystemCheck = (reason: string) => Promise<boolean>;

export interface LockSettings {
  /** Null: however long nobody does anything. */
  readonly afterIdleMinutes: number | null;
  readonly onScreenLock: boolean;
  /** What becomes of streams that are open. */
  readonly streams: 'end' | 'go-on';
}

export interface Lock {
  state(): LockState;
  /** From the first moment of a lock or a panic on. Cheap. */
  isLocked(): boolean;
  /** @throws locked */
  check(): void;
  /**
   * Nothing is lent from the call on. Resolves when the contents have left memory, or after a few seconds where a refresh is still
   * waiting for its provider: that one is written down first, and they leave then.
   */
  lock(because: Locked['because']): Promise<LockState>;
  /** @throws vault_locked for a wrong passphrase, locked when the system's check was not passed, overloaded, vault_* */
  unlock(passphrase: Secret | null): Promise<LockState>;
  panic(options: { revoke: boolean }): Promise<PanicReceipt>;
  /** The machine's screen was locked. */
  screenLocked(): void;
  /** An agent asked for something, or a person did something. Cheap. */
  touched(): void;
  /** The settings changed, or the machine has woken up. */
  look(): void;
  close(): void;
}

export interface LockParts {
  readonly clock: Clock;
  readonly steady: SteadyClock;
  readonly store: Pick<Store, 'settings'>;
  readonly log: Log;
  readonly vault: Pick<LockableStore, 'needsPassphrase' | 'lock' | 'unlock' | 'discard'> &
    Pick<Vault, 'beginsLocked' | 'provePassphrase'>;
  readonly grants: Pick<GrantsOfUser, 'lock' | 'unlock' | 'list' | 'revoke' | 'secretsDropped'>;
  readonly audit: Pick<Audit, 'lock' | 'unlock'>;
  readonly settings: () => LockSettings;
  /** Null where the system offers none. */
  readonly systemCheck: SystemCheck | null;
  /** What agents have open. */
  readonly connections: {
    count(): number;
    /** Whoever waits for the person is told; with `end`, whatever is open ends within a second. */
    locked(end: boolean): void;
    unlocked(): void;
  };
  /** Ends what was allowed for once or for a session; how many there were. */
  readonly endPassingApprovals: () => number;
  readonly onChange: (state: LockState) => void;
  readonly tell: (kind: string, detail: Readonly<Record<string, string | number | boolean | null>>) => void;
}

/** Who locks is told by then that it is locked, whatever is still being written down. */
const patienceMs = 5_000;
/** No request to a provider takes longer than this. What comes later all the same is kept until it can be written. */
const lastWordsMs = 120_000;

export function createLock(parts: LockParts): Lock {
  const { clock, steady, store, log, vault, grants, audit, settings, systemCheck, connections, tell } = parts;
  const usually = vault.needsPassphrase ? 'passphrase' : systemCheck === null ? 'click' : 'system';
  /**
   * What was shut with a passphrase opens with that passphrase, whatever vault a later broker has: else another vault would do in
   * place of it. A system's check does not outlast its host: not every host has one, and who cannot be asked is locked out.
   */
  const unlocksByOf = (kept: Pick<KeptLock, 'unlocksBy'> | null): Locked['unlocksBy'] =>
    kept?.unlocksBy === 'passphrase' ? 'passphrase' : usually;
  const attempts = unlockAttempts(steady);
  let state: LockState = { kind: 'open' };
  /** Stands before everything while a panic is still giving grants back. */
  let stopped = false;
  /** Counts every lock and every panic: what a person confirmed before it does not open what came after. */
  let locks = 0;
  let shutting: Promise<void> = Promise.resolve();
  let turn: Promise<unknown> = Promise.resolve();
  let panics: Promise<unknown> = Promise.resolve();

  function become(next: LockState): void {
    state = next;
    try {
      keepLock(store, next.kind === 'open' ? null : next);
    } catch (cause) {
      log.error('the lock could not be kept: a restarted broker will not know of it', { cause });
    }
    parts.onChange(next);
  }

  /** In this order: what is being fetched is written into the vault, what is recorded is signed, and then the vault is shut. */
  async function shut(): Promise<void> {
    if (!(await within(lastWordsMs, grants.lock())))
      log.warn('a provider still keeps a refresh waiting; locked without it');
    await audit.lock();
    await vault.lock();
  }

  /** False when it takes longer. */
  function within(ms: number, work: Promise<unknown>): Promise<boolean> {
    return new Promise((resolve) => {
      const stop = clock.after(ms, () => resolve(false));
      void work.finally(stop).then(() => resolve(true));
    });
  }

  function begin(because: Locked['because'], end: boolean): void {
    locks += 1;
    const since = state.kind === 'locked' ? state.since : clock.now();
    const wasOpen = state.kind === 'open';
    const isNew = isOfItself(state);
    const unlocksBy = state.kind === 'locked' ? state.unlocksBy : usually;
    state = { kind: 'locked', since, because, unlocksBy };
    connections.locked(end);
    if (isNew) tell('locked', { because });
    become(state);
    if (!wasOpen) return;
    const before = shutting;
    shutting = before.then(shut).catch((cause: unknown) => log.error('the vault could not be shut', { cause }));
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  }

  /** @throws locked, vault_locked, overloaded */
  async function open(passphrase: Secret | null): Promise<LockState> {
    if (state.kind === 'open') return state;
    const before = locks;
    const { unlocksBy } = state;
    await shutting;
    if (unlocksBy === 'passphrase' && passphrase === null) throw passphraseNeeded();
    attempts.spend();
    try {
      await confirmed(unlocksBy, passphrase);
      if (locks !== before) throw lockedNow('unlock');
      await vault.unlock(vault.needsPassphrase ? passphrase : null);
    } catch (error) {
      tell('unlock-refused', { by: unlocksBy, error: error instanceof TokentrayError ? error.code : 'internal' });
      throw error;
    }
    if (locks !== before) {
      await vault.lock();
      throw lockedNow('unlock');
    }
    attempts.right();
    grants.unlock();
    // A keychain may be slow, and what happens meanwhile is chained all the same.
    void audit.unlock();
    idle.touched();
    tell('unlocked', { by: unlocksBy });
    become({ kind: 'open' });
    connections.unlocked();
    idle.look();
    return state;
  }

  async function confirmed(unlocksBy: Locked['unlocksBy'], passphrase: Secret | null): Promise<void> {
    // A vault that has one looks at it itself.
    if (unlocksBy === 'passphrase' && !vault.needsPassphrase) {
      if (vault.provePassphrase === undefined || passphrase === null) throw passphraseElsewhere();
      return vault.provePassphrase(passphrase);
    }
    if (unlocksBy !== 'system' || systemCheck === null) return;
    let said = '';
    try {
      if (await systemCheck('unlock Tokentray')) return;
    } catch (cause) {
      log.warn('the check of the system was not passed', { cause });
      // Given up, wrong fingers, no sensor any more: the system says which, in the person's language.
      if (cause instanceof Error) said = cause.message.trim().replace(/\.$/u, '');
    }
    const words = said === '' ? '' : `: it says ${quote(said, 160)}`;
    throw new TokentrayError('locked', `the system did not confirm that it is you${words}`, {
      attempted: 'unlock',
      advice: 'Try again: the system asks once more.',
    });
  }

  async function panic(revoke: boolean): Promise<PanicReceipt> {
    stopped = true;
    locks += 1;
    try {
      const streams = connections.count();
      connections.locked(true);
      // Shut already, the vault gives nothing to give back with.
      const receipts = !revoke ? [] : state.kind === 'open' ? await revokeEverything(parts) : notWhileLocked();
      const approvals = parts.endPassingApprovals();
      const revoked = receipts.filter(({ receipt }) => receipt?.confirmed === true).length;
      tell('panic', { revoke, streams, approvals, grants: receipts.length, revoked });
      begin('panic', true);
      let dropped: number | null = null;
      const empty = async (): Promise<void> => {
        await shutting;
        dropped = (await vault.discard()) === 0 ? 0 : grants.secretsDropped();
        if (dropped > 0) tell('secrets-dropped', { grants: dropped });
      };
      await within(
        patienceMs,
        empty().catch((cause: unknown) => log.error('the vault was not emptied', { cause })),
      );
      return { locked: true, streams, approvals, receipts, dropped };
    } finally {
      stopped = false;
    }
  }

  const notWhileLocked = (): PanicReceipt['receipts'] =>
    grants
      .list()
      .filter(({ issuer, state: { kind } }) => issuer !== null && kind !== 'needs-sign-in')
      .map(({ server, account }) => ({
        server,
        account,
        receipt: null,
        error: 'It was locked already: unlock, then revoke it.',
      }));

  const idle = watchIdle({
    clock,
    steady,
    minutes: () => (state.kind === 'open' ? settings().afterIdleMinutes : null),
    due: () => begin('idle', settings().streams === 'end'),
  });

  const kept =
    keptLock(store) ?? (vault.beginsLocked === true ? { since: clock.now(), because: 'no-passphrase' as const } : null);
  if (kept !== null) {
    state = { kind: 'locked', since: kept.since, because: kept.because, unlocksBy: unlocksByOf(kept) };
    shutting = shut();
  }

  return {
    state: () => state,
    isLocked: () => stopped || state.kind === 'locked',
    check() {
      if (stopped || state.kind === 'locked') throw lockedNow('lend a token');
    },
    async lock(because) {
      if (isOfItself(state)) begin(because, settings().streams === 'end');
      await within(patienceMs, shutting);
      return state;
    },
    unlock: (passphrase) => inTurn(() => open(passphrase)),
    panic({ revoke }) {
      const mine = panics.then(() => panic(revoke));
      // The second of two begins where the first has ended, and both have stopped everything at once.
      stopped = true;
      panics = mine.catch(() => undefined);
      return mine;
    },
    screenLocked() {
      if (state.kind === 'open' && settings().onScreenLock) begin('screen', settings().streams === 'end');
    },
    touched: () => idle.touched(),
    look: () => idle.look(),
    close: () => idle.close(),
  };
}

/** Open, or locked for want of a passphrase: nobody has locked it yet, and whoever does finds it so after a restart. */
const isOfItself = (state: LockState): boolean => state.kind === 'open' || state.because === 'no-passphrase';

const passphraseElsewhere = (): TokentrayError =>
  new TokentrayError('vault_unavailable', 'it was locked with a passphrase vault that this broker does not know', {
    attempted: 'unlock',
    advice: 'Start the broker with that vault: tokentray serve --vault passphrase-file.',
  });

const passphraseNeeded = (): TokentrayError =>
  new TokentrayError('vault_locked', 'the passphrase of the vault opens it', {
    attempted: 'unlock',
    advice: 'Give the passphrase: tokentray unlock asks for it.',
    facts: { because: 'no-passphrase' },
  });
