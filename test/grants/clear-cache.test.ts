// A cleared cache drops the client that we registered where nothing depends on it, and never one that a grant is bound to.
import { describe, expect, it } from 'vitest';
import { TokentrayError } from '../../main/errors.ts';
import type { SecretStore } from '../../main/ports.ts';
import { secret } from '../../main/secret.ts';
import { memoryVault } from '../../main/vault/memory.ts';
import { world, type World } from './fixture.ts';

const kept = (some: Partial<Record<'neededByGrant' | 'signInUnderWay' | 'preRegistered', number>> = {}) => ({
  neededByGrant: 0,
  signInUnderWay: 0,
  preRegistered: 0,
  ...some,
});
const registrations = (w: World): number =>
  w.authorizationServer.stats.requests.filter(({ endpoint }) => endpoint === 'registration').length;
const secretsOfClients = async (w: World): Promise<string[]> =>
  (await w.vault.list()).flatMap(({ kind, id }) => (kind === 'registration' ? [id] : []));

/** Registered, with a secret, and then nobody signed in. */
async function begun(w: World): Promise<void> {
  w.authorizationServer.rewrite('registration', (answer) => ({
    ...answer,
    client_secret: 'secret-of-a-client-that-nobody-used',
    token_endpoint_auth_method: 'client_secret_post',
  }));
  const signIn = await w.grants.signIn('demo', { openBrowser: false });
  signIn.cancel();
  await signIn.done.catch(() => undefined);
  w.authorizationServer.rewrite('registration', null);
}

describe('a registration that no grant needs', () => {
  it('is dropped with its secret where nobody signed in, and the next sign-in registers anew', async () => {
    await using w = await world();
    await begun(w);
    expect(await secretsOfClients(w)).toHaveLength(1);
    expect(await w.grants.clearCache('demo')).toMatchObject({ registrations: 1, registrationsKept: kept() });
    expect(await secretsOfClients(w)).toEqual([]);
    expect(registrations(w)).toBe(1);
    await w.signIn();
    expect(registrations(w)).toBe(2);
    expect(await w.call()).toBe(200);
  });

  it('is dropped after its grant was revoked; what happened stays told', async () => {
    await using w = await world();
    await w.signIn();
    await w.grants.revoke('demo');
    expect(await w.grants.clearCache()).toMatchObject({ registrations: 1, registrationsKept: kept() });
    expect(w.grants.view('demo')).toMatchObject({
      registration: null,
      state: { kind: 'needs-sign-in', because: 'revoked-here' },
    });
    expect(w.store.events.list({ server: 'demo', kind: 'cache-cleared' })[0]?.detail).toMatchObject({
      registrations: 1,
    });
    await w.signIn();
    expect(registrations(w)).toBe(2);
  });

  it('is dropped where the authorization server has forgotten it: its refresh token is worth nothing any more', async () => {
    await using w = await world();
    await w.signIn();
    const { client_id = '' } = w.store.registrations.list()[0] ?? {};
    w.authorizationServer.forgetClient(client_id);
    await w.clock.advance(24 * 60 * 60_000);
    await w.call().catch(() => undefined);
    expect(w.grants.state('demo')).toMatchObject({ kind: 'needs-sign-in', because: 'client-unknown' });
    expect(await w.grants.clearCache('demo')).toMatchObject({ registrations: 1 });
    // Nobody can be asked to revoke it, and that is not the authorization server's doing.
    const { tokens } = await w.grants.revoke('demo');
    expect(tokens[0]?.outcome).toMatchObject({ kind: 'unreachable', error: expect.stringContaining('no longer held') });
  });

  it('is out of use, and not forgotten in the vault, when its secret could not be deleted', async () => {
    const vault = memoryVault();
    let locked = false;
    const sulking: SecretStore = {
      ...vault,
      delete: (ref) =>
        locked ? Promise.reject(new TokentrayError('vault_locked', 'the vault is locked')) : vault.delete(ref),
    };
    await using w = await world({ vault: sulking });
    await begun(w);
    locked = true;
    await expect(w.grants.clearCache('demo')).rejects.toMatchObject({ code: 'vault_locked' });
    expect(w.store.registrations.forIssuer(w.authorizationServer.issuer)).toBeNull();
    locked = false;
    expect(await w.grants.clearCache('demo')).toMatchObject({ registrations: 1 });
    expect(await secretsOfClients(w)).toEqual([]);
  });
});

