import { describe, expect, it } from 'vitest';
import { isTokentrayError } from '../../main/errors.ts';
import { secret } from '../../main/secret.ts';
import { eventually } from '../support/eventually.ts';
import { world } from './fixture.ts';

const refreshes = { endpoint: 'token', grantType: 'refresh_token' } as const;
const hour = 3_600_000;

describe('an access token is refreshed', () => {
  it('once, however many calls wait for it', async () => {
    await using w = await world();
    await w.signIn();
    await w.clock.advance(2 * hour);
    const tokens = await Promise.all(Array.from({ length: 200 }, () => w.grants.accessToken('demo')));
    expect(w.authorizationServer.stats.count(refreshes)).toBe(1);
    expect(new Set(tokens.map((token) => token.access_token.reveal())).size).toBe(1);
  });

  it('in the background ahead of its end, while calls go on with the old one', async () => {
    await using w = await world();
    await w.signIn();
    const before = await w.grants.accessToken('demo');
    const { release } = w.authorizationServer.hold('token');
    await w.clock.advance(hour * 0.85);
    const during = await w.grants.accessToken('demo');
    expect(during.access_token.reveal()).toBe(before.access_token.reveal());
    release();
    release();
    await eventually(() => w.authorizationServer.stats.count(refreshes) === 1);
  });

  it('not for every call when the server gives it a life of 10 seconds', async () => {
    await using w = await world({ as: { accessTokenTtl: 10 } });
    await w.signIn();
    for (let call = 0; call < 20; call += 1) await w.grants.accessToken('demo');
    expect(w.authorizationServer.stats.count(refreshes)).toBe(0);
  });

  it('after the machine slept past its end', async () => {
    await using w = await world();
    await w.signIn();
    await w.grants.accessToken('demo');
    await w.clock.sleepMachine(10 * hour);
    w.grants.woke();
    await eventually(() => w.authorizationServer.stats.count(refreshes) === 1);
  });

  it('with the same resource as at sign-in, and the rotated refresh token is in the vault before it is used', async () => {
    await using w = await world();
    await w.signIn();
    const [ref] = await w.vault.list();
    expect(ref).toBeDefined();
    if (ref === undefined) return;
    const before = await w.vault.read(ref);
    await w.clock.advance(2 * hour);
    await w.grants.accessToken('demo');
    expect((await w.vault.read(ref))?.reveal()).not.toBe(before?.reveal());
    expect(w.authorizationServer.stats.list(refreshes)[0]?.params['resource']).toBe(w.server.resource);
    const legs = w.authorizationServer.stats.list().filter((request) => request.params['resource'] !== undefined);
    expect(new Set(legs.map((request) => request.params['resource']))).toEqual(new Set([w.server.resource]));
  });

  it('once on a 401, and the call is repeated with the new one', async () => {
    await using w = await world();
    await w.signIn();
    expect(await w.call()).toBe(200);
    w.authorizationServer.expireAccessTokens();
    expect(await w.call()).toBe(200);
    expect(w.authorizationServer.stats.count(refreshes)).toBe(1);
  });

  it('once when many calls meet a 401 at the same time', async () => {
    await using w = await world();
    await w.signIn();
    expect(await w.call()).toBe(200);
    w.authorizationServer.expireAccessTokens();
    const statuses = await Promise.all(Array.from({ length: 20 }, () => w.call()));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(w.authorizationServer.stats.count(refreshes)).toBe(1);
  });
});

