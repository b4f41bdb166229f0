// Machines sign in without a person: client credentials at a real authorization server.
import { describe, expect, it } from 'vitest';
import { TokentrayError } from '../../main/errors.ts';
import type { SecretStore } from '../../main/ports.ts';
import { secret } from '../../main/secret.ts';
import { memoryVault } from '../../main/vault/memory.ts';
import { world, type WorldOptions } from './fixture.ts';

const machine: WorldOptions = {
  as: {
    clients: [
      {
        client_id: 'machine',
        client_secret: 'machine-secret-0123456789',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
  },
  add: (grants, url) =>
    grants.addServer({
      name: 'demo',
      url,
      flow: { kind: 'client_credentials' },
      client: { client_id: 'machine', client_secret: secret('machine-secret-0123456789') },
    }),
};
const issued = { endpoint: 'token', grantType: 'client_credentials' } as const;

describe('a server that is used with client credentials', () => {
  it('works without a browser, with the resource on the request', async () => {
    await using w = await world(machine);
    expect(await w.call()).toBe(200);
    expect(w.browser.visits).toHaveLength(0);
    expect(w.authorizationServer.stats.list(issued)[0]?.params['resource']).toBe(w.server.resource);
  });

  it('gets a new token when the old one has ended, once for everybody, and keeps one grant', async () => {
    await using w = await world(machine);
    await w.call();
    await w.clock.advance(3 * 3_600_000);
    await Promise.all(Array.from({ length: 50 }, () => w.grants.accessToken('demo')));
    expect(w.authorizationServer.stats.count(issued)).toBe(2);
    expect(w.store.grants.list()).toHaveLength(1);
  });

  it('fails clearly when the secret is wrong, and does not hammer', async () => {
    await using w = await world({
      ...machine,
      add: (grants, url) =>
        grants.addServer({
          name: 'demo',
          url,
          flow: { kind: 'client_credentials' },
          client: { client_id: 'machine', client_secret: secret('wrong') },
        }),
    });
    await expect(w.call()).rejects.toMatchObject({ code: 'client_unknown' });
    expect(w.authorizationServer.stats.count(issued)).toBe(1);
  });
});

/** The memory vault behind a door that the test closes. */
function lockable(): SecretStore & { locked: boolean } {
  const inner = memoryVault();
  const door = { locked: false };
  const guard = <T>(work: () => Promise<T>): Promise<T> =>
    door.locked
      ? Promise.reject(new TokentrayError('vault_locked', 'the keychain is locked', { advice: 'Unlock it.' }))
      : work();
  return Object.assign(door, {
    kind: inner.kind,
    persistent: inner.persistent,
    read: (ref: Parameters<SecretStore['read']>[0]) => guard(() => inner.read(ref)),
    write: (...args: Parameters<SecretStore['write']>) => guard(() => inner.write(...args)),
    delete: (ref: Parameters<SecretStore['delete']>[0]) => guard(() => inner.delete(ref)),
    list: () => guard(() => inner.list()),
  });
}

describe('a keychain that is locked', () => {
  it('postpones a refresh and loses nothing', async () => {
    const vault = lockable();
    await using w = await world({ vault });
    await w.signIn();
    vault.locked = true;
    await w.clock.advance(2 * 3_600_000);
    await expect(w.grants.accessToken('demo')).rejects.toMatchObject({ code: 'token_unavailable' });
    expect(w.grants.view('demo').state.kind).toBe('retrying');
    vault.locked = false;
    await w.clock.advance(10 * 60_000);
    await expect(w.grants.accessToken('demo')).resolves.toBeDefined();
  });

  it('does not use a token whose rotated refresh token could not be stored, and stores it as soon as it can', async () => {
    const vault = lockable();
    await using w = await world({ vault });
    await w.signIn();
    await w.clock.advance(2 * 3_600_000);
    const { release } = w.authorizationServer.hold('token', 'after');
    const pending = w.grants.accessToken('demo').catch((error: unknown) => error);
    await w.clock.settle();
    vault.locked = true;
    release();
    expect(await pending).toMatchObject({ code: 'token_unavailable' });
    vault.locked = false;
    await w.clock.advance(10 * 60_000);
    await w.grants.accessToken('demo');
    expect(w.authorizationServer.stats.count({ endpoint: 'token', grantType: 'refresh_token' })).toBe(1);
    await w.clock.advance(2 * 3_600_000);
    await expect(w.grants.accessToken('demo')).resolves.toBeDefined();
  });
});
