// Secrets in one sealed file that a passphrase opens: every write replaces the whole file and resolves when it is durable.
import { chmod, mkdir, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TokentrayError, isTokentrayError } from '../errors.ts';
import type { Clock, Log, SecretStore } from '../ports.ts';
import { quote } from '../quote.ts';
import { Secret } from '../secret.ts';
import { diskSteps, removeLeftovers, replaceFile } from './atomic-file.ts';
import type { AtomicSteps } from './atomic-file.ts';
import { printableLabel, secretKey } from './item-name.ts';
import { newKey, seal, unseal, usualCost } from './sealed.ts';
import type { SealedItem, SealingKey } from './sealed.ts';

export interface PassphraseFileOptions {
  readonly file: string;
  readonly passphrase: Secret;
  readonly log: Log;
  readonly clock: Pick<Clock, 'now'>;
  /** log2 of scrypt's N for a new file; an existing file says its own. */
  readonly cost?: number;
  readonly steps?: AtomicSteps;
}

export interface PassphraseFile extends SecretStore {
  readonly kind: 'passphrase-file';
  /** Where a damaged file was put when this vault was opened; null when there was none. */
  readonly setAside: string | null;
}

const sizeLimit = 64 * 1024 * 1024;

/**
 * Opens the file, or starts an empty one. A damaged file is renamed and kept.
 * @throws vault_locked (wrong passphrase), vault_unavailable, store_full
 */
export async function openPassphraseFile(options: PassphraseFileOptions): Promise<PassphraseFile> {
  const { file, passphrase, log, steps = diskSteps } = options;
  let items = new Map<string, SealedItem>();
  let key: SealingKey | undefined;
  /** Which file `items` came from: another process may have replaced it since. */
  let seen: string | null = null;

  /** Takes up what is on the disk if it is not what was last seen; says where a damaged file went. */
  async function load(): Promise<string | null> {
    const there = await identity(file);
    if (there === seen) return null;
    // A file that vanished takes nothing with it: the next write puts back what this process holds.
    if (there === null) {
      seen = null;
      return null;
    }
    const opened = await unseal(await readFile(file, 'utf8'), passphrase, key);
    if (opened.kind === 'wrong-passphrase') throw wrongPassphrase(file);
    if (opened.kind === 'damaged') {
      seen = null;
      return putAside(file, opened.because, options);
    }
    items = new Map(opened.items.map((item) => [secretKey(item), item]));
    key = opened.key;
    seen = there;
    return null;
  }

  async function save(next: Map<string, SealedItem>): Promise<void> {
    key ??= await newKey(passphrase, options.cost ?? usualCost);
    const content = seal([...next.values()], key);
    await replaceFile(file, content, steps);
    items = next;
    seen = await identity(file);
  }

  let last: Promise<unknown> = Promise.resolve();
  function inTurn<T>(attempted: string, work: () => Promise<T>): Promise<T> {
    const mine = last.then(async () => {
      try {
        await load();
        return await work();
      } catch (error) {
        throw explained(error, attempted, file);
      }
    });
    last = mine.catch(() => undefined);
    return mine;
  }

  let setAside: string | null;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await removeLeftovers(file);
    await tighten(file, log);
    setAside = await load();
    // Tells at start, not at the first sign-in, that the folder cannot be written; and fixes the passphrase.
    if (seen === null) await save(items);
  } catch (error) {
    throw explained(error, 'open the passphrase file', file);
  }

  return {
    kind: 'passphrase-file',
    persistent: true,
    setAside,
    read: (ref) =>
      inTurn('read from the passphrase file', async () => {
        const item = items.get(secretKey(ref));
        return item ? new Secret(item.secret) : null;
      }),
    write: (ref, value) =>
      inTurn('write to the passphrase file', async () => {
        const item = { kind: ref.kind, id: ref.id, label: printableLabel(ref.label), secret: value.reveal() };
        await save(new Map(items).set(secretKey(ref), item));
      }),
    delete: (ref) =>
      inTurn('delete from the passphrase file', async () => {
        const next = new Map(items);
        if (!next.delete(secretKey(ref))) return false;
        await save(next);
        return true;
      }),
    list: () =>
      inTurn('list the passphrase file', async () =>
        Array.from(items.values(), ({ kind, id, label }) => ({ kind, id, label })),
      ),
  };
}

async function identity(file: string): Promise<string | null> {
  try {
    const { ino, size, mtimeNs } = await stat(file, { bigint: true });
    if (size > sizeLimit) throw new RangeError('the file is larger than any vault file');
    return `${ino} ${size} ${mtimeNs}`;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

async function tighten(file: string, log: Log): Promise<void> {
  if (process.platform === 'win32') return;
  const mode = await stat(file).then(
    (found) => found.mode & 0o777,
    () => 0o600,
  );
  if ((mode & 0o077) === 0) return;
  log.warn('The passphrase file was open to other users; it is not any more.', { file, mode: mode.toString(8) });
  await chmod(file, 0o600);
}

async function putAside(
  file: string,
  because: string,
  { log, clock }: Pick<PassphraseFileOptions, 'log' | 'clock'>,
): Promise<string> {
  const stem = `${file}.damaged-${new Date(clock.now()).toISOString().replaceAll(/[:.]/gu, '-')}`;
  let aside = stem;
  for (let count = 2; (await identity(aside)) !== null; count += 1) aside = `${stem}-${count}`;
  await rename(file, aside);
  log.error('The passphrase file is damaged; it was set aside and nothing in it was changed.', {
    file,
    setAside: aside,
    because,
  });
  return aside;
}

function wrongPassphrase(file: string): TokentrayError {
  return new TokentrayError('vault_locked', 'This is not the passphrase that the vault file was made with.', {
    attempted: 'open the passphrase file',
    subject: file,
    advice: 'Try again with the right passphrase; the file was not changed.',
    facts: { because: 'wrong-passphrase' },
  });
}

function explained(error: unknown, attempted: string, file: string): TokentrayError {
  if (isTokentrayError(error)) return error;
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new TokentrayError('store_full', 'The disk is full; the vault file was left as it was.', {
      attempted,
      subject: file,
      advice: 'Make room on the disk and try again.',
      cause: error,
    });
  }
  const words = error instanceof Error ? error.message : String(error);
  return new TokentrayError('vault_unavailable', `The vault file cannot be used: ${quote(words)}.`, {
    attempted,
    subject: file,
    advice: 'Check the file and its folder.',
    cause: error,
  });
}

function systemCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