describe('a registration that something needs', () => {
  it('is kept for a living grant, which goes on refreshing', async () => {
    await using w = await world();
    await w.signIn();
    expect(await w.grants.clearCache('demo')).toMatchObject({
      accessTokens: 1,
      registrations: 0,
      registrationsKept: kept({ neededByGrant: 1 }),
    });
    expect(await w.call()).toBe(200);
    expect(w.browser.visits).toHaveLength(1);
  });

  it('is kept for the grant of another server at the same issuer', async () => {
    await using w = await world();
    await w.grants.addServer({ name: 'twin', url: w.server.url });
    await w.signIn();
    await (
      await w.grants.signIn('twin')
    ).done;
    await w.grants.revoke('demo');
    const answer = { registrations: 0, registrationsKept: kept({ neededByGrant: 1 }) };
    expect(await w.grants.clearCache('demo')).toMatchObject(answer);
    expect(await w.grants.clearCache()).toMatchObject(answer);
    await w.grants.revoke('twin');
    expect(await w.grants.clearCache('demo')).toMatchObject({ registrations: 1, registrationsKept: kept() });
  });

  it('is kept while somebody signs in with it, and that sign-in then works', async () => {
    await using w = await world();
    const hold = w.authorizationServer.hold('token');
    const signIn = await w.grants.signIn('demo');
    expect(await w.grants.clearCache('demo')).toMatchObject({
      registrations: 0,
      registrationsKept: kept({ signInUnderWay: 1 }),
    });
    hold.release();
    await signIn.done;
    expect(await w.call()).toBe(200);
    expect(await w.grants.clearCache('demo')).toMatchObject({ registrationsKept: kept({ neededByGrant: 1 }) });
  });

  it('is kept while a sign-in has not yet said which one it goes on with', async () => {
    await using w = await world();
    await begun(w);
    const hold = w.authorizationServer.hold('oauth-metadata');
    const starting = w.grants.signIn('demo', { openBrowser: false });
    expect(await w.grants.clearCache()).toMatchObject({ registrationsKept: kept({ signInUnderWay: 1 }) });
    hold.release();
    const signIn = await starting;
    signIn.cancel();
    await signIn.done.catch(() => undefined);
    expect(await w.grants.clearCache()).toMatchObject({ registrations: 1 });
  });

  it('is kept for good where the user brought it', async () => {
    await using w = await world({
      as: {
        clients: [
          { client_id: 'mine', client_secret: 'mine-is-a-secret', redirect_uris: ['http://127.0.0.1/callback'] },
        ],
      },
      add: (grants, url) =>
        grants.addServer({
          name: 'demo',
          url,
          client: { client_id: 'mine', client_secret: secret('mine-is-a-secret') },
        }),
    });
    expect(await w.grants.clearCache()).toMatchObject({
      registrations: 0,
      registrationsKept: kept({ preRegistered: 1 }),
    });
    expect(await secretsOfClients(w)).toHaveLength(1);
  });

  it('is kept for a grant that only the vault still knows', async () => {
    await using w = await world();
    await w.signIn();
    const [row] = w.store.grants.list();
    w.store.grants.remove(row?.id ?? '');
    expect(await w.grants.clearCache()).toMatchObject({ registrationsKept: kept({ neededByGrant: 1 }) });
    await w.grants.adopt(row?.id ?? '');
    expect(await w.call()).toBe(200);
  });
});
