// We become a client in the specification's order, ask for no scope, and take the registration as the server made it.
import { readFileSync } from 'node:fs';
import type { AuthorizationServer } from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultGrantConfig } from '../../main/grants/deps.ts';
import { TokentrayError } from '../../main/errors.ts';
import { createOutbound, type Outbound } from '../../main/net/outbound.ts';
import { cimdPlaceholderUrl, clientMetadataDocument, isCimdUrl } from '../../main/oauth/cimd.ts';
import { profileFor } from '../../main/oauth/profiles.ts';
import { chooseRegistration, defaultAuthMethod, registerDynamically } from '../../main/oauth/registration.ts';
import type { Registration } from '../../main/oauth/types.ts';
import type { Fetch } from '../../main/ports.ts';
import { serve, silent, type Answer, type TestServer } from './servers.ts';

let outbound: Outbound;
let http: Fetch;
beforeAll(() => {
  outbound = createOutbound({ log: silent, env: {} });
  http = outbound.oauthFetch({ server: new URL('http://127.0.0.1:1/'), allowHttp: false });
});
afterAll(() => outbound.close());

const issuer = 'https://as.example';
const cimdUrl = 'https://app.example/client.json';
const redirectUris = ['http://127.0.0.1:8428/callback', 'http://localhost:8428/callback'];
const now = 1_750_000_000_000;

function as(server: TestServer, more: Partial<AuthorizationServer> = {}): AuthorizationServer {
  return { issuer, registration_endpoint: `${server.url}/register`, ...more };
}

function register(server: TestServer, more: Partial<AuthorizationServer> = {}): Promise<Registration> {
  return registerDynamically(http, as(server, more), {
    redirectUris,
    clientName: 'Tokentray',
    clientUri: 'https://t.example',
    now,
  });
}

async function failure(attempt: Promise<unknown>): Promise<TokentrayError> {
  const error = await attempt.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TokentrayError);
  return error as TokentrayError;
}

const sent = (server: TestServer, index = 0): Record<string, unknown> =>
  JSON.parse(server.asked[index]?.body ?? 'null') as Record<string, unknown>;

describe('the way to register', () => {
  const everything = {
    issuer,
    registration_endpoint: `${issuer}/register`,
    client_id_metadata_document_supported: true,
  };
  const preRegistered = { client_id: 'mine' };

  it('is the user’s own client first, then CIMD, then dynamic, then to ask', () => {
    expect(chooseRegistration({ as: everything, preRegistered, cimdUrl })).toEqual({
      kind: 'pre-registered',
      client: preRegistered,
    });
    expect(chooseRegistration({ as: everything, preRegistered: null, cimdUrl })).toEqual({
      kind: 'cimd',
      client_id: cimdUrl,
    });
    expect(chooseRegistration({ as: everything, preRegistered: null, cimdUrl: null })).toEqual({
      kind: 'dcr',
      endpoint: `${issuer}/register`,
    });
    expect(chooseRegistration({ as: { issuer }, preRegistered: null, cimdUrl })).toEqual({ kind: 'ask' });
  });

  it('is CIMD only at an address that can be a client id', () => {
    for (const bad of [
      'http://app.example/c.json',
      'https://app.example',
      'https://app.example/',
      'https://a.example/c#x',
      'https://u:p@a.example/c',
      'https://a.example/../c',
      'x',
    ]) {
      expect(isCimdUrl(bad)).toBe(false);
      expect(chooseRegistration({ as: everything, preRegistered: null, cimdUrl: bad }).kind).toBe('dcr');
    }
  });

  it('of a user’s own client proves itself with what it has, as the server takes it', () => {
    const post = { token_endpoint_auth_methods_supported: ['client_secret_post'] };
    expect(defaultAuthMethod({}, { secret: true, key: false })).toBe('client_secret_basic');
    expect(defaultAuthMethod(post, { secret: true, key: false })).toBe('client_secret_post');
    expect(defaultAuthMethod(post, { secret: false, key: false })).toBe('none');
    expect(defaultAuthMethod(post, { secret: true, key: true })).toBe('private_key_jwt');
  });
});

