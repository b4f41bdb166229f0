import { describe, expect, it } from 'vitest';
import type { SignInResult } from '../../main/grants/types.ts';
import { createBrowser } from '../support/browser.ts';
import { world, type World } from './fixture.ts';

/** Signs somebody in to an account, in a browser of their own. */
async function signInAs(w: World, person: string, account: string | undefined): Promise<SignInResult> {
  const browser = createBrowser({ account: person });
  const signIn = await w.grants.signIn('demo', { openBrowser: false, ...(account === undefined ? {} : { account }) });
  await browser.open(signIn.url ?? '');
  return signIn.done;
}

async function personOf(w: World, account?: string): Promise<string | null> {
  const { access_token } = await w.grants.accessToken('demo', account === undefined ? {} : { account });
  const verified = await w.authorizationServer.verifyAccessToken(access_token.reveal(), null);
  return verified.active ? verified.sub : null;
}

const twoAccounts = async (): Promise<World> => {
  const w = await world();
  await signInAs(w, 'alice', undefined);
  await signInAs(w, 'bob', 'work');
  return w;
};

describe('two accounts of one server', () => {
  it('each have a grant of their own, and a token of one is never the other one’s', async () => {
    await using w = await twoAccounts();
    expect(w.grants.accounts('demo')).toEqual(['default', 'work']);
    expect(await personOf(w)).toBe('alice');
    expect(await personOf(w, 'work')).toBe('bob');
    const asked = { method: 'POST', url: new URL(w.server.url) };
    const { headers } = await w.grants.upstreamAuth('demo', 'work').authorize(asked);
    const sent = (headers['authorization'] ?? '').replace('Bearer ', '');
    expect((await w.authorizationServer.verifyAccessToken(sent, null)).sub).toBe('bob');
  });

  it('are listed one by one, the default one first', async () => {
    await using w = await twoAccounts();
    const shown = w.grants.list().map(({ account, isDefault, state }) => [account, isDefault, state.kind]);
    expect(shown).toEqual([
      ['default', true, 'connected'],
      ['work', false, 'connected'],
    ]);
    w.grants.setDefaultAccount('demo', 'work');
    expect(w.grants.list().map(({ account }) => account)).toEqual(['work', 'default']);
    expect(await personOf(w)).toBe('bob');
    expect(w.store.events.list({ kind: 'default-account-set' })).toMatchObject([
      { detail: { was: 'default', account: 'work' } },
    ]);
  });

  it('refresh at the same time, each with one request and its own refresh token', async () => {
    await using w = await twoAccounts();
    const before = w.authorizationServer.stats.count({ grantType: 'refresh_token' });
    await w.grants.clearCache('demo');
    const people = await Promise.all(
      Array.from({ length: 40 }, (_, at) => personOf(w, at % 2 === 0 ? 'work' : undefined)),
    );
    expect(new Set(people)).toEqual(new Set(['alice', 'bob']));
    expect(people.filter((_, at) => at % 2 === 0).every((person) => person === 'bob')).toBe(true);
    expect(w.authorizationServer.stats.count({ grantType: 'refresh_token' }) - before).toBe(2);
  });

  it('tell of their changes by name, and history names the account where it is not the usual one', async () => {
    await using w = await twoAccounts();
    const told: string[] = [];
    w.grants.onChange(({ account, state }) => told.push(`${account} ${state.kind}`));
    await w.grants.revoke('demo', 'work');
    expect(told).toEqual(['work needs-sign-in']);
    const signedIn = w.store.events.list({ server: 'demo', kind: 'signed-in' });
    expect(signedIn.map(({ detail }) => detail['account'])).toEqual(expect.arrayContaining(['work', undefined]));
    expect(w.store.events.list({ kind: 'revoked' })).toMatchObject([{ detail: { account: 'work', confirmed: true } }]);
  });

  it('end one by one: what is revoked of one leaves the other as it was', async () => {
    await using w = await twoAccounts();
    expect((await w.grants.revoke('demo', 'work')).confirmed).toBe(true);
    await expect(w.grants.accessToken('demo', { account: 'work' })).rejects.toMatchObject({
      code: 'needs_sign_in',
      advice: 'Sign in: tokentray connect demo --account work',
    });
    expect(await personOf(w)).toBe('alice');
    expect(w.grants.state('demo', 'work')).toMatchObject({ kind: 'needs-sign-in', because: 'revoked-here' });
  });

  it('survive a restart under their names, and so does which one is the default', async () => {
    await using w = await twoAccounts();
    w.grants.setDefaultAccount('demo', 'work');
    const again = w.restart();
    expect(again.list().map(({ account, state }) => [account, state.kind])).toEqual([
      ['work', 'connected'],
      ['default', 'connected'],
    ]);
    const { access_token } = await again.accessToken('demo');
    expect((await w.authorizationServer.verifyAccessToken(access_token.reveal(), null)).sub).toBe('bob');
  });

  it('are both kept in the vault, under labels that a person can tell apart', async () => {
    await using w = await twoAccounts();
    const labels = (await w.vault.list()).filter(({ kind }) => kind === 'grant').map(({ label }) => label);
    expect(labels).toHaveLength(2);
    expect(labels.filter((label) => label.startsWith('demo, work ('))).toHaveLength(1);
    expect(labels.filter((label) => label.startsWith('demo ('))).toHaveLength(1);
  });

  it('are both taken up again when the database was lost', async () => {
    await using w = await twoAccounts();
    for (const { id } of w.store.grants.list()) w.store.grants.remove(id);
    const offered = await w.grants.adoptable();
    expect(offered.map(({ account }) => account).sort()).toEqual(['default', 'work']);
    const again = w.restart();
    for (const { id } of offered) await again.adopt(id);
    const { access_token } = await again.accessToken('demo', { account: 'work' });
    expect((await w.authorizationServer.verifyAccessToken(access_token.reveal(), null)).sub).toBe('bob');
  });
});

