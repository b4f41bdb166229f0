// A vault that can be shut: from that moment on it gives and takes nothing, and what it held in memory leaves it.
import { TokentrayError } from '../errors.ts';
import type { SecretStore } from '../ports.ts';
import type { Secret } from '../secret.ts';

export interface LockableStore extends SecretStore {
  /** What `unlock` needs; without one, whether a person is there is for others to find out. */
  readonly needsPassphrase: boolean;
  /** Whether the contents are elsewhere than in this process: else they stay in its memory, withheld. */
  readonly leavesMemory: boolean;
  /** What is under way is finished first; everything after it throws vault_locked. */
  lock(): Promise<void>;
  /** @throws vault_locked for another passphrase than the right one; vault_unavailable, vault_damaged */
  unlock(passphrase: Secret | null): Promise<void>;
  /** Drops what this process alone holds, and gives how many grants' secrets that were. What is kept elsewhere stays. */
  discard(): Promise<number>;
}

/** What a kind of vault does when it is shut and opened. Called with nothing else under way. */
export interface Door {
  readonly needsPassphrase: boolean;
  readonly leavesMemory: boolean;
  shut(): void | Promise<void>;
  open(passphrase: Secret | null): void | Promise<void>;
  discard?(): number;
}

export function lockable(store: SecretStore, door: Door): LockableStore {
  let isShut = false;
  let locks = 0;
  const underWay = new Set<Promise<unknown>>();
  let turn: Promise<unknown> = Promise.resolve();

  async function through<T>(attempted: string, work: () => Promise<T>): Promise<T> {
    if (isShut) throw shut(attempted);
    const mine = work();
    underWay.add(mine);
    try {
      return await mine;
    } finally {
      underWay.delete(mine);
    }
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  }

  return {
    kind: store.kind,
    persistent: store.persistent,
    needsPassphrase: door.needsPassphrase,
    leavesMemory: door.leavesMemory,
    read: (ref) => through('read from the vault', () => store.read(ref)),
    write: (ref, value) => through('write to the vault', () => store.write(ref, value)),
    delete: (ref) => through('delete from the vault', () => store.delete(ref)),
    list: () => through('list the vault', () => store.list()),
    lock() {
      isShut = true;
      locks += 1;
      return inTurn(async () => {
        await Promise.allSettled(underWay);
        await door.shut();
      });
    },
    unlock(passphrase) {
      const before = locks;
      return inTurn(async () => {
        if (!isShut) return;
        await door.open(passphrase);
        // Locked again in the meantime: that one comes behind this, and counts.
        if (locks === before) isShut = false;
      });
    },
    discard: () =>
      inTurn(async () => {
        await Promise.allSettled(underWay);
        return door.discard?.() ?? 0;
      }),
  };
}

const shut = (attempted: string): TokentrayError =>
  new TokentrayError('vault_locked', 'Tokentray is locked, and its vault with it', {
    attempted,
    advice: 'Unlock it: tokentray unlock, or in the window.',
    facts: { because: 'locked-here' },
  });
