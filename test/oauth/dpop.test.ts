// Bound tokens go out with a fresh proof for exactly one request, and servers that want a nonce get it.
import { createHash } from 'node:crypto';
import { EmbeddedJWK, calculateJwkThumbprint, decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  createDpopKey,
  createDpopNonces,
  demandsDpopNonce,
  dpopProof,
  dpopThumbprint,
  resourceHeaders,
  wantsDpop,
} from '../../main/oauth/dpop.ts';
import { refresh } from '../../main/oauth/token.ts';
import { secret } from '../../main/secret.ts';
import { failureOf, fakeClock, legTo, noon, serve } from './legs/fixture.ts';

const clock = fakeClock();
const verify = (proof: string) => jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', currentDate: new Date(noon) });
const nonceOf = async (header: unknown) => (await verify(String(header))).payload['nonce'];

describe('a proof', () => {
  it('covers method, address without query, time, token and nonce, and verifies with the key inside it', async () => {
    const key = await createDpopKey();
    const proof = await dpopProof(
      { key, htm: 'POST', htu: 'https://mcp.example:8443/mcp?x=1#y', nonce: 'n', accessToken: secret('at') },
      clock,
    );
    const { payload, protectedHeader } = await verify(proof);
    expect(payload).toMatchObject({
      htm: 'POST',
      htu: 'https://mcp.example:8443/mcp',
      iat: noon / 1000,
      nonce: 'n',
      ath: createHash('sha256').update('at').digest('base64url'),
    });
    expect(protectedHeader.jwk).not.toHaveProperty('d');
    expect(await calculateJwkThumbprint(protectedHeader.jwk ?? {})).toBe(await dpopThumbprint(key));
    expect(JSON.stringify({ key })).toBe('{"key":"[secret]"}');
  });

  it('is never the same twice', async () => {
    const input = { key: await createDpopKey(), htm: 'GET', htu: 'https://mcp.example/mcp' };
    const [first, second] = [await verify(await dpopProof(input, clock)), await verify(await dpopProof(input, clock))];
    expect(first.payload.jti).not.toBe(second.payload.jti);
  });

  it('cannot be made with a damaged key, and the error does not show the key', async () => {
    const key = secret('{"kty":"EC","d":"SENTINEL"');
    const error = await failureOf(dpopProof({ key, htm: 'GET', htu: 'https://mcp.example/' }, clock));
    expect(error.code).toBe('vault_damaged');
    expect(`${String(error.stack)}${String(error.cause)}`).not.toContain('SENTINEL');
  });
});

describe('a request to the resource', () => {
  it('shows a bound token with the DPoP scheme and the newest nonce of that origin, a plain one as Bearer', async () => {
    const dpop = { key: await createDpopKey(), nonces: createDpopNonces() };
    const url = new URL('https://mcp.example/mcp?session=1');
    dpop.nonces.remember(url, new Headers({ 'dpop-nonce': 'fresh' }));
    dpop.nonces.remember('https://as.example/token', new Headers({ 'dpop-nonce': 'other' }));
    const token = { access_token: secret('at'), token_type: 'dpop' as const };
    const headers = await resourceHeaders(token, { method: 'POST', url }, dpop, clock);
    expect(headers['authorization']).toBe('DPoP at');
    expect((await verify(headers['dpop'] ?? '')).payload).toMatchObject({
      nonce: 'fresh',
      htu: 'https://mcp.example/mcp',
    });
    const plain = await resourceHeaders({ ...token, token_type: 'bearer' }, { method: 'POST', url }, dpop, clock);
    expect(plain).toEqual({ authorization: 'Bearer at' });
    expect((await failureOf(resourceHeaders(token, { method: 'GET', url }, undefined, clock))).code).toBe('internal');
  });

  it('is repeated, not refreshed, when only a nonce is missing', () => {
    expect(demandsDpopNonce('DPoP error="use_dpop_nonce", resource_metadata="https://x"')).toBe(true);
    expect(demandsDpopNonce('Bearer realm="x", DPoP algs="ES256", error=use_dpop_nonce')).toBe(true);
    expect(demandsDpopNonce('DPoP error="invalid_token"')).toBe(false);
    expect(demandsDpopNonce('Bearer error="invalid_token"')).toBe(false);
    expect(demandsDpopNonce(null)).toBe(false);
  });
});

