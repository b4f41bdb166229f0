// Chooses the vault. What the person asked for, or the passphrase file that they have, or the keychain; without one memory,
// said loudly. Never plaintext, and never another one than before without a word.
import { existsSync } from 'node:fs';
import { TokentrayError, assertNever, isTokentrayError } from '../errors.ts';
import type { Clock, Log } from '../ports.ts';
import type { Secret } from '../secret.ts';
import { keychainVault, loadKeytar } from './keychain.ts';
import type { Keychain, Keytar } from './keychain.ts';
import type { LockableStore } from './lockable.ts';
import { memoryVault } from './memory.ts';
import { openPassphraseFile, provePassphrase } from './passphrase-file.ts';

type VaultPreference = 'auto' | 'keychain' | 'memory' | 'passphrase-file';

export interface VaultOptions {
  readonly prefer: VaultPreference;
  /** Where this profile has its passphrase vault, if it has one. */
  readonly file?: string;
  readonly passphrase?: Secret;
  /** A passphrase file that is there and whose passphrase nobody gave begins locked. With `auto` that goes without saying. */
  readonly mayBeginLocked?: boolean;
  readonly log: Log;
  readonly clock?: Pick<Clock, 'now' | 'after'>;
  /** The name that groups the keychain's items; another one for another profile of the same user. */
  readonly service?: string;
  /** How long one call to the keychain may take, in milliseconds. A person may be typing a password. */
  readonly timeoutMs?: number;
  readonly keytar?: () => Promise<Keytar>;
}

/** A vault and what to say about it in `status`. */
export interface Vault extends LockableStore {
  /** Why it is not the unlocked keychain or what else limits it: one sentence; null when there is nothing to say. */
  readonly reason: string | null;
  /** Where a damaged vault file was put; null when there was none. */
  readonly setAside: string | null;
  /** Nobody gave its passphrase: it is locked from the start. */
  readonly beginsLocked?: boolean;
  /** Of a vault without a passphrase, in a profile that has one with: whether this is that passphrase. @throws vault_* */
  readonly provePassphrase?: (passphrase: Secret) => Promise<void>;
}

const defaultTimeoutMs = 30_000;

/**
 * @throws vault_unavailable, vault_locked for an explicit `keychain` or `passphrase-file`; `auto` and `memory` always open
 */
export async function openVault(options: VaultOptions): Promise<Vault> {
  const { prefer, file } = options;
  if (usesPassphraseFile(prefer, file)) {
    return openFile({ ...options, mayBeginLocked: prefer === 'auto' || options.mayBeginLocked === true });
  }
  const vault = besideFile(options, await openOther(options, prefer));
  return file === undefined ? vault : { ...vault, provePassphrase: (passphrase) => provePassphrase(file, passphrase) };
}

/** Whether that vault is the passphrase file: who has one and chooses no other keeps it, also where nobody can be asked for it. */
export const usesPassphraseFile = (prefer: VaultPreference, file: string | undefined): boolean =>
  prefer === 'passphrase-file' || (prefer === 'auto' && file !== undefined && existsSync(file));

async function openOther(options: VaultOptions, prefer: VaultPreference): Promise<Vault> {
  switch (prefer) {
    case 'auto':
    case 'passphrase-file':
      return openAuto(options);
    case 'keychain': {
      const keychain = await openKeychain(options);
      await keychain.probe();
      return { ...keychain, reason: null, setAside: null };
    }
    case 'memory':
      return inMemory(options.log, 'Memory was chosen as the vault: grants end with this process.');
    default:
      return assertNever(prefer);
  }
}

/** The person's own choice, and said: what they sealed before cannot be used with it. */
function besideFile({ file, log }: VaultOptions, vault: Vault): Vault {
  if (file === undefined || !existsSync(file)) return vault;
  const stays = `What the passphrase vault of this profile holds stays in ${file}, and its grants cannot be used with this one: tokentray serve --vault passphrase-file.`;
  log.warn('This profile has a passphrase vault, and another vault was chosen.', { vault: vault.kind, file });
  return { ...vault, reason: vault.reason === null ? stays : `${vault.reason} ${stays}` };
}

async function openAuto(options: VaultOptions): Promise<Vault> {
  let keychain: Keychain | null = null;
  try {
    keychain = await openKeychain(options);
    await keychain.probe();
    return { ...keychain, reason: null, setAside: null };
  } catch (error) {
    if (!isTokentrayError(error)) throw error;
    // A locked keychain is still the keychain: with memory instead, every grant in it would look lost.
    if (keychain && error.code === 'vault_locked') {
      const reason = `${error.message} Grants can be used again once it is unlocked.`;
      options.log.warn('The keychain is locked.', { reason, advice: error.advice });
      return { ...keychain, reason, setAside: null };
    }
    return inMemory(options.log, `There is no keychain, so grants end with this process. ${error.message}`);
  }
}

async function openKeychain({
  service = 'Tokentray',
  timeoutMs = defaultTimeoutMs,
  clock = systemClock,
  keytar = loadKeytar,
}: VaultOptions): Promise<Keychain> {
  return keychainVault(await keytar(), { service, timeoutMs, after: (ms, task) => clock.after(ms, task) });
}

async function openFile({ file, passphrase, log, mayBeginLocked, clock = systemClock }: VaultOptions): Promise<Vault> {
  if (file === undefined) throw new TokentrayError('invalid_input', 'A passphrase vault needs a file.');
  if (passphrase === undefined || passphrase.reveal() === '') {
    if (mayBeginLocked === true && existsSync(file)) {
      log.warn('The passphrase vault is locked: nobody gave its passphrase. Unlock it: tokentray unlock', { file });
      const vault = await openPassphraseFile({ file, passphrase: null, log, clock });
      return { ...vault, reason: null, beginsLocked: true };
    }
    throw new TokentrayError('vault_locked', 'The passphrase vault needs its passphrase.', {
      attempted: 'open the passphrase file',
      subject: file,
      advice: 'Give the passphrase and start again; nothing was changed.',
      facts: { because: 'no-passphrase' },
    });
  }
  const vault = await openPassphraseFile({ file, passphrase, log, clock });
  const reason = vault.setAside === null ? null : `The vault file was damaged and set aside as ${vault.setAside}.`;
  return { ...vault, reason };
}

function inMemory(log: Log, reason: string): Vault {
  log.warn('Secrets are kept in memory only: every sign-in is forgotten when this process ends.', { reason });
  return { ...memoryVault(), reason, setAside: null };
}

const systemClock: Pick<Clock, 'now' | 'after'> = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