describe('the document that we ship', () => {
  const shipped = JSON.parse(
    readFileSync(new URL('../../main/oauth/client-metadata.json', import.meta.url), 'utf8'),
  ) as unknown;

  it('is what the program says of itself', () => {
    expect(shipped).toEqual(clientMetadataDocument(cimdPlaceholderUrl, defaultGrantConfig));
  });

  it('has its own address as client id, native redirects and no secret', () => {
    const document = clientMetadataDocument(cimdUrl, defaultGrantConfig);
    expect(document).toMatchObject({
      client_id: cimdUrl,
      application_type: 'native',
      token_endpoint_auth_method: 'none',
    });
    expect(document.grant_types).toEqual(['authorization_code', 'refresh_token']);
    for (const uri of document.redirect_uris) expect(['127.0.0.1', 'localhost']).toContain(new URL(uri).hostname);
  });
});

// Servers with a will of their own.
const picky: Answer = (_request, response, body) => {
  const { redirect_uris: uris } = JSON.parse(body) as { redirect_uris: string[] };
  const good = uris.every((uri) => uri.includes('localhost'));
  response.writeHead(good ? 201 : 400, { 'content-type': 'application/json' });
  response.end(JSON.stringify(good ? { client_id: 'abc', redirect_uris: uris } : { error: 'invalid_redirect_uri' }));
};

const strict: Answer = (_request, response, body) => {
  const { token_endpoint_auth_method: method } = JSON.parse(body) as { token_endpoint_auth_method: string };
  response.writeHead(method === 'none' ? 400 : 201, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify(method === 'none' ? { error: 'invalid_client_metadata' } : { client_id: 'abc', client_secret: 's' }),
  );
};

