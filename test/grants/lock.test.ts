// Locked, grants have no token and get none; what a provider was asked for before is written down first, and nothing is lost by it.
import { describe, expect, it } from 'vitest';
import { TokentrayError } from '../../main/errors.ts';
import { Secret } from '../../main/secret.ts';
import { memoryVault } from '../../main/vault/memory.ts';
import { deferred } from '../support/deferred.ts';
import { eventually } from '../support/eventually.ts';
import { world } from './fixture.ts';
import type { World } from './fixture.ts';

const refreshes = { endpoint: 'token', grantType: 'refresh_token' } as const;
const hour = 3_600_000;

const item = async (w: World): Promise<string> => {
  const [ref] = (await w.vault.list()).filter(({ kind }) => kind === 'grant');
  return ref === undefined ? '' : ((await w.vault.read(ref))?.reveal() ?? '');
};

describe('a locked grant', () => {
  it('lends no token, begins no sign-in and gives nothing back, and goes on when it is unlocked', async () => {
    await using w = await world();
    await w.signIn();
    expect(await w.call()).toBe(200);
    const auth = w.grants.upstreamAuth('demo');
    await w.grants.lock();
    const locked = { code: 'locked' };
    await expect(w.grants.accessToken('demo')).rejects.toMatchObject(locked);
    await expect(auth.authorize({ method: 'POST', url: new URL(w.server.url) })).rejects.toMatchObject(locked);
    await expect(w.grants.signIn('demo')).rejects.toMatchObject(locked);
    await expect(w.grants.revoke('demo')).rejects.toMatchObject(locked);
    await expect(w.grants.forgetServer('demo')).rejects.toMatchObject(locked);
    await expect(w.grants.clearCache()).rejects.toMatchObject(locked);
    expect(await w.grants.adoptable()).toEqual([]);
    expect(w.grants.view('demo').state).toMatchObject({ kind: 'connected', accessTokenExpiresAt: null });
    // Neither its timers nor a machine that wakes up brings a token back.
    await w.clock.advance(2 * hour);
    w.grants.woke();
    await w.clock.settle();
    expect(w.authorizationServer.stats.count(refreshes)).toBe(0);
    w.grants.unlock();
    expect(await w.call()).toBe(200);
    expect(w.authorizationServer.stats.count(refreshes)).toBe(1);
  });

  it('writes the rotated refresh token of a refresh that is under way, and lends nothing of it', async () => {
    await using w = await world();
    await w.signIn();
    const before = await item(w);
    await w.clock.advance(2 * hour);
    const held = deferred();
    const fault = w.authorizationServer.fault({ endpoint: 'token', when: 'after', until: held.promise });
    const asked = w.grants.accessToken('demo');
    asked.catch(() => undefined);
    await eventually(() => fault.hits() === 1);
    let done = false;
    const locking = w.grants.lock().finally(() => {
      done = true;
    });
    await w.clock.settle();
    expect(done).toBe(false);
    held.resolve();
    await locking;
    await expect(asked).rejects.toMatchObject({ code: 'locked' });
    expect(await item(w)).not.toBe(before);
    w.grants.unlock();
    // Had the rotated token been lost, the provider would take the old one for stolen and end the grant.
    expect(await w.call()).toBe(200);
    expect(w.authorizationServer.stats.count(refreshes)).toBe(2);
  });

  it('writes what the vault would not take before, as soon as it is locked', async () => {
    const vault = memoryVault();
    let full = false;
    const moody: typeof vault = {
      ...vault,
      write: (ref, value) =>
        full && ref.kind === 'grant'
          ? Promise.reject(new TokentrayError('store_full', 'full'))
          : vault.write(ref, value),
    };
    await using w = await world({ vault: moody });
    await w.signIn();
    const before = await item(w);
    await w.clock.advance(2 * hour);
    full = true;
    await w.grants.accessToken('demo').catch(() => undefined);
    full = false;
    await w.grants.lock();
    w.grants.unlock();
    expect(await w.call()).toBe(200);
    expect(await item(w)).not.toBe(before);
  });

  it('calls off a sign-in that waits for the person, and one that is about to begin', async () => {
    await using w = await world();
    const beginning = w.grants.signIn('demo', { openBrowser: false });
    await w.grants.lock();
    const signIn = await beginning;
    await expect(signIn.done).rejects.toMatchObject({ code: 'sign_in_cancelled' });
    expect(w.store.grants.list()).toEqual([]);
    expect(await w.vault.list()).toEqual([]);
    w.grants.unlock();
    await w.signIn();
    expect(await w.call()).toBe(200);
  });

  it('holds no token anywhere in its objects', async () => {
    await using w = await world();
    await w.signIn();
    const token = (await w.grants.accessToken('demo')).access_token.reveal();
    const auth = w.grants.upstreamAuth('demo');
    expect(await authorizationOf(w, auth)).toContain(token);
    await w.grants.lock();
    await expect(authorizationOf(w, auth)).rejects.toMatchObject({ code: 'locked' });
    // What a refused call could have kept: an error that carries it.
    const error: unknown = await w.grants.accessToken('demo').catch((thrown: unknown) => thrown);
    expect(textsIn(error).join('\n')).not.toContain(token);
  });
});

const authorizationOf = async (w: World, auth: ReturnType<World['grants']['upstreamAuth']>): Promise<string> => {
  const { headers } = await auth.authorize({ method: 'POST', url: new URL(w.server.url) });
  return headers['authorization'] ?? '';
};

/** Every text that can be reached from a value, behind secrets as well. */
function textsIn(value: unknown, seen = new Set<unknown>()): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  const own = Object.getOwnPropertyNames(value).map((name): unknown => Reflect.get(value, name));
  return [...(value instanceof Secret ? [value.reveal()] : []), ...own.flatMap((each) => textsIn(each, seen))];
}

describe('a panic’s revocation', () => {
  it('waits for a provider no longer than it may, forgets the grant here, and says so', async () => {
    await using w = await world();
    await w.signIn();
    const { release } = w.authorizationServer.hold('revocation');
    const late = new AbortController();
    const revoking = w.grants.revoke('demo', 'default', late.signal);
    await w.clock.settle();
    late.abort(new Error('late'));
    const receipt = await revoking;
    expect(receipt).toMatchObject({ confirmed: false, forgottenHere: true });
    expect(receipt.tokens[0]?.outcome).toMatchObject({ kind: 'unreachable' });
    expect(await w.vault.list()).toEqual([]);
    expect(w.grants.view('demo').state).toMatchObject({ kind: 'needs-sign-in', because: 'revoked-here' });
    release();
  });

  it('is not kept waiting by a refresh that hangs, whose answer nobody wants any more', async () => {
    await using w = await world();
    await w.signIn();
    await w.clock.advance(2 * hour);
    const held = deferred();
    const fault = w.authorizationServer.fault({ endpoint: 'token', when: 'after', until: held.promise });
    const asked = w.grants.accessToken('demo').catch((error: unknown) => error);
    await eventually(() => fault.hits() === 1);
    const late = new AbortController();
    const revoking = w.grants.revoke('demo', 'default', late.signal);
    late.abort(new Error('late'));
    expect(await revoking).toMatchObject({ confirmed: false, forgottenHere: true });
    held.resolve();
    expect(await asked).toMatchObject({ code: 'needs_sign_in' });
    expect(await w.vault.list()).toEqual([]);
  });
});
