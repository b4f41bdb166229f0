// A vault that is shut gives and takes nothing, of whichever kind it is; opened, it has everything again.
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SecretRef } from '../../main/ports.ts';
import { secret } from '../../main/secret.ts';
import { diskSteps } from '../../main/vault/atomic-file.ts';
import type { AtomicSteps } from '../../main/vault/atomic-file.ts';
import { keychainVault } from '../../main/vault/keychain.ts';
import type { Keytar } from '../../main/vault/keychain.ts';
import type { LockableStore } from '../../main/vault/lockable.ts';
import { memoryVault } from '../../main/vault/memory.ts';
import { openPassphraseFile } from '../../main/vault/passphrase-file.ts';
import { deferred } from '../support/deferred.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { refOf, reveal } from './contract-refs.ts';
import { recordingLog } from './recording-log.ts';

const passphrase = secret('correct horse ü');
let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
  file = join(folder, 'vault.sealed');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const passphraseFile = (steps: AtomicSteps = diskSteps) =>
  openPassphraseFile({ file, passphrase, log: recordingLog(), clock: createFakeClock(), cost: 10, steps });

function mapKeytar(): Keytar {
  const held = new Map<string, string>();
  return {
    getPassword: async (_service, account) => held.get(account) ?? null,
    setPassword: async (_service, account, password) => void held.set(account, password),
    deletePassword: async (_service, account) => held.delete(account),
    findCredentials: async () => [...held].map(([account, password]) => ({ account, password })),
  };
}

const kinds: readonly { kind: string; fresh: () => Promise<LockableStore> }[] = [
  { kind: 'memory', fresh: async () => memoryVault() },
  {
    kind: 'keychain',
    fresh: async () =>
      keychainVault(mapKeytar(), { service: 'test', timeoutMs: 1_000, after: createFakeClock().after }),
  },
  { kind: 'passphrase-file', fresh: () => passphraseFile() },
];

describe.each(kinds)('the $kind vault', ({ kind, fresh }) => {
  const opening = kind === 'passphrase-file' ? passphrase : null;

  it('gives, takes, deletes and lists nothing while it is locked, and has everything afterwards', async () => {
    const vault = await fresh();
    await vault.write(refOf('a'), secret('kept'));
    await vault.lock();
    const shut = { code: 'vault_locked', facts: { because: 'locked-here' } };
    await expect(vault.read(refOf('a'))).rejects.toMatchObject(shut);
    await expect(vault.write(refOf('b'), secret('late'))).rejects.toMatchObject(shut);
    await expect(vault.delete(refOf('a'))).rejects.toMatchObject(shut);
    await expect(vault.list()).rejects.toMatchObject(shut);
    await vault.unlock(opening);
    expect(await reveal(vault, refOf('a'))).toBe('kept');
    expect(await vault.list()).toEqual([refOf('a')]);
    await vault.write(refOf('b'), secret('in time'));
    expect(await reveal(vault, refOf('b'))).toBe('in time');
  });

  it('finishes a write that is under way before it is shut', async () => {
    const vault = await fresh();
    const writing = vault.write(refOf('a'), secret('w'.repeat(3_000)));
    await vault.lock();
    await writing;
    await vault.unlock(opening);
    expect(await reveal(vault, refOf('a'))).toBe('w'.repeat(3_000));
  });

  it('is locked when the last word was to lock it', async () => {
    const vault = await fresh();
    await Promise.all([vault.lock(), vault.unlock(opening), vault.lock()]);
    await expect(vault.list()).rejects.toMatchObject({ code: 'vault_locked' });
    await vault.unlock(opening);
    expect(await vault.list()).toEqual([]);
  });
});

describe('the memory vault', () => {
  it('says that what it withholds stays in memory, and drops it when that is asked for, but for the audit’s key', async () => {
    const vault = memoryVault();
    const audit: SecretRef = { kind: 'audit', id: 'key', label: 'audit' };
    await vault.write(refOf('a'), secret('grant'));
    await vault.write(audit, secret('key'));
    expect(vault.leavesMemory).toBe(false);
    await vault.lock();
    expect(await vault.discard()).toBe(1);
    expect(await vault.discard()).toBe(0);
    await vault.unlock(null);
    expect(await vault.list()).toEqual([audit]);
  });
});

describe('the passphrase file', () => {
  it('opens to its passphrase and to no other, and is not changed by a wrong one', async () => {
    const vault = await passphraseFile();
    await vault.write(refOf('a'), secret('kept'));
    const before = await readFile(file);
    await vault.lock();
    const wrong = { code: 'vault_locked', facts: { because: 'wrong-passphrase' } };
    for (const guess of ['', 'correct horse', 'Correct horse ü', 'x'.repeat(4_096)]) {
      await expect(vault.unlock(secret(guess))).rejects.toMatchObject(wrong);
    }
    await expect(vault.unlock(null)).rejects.toMatchObject({ facts: { because: 'no-passphrase' } });
    await expect(vault.read(refOf('a'))).rejects.toMatchObject({ code: 'vault_locked' });
    expect(await readFile(file)).toEqual(before);
    // The same passphrase, typed on a keyboard that composes its letters.
    await vault.unlock(secret('correct horse u\u0308'));
    expect(await reveal(vault, refOf('a'))).toBe('kept');
  });

  it('stays locked where its file is gone or damaged: nothing tells a person from anybody else then', async () => {
    const vault = await passphraseFile();
    await vault.write(refOf('a'), secret('kept'));
    await vault.lock();
    await rename(file, `${file}.away`);
    await expect(vault.unlock(secret('anything'))).rejects.toMatchObject({ code: 'vault_unavailable' });
    const text = await readFile(`${file}.away`, 'utf8');
    await writeFile(file, text.replace('"sealed":"', '"sealed":"AAAA'));
    await expect(vault.unlock(passphrase)).rejects.toMatchObject({ code: 'vault_damaged' });
    expect(await readFile(file, 'utf8')).toContain('AAAA');
    await expect(vault.read(refOf('a'))).rejects.toMatchObject({ code: 'vault_locked' });
    await rename(`${file}.away`, file);
    await vault.unlock(passphrase);
    expect(await reveal(vault, refOf('a'))).toBe('kept');
  });

  it('takes up what another process wrote while it was locked', async () => {
    const vault = await passphraseFile();
    await vault.lock();
    const other = await passphraseFile();
    await other.write(refOf('b'), secret('of the other'));
    await vault.unlock(passphrase);
    expect(await reveal(vault, refOf('b'))).toBe('of the other');
  });

  it('waits for the disk before it forgets the key that the write needs', async () => {
    const disk = deferred();
    let slow = false;
    const steps: AtomicSteps = {
      ...diskSteps,
      async rename(from, to) {
        if (slow) await disk.promise;
        await diskSteps.rename(from, to);
      },
    };
    const vault = await passphraseFile(steps);
    slow = true;
    const writing = vault.write(refOf('a'), secret('slow'));
    let isShut = false;
    const locking = vault.lock().finally(() => {
      isShut = true;
    });
    await createFakeClock().settle();
    expect(isShut).toBe(false);
    disk.resolve();
    await Promise.all([writing, locking]);
    await vault.unlock(passphrase);
    expect(await reveal(vault, refOf('a'))).toBe('slow');
  });
});