describe('an account that is not there', () => {
  it('is said to be missing; no other one stands in for it', async () => {
    await using w = await world();
    await w.signIn();
    const missing = { code: 'account_missing', facts: { server: 'demo', account: 'work' } };
    await expect(w.grants.accessToken('demo', { account: 'work' })).rejects.toMatchObject(missing);
    expect(() => w.grants.state('demo', 'work')).toThrowError(expect.objectContaining(missing));
    expect(() => w.grants.upstreamAuth('demo', 'work')).toThrowError(expect.objectContaining(missing));
    await expect(w.grants.revoke('demo', 'work')).rejects.toMatchObject(missing);
    expect(() => w.grants.setDefaultAccount('demo', 'work')).toThrowError(expect.objectContaining(missing));
    expect(await personOf(w)).toBe('alice');
  });

  it('is there while somebody signs in to it, and no longer when nothing came of that', async () => {
    await using w = await world();
    const signIn = await w.grants.signIn('demo', { account: 'work', openBrowser: false });
    expect(w.grants.accounts('demo')).toEqual(['default', 'work']);
    expect(w.grants.state('demo', 'work').kind).toBe('signing-in');
    signIn.cancel();
    await signIn.done.catch(() => undefined);
    await w.clock.settle();
    expect(w.grants.accounts('demo')).toEqual(['default']);
    expect(w.grants.list()).toHaveLength(1);
  });

  it.each(['', '  ', '../x', 'a\nb', '\u202egnp', 'x'.repeat(65), '-rf', '"quoted"', '<b>'])(
    'cannot be called %j',
    async (account) => {
      await using w = await world();
      await expect(w.grants.signIn('demo', { account, openBrowser: false })).rejects.toMatchObject({
        code: 'invalid_input',
      });
    },
  );
});

describe('forgetting one account', () => {
  it('takes its secrets and its name away, ends what was allowed for it, and leaves the other', async () => {
    await using w = await twoAccounts();
    const { forgotten } = await w.grants.forgetAccount('demo', 'work');
    expect(forgotten).toEqual(['refresh token', 'account']);
    expect(w.endedFor).toEqual(['demo/work']);
    expect(w.grants.accounts('demo')).toEqual(['default']);
    expect((await w.vault.list()).filter(({ kind }) => kind === 'grant')).toHaveLength(1);
    await expect(w.grants.accessToken('demo', { account: 'work' })).rejects.toMatchObject({ code: 'account_missing' });
    expect(await personOf(w)).toBe('alice');
  });

  it('shuts out who still holds its credentials, and serves them again when somebody signs in under its name', async () => {
    await using w = await twoAccounts();
    const asked = { method: 'POST', url: new URL(w.server.url) };
    const auth = w.grants.upstreamAuth('demo', 'work');
    await auth.authorize(asked);
    await w.grants.forgetAccount('demo', 'work');
    await expect(auth.authorize(asked)).rejects.toMatchObject({ code: 'account_missing' });
    await signInAs(w, 'carol', 'work');
    const { headers } = await auth.authorize(asked);
    const sent = (headers['authorization'] ?? '').replace('Bearer ', '');
    expect((await w.authorizationServer.verifyAccessToken(sent, null)).sub).toBe('carol');
  });

  it('never gives credentials of a new server to who held those of an old one with its name', async () => {
    await using w = await twoAccounts();
    const auth = w.grants.upstreamAuth('demo');
    await w.grants.forgetServer('demo');
    await w.clock.advance(1);
    await w.grants.addServer({ name: 'demo', url: w.server.url });
    await expect(auth.authorize({ method: 'POST', url: new URL(w.server.url) })).rejects.toMatchObject({
      code: 'unknown_server',
    });
  });

  it('of the default one makes none of the others the default', async () => {
    await using w = await twoAccounts();
    await w.grants.forgetAccount('demo', 'default');
    expect(w.grants.defaultAccount('demo')).toBe('default');
    await expect(w.grants.accessToken('demo')).rejects.toMatchObject({ code: 'needs_sign_in' });
  });

  it('happens to all of them with the server, and a new one of that name begins with the usual account', async () => {
    await using w = await twoAccounts();
    w.grants.setDefaultAccount('demo', 'work');
    await w.grants.forgetServer('demo');
    expect((await w.vault.list()).filter(({ kind }) => kind === 'grant')).toEqual([]);
    await w.grants.addServer({ name: 'demo', url: w.server.url });
    expect(w.grants.accounts('demo')).toEqual(['default']);
  });
});
