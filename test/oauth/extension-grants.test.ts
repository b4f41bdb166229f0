// Workload identity and enterprise-managed authorization: the right assertion, to the right server, once.
import { describe, expect, it } from 'vitest';
import { exchangeForIdJag, jwtBearer, redeemIdJag } from '../../main/oauth/extension-grants.ts';
import { secret } from '../../main/secret.ts';
import { failureOf, fakeClock, legTo, publicClient, serve } from './legs/fixture.ts';
import type { SmallServer } from './legs/fixture.ts';

const resource = 'https://mcp.example/mcp';

function exchangeAt(server: SmallServer) {
  return exchangeForIdJag({
    http: fetch,
    clock: fakeClock(),
    idp_token_endpoint: `${server.origin}/oauth2/token`,
    idp_client_id: 'idp-client',
    id_token: secret('id-token-SENTINEL'),
    audience: 'https://as.example',
    resource,
    scopes: ['read'],
  });
}

describe('workload identity', () => {
  it('sends the platform’s assertion as a public client', async () => {
    const server = await serve(() => ({ body: { access_token: 'at', expires_in: 60 } }));
    expect((await jwtBearer(legTo(server), secret('platform-jwt'), ['read'])).access_token.reveal()).toBe('at');
    expect(Object.fromEntries(server.asked[0]?.form ?? [])).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: 'platform-jwt',
      client_id: 'tokentray-test.client_1',
      resource,
      scope: 'read',
    });
    expect(server.asked[0]?.headers.authorization).toBeUndefined();
  });

  it.each(['invalid_grant', 'invalid_scope', 'unauthorized_client'])(
    'takes %s as final: one request',
    async (error) => {
      const server = await serve(() => ({ status: 400, body: { error, error_description: 'no: platform-jwt' } }));
      const failure = await failureOf(jwtBearer(legTo(server), secret('platform-jwt'), []));
      expect(failure).toMatchObject({ code: 'token_refused', facts: { kind: 'refused', oauthError: error } });
      expect(failure.message).not.toContain('platform-jwt');
      expect(server.asked).toHaveLength(1);
    },
  );
});

describe('enterprise-managed authorization', () => {
  const idJag = {
    access_token: 'the-id-jag',
    issued_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
    token_type: 'N_A',
  };

  it('exchanges the ID token for an ID-JAG that names authorization server and resource', async () => {
    const server = await serve(() => ({ body: idJag }));
    expect((await exchangeAt(server)).reveal()).toBe('the-id-jag');
    expect(server.asked[0]?.url).toBe('/oauth2/token');
    expect(Object.fromEntries(server.asked[0]?.form ?? [])).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
      subject_token: 'id-token-SENTINEL',
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      audience: 'https://as.example',
      resource,
      scope: 'read',
      client_id: 'idp-client',
    });
  });

  it('redeems it with the client’s own authentication', async () => {
    const server = await serve(() => ({ body: { access_token: 'at', token_type: 'Bearer' } }));
    const registration = publicClient(server.origin, {
      token_endpoint_auth_method: 'client_secret_basic',
      client_secret: secret('s'),
    });
    await redeemIdJag(legTo(server, { registration }), secret('the-id-jag'), []);
    expect(server.asked[0]?.form.get('assertion')).toBe('the-id-jag');
    expect(server.asked[0]?.form.get('resource')).toBe(resource);
    expect(server.asked[0]?.headers.authorization).toMatch(/^Basic /);
  });

  it('takes nothing but an ID-JAG, and shows no token when it fails', async () => {
    const other = await serve(() => ({
      body: { ...idJag, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
    }));
    expect((await failureOf(exchangeAt(other))).code).toBe('token_refused');
    const refusing = await serve(({ form }) => ({
      status: 400,
      body: { error: 'invalid_grant', error_description: `bad ${form.get('subject_token')}` },
    }));
    const failure = await failureOf(exchangeAt(refusing));
    expect(failure.facts).toMatchObject({ kind: 'refused' });
    expect(`${failure.message}${String(failure.stack)}`).not.toContain('SENTINEL');
  });
});