describe('dynamic registration', () => {
  it('asks for a native public client with a refresh token, and for no scope', async () => {
    await using server = await serve({ '/register': { status: 201, json: { client_id: 'abc' } } });
    const registration = await register(server, {
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'none'],
    });
    expect(sent(server)).toEqual({
      client_name: 'Tokentray',
      client_uri: 'https://t.example',
      application_type: 'native',
      redirect_uris: redirectUris,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    });
    expect(registration).toEqual({
      issuer,
      kind: 'dcr',
      client_id: 'abc',
      token_endpoint_auth_method: 'none',
      redirect_uris: redirectUris,
      client_secret_expires_at: null,
      registered_at: now,
    });
  });

  it.each([
    [['client_secret_post'], 'client_secret_post'],
    [['client_secret_post', 'client_secret_basic'], 'client_secret_basic'],
    [['private_key_jwt', 'tls_client_auth'], 'none'],
    [undefined, 'none'],
  ])('of a server that lists %j asks for %s', async (listed, method) => {
    await using server = await serve({ '/register': { status: 201, json: { client_id: 'abc', client_secret: 's' } } });
    await register(server, listed === undefined ? {} : { token_endpoint_auth_methods_supported: listed });
    expect(sent(server)['token_endpoint_auth_method']).toBe(method);
  });

  it.each<[string, Record<string, unknown>, Partial<Registration> & { secret?: string }]>([
    [
      'a method that it did not advertise',
      { client_secret: 's', token_endpoint_auth_method: 'client_secret_post' },
      { token_endpoint_auth_method: 'client_secret_post', secret: 's' },
    ],
    [
      'a secret without a method',
      { client_secret: 's' },
      { token_endpoint_auth_method: 'client_secret_basic', secret: 's' },
    ],
    [
      'null for all it does not have',
      { client_secret: null, token_endpoint_auth_method: null, redirect_uris: null, client_secret_expires_at: null },
      { token_endpoint_auth_method: 'none' },
    ],
    [
      'a method, but no secret for it',
      { token_endpoint_auth_method: 'client_secret_basic' },
      { token_endpoint_auth_method: 'none' },
    ],
    [
      'a secret that is not to be used',
      { client_secret: 's', token_endpoint_auth_method: 'none' },
      { token_endpoint_auth_method: 'none' },
    ],
    [
      'text for "never expires"',
      { client_secret: 's', client_secret_expires_at: '0' },
      { client_secret_expires_at: null },
    ],
    [
      'text for a time',
      { client_secret: 's', client_secret_expires_at: '1790000000' },
      { client_secret_expires_at: 1_790_000_000_000 },
    ],
    [
      'a number for a time',
      { client_secret: 's', client_secret_expires_at: 1_790_000_000 },
      { client_secret_expires_at: 1_790_000_000_000 },
    ],
    [
      'rubbish for a time',
      { client_secret: 's', client_secret_expires_at: 'soon' },
      { client_secret_expires_at: null },
    ],
    ['a number for an id', { client_id: 4711 }, { client_id: '4711' }],
    [
      'only one of the redirects',
      { redirect_uris: [redirectUris[1], 'https://x.example/'] },
      { redirect_uris: [redirectUris[1] ?? ''] },
    ],
    ['redirects that were never asked for', { redirect_uris: ['https://x.example/'] }, { redirect_uris: redirectUris }],
  ])('takes %s', async (_, answer, { secret, ...expected }) => {
    await using server = await serve({ '/register': { status: 201, json: { client_id: 'abc', ...answer } } });
    const registration = await register(server, {
      token_endpoint_auth_methods_supported: ['none', 'client_secret_basic'],
    });
    expect(registration).toMatchObject(expected);
    if (secret !== undefined) expect(registration.client_secret?.reveal()).toBe(secret);
    else if (registration.token_endpoint_auth_method === 'none') expect(registration.client_secret).toBeUndefined();
    expect(JSON.stringify(registration)).not.toContain('"s"');
  });

  it('takes the one method that a server has, even for a secret that nobody asked for', async () => {
    await using server = await serve({ '/register': { status: 201, json: { client_id: 'abc', client_secret: 's' } } });
    const only = (method: string) => register(server, { token_endpoint_auth_methods_supported: [method] });
    expect((await only('none')).token_endpoint_auth_method).toBe('none');
    expect((await only('client_secret_post')).token_endpoint_auth_method).toBe('client_secret_post');
  });

  it('tries again with only `localhost` when the server takes no address, and then stays with it', async () => {
    await using server = await serve({ '/register': picky });
    expect((await register(server)).redirect_uris).toEqual([redirectUris[1]]);
    expect(server.asked).toHaveLength(2);
  });

  it('tries again with a secret when the server wants no public clients', async () => {
    await using server = await serve({ '/register': strict });
    expect((await register(server)).token_endpoint_auth_method).toBe('client_secret_basic');
  });

  it.each<[string, Answer, RegExp]>([
    [
      'a refusal',
      { status: 400, json: { error: 'invalid_client_metadata', error_description: 'no\nway\u202e' } },
      /"no\\nway\\u202e"/,
    ],
    ['a closed door', { status: 403, json: { message: 'ask an administrator' } }, /403.*"ask an administrator"/],
    [
      'a web page',
      { status: 200, headers: { 'content-type': 'text/html' }, text: '<html>token=abc' },
      /with a web page/,
    ],
    ['an error inside a 200', { status: 200, json: { client_id: 'abc', error: 'invalid_request' } }, /invalid_request/],
    ['an empty body', { status: 201, text: '' }, /without saying why/],
    ['a broken server', { status: 500, text: 'oops' }, /500.*"oops"/],
    ['a redirect', { status: 302, headers: { location: '/login' } }, /302/],
    ['no client id', { status: 201, json: { client_secret: 's' } }, /did not register/],
    [
      'a method that cannot be done',
      { status: 201, json: { client_id: 'a', token_endpoint_auth_method: 'tls_client_auth' } },
      /tls_client_auth/,
    ],
  ])('that meets %s says so in plain words', async (_, answer, words) => {
    await using server = await serve({ '/register': answer });
    const error = await failure(register(server, { token_endpoint_auth_methods_supported: ['none'] }));
    expect(error).toMatchObject({ code: 'registration_failed' });
    expect(error.message).toMatch(words);
    expect(error.advice).toMatch(/client id/);
    expect(server.asked).toHaveLength(1);
  });

  it('is never tried without end', async () => {
    let turn = 0;
    const moody: Answer = (_request, response) => {
      turn += 1;
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: turn % 2 === 0 ? 'invalid_redirect_uri' : 'invalid_client_metadata' }));
    };
    await using server = await serve({ '/register': moody });
    expect(
      (
        await failure(
          register(server, {
            token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
          }),
        )
      ).code,
    ).toBe('registration_failed');
    expect(server.asked).toHaveLength(4);
  });

  it('where there is none asks for the person', async () => {
    const error = await failure(registerDynamically(http, { issuer }, { redirectUris, clientName: 'T', now }));
    expect(error.code).toBe('registration_needed');
  });
});

describe('what is known of a provider', () => {
  it('holds for its own https hosts only', () => {
    expect(profileFor('https://login.microsoftonline.com/tenant/v2.0')).toEqual({ knownToSupportS256: true });
    expect(profileFor('https://tenant.b2clogin.com/x')).toEqual({ knownToSupportS256: true });
    for (const other of [
      'http://login.microsoftonline.com/',
      'https://login.microsoftonline.com.evil.example',
      'https://evilb2clogin.com',
      'x',
    ]) {
      expect(profileFor(other)).toEqual({});
    }
  });
});
