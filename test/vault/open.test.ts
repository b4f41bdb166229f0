// Which vault is opened: what the person asked for, the keychain by itself, and memory only out loud.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TokentrayError } from '../../main/errors.ts';
import { secret } from '../../main/secret.ts';
import { openVault } from '../../main/vault/open.ts';
import { refOf, reveal } from './contract-refs.ts';
import { recordingLog } from './recording-log.ts';

const bus = process.env['DBUS_SESSION_BUS_ADDRESS'];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-'));
  // Whatever this machine has: here there is no keychain.
  process.env['DBUS_SESSION_BUS_ADDRESS'] = `unix:path=${join(folder, 'no-bus')}`;
});

afterEach(async () => {
  if (bus === undefined) delete process.env['DBUS_SESSION_BUS_ADDRESS'];
  else process.env['DBUS_SESSION_BUS_ADDRESS'] = bus;
  await rm(folder, { recursive: true, force: true });
});

describe.runIf(process.platform === 'linux')('a machine without a keychain', () => {
  it('gets the memory vault, which says so and why', async () => {
    const log = recordingLog();
    const vault = await openVault({ prefer: 'auto', log });
    expect({ kind: vault.kind, persistent: vault.persistent }).toEqual({ kind: 'memory', persistent: false });
    expect(vault.reason).toMatch(/^There is no keychain/u);
    expect(log.at('warn')).toEqual([
      'Secrets are kept in memory only: every sign-in is forgotten when this process ends.',
    ]);
    expect(log.lines[0]?.fields).toEqual({ reason: vault.reason });
    await vault.write(refOf('g'), secret('1'));
    expect(await reveal(vault, refOf('g'))).toBe('1');
  });

  it('gets no other vault in place of the keychain that was asked for', async () => {
    const log = recordingLog();
    await expect(openVault({ prefer: 'keychain', log })).rejects.toMatchObject({ code: 'vault_unavailable' });
  });
});

describe('the choice of a vault', () => {
  it('takes a keychain module that does not load for no keychain', async () => {
    const vault = await openVault({
      prefer: 'auto',
      log: recordingLog(),
      keytar: () => Promise.reject(new TokentrayError('vault_unavailable', 'The keychain module does not load.')),
    });
    expect(vault.kind).toBe('memory');
    expect(vault.reason).toContain('does not load');
  });

  it('is memory when memory was asked for, and says that too', async () => {
    const log = recordingLog();
    const vault = await openVault({ prefer: 'memory', log });
    expect(vault.kind).toBe('memory');
    expect(vault.reason).toContain('chosen');
    expect(log.at('warn')).toHaveLength(1);
  });

  it('is the passphrase file when it was asked for, with nothing to complain about', async () => {
    const log = recordingLog();
    const options = { prefer: 'passphrase-file', file: join(folder, 'vault.sealed'), log } as const;
    const vault = await openVault({ ...options, passphrase: secret('words') });
    expect({ kind: vault.kind, reason: vault.reason, setAside: vault.setAside }).toEqual({
      kind: 'passphrase-file',
      reason: null,
      setAside: null,
    });
    expect(log.lines).toEqual([]);
    await expect(openVault({ ...options, passphrase: secret('others') })).rejects.toMatchObject({
      code: 'vault_locked',
    });
    await expect(openVault({ ...options, passphrase: secret('') })).rejects.toMatchObject({ code: 'vault_locked' });
    await expect(openVault(options)).rejects.toMatchObject({ facts: { because: 'no-passphrase' } });
  });

  it('is the passphrase file that is there although nobody asked for it, locked until somebody gives its passphrase', async () => {
    const file = join(folder, 'vault.sealed');
    const first = await openVault({
      prefer: 'passphrase-file',
      file,
      passphrase: secret('words'),
      log: recordingLog(),
    });
    await first.write(refOf('g'), secret('1'));
    const log = recordingLog();
    const vault = await openVault({ prefer: 'auto', file, log });
    expect(vault).toMatchObject({ kind: 'passphrase-file', needsPassphrase: true, beginsLocked: true, reason: null });
    expect(log.at('warn').join()).toContain('The passphrase vault is locked');
    await expect(vault.read(refOf('g'))).rejects.toMatchObject({ code: 'vault_locked' });
    await expect(vault.unlock(null)).rejects.toMatchObject({ facts: { because: 'no-passphrase' } });
    await expect(vault.unlock(secret('others'))).rejects.toMatchObject({ facts: { because: 'wrong-passphrase' } });
    await vault.unlock(secret('words'));
    expect(await reveal(vault, refOf('g'))).toBe('1');
    const given = await openVault({ prefer: 'auto', file, passphrase: secret('words'), log: recordingLog() });
    expect(given.beginsLocked).toBeUndefined();
    expect(await reveal(given, refOf('g'))).toBe('1');
  });

  it('begins locked where it was asked for and may, and touches nothing of a file that it cannot open', async () => {
    const file = join(folder, 'vault.sealed');
    await writeFile(file, 'damaged');
    const options = { prefer: 'passphrase-file', file, log: recordingLog(), mayBeginLocked: true } as const;
    const vault = await openVault(options);
    expect(vault).toMatchObject({ beginsLocked: true, setAside: null });
    await expect(vault.unlock(secret('words'))).rejects.toMatchObject({ code: 'vault_damaged' });
    expect(await readFile(file, 'utf8')).toBe('damaged');
    // Nobody could ever unlock what is not there.
    const missing = openVault({ ...options, file: join(folder, 'none') });
    await expect(missing).rejects.toMatchObject({ facts: { because: 'no-passphrase' } });
  });

  it('other than the passphrase file that is there says what stays in it, and can tell its passphrase', async () => {
    const file = join(folder, 'vault.sealed');
    const log = recordingLog();
    const proving = { prefer: 'memory', file, log } as const;
    expect((await openVault(proving)).reason).not.toContain('stays in');
    await openVault({ prefer: 'passphrase-file', file, passphrase: secret('words'), log });
    const vault = await openVault(proving);
    expect(vault.kind).toBe('memory');
    expect(vault.reason).toContain(`stays in ${file}`);
    expect(log.at('warn')).toContain('This profile has a passphrase vault, and another vault was chosen.');
    await expect(vault.provePassphrase?.(secret('words'))).resolves.toBeUndefined();
    const wrong = { code: 'vault_locked', facts: { because: 'wrong-passphrase' } };
    await expect(vault.provePassphrase?.(secret('others'))).rejects.toMatchObject(wrong);
    await rm(file);
    await expect(vault.provePassphrase?.(secret('words'))).rejects.toMatchObject({ code: 'vault_unavailable' });
  });

  it('tells where a damaged passphrase file went', async () => {
    const file = join(folder, 'vault.sealed');
    await writeFile(file, 'damaged');
    const vault = await openVault({ prefer: 'passphrase-file', file, passphrase: secret('w'), log: recordingLog() });
    expect(await readFile(vault.setAside ?? '', 'utf8')).toBe('damaged');
    expect(vault.reason).toContain(vault.setAside ?? 'nowhere');
  });
});
