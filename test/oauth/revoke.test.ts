// Revoking tells the truth: what the server confirmed, what it refused, and what it never heard.
import { describe, expect, it } from 'vitest';
import { revokeToken } from '../../main/oauth/revoke.ts';
import type { RevocationOutcome } from '../../main/oauth/revoke.ts';
import type { AuthorizationServerMetadata, Registration } from '../../main/oauth/types.ts';
import { secret } from '../../main/secret.ts';
import { closedPort, failureOf, noon, publicClient, serve } from './legs/fixture.ts';
import type { Answer, SmallServer } from './legs/fixture.ts';

const token = secret('refresh-token-SENTINEL');

function revokeAt(
  server: Pick<SmallServer, 'origin'>,
  more: { registration?: Registration; as?: Partial<AuthorizationServerMetadata> } = {},
): Promise<RevocationOutcome> {
  return revokeToken(fetch, {
    as: { issuer: server.origin, revocation_endpoint: `${server.origin}/revoke`, ...more.as },
    registration: more.registration ?? publicClient(server.origin),
    token,
    hint: 'refresh_token',
    now: () => noon,
  });
}

describe('revoking a token', () => {
  it('names token, kind and, for a public client, the client', async () => {
    const server = await serve(() => ({}));
    expect(await revokeAt(server)).toEqual({ kind: 'revoked', status: 200 });
    expect(Object.fromEntries(server.asked[0]?.form ?? [])).toEqual({
      token: token.reveal(),
      token_type_hint: 'refresh_token',
      client_id: 'tokentray-test.client_1',
    });
  });

  it.each<[string, Answer, RevocationOutcome]>([
    ['204', { status: 204 }, { kind: 'revoked', status: 204 }],
    [
      '400 the second time',
      { status: 400, body: { error: 'invalid_token' } },
      { kind: 'refused', status: 400, error: 'invalid_token' },
    ],
    ['401 to a public client', { status: 401 }, { kind: 'refused', status: 401, error: null }],
    [
      'an error inside a 200',
      { body: { ok: false, error: 'not_authed' } },
      { kind: 'refused', status: 200, error: 'not_authed' },
    ],
    ['a redirect', { status: 302, headers: { location: '/x' } }, { kind: 'refused', status: 302, error: null }],
    ['503', { status: 503 }, { kind: 'unreachable', error: 'the server answered with status 503' }],
    ['a page', { headers: { 'content-type': 'text/html' }, body: '<html>' }, { kind: 'revoked', status: 200 }],
  ])('is told as it is for %s', async (_name, answer, outcome) => {
    expect(await revokeAt(await serve(() => answer))).toEqual(outcome);
  });

  it('says so when there is no endpoint, or nobody there', async () => {
    expect(await revokeAt({ origin: 'https://as.example' }, { as: { revocation_endpoint: undefined } })).toEqual({
      kind: 'no-endpoint',
    });
    const nobody = { origin: `http://127.0.0.1:${await closedPort()}` };
    expect(await revokeAt(nobody)).toEqual({ kind: 'unreachable', error: 'the connection failed' });
  });

  it('repeats no token that the server echoes', async () => {
    const server = await serve(({ form }) => ({ status: 400, body: { error: `unknown ${form.get('token')}` } }));
    expect(await revokeAt(server)).toEqual({ kind: 'refused', status: 400, error: 'unknown [secret]' });
  });

  it('proves itself as registered, or in the way that the endpoint lists', async () => {
    const server = await serve(() => ({}));
    const registration = publicClient(server.origin, {
      token_endpoint_auth_method: 'client_secret_basic',
      client_secret: secret('s'),
    });
    await revokeAt(server, { registration });
    await revokeAt(server, {
      registration,
      as: { revocation_endpoint_auth_methods_supported: ['client_secret_post'] },
    });
    expect(server.asked[0]?.headers.authorization).toMatch(/^Basic /);
    expect(server.asked[1]?.headers.authorization).toBeUndefined();
    expect(server.asked[1]?.form.get('client_secret')).toBe('s');
  });

  it('goes to the issuer of the client only', async () => {
    const server = await serve(() => ({}));
    const registration = publicClient('https://other.example');
    expect((await failureOf(revokeAt(server, { registration }))).code).toBe('issuer_mismatch');
    expect(server.asked).toEqual([]);
  });
});
