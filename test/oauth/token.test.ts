// The token legs against a real authorization server.
import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import { authorizationRequest, checkAuthorizationResponse } from '../../main/oauth/authorize.ts';
import { createDpopKey, createDpopNonces } from '../../main/oauth/dpop.ts';
import { revokeToken } from '../../main/oauth/revoke.ts';
import { clientCredentials, exchangeCode, refresh } from '../../main/oauth/token.ts';
import type { TokenLeg } from '../../main/oauth/token.ts';
import type { Registration } from '../../main/oauth/types.ts';
import { Secret, secret } from '../../main/secret.ts';
import { failureOf, legTo, publicClient, serve } from './legs/fixture.ts';
import { realServer, redirectUri, resource } from './legs/provider.ts';
import type { RealServer } from './legs/provider.ts';

const clock = { now: Date.now, after: () => () => undefined };
const native = { client_id: 'native-app', application_type: 'native', redirect_uris: [redirectUri] } as const;
const codeGrants = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code' as const] };

function legAt(server: RealServer, registration: Registration, more: Partial<TokenLeg> = {}): TokenLeg {
  return { http: fetch, clock, as: server.as, registration, resource, ...more };
}

async function signIn(server: RealServer, leg: TokenLeg) {
  const request = await authorizationRequest({
    as: server.as,
    registration: leg.registration,
    redirectUri,
    resource,
    scopes: ['mcp:read', 'offline_access'],
    prompt: 'consent',
    ...(leg.dpop === undefined ? {} : { dpopKey: leg.dpop.key }),
  });
  const response = checkAuthorizationResponse({ request }, await server.signIn(request.url));
  return exchangeCode(leg, request, response);
}

describe('signing in at a real authorization server', () => {
  it('gives a token for exactly one resource, refreshes it, and knows a spent refresh token as the end', async () => {
    const server = await realServer([{ ...native, ...codeGrants, token_endpoint_auth_method: 'none' }]);
    const leg = legAt(server, publicClient(server.as.issuer, { client_id: 'native-app' }));
    const tokens = await signIn(server, leg);
    expect(tokens.token_type).toBe('bearer');
    expect(tokens.scope).toContain('mcp:read');
    expect(tokens.expires_at).toBeGreaterThan(Date.now());
    const first = tokens.refresh_token ?? secret('');

    const next = await refresh(leg, first);
    expect(next.refresh_token?.reveal()).not.toBe(first.reveal());
    expect(next.access_token.reveal()).not.toBe(tokens.access_token.reveal());

    const spent = await failureOf(refresh(leg, first));
    expect(spent.code).toBe('token_refused');
    expect(spent.facts).toMatchObject({ kind: 'ended', oauthError: 'invalid_grant', status: 400 });
    expect(JSON.stringify(spent) + String(spent.stack)).not.toContain(first.reveal());
  });

  it('refuses a code that belongs to another sign-in, without calling it the end of a grant', async () => {
    const server = await realServer([{ ...native, ...codeGrants, token_endpoint_auth_method: 'none' }]);
    const leg = legAt(server, publicClient(server.as.issuer, { client_id: 'native-app' }));
    const request = { redirectUri, code_verifier: secret('x'.repeat(43)) };
    const error = await failureOf(exchangeCode(leg, request, { code: secret('no-such-code') }));
    expect(error.facts).toMatchObject({ kind: 'refused', oauthError: 'invalid_grant' });
  });

  it('proves itself with client_secret_basic and client_secret_post, special characters included', async () => {
    const client_secret = "a:/%+b -._~!'()&=";
    for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
      const server = await realServer([
        { ...native, ...codeGrants, client_secret, token_endpoint_auth_method: method, application_type: 'web' },
      ]);
      const registration = publicClient(server.as.issuer, {
        client_id: 'native-app',
        token_endpoint_auth_method: method,
        client_secret: secret(client_secret),
      });
      const tokens = await signIn(server, legAt(server, registration));
      expect(tokens.access_token).toBeInstanceOf(Secret);
    }
  });

  it('proves itself with private_key_jwt, whatever kind of key it was given', async () => {
    const keys = [
      generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      generateKeyPairSync('rsa', { modulusLength: 2048 }),
      generateKeyPairSync('ed25519'),
    ];
    for (const { publicKey, privateKey } of keys) {
      const server = await realServer(
        [
          {
            client_id: 'robot',
            grant_types: ['client_credentials'],
            response_types: [],
            redirect_uris: [],
            token_endpoint_auth_method: 'private_key_jwt',
            jwks: { keys: [publicKey.export({ format: 'jwk' })] },
          } as never,
        ],
        { enabledJWA: { clientAuthSigningAlgValues: ['ES256', 'RS256', 'EdDSA'] } },
      );
      const registration = publicClient(server.as.issuer, {
        client_id: 'robot',
        token_endpoint_auth_method: 'private_key_jwt',
        private_key: secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
      });
      const tokens = await clientCredentials(legAt(server, registration), ['mcp:read']);
      expect(tokens.scope).toEqual(['mcp:read']);
    }
  });

  it('binds the tokens to a key, answering the nonces that the server demands', async () => {
    const server = await realServer([{ ...native, ...codeGrants, token_endpoint_auth_method: 'none' }], {
      features: { dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => true } },
    });
    const dpop = { key: await createDpopKey(), nonces: createDpopNonces() };
    const leg = legAt(server, publicClient(server.as.issuer, { client_id: 'native-app' }), { dpop });
    const tokens = await signIn(server, leg);
    expect(tokens.token_type).toBe('dpop');
    const next = await refresh(leg, tokens.refresh_token ?? secret(''));
    expect(next.token_type).toBe('dpop');
    expect(dpop.nonces.get(server.as.issuer)).toBeDefined();

    const otherKey = { ...leg, dpop: { key: await createDpopKey(), nonces: createDpopNonces() } };
    const error = await failureOf(refresh(otherKey, next.refresh_token ?? secret('')));
    expect(error.facts).toMatchObject({ kind: 'ended' });
  });

  it('revokes at the server, and the server then refuses the token', async () => {
    const server = await realServer([{ ...native, ...codeGrants, token_endpoint_auth_method: 'none' }]);
    const registration = publicClient(server.as.issuer, { client_id: 'native-app' });
    const leg = legAt(server, registration);
    const token = (await signIn(server, leg)).refresh_token ?? secret('');
    const revocation = { as: server.as, registration, token, hint: 'refresh_token', now: clock.now } as const;
    expect(await revokeToken(fetch, revocation)).toEqual({ kind: 'revoked', status: 200 });
    expect((await failureOf(refresh(leg, token))).facts).toMatchObject({ kind: 'ended' });
    expect(await revokeToken(fetch, revocation)).toEqual({ kind: 'revoked', status: 200 });
  });
});

