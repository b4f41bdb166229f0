// Secrets in one sealed file that a passphrase opens: every write replaces the whole file and resolves when it is durable.
import { chmod, mkdir, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TokentrayError, isTokentrayError } from '../errors.ts';
import type { Clock, Log } from '../ports.ts';
import { quote } from '../quote.ts';
import { Secret } from '../secret.ts';
import { diskSteps, removeLeftovers, replaceFile } from './atomic-file.ts';
import type { AtomicSteps } from './atomic-file.ts';
import { printableLabel, secretKey } from './item-name.ts';
import { lockable } from './lockable.ts';
import type { LockableStore } from './lockable.ts';
import { newKey, seal, unseal, usualCost } from './sealed.ts';
import type { SealedItem, SealingKey } from './sealed.ts';

export interface PassphraseFileOptions {
  readonly file: string;
  /** Null: the vault begins locked, and its first `unlock` opens the file, which has to be there. */
  readonly passphrase: Secret | null;
  readonly log: Log;
  readonly clock: Pick<Clock, 'now'>;
  /** log2 of scrypt's N for a new file; an existing file says its own. */
  readonly cost?: number;
  readonly steps?: AtomicSteps;
}

export interface PassphraseFile extends LockableStore {
  readonly kind: 'passphrase-file';
  /** Where a damaged file was put when this vault was opened; null when there was none. */
  readonly setAside: string | null;
}

const sizeLimit = 64 * 1024 * 1024;

/** All that locking takes out of memory. */
interface Opened {
  readonly passphrase: Secret;
  items: Map<string, SealedItem>;
  key: SealingKey | null;
  /** Which file `items` came from: another process may have replaced it since. */
  seen: string | null;
}

/**
 * Opens the file, or starts an empty one. A damaged file is renamed and kept; while it is locked nothing is done to it.
 * @throws vault_locked (wrong passphrase), vault_unavailable, store_full
 */
export async function openPassphraseFile(options: PassphraseFileOptions): Promise<PassphraseFile> {
  // Not the options themselves: whatever holds on to them holds on to the passphrase.
  const { file, log, clock, cost = usualCost, steps = diskSteps } = options;
  /** Null while locked. */
  let opened: Opened | null =
    options.passphrase === null ? null : { passphrase: options.passphrase, items: new Map(), key: null, seen: null };

  /** Takes up what is on the disk if it is not what was last seen; says where a damaged file went. */
  async function load(held: Opened): Promise<string | null> {
    const there = await identity(file);
    if (there === held.seen) return null;
    // A file that vanished takes nothing with it: the next write puts back what this process holds.
    if (there === null) {
      held.seen = null;
      return null;
    }
    const found = await unseal(await readFile(file, 'utf8'), held.passphrase, held.key ?? undefined);
    if (found.kind === 'wrong-passphrase') throw wrongPassphrase(file);
    if (found.kind === 'damaged') {
      held.seen = null;
      return putAside(file, found.because, { log, clock });
    }
    held.items = new Map(found.items.map((item) => [secretKey(item), item]));
    held.key = found.key;
    held.seen = there;
    return null;
  }

  async function save(held: Opened, next: Map<string, SealedItem>): Promise<void> {
    held.key ??= await newKey(held.passphrase, cost);
    const content = seal([...next.values()], held.key);
    await replaceFile(file, content, steps);
    held.items = next;
    held.seen = await identity(file);
  }

  let last: Promise<unknown> = Promise.resolve();
  function inTurn<T>(attempted: string, work: (held: Opened) => Promise<T>): Promise<T> {
    const mine = last.then(async () => {
      try {
        if (opened === null) throw notOpen(file, attempted);
        await load(opened);
        return await work(opened);
      } catch (error) {
        throw explained(error, attempted, file);
      }
    });
    last = mine.catch(() => undefined);
    return mine;
  }

  /** Only ever what the file was sealed with: without it, or with a damaged one, nothing tells a person from anybody else. */
  async function reopen(passphrase: Secret | null): Promise<void> {
    if (passphrase === null) throw notOpen(file, unlocking);
    const { found, there } = await unsealed(file, passphrase);
    const items = new Map(found.items.map((item) => [secretKey(item), item]));
    opened = { passphrase, items, key: found.key, seen: there };
  }

  let setAside: string | null = null;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await removeLeftovers(file);
    await tighten(file, log);
    if (opened !== null) {
      setAside = await load(opened);
      // Tells at start, not at the first sign-in, that the folder cannot be written; and fixes the passphrase.
      if (opened.seen === null) await save(opened, opened.items);
    } else if ((await identity(file)) === null) throw gone(file);
  } catch (error) {
    throw explained(error, 'open the passphrase file', file);
  }

  const store = lockable(
    {
      kind: 'passphrase-file',
      persistent: true,
      read: (ref) =>
        inTurn('read from the passphrase file', async ({ items }) => {
          const item = items.get(secretKey(ref));
          return item ? new Secret(item.secret) : null;
        }),
      write: (ref, value) =>
        inTurn('write to the passphrase file', async (held) => {
          const item = { kind: ref.kind, id: ref.id, label: printableLabel(ref.label), secret: value.reveal() };
          await save(held, new Map(held.items).set(secretKey(ref), item));
        }),
      delete: (ref) =>
        inTurn('delete from the passphrase file', async (held) => {
          const next = new Map(held.items);
          if (!next.delete(secretKey(ref))) return false;
          await save(held, next);
          return true;
        }),
      list: () =>
        inTurn('list the passphrase file', async ({ items }) =>
          Array.from(items.values(), ({ kind, id, label }) => ({ kind, id, label })),
        ),
    },
    {
      needsPassphrase: true,
      leavesMemory: true,
      shut() {
        opened?.key?.key.fill(0);
        opened?.key?.check.fill(0);
        opened = null;
      },
      open: reopen,
    },
  );
  if (opened === null) await store.lock();
  return { ...store, kind: 'passphrase-file', setAside };
}

