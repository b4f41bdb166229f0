// A server that wants to hear of a sign-in beforehand hears of it, and the browser carries nothing but a name for it.
import { describe, expect, it } from 'vitest';
import { authorizationRequest, checkAuthorizationResponse } from '../../main/oauth/authorize.ts';
import type { AuthorizationInput } from '../../main/oauth/authorize.ts';
import { createDpopKey, createDpopNonces, dpopThumbprint } from '../../main/oauth/dpop.ts';
import { exchangeCode } from '../../main/oauth/token.ts';
import { secret } from '../../main/secret.ts';
import { closedPort, failureOf, fakeClock, noon, publicClient, serve, type Answer } from './legs/fixture.ts';
import { realServer, redirectUri, resource } from './legs/provider.ts';

const native = { client_id: 'native-app', application_type: 'native', redirect_uris: [redirectUri] } as const;
const codeGrants = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code' as const] };
const required = {
  features: {
    dPoP: { enabled: true },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
  },
};
const clock = { now: Date.now, after: () => () => undefined };

describe('signing in at a real server that takes pushed requests only', () => {
  it.each(['none', 'client_secret_basic', 'client_secret_post'] as const)(
    'works for a client of %s',
    async (method) => {
      const client_secret = 'a:/%+b c';
      const confidential = method === 'none' ? {} : { client_secret, application_type: 'web' as const };
      const server = await realServer(
        [{ ...native, ...codeGrants, ...confidential, token_endpoint_auth_method: method }],
        required,
      );
      expect(server.as.require_pushed_authorization_requests).toBe(true);
      const { as } = server;
      const registration = publicClient(as.issuer, {
        client_id: native.client_id,
        token_endpoint_auth_method: method,
        ...(method === 'none' ? {} : { client_secret: secret(client_secret) }),
      });
      const scopes = ['mcp:read', 'offline_access'];
      const dpop = { key: await createDpopKey(), nonces: createDpopNonces() };
      const request = await authorizationRequest({
        as,
        registration,
        redirectUri,
        resource,
        scopes,
        prompt: 'consent',
        dpopKey: dpop.key,
        http: fetch,
        clock,
      });
      expect([...request.url.searchParams.keys()]).toEqual(['client_id', 'request_uri']);
      const response = checkAuthorizationResponse({ request }, await server.signIn(request.url));
      const tokens = await exchangeCode({ http: fetch, clock, as, registration, resource, dpop }, request, response);
      expect(tokens.token_type).toBe('dpop');
      expect(tokens.scope).toContain('mcp:read');
    },
  );

  it('with a client that it does not know says so, before a browser opens', async () => {
    const { as } = await realServer([], required);
    const registration = publicClient(as.issuer, { client_id: 'forgotten' });
    const input = { as, registration, redirectUri, resource, scopes: [], http: fetch, clock };
    expect((await failureOf(authorizationRequest(input))).code).toBe('client_unknown');
  });
});

const good: Answer = { status: 201, body: { request_uri: 'urn:example:1', expires_in: 60 } };

/** The sign-in at a server that answers a pushed request like this. */
async function pushTo(answer: Answer, more: Partial<AuthorizationInput> = {}) {
  const server = await serve(() => answer);
  const issuer = server.origin;
  const input: AuthorizationInput = {
    as: {
      issuer,
      authorization_endpoint: `${issuer}/authorize?tenant=a&state=theirs&request=theirs`,
      pushed_authorization_request_endpoint: `${issuer}/par`,
      require_pushed_authorization_requests: true,
    },
    registration: publicClient(issuer),
    redirectUri,
    resource,
    scopes: ['read'],
    http: fetch,
    clock: fakeClock(noon),
    ...more,
  };
  return { server, input, made: () => authorizationRequest(input) };
}

describe('a pushed request', () => {
  it('says all that the address would have said, and the address nothing but its name', async () => {
    const dpopKey = await createDpopKey();
    const { server, made } = await pushTo(good, { dpopKey, prompt: 'consent' });
    const request = await made();
    const [asked] = server.asked;
    expect(asked).toMatchObject({ method: 'POST', url: '/par' });
    expect(Object.fromEntries(asked?.form ?? [])).toEqual({
      response_type: 'code',
      client_id: 'tokentray-test.client_1',
      redirect_uri: redirectUri,
      state: request.state,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
      scope: 'read',
      resource,
      prompt: 'consent',
      dpop_jkt: await dpopThumbprint(dpopKey),
    });
    expect(Object.fromEntries(request.url.searchParams)).toEqual({
      tenant: 'a',
      client_id: 'tokentray-test.client_1',
      request_uri: 'urn:example:1',
    });
  });

  it('is sent only where it is required', async () => {
    const { server, input } = await pushTo(good);
    const as = { ...input.as, require_pushed_authorization_requests: false };
    const request = await authorizationRequest({ ...input, as });
    expect(request.url.searchParams.get('state')).toBe(request.state);
    expect(server.asked).toEqual([]);
  });

  it('that cannot be sent is a clear error', async () => {
    const { input } = await pushTo(good);
    const { http: _, ...without } = input;
    expect(await failureOf(authorizationRequest(without))).toMatchObject({
      code: 'discovery_failed',
      message: expect.stringContaining('pushed'),
    });
    const nowhere = { ...input.as, pushed_authorization_request_endpoint: undefined };
    expect((await failureOf(authorizationRequest({ ...input, as: nowhere }))).code).toBe('discovery_failed');
    const gone = { ...input.as, pushed_authorization_request_endpoint: `http://127.0.0.1:${await closedPort()}/par` };
    const unreachable = await failureOf(authorizationRequest({ ...input, as: gone }));
    expect(unreachable).toMatchObject({ code: 'unreachable', retry: 'later' });
  });

  it.each<[string, Answer, string]>([
    ['refused', { status: 400, body: { error: 'invalid_scope' } }, 'authorization_failed'],
    ['denied', { status: 403, body: { error: 'access_denied' } }, 'authorization_denied'],
    ['of an unknown client', { status: 401, body: { error: 'invalid_client' } }, 'client_unknown'],
    ['answered with 503', { status: 503, body: { error: 'invalid_client' } }, 'unreachable'],
    ['answered with a page', { status: 200, body: '<html>' }, 'unreachable'],
    ['answered without a name', { status: 201, body: { expires_in: 60 } }, 'unreachable'],
    ['answered with a name that is none', { status: 201, body: { request_uri: 'a b' } }, 'unreachable'],
    ['answered with a redirect', { status: 307, headers: { location: '/elsewhere' } }, 'unreachable'],
  ])('that is %s opens no browser', async (_, answer, code) => {
    const { made } = await pushTo(answer, { http: (url, init) => fetch(url, { ...init, redirect: 'manual' }) });
    const error = await failureOf(made());
    expect(error.code).toBe(code);
    expect(error.message).toContain('announce the sign-in');
  });

  it('never has the client’s secret in its error, though the server repeats it', async () => {
    const client_secret = secret('sk-canary-4711');
    const body = { error: 'invalid_request', error_description: `no ${client_secret.reveal()}` };
    const { input } = await pushTo({ status: 400, body });
    const registration = {
      ...input.registration,
      token_endpoint_auth_method: 'client_secret_post' as const,
      client_secret,
    };
    const error = await failureOf(authorizationRequest({ ...input, registration }));
    expect(JSON.stringify(error) + String(error.stack)).not.toContain(client_secret.reveal());
  });
});