describe('the token endpoint’s nonce', () => {
  const demand = { status: 400, headers: { 'dpop-nonce': 'n1' }, body: { error: 'use_dpop_nonce' } };

  it('is used for one repetition, and for later requests', async () => {
    const server = await serve((_asked, _response, count) =>
      count === 1 ? demand : { headers: { 'dpop-nonce': 'n2' }, body: { access_token: 'at', token_type: 'DPoP' } },
    );
    const leg = legTo(server, { dpop: { key: await createDpopKey(), nonces: createDpopNonces() } });
    expect((await refresh(leg, secret('r'))).token_type).toBe('dpop');
    await refresh(leg, secret('r'));
    expect(await Promise.all(server.asked.map(({ headers }) => nonceOf(headers['dpop'])))).toEqual([
      undefined,
      'n1',
      'n2',
    ]);
    const [first, second] = server.asked.map(({ headers }) => decodeProtectedHeader(String(headers['dpop'])).jwk);
    expect(first).toEqual(second);
  });

  it('is not chased: a server that is never content is refused after two requests, even with ever new nonces', async () => {
    const server = await serve((_asked, _response, count) => ({ ...demand, headers: { 'dpop-nonce': `n${count}` } }));
    const leg = legTo(server, { dpop: { key: await createDpopKey(), nonces: createDpopNonces() } });
    expect((await failureOf(refresh(leg, secret('r')))).facts).toMatchObject({ oauthError: 'use_dpop_nonce' });
    expect(server.asked).toHaveLength(2);
  });

  it('does not make other errors repeat', async () => {
    const server = await serve(() => ({ ...demand, body: { error: 'invalid_grant' } }));
    const leg = legTo(server, { dpop: { key: await createDpopKey(), nonces: createDpopNonces() } });
    expect((await failureOf(refresh(leg, secret('r')))).facts).toMatchObject({ kind: 'ended' });
    expect(server.asked).toHaveLength(1);
  });
});

describe('nonces', () => {
  it('are kept per origin, few, and only if they can be nonces', () => {
    const nonces = createDpopNonces();
    expect(nonces.remember('https://a.example/x', new Headers({ 'dpop-nonce': 'one' }))).toBe(true);
    expect(nonces.remember('https://a.example/y', new Headers({ 'dpop-nonce': 'one' }))).toBe(false);
    expect(nonces.remember('https://a.example/', new Headers({ 'dpop-nonce': 'a b' }))).toBe(false);
    expect(nonces.remember('https://a.example/', new Headers())).toBe(false);
    expect(nonces.get('https://a.example')).toBe('one');
    for (let index = 0; index < 50; index += 1) {
      nonces.remember(`https://h${index}.example/`, new Headers({ 'dpop-nonce': 'n' }));
    }
    expect(nonces.get('https://a.example')).toBeUndefined();
  });
});

describe('binding tokens to a key', () => {
  const able = { dpop_signing_alg_values_supported: ['ES256'] };

  it('happens when the resource wants it and the authorization server can', () => {
    expect(wantsDpop(able, { dpop_bound_access_tokens_required: true }, [])).toBe(true);
    expect(wantsDpop(able, null, ['DPoP'])).toBe(true);
    expect(wantsDpop(able, null, ['bearer', 'dpop'])).toBe(true);
  });

  it('does not happen otherwise', () => {
    expect(wantsDpop(able, null, ['bearer'])).toBe(false);
    expect(wantsDpop(able, {}, [])).toBe(false);
    expect(wantsDpop({}, { dpop_bound_access_tokens_required: true }, ['dpop'])).toBe(false);
    expect(wantsDpop({ dpop_signing_alg_values_supported: ['RS256'] }, null, ['dpop'])).toBe(false);
    const other = { dpop_bound_access_tokens_required: true, dpop_signing_alg_values_supported: ['EdDSA'] };
    expect(wantsDpop(able, other, [])).toBe(false);
  });
});
