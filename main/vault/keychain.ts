// Secrets in the operating system's keychain. "Nothing there" is believed only after the keychain has proved to be open.
import { TokentrayError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { quote } from '../quote.ts';
import { lockable } from './lockable.ts';
import type { LockableStore } from './lockable.ts';
import { splitStore } from './split.ts';
import type { Items } from './split.ts';

/** The part of keytar that is used. */
export interface Keytar {
  getPassword(service: string, account: string): Promise<string | null>;
  setPassword(service: string, account: string, password: string): Promise<void>;
  deletePassword(service: string, account: string): Promise<boolean>;
  findCredentials(service: string): Promise<{ account: string; password: string }[]>;
}

export interface KeychainOptions {
  /** The name that groups the items in the keychain app. */
  readonly service: string;
  /** A person may have to type the keychain's password in the meantime. */
  readonly timeoutMs: number;
  readonly after: Clock['after'];
}

export interface Keychain extends LockableStore {
  readonly kind: 'keychain';
  /** Writes, reads and deletes a harmless item. @throws vault_unavailable, vault_locked */
  probe(): Promise<void>;
}

/** @throws vault_unavailable when the native module or a library that it needs is missing */
export async function loadKeytar(): Promise<Keytar> {
  try {
    return (await import('keytar')).default;
  } catch (cause) {
    throw new TokentrayError('vault_unavailable', 'The keychain module does not load on this machine.', {
      attempted: 'open the keychain',
      advice: process.platform === 'linux' ? 'Install libsecret (Debian: libsecret-1-0).' : 'Install Tokentray again.',
      cause,
    });
  }
}

export function keychainVault(keytar: Keytar, options: KeychainOptions): Keychain {
  const { items, probe } = keychainItems(keytar, options);
  const { forget, ...operations } = splitStore(items);
  const store = lockable(
    { kind: 'keychain', persistent: true, ...operations },
    // The keychain's own lock is the system's: this one keeps the broker from asking it for anything.
    { needsPassphrase: false, leavesMemory: true, shut: forget, open: () => undefined },
  );
  return { ...store, kind: 'keychain', probe };
}

const probeAccount = 'Tokentray checks that this keychain works [may be deleted]';
const probeText = 'harmless';
// Another broker of the same user may probe at the same moment and take the item away between our write and our read.
const probeAttempts = 3;

/** The keychain as plain items, with every failure told apart. */
function keychainItems(keytar: Keytar, options: KeychainOptions): { items: Items; probe: () => Promise<void> } {
  const { service } = options;
  const ask = asker(options);
  const get = (account: string): Promise<string | null> =>
    ask('read from the keychain', () => keytar.getPassword(service, account));
  const set = (account: string, text: string): Promise<void> =>
    ask('write to the keychain', () => keytar.setPassword(service, account, text));
  const remove = (account: string): Promise<boolean> =>
    ask('delete from the keychain', () => keytar.deletePassword(service, account));

  async function probe(): Promise<void> {
    for (let attempt = 0; attempt < probeAttempts; attempt += 1) {
      await set(probeAccount, probeText);
      const seen = await get(probeAccount);
      await remove(probeAccount);
      if (seen === probeText) return;
    }
    throw new TokentrayError('vault_unavailable', 'The keychain does not give back what was written to it.', {
      attempted: 'check the keychain',
    });
  }

  const items: Items = {
    get,
    set,
    async delete(account) {
      // libsecret answers "no such item" for one in a locked collection: ask again once a write has shown that it is open.
      if (await remove(account)) return true;
      await probe();
      return remove(account);
    },
    // keytar's listing brings the process down on a locked libsecret collection (it copies a secret that is NULL).
    async all() {
      await probe();
      const found = await ask('list the keychain', () => keytar.findCredentials(service));
      return found.map(({ account, password }) => ({ account, text: password }));
    },
  };
  return { items, probe };
}

/** Each call with a time limit. While a late one still hangs, nothing is sent behind it. */
function asker({ timeoutMs, after }: KeychainOptions): <T>(attempted: string, call: () => Promise<T>) => Promise<T> {
  // A hanging call occupies a thread that the file system needs too, and a late write must not overtake a newer one.
  let hanging = false;
  return async (attempted, call) => {
    if (hanging) throw silent(attempted);
    return new Promise((resolve, reject) => {
      const cancel = after(timeoutMs, () => {
        hanging = true;
        reject(silent(attempted));
      });
      const settle = async (): Promise<void> => {
        try {
          resolve(await call());
        } catch (error) {
          reject(explained(error, attempted));
        } finally {
          cancel();
          hanging = false;
        }
      };
      void settle();
    });
  };
}

function silent(attempted: string): TokentrayError {
  return new TokentrayError('vault_locked', 'The keychain does not answer.', {
    attempted,
    advice: 'Look for a window that asks to unlock the keychain.',
    facts: { because: 'no-answer' },
  });
}

// libsecret, macOS' Security framework and Windows each say it in their own words; keytar passes on only the words.
const lockedWords =
  /locked|cancel|dismiss|user interaction is not allowed|user name or passphrase|authorization|denied/iu;

/** keytar's failure as ours. */
function explained(error: unknown, attempted: string): TokentrayError {
  const words = error instanceof Error ? error.message : String(error);
  if (lockedWords.test(words)) {
    return new TokentrayError('vault_locked', `The keychain is locked: ${quote(words)}.`, {
      attempted,
      advice: 'Unlock the keychain and try again; nothing was lost.',
      facts: { because: 'locked' },
      cause: error,
    });
  }
  return new TokentrayError('vault_unavailable', `The keychain cannot be reached: ${quote(words)}.`, {
    attempted,
    advice:
      process.platform === 'linux'
        ? 'Start a keyring such as gnome-keyring in this D-Bus session, or choose a passphrase file.'
        : 'Check that the keychain works in its own app.',
    cause: error,
  });
}