describe('a failed refresh', () => {
  it('keeps the grant through a 503 in HTML, says when it tries again, and recovers', async () => {
    await using w = await world();
    await w.signIn();
    await w.clock.advance(2 * hour);
    w.authorizationServer.fault({ endpoint: 'token', status: 503, body: '<h1>Down</h1>', times: 1 });
    await expect(w.grants.accessToken('demo')).rejects.toMatchObject({ code: 'token_unavailable' });
    expect(w.grants.view('demo').state.kind).toBe('retrying');
    await w.clock.advance(60_000);
    await expect(w.grants.accessToken('demo')).resolves.toBeDefined();
    expect(w.grants.view('demo').state.kind).toBe('connected');
  });

  it('asks no more often than the back-off allows, however many calls come', async () => {
    await using w = await world();
    await w.signIn();
    await w.clock.advance(2 * hour);
    w.authorizationServer.fault({ endpoint: 'token', status: 500, times: 100 });
    for (let call = 0; call < 30; call += 1) await w.grants.accessToken('demo').catch(() => undefined);
    expect(w.authorizationServer.stats.count({ endpoint: 'token', status: 500 })).toBe(1);
  });

  it('ends the grant on invalid_grant, once, without a loop, and a new sign-in mends it', async () => {
    await using w = await world();
    const states: string[] = [];
    await w.signIn();
    w.grants.onChange((change) => states.push(change.state.kind));
    w.authorizationServer.revokeAllGrants('alice');
    await w.clock.advance(2 * hour);
    for (let call = 0; call < 10; call += 1) {
      await expect(w.grants.accessToken('demo')).rejects.toMatchObject({ code: 'needs_sign_in' });
    }
    expect(w.authorizationServer.stats.count(refreshes)).toBe(1);
    expect(states.filter((state) => state === 'needs-sign-in')).toHaveLength(1);
    expect(w.grants.view('demo').state).toMatchObject({ kind: 'needs-sign-in', because: 'ended-by-provider' });
    await w.signIn();
    expect(await w.call()).toBe(200);
  });

  it('takes an empty 400 for a dead refresh token', async () => {
    await using w = await world();
    await w.signIn();
    await w.clock.advance(2 * hour);
    w.authorizationServer.fault({ endpoint: 'token', status: 400, body: '' });
    await expect(w.grants.accessToken('demo')).rejects.toMatchObject({ code: 'needs_sign_in' });
    expect(w.grants.view('demo').state).toMatchObject({ because: 'ended-by-provider' });
  });

  it('says so when the answer was lost after the server may have rotated, and does not use the old token again', async () => {
    await using w = await world();
    await w.signIn();
    await w.clock.advance(2 * hour);
    w.authorizationServer.fault({ endpoint: 'token', when: 'after', drop: true });
    const failure = await w.grants.accessToken('demo').catch((error: unknown) => error);
    expect(isTokentrayError(failure, 'needs_sign_in')).toBe(true);
    expect(w.grants.view('demo').state).toMatchObject({ because: 'refresh-answer-lost' });
    expect(await w.vault.list()).toHaveLength(1);
    await w.grants.accessToken('demo').catch(() => undefined);
    expect(w.authorizationServer.stats.count(refreshes)).toBe(1);
  });

  it('repeats a lost refresh once where the server was seen not to rotate', async () => {
    await using w = await world({ as: { rotation: 'off' } });
    await w.signIn();
    await w.clock.advance(2 * hour);
    await w.grants.accessToken('demo');
    await w.clock.advance(2 * hour);
    w.authorizationServer.fault({ endpoint: 'token', when: 'after', drop: true });
    await expect(w.grants.accessToken('demo')).resolves.toBeDefined();
    expect(w.authorizationServer.stats.count(refreshes)).toBe(3);
  });

  it('loses nothing when the vault cannot be read', async () => {
    await using w = await world();
    await w.signIn();
    const [ref] = await w.vault.list();
    if (ref === undefined) throw new Error('nothing in the vault');
    const good = await w.vault.read(ref);
    await w.vault.write(ref, secret('{ not what we wrote'));
    await w.clock.advance(2 * hour);
    await expect(w.grants.accessToken('demo')).rejects.toMatchObject({ code: 'token_unavailable' });
    if (good !== null) await w.vault.write(ref, good);
    await w.clock.advance(10 * 60_000);
    await expect(w.grants.accessToken('demo')).resolves.toBeDefined();
  });
});
