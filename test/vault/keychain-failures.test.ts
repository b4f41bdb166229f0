// A keychain that is locked, silent or missing is never mistaken for an empty one.
import { describe, expect, it } from 'vitest';
import { secret } from '../../main/secret.ts';
import { keychainVault } from '../../main/vault/keychain.ts';
import type { Keytar } from '../../main/vault/keychain.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { refOf, reveal } from './contract-refs.ts';

/** keytar over a map, as libsecret behaves: what is locked is not found, and writing fails. */
function mapKeytar() {
  const held = new Map<string, string>();
  const state = { locked: false, listings: 0 };
  const keytar: Keytar = {
    getPassword: async (_, account) => (state.locked ? null : (held.get(account) ?? null)),
    setPassword: async (_, account, password) => {
      if (state.locked) throw new Error('Cannot create an item in a locked collection');
      held.set(account, password);
    },
    deletePassword: async (_, account) => !state.locked && held.delete(account),
    findCredentials: async () => {
      state.listings += 1;
      if (state.locked) throw new Error('keytar would have crashed the process here');
      return Array.from(held, ([account, password]) => ({ account, password }));
    },
  };
  return { keytar, held, state };
}

const options = (clock = createFakeClock()) => ({
  service: 'Tokentray test',
  timeoutMs: 30_000,
  after: (ms: number, task: () => void) => clock.after(ms, task),
});

describe('a locked keychain', () => {
  it('says so on every operation, and has lost nothing when it is unlocked', async () => {
    const { keytar, state } = mapKeytar();
    const store = keychainVault(keytar, options());
    await store.write(refOf('a'), secret('kept'));
    state.locked = true;
    const locked = { code: 'vault_locked', retry: 'later' };
    await expect(store.read(refOf('a'))).rejects.toMatchObject(locked);
    await expect(store.read(refOf('unknown'))).rejects.toMatchObject(locked);
    await expect(store.write(refOf('a'), secret('new'))).rejects.toMatchObject(locked);
    await expect(store.delete(refOf('a'))).rejects.toMatchObject(locked);
    await expect(store.list()).rejects.toMatchObject(locked);
    expect(state.listings).toBe(1);
    state.locked = false;
    expect(await reveal(store, refOf('a'))).toBe('kept');
  });

  it('is not believed to be empty by a process that has just started', async () => {
    const { keytar, state } = mapKeytar();
    await keychainVault(keytar, options()).write(refOf('a'), secret('kept'));
    state.locked = true;
    const store = keychainVault(keytar, options());
    await expect(store.read(refOf('a'))).rejects.toMatchObject({ code: 'vault_locked' });
    await expect(store.list()).rejects.toMatchObject({ code: 'vault_locked' });
  });

  it('gives the secret when the person unlocks it because of the question', async () => {
    const { keytar, state } = mapKeytar();
    const unlocking: Keytar = {
      ...keytar,
      setPassword: async (...args) => {
        state.locked = false;
        return keytar.setPassword(...args);
      },
    };
    const store = keychainVault(unlocking, options());
    await store.write(refOf('a'), secret('kept'));
    state.locked = true;
    expect(await reveal(store, refOf('a'))).toBe('kept');
  });

  it('does not make a deletion look done when it is locked in the middle of it', async () => {
    const { keytar, held, state } = mapKeytar();
    const locking: Keytar = {
      ...keytar,
      deletePassword: async (service, account) => {
        state.locked = account.includes('[grant a]');
        return keytar.deletePassword(service, account);
      },
    };
    const store = keychainVault(locking, options());
    await store.write(refOf('a'), secret('kept'));
    await expect(store.delete(refOf('a'))).rejects.toMatchObject({ code: 'vault_locked' });
    expect(held.size).toBe(1);
  });
});

describe('a keychain that does not answer', () => {
  it('is given up after the time limit, and nothing is sent behind the call that hangs', async () => {
    const clock = createFakeClock();
    const { keytar, held } = mapKeytar();
    const late: (() => void)[] = [];
    let calls = 0;
    const store = keychainVault(
      {
        ...keytar,
        setPassword: (service, account, password) => {
          calls += 1;
          if (password !== 'harmless' && late.length === 0) {
            return new Promise((resolve) => {
              late.push(() => resolve(keytar.setPassword(service, account, password)));
            });
          }
          return keytar.setPassword(service, account, password);
        },
      },
      options(clock),
    );
    const write = store.write(refOf('a'), secret('late'));
    const refused = expect(write).rejects.toMatchObject({ code: 'vault_locked', facts: { because: 'no-answer' } });
    await clock.settle();
    await clock.advance(30_000);
    await refused;
    const before = calls;
    await expect(store.read(refOf('a'))).rejects.toMatchObject({ code: 'vault_locked' });
    expect(calls).toBe(before);
    // The late answer frees the way again.
    for (const answer of late) answer();
    await clock.settle();
    expect([...held.values()].join('')).toContain('late');
    await store.write(refOf('a'), secret('newer'));
    expect(await reveal(store, refOf('a'))).toBe('newer');
  });

  it('leaves no timer behind when it answers', async () => {
    const clock = createFakeClock();
    const store = keychainVault(mapKeytar().keytar, options(clock));
    await store.write(refOf('a'), secret('1'));
    expect(clock.pending()).toBe(0);
  });
});

describe('what a keychain says when it fails', () => {
  const words: [string, string][] = [
    ['Cannot autolaunch D-Bus without X11 $DISPLAY', 'vault_unavailable'],
    ['The name org.freedesktop.secrets was not provided by any .service files', 'vault_unavailable'],
    ['Could not connect: No such file or directory', 'vault_unavailable'],
    ['Cannot create an item in a locked collection', 'vault_locked'],
    ['Prompt dismissed', 'vault_locked'],
    ['User canceled the operation.', 'vault_locked'],
    ['User interaction is not allowed.', 'vault_locked'],
    ['The user name or passphrase you entered is not correct.', 'vault_locked'],
  ];
  for (const [message, code] of words) {
    it(`becomes ${code}: ${message}`, async () => {
      const failing = { ...mapKeytar().keytar, setPassword: () => Promise.reject(new Error(message)) };
      const store = keychainVault(failing, options());
      await expect(store.write(refOf('a'), secret('1'))).rejects.toMatchObject({ code });
      await expect(store.probe()).rejects.toMatchObject({ code });
    });
  }

  it('is shown as text and never contains the secret', async () => {
    const failing = { ...mapKeytar().keytar, setPassword: () => Promise.reject(new Error('bad\u001b[2J\u202e')) };
    const error = await keychainVault(failing, options())
      .write(refOf('a'), secret('canary-7f'))
      .then(
        () => null,
        (reason: unknown) => reason,
      );
    expect(String(error)).toContain('\\u001b[2J\\u202e');
    expect(JSON.stringify(error)).not.toContain('canary-7f');
  });

  it('is unavailable when it does not give back what was written', async () => {
    const store = keychainVault({ ...mapKeytar().keytar, getPassword: async () => 'else' }, options());
    await expect(store.probe()).rejects.toMatchObject({ code: 'vault_unavailable' });
  });
});