const tokenAnswer = { body: { access_token: 'at', token_type: 'Bearer' } };

describe('what goes to the token endpoint', () => {
  it('is the same resource, to the letter, on every leg; and none where there is none', async () => {
    const server = await serve(() => tokenAnswer);
    const exact = 'HTTPS://MCP.example:443/Mcp/?x=%7e';
    const leg = legTo(server, { resource: exact });
    await exchangeCode(leg, { redirectUri, code_verifier: secret('v') }, { code: secret('c') });
    await refresh(leg, secret('r'));
    await clientCredentials(leg, []);
    await refresh(legTo(server, { resource: null }), secret('r'));
    expect(server.asked.map(({ form }) => form.get('resource'))).toEqual([exact, exact, exact, null]);
    expect(server.asked.map(({ form }) => form.get('client_id'))).toEqual(Array(4).fill('tokentray-test.client_1'));
    expect(server.asked[0]?.form.get('code_verifier')).toBe('v');
    expect(server.asked[2]?.form.has('scope')).toBe(false);
  });

  it('is a Basic secret in form encoding that leaves ordinary client ids alone, or plain where the issuer wants it', async () => {
    const server = await serve(() => tokenAnswer);
    const client_secret = 'a:/%+ é~€';
    const registration = publicClient(server.origin, {
      token_endpoint_auth_method: 'client_secret_basic',
      client_secret: secret(client_secret),
    });
    await refresh(legTo(server, { registration }), secret('r'));
    await refresh(legTo(server, { registration, plainBasic: true }), secret('r'));
    const [encoded = '', plain = ''] = server.asked.map(({ headers }) =>
      Buffer.from((headers.authorization ?? '').replace('Basic ', ''), 'base64').toString(),
    );
    expect(encoded).toBe('tokentray-test.client_1:a%3A%2F%25%2B+%C3%A9%7E%E2%82%AC');
    expect(plain).toBe(`tokentray-test.client_1:${client_secret}`);
    expect(server.asked[0]?.form.has('client_id')).toBe(false);
  });

  it('is a client assertion for the issuer, short-lived, by our clock, in the algorithm that was asked for', async () => {
    const server = await serve(() => tokenAnswer);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const registration = publicClient(server.origin, {
      token_endpoint_auth_method: 'private_key_jwt',
      private_key: secret(privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()),
      signing_alg: 'PS256',
    });
    const leg = legTo(server, { registration });
    await clientCredentials(leg, ['a', 'b']);
    const assertion = server.asked[0]?.form.get('client_assertion') ?? '';
    const { aud, iss, sub, iat, exp } = decodeJwt(assertion);
    expect(decodeProtectedHeader(assertion).alg).toBe('PS256');
    expect({ aud, iss, sub }).toEqual({ aud: server.origin, iss: registration.client_id, sub: registration.client_id });
    expect(iat).toBe(leg.clock.now() / 1000);
    expect((exp ?? 0) - (iat ?? 0)).toBeLessThanOrEqual(60);
    expect(server.asked[0]?.form.get('scope')).toBe('a b');
  });

  it('never carries one issuer’s credentials to another, and says plainly when a key or secret is unusable', async () => {
    const server = await serve(() => tokenAnswer);
    const elsewhere = publicClient('https://other.example');
    expect((await failureOf(refresh(legTo(server, { registration: elsewhere }), secret('r')))).code).toBe(
      'issuer_mismatch',
    );
    const broken = publicClient(server.origin, {
      token_endpoint_auth_method: 'private_key_jwt',
      private_key: secret('-----BEGIN PRIVATE KEY-----\nnot-a-key-SENTINEL\n-----END PRIVATE KEY-----'),
    });
    const error = await failureOf(refresh(legTo(server, { registration: broken }), secret('r')));
    expect(error.code).toBe('invalid_input');
    expect(String(error.stack) + String(error.cause)).not.toContain('SENTINEL');
    const missing = publicClient(server.origin, { token_endpoint_auth_method: 'client_secret_post' });
    expect((await failureOf(refresh(legTo(server, { registration: missing }), secret('r')))).code).toBe(
      'invalid_input',
    );
    expect(server.asked).toEqual([]);
  });
});
