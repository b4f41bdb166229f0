// The authorization server of the tests behaves as real ones do: what tests conclude from it holds.
import { afterEach, describe, expect, it } from 'vitest';
import {
  startAuthorizationServer,
  type AuthorizationServer,
  type AuthorizationServerOptions,
} from './authorization-server.ts';
import { revokeDirectly, signInDirectly, tokenRequest } from './oauth-client.ts';

const resource = 'http://127.0.0.1:9/mcp';
const open: AuthorizationServer[] = [];
afterEach(async () => {
  const servers = open.splice(0);
  await Promise.all(servers.map((server) => server.close()));
  expect(servers.flatMap((server) => server.defects)).toEqual([]);
});

async function start(options: AuthorizationServerOptions = {}): Promise<AuthorizationServer> {
  const server = await startAuthorizationServer(options);
  open.push(server);
  return server;
}

describe('the authorization server that tests run against', () => {
  it('signs a person in on its own pages and binds the token to the resource and the consented scopes', async () => {
    const server = await start({ accessTokenTtl: 60 });
    const { tokens, callback, page } = await signInDirectly(server, {
      resource,
      scope: 'mcp',
      browser: { account: 'carol' },
    });
    expect(page.text).toBe('you may close this tab');
    expect(callback.get('iss')).toBe(server.issuer);
    expect(tokens).toMatchObject({ status: 200, token_type: 'Bearer', expires_in: 60, scope: 'mcp' });
    const token = tokens?.access_token ?? '';
    expect(await server.verifyAccessToken(token, resource)).toMatchObject({
      active: true,
      sub: 'carol',
      scopes: ['mcp'],
    });
    expect(await server.verifyAccessToken(token, 'http://127.0.0.1:9/other')).toMatchObject({ active: false });
    expect(server.issuedSecrets).toContain(token);
    expect(JSON.stringify(server.stats.requests)).not.toContain(token);
    expect(server.stats.count({ endpoint: 'token', grantType: 'authorization_code', status: 200 })).toBe(1);
  });

  it('refuses a request without PKCE', async () => {
    const server = await start();
    const { clientId } = await signInDirectly(server, { resource, scope: 'mcp' });
    const url = new URL(`${server.issuer}/auth`);
    url.search = `response_type=code&client_id=${clientId}&redirect_uri=http://127.0.0.1:1/callback&state=x`;
    const answer = await fetch(url, { redirect: 'manual' });
    expect(answer.headers.get('location')).toMatch(/error=invalid_request/);
  });

  it('sends access_denied to the callback when the person says no', async () => {
    const server = await start();
    const { callback, tokens } = await signInDirectly(server, { resource, scope: 'mcp', browser: { decide: 'deny' } });
    expect(callback.get('error')).toBe('access_denied');
    expect(callback.get('iss')).toBe(server.issuer);
    expect(tokens).toBeNull();
  });

  it.each(['opaque', 'jwt'] as const)('rotates refresh tokens and ends the grant on reuse (%s)', async (format) => {
    const server = await start({ accessTokenFormat: format });
    const { clientId, tokens } = await signInDirectly(server, { resource, scope: 'mcp' });
    const refresh = { grant_type: 'refresh_token', client_id: clientId, resource };
    const first = tokens?.refresh_token ?? '';
    const second = await tokenRequest(server, { ...refresh, refresh_token: first });
    expect(second.status).toBe(200);
    expect(second.refresh_token).not.toBe(first);
    expect(await server.verifyAccessToken(second.access_token ?? '', resource)).toMatchObject({ active: true });
    expect(await tokenRequest(server, { ...refresh, refresh_token: first })).toMatchObject({ error: 'invalid_grant' });
    expect(await tokenRequest(server, { ...refresh, refresh_token: second.refresh_token ?? '' })).toMatchObject({
      status: 400,
      error: 'invalid_grant',
    });
    expect(await server.verifyAccessToken(second.access_token ?? '', resource)).toMatchObject({ active: false });
  });

  it('accepts a used refresh token again when it is lenient', async () => {
    const server = await start({ rotation: 'lenient' });
    const { clientId, tokens } = await signInDirectly(server, { resource, scope: 'mcp' });
    const again = { grant_type: 'refresh_token', client_id: clientId, refresh_token: tokens?.refresh_token ?? '' };
    expect((await tokenRequest(server, again)).status).toBe(200);
    expect((await tokenRequest(server, again)).status).toBe(200);
  });

  it('gives refresh tokens by its policy', async () => {
    const never = await start({ refreshTokens: 'never' });
    expect((await signInDirectly(never, { resource, scope: 'mcp' })).tokens?.refresh_token).toBeUndefined();
    const offline = await start({ refreshTokens: 'offline_access' });
    const scope = 'mcp offline_access';
    expect((await signInDirectly(offline, { resource, scope })).tokens?.refresh_token).toBeUndefined();
    const consented = await signInDirectly(offline, { resource, scope, prompt: 'consent' });
    expect(consented.tokens?.refresh_token).toBeDefined();
  });

  it('revokes a refresh token together with its access token', async () => {
    const server = await start();
    const { clientId, tokens } = await signInDirectly(server, { resource, scope: 'mcp' });
    expect(await revokeDirectly(server, tokens?.refresh_token ?? '', clientId)).toBe(200);
    expect(await server.verifyAccessToken(tokens?.access_token ?? '', resource)).toMatchObject({ active: false });
    const refreshed = await tokenRequest(server, {
      grant_type: 'refresh_token',
      client_id: clientId,
      refresh_token: tokens?.refresh_token ?? '',
    });
    expect(refreshed.error).toBe('invalid_grant');
  });

  it('ends grants, expires access tokens and forgets clients when it is told to', async () => {
    const server = await start();
    const { clientId, tokens } = await signInDirectly(server, { resource, scope: 'mcp', browser: { account: 'dave' } });
    const refresh = { grant_type: 'refresh_token', client_id: clientId };
    server.expireAccessTokens();
    expect(await server.verifyAccessToken(tokens?.access_token ?? '', resource)).toMatchObject({ active: false });
    const second = await tokenRequest(server, { ...refresh, refresh_token: tokens?.refresh_token ?? '' });
    expect(second.status).toBe(200);
    expect(server.revokeAllGrants('dave')).toBeGreaterThan(0);
    expect(await server.verifyAccessToken(second.access_token ?? '', resource)).toMatchObject({ active: false });
    expect(await tokenRequest(server, { ...refresh, refresh_token: second.refresh_token ?? '' })).toMatchObject({
      error: 'invalid_grant',
    });
    expect(server.forgetClient(clientId)).toBe(true);
    expect(await tokenRequest(server, { ...refresh, refresh_token: 'whatever' })).toMatchObject({
      status: 401,
      error: 'invalid_client',
    });
    const { page } = await signInDirectly(server, { clientId, resource, scope: 'mcp' });
    expect(page.status).toBe(400);
    expect(page.text).toMatch(/invalid_client/);
  });

  it('fails on purpose: before or after the work, with an answer or without one', async () => {
    const server = await start();
    const { clientId, tokens } = await signInDirectly(server, { resource, scope: 'mcp' });
    const refresh = { grant_type: 'refresh_token', client_id: clientId, refresh_token: tokens?.refresh_token ?? '' };
    const weather = server.fault({ endpoint: 'token', status: 503, times: 2, body: '<html>busy</html>' });
    expect((await tokenRequest(server, refresh)).status).toBe(503);
    expect((await tokenRequest(server, refresh)).status).toBe(503);
    expect(weather.hits()).toBe(2);
    expect(server.stats.count({ endpoint: 'token', grantType: 'refresh_token', status: 503 })).toBe(2);
    const held = server.hold('token');
    const waiting = tokenRequest(server, refresh);
    held.release();
    const rotated = await waiting;
    expect(rotated.status).toBe(200);
    server.fault({ endpoint: 'token', when: 'after', drop: true });
    const lost = { ...refresh, refresh_token: rotated.refresh_token ?? '' };
    await expect(tokenRequest(server, lost)).rejects.toThrow();
    expect(server.stats.list({ endpoint: 'token' }).at(-1)).toMatchObject({ status: 0 });
    // The lost answer had rotated the token: using the old one again now ends the grant.
    expect(await tokenRequest(server, lost)).toMatchObject({ error: 'invalid_grant' });
  });

  it.each(['', '/', '/tenant', '/tenant/'])(
    'serves its metadata where the issuer path %j puts it',
    async (issuerPath) => {
      const server = await start({ issuerPath });
      const prefix = issuerPath.replace(/\/$/, '');
      const found = await fetch(`${server.origin}/.well-known/oauth-authorization-server${prefix}`);
      expect(await found.json()).toMatchObject({
        issuer: server.issuer,
        token_endpoint: `${server.origin}${prefix}/token`,
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
        revocation_endpoint: `${server.origin}${prefix}/token/revocation`,
      });
      const appended = await fetch(`${server.origin}${prefix}/.well-known/openid-configuration`);
      expect(await appended.json()).toMatchObject({ issuer: server.issuer });
      const { tokens } = await signInDirectly(server, { resource, scope: 'mcp' });
      expect(tokens?.status).toBe(200);
      await server.close();
      open.splice(open.indexOf(server), 1);
    },
  );

  it('authenticates pre-registered clients by Basic, by post, and takes their client_credentials', async () => {
    const secret = 'a:b/c%d+e';
    const client = {
      client_secret: secret,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    };
    const server = await start({
      registration: false,
      clients: [
        { ...client, client_id: 'basic', token_endpoint_auth_method: 'client_secret_basic' },
        { ...client, client_id: 'post', token_endpoint_auth_method: 'client_secret_post' },
      ],
    });
    const params = { grant_type: 'client_credentials', scope: 'mcp', resource };
    const basic = `Basic ${Buffer.from(`basic:${encodeURIComponent(secret)}`).toString('base64')}`;
    const one = await tokenRequest(server, params, { authorization: basic });
    const two = await tokenRequest(server, { ...params, client_id: 'post', client_secret: secret });
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(await server.verifyAccessToken(one.access_token ?? '', resource)).toMatchObject({ active: true, sub: null });
    expect(server.stats.requests.map((request) => request.clientAuth)).toEqual(['basic', 'post']);
    const metadata = await fetch(`${server.issuer}/.well-known/oauth-authorization-server`);
    expect(await metadata.json()).not.toHaveProperty('registration_endpoint');
  });

  it('reads Client ID Metadata Documents without leaving the machine', async () => {
    const clientId = 'https://client.test/client.json';
    const document = {
      client_id: clientId,
      client_name: 'By document',
      application_type: 'native',
      redirect_uris: ['http://127.0.0.1/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    };
    const server = await start({ clientIdMetadataDocuments: { [clientId]: document } });
    const { tokens } = await signInDirectly(server, { clientId, resource, scope: 'mcp' });
    expect(tokens?.status).toBe(200);
    const metadata = await fetch(`${server.issuer}/.well-known/oauth-authorization-server`);
    expect(await metadata.json()).toMatchObject({ client_id_metadata_document_supported: true });
  });

  it('lies in its answers when a test asks it to', async () => {
    const server = await start();
    server.rewrite('oauth-metadata', ({ code_challenge_methods_supported: _left, ...rest }) => rest);
    const metadata = await fetch(`${server.issuer}/.well-known/oauth-authorization-server`);
    expect(await metadata.json()).not.toHaveProperty('code_challenge_methods_supported');
    server.policy.grantScopes = (scopes) => scopes.filter((scope) => scope !== 'admin');
    const { tokens } = await signInDirectly(server, { resource, scope: 'mcp admin' });
    expect(tokens?.scope).toBe('mcp');
  });
});
