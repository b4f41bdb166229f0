import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { secret } from '../../main/secret.ts';
import { world } from './fixture.ts';

describe('signing in', () => {
  it('goes through the provider’s own pages and leaves a grant that works', async () => {
    await using w = await world();
    const signIn = await w.grants.signIn('demo');
    const result = await signIn.done;
    expect(result.grantedScopes).toContain('mcp');
    expect(result.refreshable).toBe(true);
    expect(await w.call()).toBe(200);
    const page = await w.browser.visits[0];
    expect(page?.text).toMatch(/close/i);
    expect(w.grants.view('demo')).toMatchObject({
      state: { kind: 'connected' },
      issuer: w.authorizationServer.issuer,
      resource: w.server.resource,
      registration: 'dcr',
    });
  });

  it('says that a memory vault forgets', async () => {
    await using w = await world();
    const result = await (await w.grants.signIn('demo')).done;
    expect(result.warning).toMatch(/memory/);
    expect(w.log.join('')).toMatch(/memory only/);
  });

  it('shows what it would do before anything is opened', async () => {
    await using w = await world();
    const plan = await w.grants.plan('demo');
    expect(plan).toMatchObject({
      issuer: w.authorizationServer.issuer,
      registration: 'dcr',
      audienceAsked: true,
      resource: w.server.resource,
    });
    expect(plan.scopes).toContain('mcp');
    expect(w.browser.visits).toHaveLength(0);
    expect(w.authorizationServer.stats.count({ endpoint: 'registration' })).toBe(0);
  });

  it('has one flow per grant, joined by whoever asks again', async () => {
    await using w = await world({ browser: { stopAt: 'login' } });
    const [first, second] = await Promise.all([w.grants.signIn('demo'), w.grants.signIn('demo')]);
    expect(first.url).toBe(second.url);
    expect(w.browser.visits).toHaveLength(1);
    first.cancel();
    await expect(second.done).rejects.toMatchObject({ code: 'sign_in_cancelled' });
  });

  it('ends after five minutes without an answer, and can be started again', async () => {
    await using w = await world({ browser: { stopAt: 'login' } });
    const signIn = await w.grants.signIn('demo');
    await w.clock.advance(5 * 60_000);
    await expect(signIn.done).rejects.toMatchObject({ code: 'sign_in_timeout' });
    const again = await w.grants.signIn('demo');
    expect(again.url).not.toBe(signIn.url);
  });

  it('tells what a denial was, and stores nothing', async () => {
    await using w = await world({ browser: { decide: 'deny' } });
    const signIn = await w.grants.signIn('demo');
    await expect(signIn.done).rejects.toMatchObject({ code: 'authorization_denied' });
    expect(await w.vault.list()).toHaveLength(0);
  });

  it('takes the callback address that the user pasted, and no other', async () => {
    await using w = await world({ browser: { stopAt: 'callback' } });
    const signIn = await w.grants.signIn('demo', { openBrowser: false });
    if (signIn.url === null) throw new Error('no address');
    expect(w.browser.visits).toHaveLength(0);
    const { url: callback } = await w.browser.open(signIn.url);
    await expect(signIn.complete('http://127.0.0.1:1/callback?code=x&state=wrong')).rejects.toMatchObject({
      code: 'callback_mismatch',
    });
    await expect(signIn.complete('not an address')).rejects.toMatchObject({ code: 'callback_mismatch' });
    await signIn.complete(callback);
    expect(await w.call()).toBe(200);
  });

  it('uses the client that the user brought, with its secret, and never registers', async () => {
    await using w = await world({
      as: {
        clients: [
          {
            client_id: 'mine',
            client_secret: 'p:a/s%s+w&=rd',
            redirect_uris: ['http://127.0.0.1/callback'],
            application_type: 'native',
            grant_types: ['authorization_code', 'refresh_token'],
          },
        ],
      },
      add: (grants, url) =>
        grants.addServer({ name: 'demo', url, client: { client_id: 'mine', client_secret: secret('p:a/s%s+w&=rd') } }),
    });
    await w.signIn();
    expect(w.grants.view('demo').registration).toBe('pre-registered');
    const kept = w.store.registrations.forIssuer(w.authorizationServer.issuer)?.redirect_uris;
    expect(kept).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/u)]);
    expect(w.authorizationServer.stats.count({ endpoint: 'registration' })).toBe(0);
    expect(await w.call()).toBe(200);
  });

  it('asks the user to register, with the exact redirect URI, where nothing else works', async () => {
    await using w = await world({ as: { registration: false } });
    const failure = await w.grants.signIn('demo').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'registration_needed' });
    expect(String((failure as { advice?: string }).advice)).toMatch(/http:\/\/127\.0\.0\.1:\d+\/callback/);
  });

  it('registers once and reuses the client and its port', async () => {
    await using w = await world();
    await w.signIn();
    await w.signIn();
    expect(w.authorizationServer.stats.count({ endpoint: 'registration' })).toBe(1);
  });

  it('registers a new client when the port of the old one is taken by somebody else', async () => {
    await using w = await world();
    await w.signIn();
    const registered = w.store.registrations.forIssuer(w.authorizationServer.issuer);
    const port = Number(new URL(registered?.redirect_uris[0] ?? 'http://x').port);
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(port, '127.0.0.1', resolve));
    expect((squatter.address() as AddressInfo).port).toBe(port);
    await w.signIn();
    expect(w.authorizationServer.stats.count({ endpoint: 'registration' })).toBe(2);
    expect(w.store.registrations.history(w.authorizationServer.issuer)).toHaveLength(2);
    squatter.close();
  });

  it('registers again when the person asks for it, and keeps the history', async () => {
    await using w = await world();
    await w.signIn();
    const signIn = await w.grants.signIn('demo', { registerAgain: true });
    await signIn.done;
    expect(w.store.registrations.history(w.authorizationServer.issuer)).toHaveLength(2);
    expect(await w.call()).toBe(200);
  });

  it('notices the silence of a server that forgot our client, and says what to do', async () => {
    await using w = await world();
    await w.signIn();
    const client = w.store.registrations.forIssuer(w.authorizationServer.issuer);
    w.authorizationServer.forgetClient(client?.client_id ?? '');
    await w.clock.advance(24 * 3_600_000);
    const signIn = await w.grants.signIn('demo');
    const failure = signIn.done.catch((error: unknown) => error);
    await w.clock.advance(5 * 60_000 + 1);
    expect(await failure).toMatchObject({ code: 'sign_in_silent' });
    expect(String(((await failure) as { advice?: string }).advice)).toContain('--register-again');
  });

  it('pushes its request where the server insists on that, and registers again where the server forgot us', async () => {
    await using w = await world({ as: { par: 'required' } });
    const signIn = await w.grants.signIn('demo');
    expect(new URL(signIn.url ?? '').searchParams.has('request_uri')).toBe(true);
    expect(new URL(signIn.url ?? '').searchParams.has('code_challenge')).toBe(false);
    await signIn.done;
    expect(await w.call()).toBe(200);
    const client = w.store.registrations.forIssuer(w.authorizationServer.issuer);
    w.authorizationServer.forgetClient(client?.client_id ?? '');
    await w.signIn();
    expect(await w.call()).toBe(200);
    expect(w.store.registrations.history(w.authorizationServer.issuer)).toHaveLength(2);
  });

  it('needs no second person’s word for a token without a refresh token: it is good until it ends', async () => {
    await using w = await world({ as: { refreshTokens: 'never' } });
    await w.signIn();
    expect(await w.call()).toBe(200);
    await w.clock.advance(2 * 3_600_000);
    await expect(w.grants.accessToken('demo')).rejects.toMatchObject({ code: 'needs_sign_in' });
    expect(w.grants.view('demo').state).toMatchObject({ because: 'no-refresh-token' });
  });

  it('gets a refresh token from a provider that wants offline_access and a fresh consent for it', async () => {
    await using w = await world({ as: { refreshTokens: 'offline_access' } });
    const result = await (await w.grants.signIn('demo')).done;
    expect(result.refreshable).toBe(true);
  });
});

