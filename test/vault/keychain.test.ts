// The keychain vault, on a real gnome-keyring over a real D-Bus session.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { secret } from '../../main/secret.ts';
import { keychainVault, loadKeytar } from '../../main/vault/keychain.ts';
import type { Keychain, Keytar } from '../../main/vault/keychain.ts';
import { openVault } from '../../main/vault/open.ts';
import { refOf, reveal } from './contract-refs.ts';
import { vaultContract } from './contract.ts';
import { keyringMissing, keyringSession } from './keyring-session.ts';
import type { KeyringSession } from './keyring-session.ts';
import { recordingLog } from './recording-log.ts';

const service = 'Tokentray test';
const missing =
  keyringMissing() ??
  (await loadKeytar().then(
    () => null,
    () => 'libsecret is not installed',
  ));
const outside = process.env['DBUS_SESSION_BUS_ADDRESS'];

if (missing !== null) {
  describe('the keychain vault on a real keyring', () => {
    it('keeps what every vault promises', (context) => context.skip(missing));
  });
} else {
  let session: KeyringSession;
  let keytar: Keytar;
  const open = (): Keychain =>
    keychainVault(keytar, {
      service,
      timeoutMs: 20_000,
      after: (ms, task) => {
        const timer = setTimeout(task, ms);
        return () => clearTimeout(timer);
      },
    });
  const fresh = async (): Promise<Keychain> => {
    // keytar's listing would end this process on a locked keyring.
    await open().probe();
    for (const { account } of await keytar.findCredentials(service)) await keytar.deletePassword(service, account);
    return open();
  };

  beforeAll(async () => {
    session = await keyringSession();
    // libsecret reads this when it is first used, and keeps to that bus for as long as the process lives.
    process.env['DBUS_SESSION_BUS_ADDRESS'] = session.address;
    keytar = await loadKeytar();
  });

  afterAll(async () => {
    if (outside === undefined) delete process.env['DBUS_SESSION_BUS_ADDRESS'];
    else process.env['DBUS_SESSION_BUS_ADDRESS'] = outside;
    await session.close();
  });

  vaultContract({ kind: 'keychain', persistent: true, fresh, reopen: async () => open() });

  describe('the keychain vault on a real keyring', () => {
    it('names one item per grant so that a person recognises it', async () => {
      const store = await fresh();
      await store.write(refOf('4711'), secret('refresh'));
      const items = await keytar.findCredentials(service);
      expect(items.map((item) => item.account)).toEqual(['linear (mcp.linear.app) – refresh token [grant 4711]']);
    });

    it('is what `auto` chooses, with nothing to complain about', async () => {
      const log = recordingLog();
      const vault = await openVault({ prefer: 'auto', log, service });
      expect({ kind: vault.kind, persistent: vault.persistent, reason: vault.reason }).toEqual({
        kind: 'keychain',
        persistent: true,
        reason: null,
      });
      expect(log.lines).toEqual([]);
      // The check left nothing behind.
      await fresh();
      await openVault({ prefer: 'keychain', log, service });
      expect(await keytar.findCredentials(service)).toEqual([]);
    });

    it('says locked while it is locked, and has everything when it is unlocked', async () => {
      const store = await fresh();
      await store.write(refOf('short'), secret('short'));
      await store.write(refOf('long'), secret('long '.repeat(1_000)));
      session.lock();
      const locked = { code: 'vault_locked' };
      await expect(store.read(refOf('short'))).rejects.toMatchObject(locked);
      await expect(open().read(refOf('long'))).rejects.toMatchObject(locked);
      await expect(open().list()).rejects.toMatchObject(locked);
      await expect(store.write(refOf('short'), secret('new'))).rejects.toMatchObject(locked);
      await expect(store.delete(refOf('short'))).rejects.toMatchObject(locked);
      await session.unlock();
      expect(await reveal(store, refOf('short'))).toBe('short');
      expect(await reveal(open(), refOf('long'))).toBe('long '.repeat(1_000));
    });

    it('stays the vault that `auto` chooses when it is locked at the start: no grant looks lost', async () => {
      const before = await fresh();
      await before.write(refOf('kept'), secret('kept'));
      session.lock();
      const log = recordingLog();
      const vault = await openVault({ prefer: 'auto', log, service });
      expect(vault.kind).toBe('keychain');
      expect(vault.reason).toContain('locked');
      expect(log.at('warn')).toEqual(['The keychain is locked.']);
      await expect(openVault({ prefer: 'keychain', log, service })).rejects.toMatchObject({ code: 'vault_locked' });
      await session.unlock();
      expect(await reveal(vault, refOf('kept'))).toBe('kept');
    });
  });
}
