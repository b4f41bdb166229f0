// The passphrase vault: one sealed file that survives wrong passphrases, full disks, damage and kill -9.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { secret } from '../../main/secret.ts';
import { diskSteps } from '../../main/vault/atomic-file.ts';
import type { AtomicSteps } from '../../main/vault/atomic-file.ts';
import { openPassphraseFile } from '../../main/vault/passphrase-file.ts';
import type { PassphraseFile } from '../../main/vault/passphrase-file.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { refOf, reveal } from './contract-refs.ts';
import { vaultContract } from './contract.ts';
import { recordingLog } from './recording-log.ts';

// Cheap on purpose: what the usual cost takes is the price of one start.
const cost = 10;
const passphrase = secret('correct horse ü');
let root: string;
let folder: string;
let file: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vault-'));
});

afterAll(() => rm(root, { recursive: true, force: true }));

beforeEach(async () => {
  folder = await mkdtemp(join(root, 'v-'));
  file = join(folder, 'vault.sealed');
});

function open(steps: AtomicSteps = diskSteps, with_ = passphrase, log = recordingLog()): Promise<PassphraseFile> {
  return openPassphraseFile({ file, passphrase: with_, log, clock: createFakeClock(), cost, steps });
}

vaultContract({ kind: 'passphrase-file', persistent: true, fresh: () => open(), reopen: () => open() });

describe('the passphrase file', () => {
  it('shows nothing of what it holds', async () => {
    const store = await open();
    await store.write(refOf('g', 'linear label'), secret('canary-secret'));
    const text = await readFile(file, 'utf8');
    for (const word of ['canary-secret', 'linear label', passphrase.reveal()]) expect(text).not.toContain(word);
  });

  it('is for this user only, and becomes so again when somebody opened it', async () => {
    file = join(folder, 'new', 'vault.sealed');
    await open();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'new'))).mode & 0o777).toBe(0o700);
    await chmod(file, 0o644);
    const log = recordingLog();
    await open(diskSteps, passphrase, log);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(log.at('warn')).toHaveLength(1);
  });

  it('never uses a nonce twice', async () => {
    const store = await open();
    const nonces = new Set<string>();
    for (let n = 0; n < 20; n += 1) {
      await store.write(refOf('g'), secret('same'));
      nonces.add(/"nonce":"([^"]+)"/u.exec(await readFile(file, 'utf8'))?.[1] ?? '');
    }
    expect(nonces.size).toBe(20);
  });

  it('takes the same passphrase typed as other code points', async () => {
    await (await open()).write(refOf('g'), secret('1'));
    const decomposed = secret(passphrase.reveal().normalize('NFD'));
    expect(decomposed.reveal()).not.toBe(passphrase.reveal());
    expect(await reveal(await open(diskSteps, decomposed), refOf('g'))).toBe('1');
  });

  it('refuses a wrong passphrase and is not changed by it', async () => {
    await (await open()).write(refOf('g'), secret('kept'));
    const before = await readFile(file);
    await expect(open(diskSteps, secret('wrong'))).rejects.toMatchObject({
      code: 'vault_locked',
      facts: { because: 'wrong-passphrase' },
    });
    expect(await readFile(file)).toEqual(before);
    expect(await readdir(folder)).toEqual(['vault.sealed']);
    expect(await reveal(await open(), refOf('g'))).toBe('kept');
  });

  it('sees what another process wrote, and adds to it', async () => {
    const one = await open();
    const two = await open();
    await one.write(refOf('a'), secret('from one'));
    await two.write(refOf('b'), secret('from two'));
    expect(await reveal(one, refOf('b'))).toBe('from two');
    expect((await (await open()).list()).map((ref) => ref.id).sort()).toEqual(['a', 'b']);
  });

  it('comes back with the next write when somebody deleted it', async () => {
    const store = await open();
    await store.write(refOf('a'), secret('1'));
    await rm(file);
    await store.write(refOf('b'), secret('2'));
    expect(await reveal(await open(), refOf('a'))).toBe('1');
  });
});