describe('revoking', () => {
  it('ends the grant at the provider, forgets it here, and the old token is refused', async () => {
    await using w = await world();
    await w.signIn();
    const { access_token } = await w.grants.accessToken('demo');
    const receipt = await w.grants.revoke('demo');
    expect(receipt.confirmed).toBe(true);
    expect(await w.vault.list()).toHaveLength(0);
    const verdict = await w.authorizationServer.verifyAccessToken(access_token.reveal(), w.server.resource);
    expect(verdict.active).toBe(false);
    await expect(w.grants.accessToken('demo')).rejects.toMatchObject({ code: 'needs_sign_in' });
  });

  it('tells the truth when the provider could not be asked', async () => {
    await using w = await world();
    await w.signIn();
    w.authorizationServer.fault({ endpoint: 'revocation', status: 503, times: 10 });
    const receipt = await w.grants.revoke('demo');
    expect(receipt).toMatchObject({ confirmed: false, forgottenHere: true });
    expect(receipt.tokens[0]?.outcome.kind).toBe('unreachable');
    expect(await w.vault.list()).toHaveLength(0);
  });
});

describe('stepping up', () => {
  it('asks for the union, and the same call then succeeds', async () => {
    await using w = await world({
      auth: { scopesSupported: ['mcp'] },
      add: (grants, url) => grants.addServer({ name: 'demo', url, settings: { signIn: 'auto' } }),
    });
    await w.signIn();
    expect(await w.call('admin')).toBe(200);
    expect(w.grants.view('demo').grantedScopes).toEqual(expect.arrayContaining(['mcp', 'admin']));
  });

  it('stops after two attempts when the provider keeps giving the old scopes', async () => {
    await using w = await world({
      auth: { scopesSupported: ['mcp'] },
      add: (grants, url) => grants.addServer({ name: 'demo', url, settings: { signIn: 'auto' } }),
    });
    await w.signIn();
    w.authorizationServer.policy.grantScopes = (scopes) => scopes.filter((scope) => scope !== 'admin');
    const before = w.browser.visits.length;
    await expect(w.call('admin')).rejects.toMatchObject({ code: 'insufficient_scope' });
    expect(w.browser.visits.length - before).toBe(2);
    await expect(w.call('admin')).rejects.toMatchObject({ code: 'insufficient_scope' });
    expect(w.browser.visits.length - before).toBe(2);
    expect(await w.call('echo')).toBe(200);
  });

  it('opens nothing by itself where the person is to be asked; the next sign-in asks for the union', async () => {
    await using w = await world({ auth: { scopesSupported: ['mcp'] } });
    await w.signIn();
    const before = w.browser.visits.length;
    await expect(w.call('admin')).rejects.toMatchObject({
      code: 'needs_sign_in',
      facts: { because: 'more-scopes-wanted' },
    });
    expect(w.browser.visits.length).toBe(before);
    expect(await w.call('echo')).toBe(200);
    await w.signIn();
    expect(await w.call('admin')).toBe(200);
  });

  it('asks the person twice at most, then says that it is permanent, until they sign in of their own accord', async () => {
    await using w = await world({ auth: { scopesSupported: ['mcp'] } });
    await w.signIn();
    w.authorizationServer.policy.grantScopes = (scopes) => scopes.filter((scope) => scope !== 'admin');
    for (let attempt = 0; attempt < 2; attempt += 1) {
      for (let call = 0; call < 3; call += 1) {
        await expect(w.call('admin')).rejects.toMatchObject({ code: 'needs_sign_in' });
      }
      await w.signIn();
    }
    await expect(w.call('admin')).rejects.toMatchObject({ code: 'insufficient_scope', facts: { permanent: true } });
    await w.signIn();
    await expect(w.call('admin')).rejects.toMatchObject({ code: 'needs_sign_in' });
  });

  it('leaves what the next ordinary sign-in asks for as it was', async () => {
    await using w = await world({ auth: { scopesSupported: ['mcp'], challenge: { scope: true } } });
    await w.signIn();
    await expect(w.call('admin')).rejects.toMatchObject({ code: 'needs_sign_in' });
    await w.signIn();
    await w.grants.revoke('demo');
    expect((await w.grants.plan('demo')).scopes).toEqual(['mcp']);
  });
});
