// Revoking and forgetting while an answer of the authorization server is still on its way: what is over stays over.
import { describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.ts';
import { eventually } from '../support/eventually.ts';
import { world, type World } from './fixture.ts';

const refreshes = { endpoint: 'token', grantType: 'refresh_token' } as const;
const hours = 3_600_000;

/** Holds the next answer of the token endpoint; `arrived` resolves when the server has carried the request out. */
function holdAnswer(w: World): { arrived: () => Promise<void>; release: () => void } {
  const gate = deferred();
  const fault = w.authorizationServer.fault({ endpoint: 'token', when: 'after', until: gate.promise });
  return { arrived: () => eventually(() => fault.hits() === 1), release: gate.resolve };
}

describe('a refresh whose answer is still on its way', () => {
  it('does not bring a revoked grant back, and its new tokens are revoked too', async () => {
    await using w = await world();
    await w.signIn();
    await w.clock.advance(2 * hours);
    const { arrived, release } = holdAnswer(w);
    const pending = w.grants.accessToken('demo').catch((error: unknown) => error);
    await arrived();
    const revoking = w.grants.revoke('demo');
    await w.clock.settle();
    release();
    expect(await revoking).toMatchObject({ confirmed: true, forgottenHere: true });
    await pending;
    expect(await w.vault.list()).toEqual([]);
    expect(w.grants.view('demo').state).toMatchObject({ kind: 'needs-sign-in', because: 'revoked-here' });
    await expect(w.call()).rejects.toMatchObject({ code: 'needs_sign_in' });
    for (const token of w.authorizationServer.issuedSecrets) {
      expect((await w.authorizationServer.verifyAccessToken(token, w.server.resource)).active).toBe(false);
    }
  });

  it('leaves nothing in the vault when the server was forgotten meanwhile', async () => {
    await using w = await world();
    await w.signIn();
    await w.clock.advance(2 * hours);
    const { arrived, release } = holdAnswer(w);
    const pending = w.grants.accessToken('demo').catch((error: unknown) => error);
    await arrived();
    await w.grants.forgetServer('demo');
    release();
    await pending;
    await eventually(() => w.authorizationServer.stats.count(refreshes) === 1);
    await w.clock.settle();
    expect(await w.vault.list()).toEqual([]);
    expect(await w.grants.adoptable()).toEqual([]);
  });

  it('does not disturb the grant of somebody who signed in meanwhile', async () => {
    await using w = await world();
    await w.signIn();
    await w.clock.advance(2 * hours);
    const { arrived, release } = holdAnswer(w);
    const pending = w.grants.accessToken('demo').catch((error: unknown) => error);
    await arrived();
    await w.signIn();
    release();
    await pending;
    await w.clock.settle();
    expect(await w.vault.list()).toHaveLength(1);
    expect(w.grants.view('demo').state.kind).toBe('connected');
    expect(await w.call()).toBe(200);
  });
});

describe('a sign-in whose code is being exchanged', () => {
  it('ends with nothing kept when the server is forgotten, and its tokens are given back', async () => {
    await using w = await world();
    const { arrived, release } = holdAnswer(w);
    const signIn = await w.grants.signIn('demo');
    const done = signIn.done.catch((error: unknown) => error);
    await arrived();
    await w.grants.forgetServer('demo');
    release();
    expect(await done).toMatchObject({ code: 'sign_in_cancelled' });
    expect(await w.vault.list()).toEqual([]);
    for (const token of w.authorizationServer.issuedSecrets) {
      expect((await w.authorizationServer.verifyAccessToken(token, w.server.resource)).active).toBe(false);
    }
  });

  it('is not signed in after a revocation that came before its end', async () => {
    await using w = await world();
    await w.signIn();
    const { arrived, release } = holdAnswer(w);
    const signIn = await w.grants.signIn('demo', { freshConsent: true });
    const done = signIn.done.catch((error: unknown) => error);
    await arrived();
    const revoking = w.grants.revoke('demo');
    release();
    await revoking;
    await done;
    expect(await w.vault.list()).toEqual([]);
    expect(w.grants.view('demo').state.kind).toBe('needs-sign-in');
  });
});