describe('a damaged passphrase file', () => {
  const damages: Record<string, (text: string) => string> = {
    'cut short': (text) => text.slice(0, text.length / 2),
    emptied: () => '',
    'one character changed': (text) =>
      text.replace(/"sealed":"(.)/u, (_, first) => `"sealed":"${first === 'A' ? 'B' : 'A'}`),
    'its salt changed': (text) => text.replace(/"salt":"(.)/u, (_, first) => `"salt":"${first === 'A' ? 'B' : 'A'}`),
    'something else': () => '{"hello":"world"}\n',
  };
  for (const [name, damage] of Object.entries(damages)) {
    it(`is set aside unchanged, and a new one started: ${name}`, async () => {
      await (await open()).write(refOf('g'), secret('1'));
      const damaged = damage(await readFile(file, 'utf8'));
      await writeFile(file, damaged);
      const log = recordingLog();
      const store = await open(diskSteps, passphrase, log);
      expect(store.setAside).toMatch(/vault\.sealed\.damaged-2026/u);
      expect(await readFile(store.setAside ?? '', 'utf8')).toBe(damaged);
      expect(log.at('error')).toHaveLength(1);
      await store.write(refOf('new'), secret('2'));
      // A second one at the same moment takes another name.
      await writeFile(file, damaged);
      const second = await open();
      expect(second.setAside).not.toBe(store.setAside);
      expect(await readFile(store.setAside ?? '', 'utf8')).toBe(damaged);
    });
  }

  it('costs a running process nothing: it still holds the secrets and writes them again', async () => {
    const log = recordingLog();
    const store = await open(diskSteps, passphrase, log);
    await store.write(refOf('g'), secret('held'));
    await writeFile(file, 'damaged while running');
    expect(await reveal(store, refOf('g'))).toBe('held');
    expect(log.at('error')).toHaveLength(1);
    await store.write(refOf('h'), secret('2'));
    expect(await reveal(await open(), refOf('g'))).toBe('held');
  });
});

/** The disk's own steps, of which one fails after it was done in part. */
function failing(step: keyof AtomicSteps, error: Error): { steps: AtomicSteps; arm: (on: boolean) => void } {
  let armed = false;
  const steps: AtomicSteps = {
    ...diskSteps,
    [step]: async (path: string, second: string) => {
      if (!armed) return step === 'syncFolder' ? diskSteps.syncFolder(path) : diskSteps[step](path, second);
      if (step === 'writeNew') await writeFile(path, second.slice(0, 40));
      throw error;
    },
  };
  return {
    steps,
    arm: (on) => {
      armed = on;
    },
  };
}

describe('a write to the passphrase file that fails', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });

  for (const [error, code] of [
    [full, 'store_full'],
    [denied, 'vault_unavailable'],
  ] as const) {
    it(`says ${code} and keeps the old secret`, async () => {
      const { steps, arm } = failing('writeNew', error);
      const store = await open(steps);
      await store.write(refOf('g'), secret('old'));
      arm(true);
      await expect(store.write(refOf('g'), secret('new'))).rejects.toMatchObject({ code });
      await expect(store.delete(refOf('g'))).rejects.toMatchObject({ code });
      expect(await readdir(folder)).toEqual(['vault.sealed']);
      expect(await reveal(store, refOf('g'))).toBe('old');
      expect(await reveal(await open(), refOf('g'))).toBe('old');
      arm(false);
      await store.write(refOf('g'), secret('new'));
      expect(await reveal(await open(), refOf('g'))).toBe('new');
    });
  }

  it('keeps the old secret when the file cannot be replaced', async () => {
    const { steps, arm } = failing('rename', denied);
    const store = await open(steps);
    await store.write(refOf('g'), secret('old'));
    arm(true);
    await expect(store.write(refOf('g'), secret('new'))).rejects.toMatchObject({ code: 'vault_unavailable' });
    expect(await reveal(await open(), refOf('g'))).toBe('old');
  });

  it('is not called written before the folder is on the disk', async () => {
    const { steps, arm } = failing('syncFolder', denied);
    const store = await open(steps);
    arm(true);
    await expect(store.write(refOf('g'), secret('new'))).rejects.toMatchObject({ code: 'vault_unavailable' });
    // The file is there all the same, and this process must not think otherwise.
    arm(false);
    expect(await reveal(store, refOf('g'))).toBe(await reveal(await open(), refOf('g')));
  });

  it('says at the start that the folder cannot be used', async () => {
    file = join(folder, 'taken', 'vault.sealed');
    await writeFile(join(folder, 'taken'), 'a file where the folder should be');
    await expect(open()).rejects.toMatchObject({ code: 'vault_unavailable' });
    await mkdir(join(folder, 'as-folder'));
    file = join(folder, 'as-folder');
    await expect(open()).rejects.toMatchObject({ code: 'vault_unavailable' });
  });
});

describe('a process that is killed while it writes', () => {
  it('has lost nothing that was called written, in 12 rounds of kill -9', { timeout: 120_000 }, async () => {
    const writer = fileURLToPath(new URL('./endless-writer.ts', import.meta.url));
    let next = 0;
    for (let round = 0; round < 12; round += 1) {
      const child = spawn(process.execPath, [writer, file, passphrase.reveal(), String(next)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const killAt = 1 + ((round * 7) % 11);
      let written = next - 1;
      for await (const line of createInterface({ input: child.stdout })) {
        written = Number(line);
        if (written >= next + killAt) child.kill('SIGKILL');
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
      const store = await open();
      const held = Number((await reveal(store, refOf('g')))?.split(' ')[0]);
      // The write after the last announced one may have become durable before its announcement was read.
      expect(held).toBeGreaterThanOrEqual(written);
      expect(store.setAside).toBeNull();
      expect(await readdir(folder)).toEqual(['vault.sealed']);
      next = held + 1;
    }
  });
});