/**
 * Whether this is the passphrase of that file; nothing of it stays in memory.
 * @throws vault_locked (wrong passphrase), vault_unavailable, vault_damaged
 */
export async function provePassphrase(file: string, passphrase: Secret): Promise<void> {
  const { found } = await unsealed(file, passphrase);
  found.key.key.fill(0);
  found.key.check.fill(0);
}

const unlocking = 'unlock the passphrase file';

/** Without a sound file nothing tells a person from anybody else. @throws vault_locked, vault_unavailable, vault_damaged */
async function unsealed(file: string, passphrase: Secret) {
  try {
    const there = await identity(file);
    if (there === null) throw gone(file);
    const found = await unseal(await readFile(file, 'utf8'), passphrase);
    if (found.kind === 'wrong-passphrase') throw wrongPassphrase(file);
    if (found.kind === 'damaged') throw damaged(file, found.because);
    return { found, there };
  } catch (error) {
    throw explained(error, unlocking, file);
  }
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

const notOpen = (file: string, attempted: string): TokentrayError =>
  new TokentrayError('vault_locked', 'The vault is locked, and its passphrase opens it.', {
    attempted,
    subject: file,
    advice: 'Unlock it: tokentray unlock, or in the window.',
    facts: { because: 'no-passphrase' },
  });

const gone = (file: string): TokentrayError =>
  new TokentrayError('vault_unavailable', 'The vault file is gone, so no passphrase can be checked.', {
    attempted: unlocking,
    subject: file,
    advice: 'Put it back; or start the broker with an empty one: tokentray serve --vault passphrase-file.',
  });

const damaged = (file: string, because: string): TokentrayError =>
  new TokentrayError('vault_damaged', `The vault file was damaged while it was locked: ${because}.`, {
    attempted: unlocking,
    subject: file,
    advice:
      'Put a copy of it back; or start the broker with a passphrase, which sets the damaged file aside: tokentray serve --vault passphrase-file.',
  });

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
