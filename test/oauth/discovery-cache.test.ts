// A discovery document is asked for once while it is good, never kept when it was wrong, and never kept for ever.
import { describe, expect, it } from 'vitest';
import { createOutbound } from '../../main/net/outbound.ts';
import { cachedFetch, documentScope, freshFor } from '../../main/oauth/discovery-cache.ts';
import { discover } from '../../main/oauth/discovery.ts';
import type { Fetch } from '../../main/ports.ts';
import type { CachedDocument } from '../../main/store/types.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { serve, silent, type TestServer } from './servers.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

describe('an answer is good for', () => {
  const now = Date.UTC(2026, 0, 1);
  const at = (ms: number) => new Date(now + ms).toUTCString();
  it.each<[Record<string, string>, number]>([
    [{ 'cache-control': 'max-age=3600' }, 60 * minute],
    [{ 'cache-control': 'public, Max-Age="600"' }, 10 * minute],
    [{ 'cache-control': 'max-age=3600', age: '600' }, 50 * minute],
    [{ 'cache-control': 'max-age=0' }, minute],
    [{ 'cache-control': 'no-store' }, minute],
    [{ 'cache-control': 'no-cache, max-age=3600' }, minute],
    [{ 'cache-control': 'max-age=99999999999' }, day],
    [{ 'cache-control': 'max-age=31536000' }, day],
    [{ 'cache-control': 'x-no-store-please' }, 5 * minute],
    [{ expires: at(2 * 60 * minute), date: at(0) }, 120 * minute],
    [{ expires: at(2 * 60 * minute) }, 120 * minute],
    [{ expires: at(-1), date: at(0) }, minute],
    [{ expires: '0' }, minute],
    [{ expires: 'soon' }, minute],
    [{}, 5 * minute],
  ])('%j: %d ms', (headers, expected) => {
    expect(freshFor(new Headers(headers), now)).toBe(expected);
  });
});

async function setUp() {
  const clock = createFakeClock();
  const kept = new Map<string, CachedDocument>();
  const outbound = createOutbound({ log: silent, env: {} });
  const http = outbound.oauthFetch({ server: new URL('http://127.0.0.1:1/'), allowHttp: false });
  const documents = {
    get: (url: string) => kept.get(url) ?? null,
    put: (document: CachedDocument) => void kept.set(document.url, document),
  };
  const fetch = cachedFetch(http, documents, clock);
  return { clock, kept, fetch, [Symbol.asyncDispose]: () => outbound.close() };
}

async function json(fetch: Fetch, url: string, init?: RequestInit): Promise<unknown> {
  return (await fetch(url, init)).json();
}

describe('a document', () => {
  it('is asked for once, and again when its time is over', async () => {
    await using server = await serve({ '/doc': { json: { a: 1 }, headers: { 'cache-control': 'max-age=600' } } });
    await using made = await setUp();
    const { clock, fetch } = made;
    expect(await json(fetch, `${server.url}/doc`)).toEqual({ a: 1 });
    await clock.advance(599_000);
    const again = await fetch(new URL(`${server.url}/doc`));
    expect(await again.json()).toEqual({ a: 1 });
    expect(again.headers.get('cache-control')).toBe('max-age=1');
    expect(server.asked).toHaveLength(1);
    await clock.advance(1_000);
    await json(fetch, `${server.url}/doc`);
    expect(server.asked).toHaveLength(2);
  });

  it('is asked for anew on request, and the new one kept', async () => {
    await using server = await serve({ '/doc': { json: { a: 1 } } });
    await using made = await setUp();
    const { fetch } = made;
    await json(fetch, `${server.url}/doc`);
    server.routes['/doc'] = { json: { a: 2 } };
    expect(await json(fetch, `${server.url}/doc`)).toEqual({ a: 1 });
    expect(await json(fetch, `${server.url}/doc`, { cache: 'reload' })).toEqual({ a: 2 });
    expect(await json(fetch, `${server.url}/doc`)).toEqual({ a: 2 });
  });

  it.each([
    ['404', { status: 404, json: { a: 1 } }],
    ['503', { status: 503, json: { a: 1 } }],
    ['201', { status: 201, json: { a: 1 } }],
    ['a web page', { text: '<html>' }],
    ['a list', { json: [1] }],
    ['half a document', { text: '{"a":' }],
  ])('is not kept when it is %s', async (_, answer) => {
    await using server = await serve({ '/doc': { ...answer, headers: { 'cache-control': 'max-age=3600' } } });
    await using made = await setUp();
    const { fetch, kept } = made;
    await (await fetch(`${server.url}/doc`)).text();
    expect(kept.size).toBe(0);
    await (await fetch(`${server.url}/doc`)).text();
    expect(server.asked).toHaveLength(2);
  });

  it('is neither kept nor answered for POST and for requests with credentials', async () => {
    await using server = await serve({ '/doc': { json: { a: 1 } } });
    await using made = await setUp();
    const { fetch, kept } = made;
    await json(fetch, `${server.url}/doc`, { method: 'POST', body: 'x' });
    await json(fetch, `${server.url}/doc`, { headers: { authorization: 'Bearer x' } });
    expect(kept.size).toBe(0);
  });
});

async function twoServers(first: [string, boolean], second: [string, boolean]) {
  const { clock, kept, ...made } = await setUp();
  const outbound = createOutbound({
    log: silent,
    env: {},
    lookup: (_hostname, _options, callback) => callback(null, [{ address: '203.0.113.9', family: 4 }]),
  });
  const documents = {
    get: (url: string) => kept.get(url) ?? null,
    put: (document: CachedDocument) => void kept.set(document.url, document),
  };
  const [one, other] = [first, second].map(([url, allowHttp]) => {
    const server = new URL(url);
    return cachedFetch(outbound.oauthFetch({ server, allowHttp }), documents, clock, () =>
      documentScope(server, allowHttp),
    );
  });
  if (one === undefined || other === undefined) throw new Error('two were asked for');
  const end = async (): Promise<void> => {
    await outbound.close();
    await made[Symbol.asyncDispose]();
  };
  return { one, other, kept, [Symbol.asyncDispose]: end };
}

describe('what was fetched for one server', () => {
  it('on this machine is not told to a server out there, which may not ask for it', async () => {
    await using server = await serve({ '/doc': { json: { a: 1 }, headers: { 'cache-control': 'max-age=600' } } });
    await using made = await twoServers(['http://127.0.0.1:1/mcp', false], ['https://mcp.example/mcp', false]);
    expect(await json(made.one, `${server.url}/doc`)).toEqual({ a: 1 });
    expect(await json(made.one, `${server.url}/doc`)).toEqual({ a: 1 });
    expect(server.asked).toHaveLength(1);
    await expect(made.other(`${server.url}/doc`)).rejects.toMatchObject({ code: 'forbidden_address' });
  });

  it('over plain http is not told without the user’s word', async () => {
    await using made = await twoServers(['https://mcp.example/mcp', true], ['https://mcp.example/mcp', false]);
    const url = 'http://auth.example/doc';
    const key = `${documentScope(new URL('https://mcp.example/mcp'), true)} ${url}`;
    made.kept.set(key, { url: key, body: '{"a":1}', fetchedAt: 0, expiresAt: Number.MAX_SAFE_INTEGER });
    expect(await json(made.one, url)).toEqual({ a: 1 });
    await expect(made.other(url)).rejects.toMatchObject({ code: 'insecure_url' });
  });

  it('is forgotten for that server alone', async () => {
    await using server = await serve({ '/doc': { json: { a: 1 } } });
    await using made = await twoServers(['http://127.0.0.1:1/mcp', false], ['http://127.0.0.1:2/mcp', false]);
    const url = `${server.url}/doc`;
    for (const fetch of [made.one, made.other]) await json(fetch, url);
    expect(server.asked).toHaveLength(2);
    made.one.forget?.(url);
    for (const fetch of [made.one, made.other]) await json(fetch, url);
    expect(server.asked).toHaveLength(3);
  });
});

const good = (server: TestServer) => ({
  issuer: server.url,
  authorization_endpoint: `${server.url}/authorize`,
  token_endpoint: `${server.url}/token`,
  revocation_endpoint: `${server.url}/revoke`,
  registration_endpoint: `${server.url}/register`,
  code_challenge_methods_supported: ['S256'],
});

describe('a wrong document', () => {
  const resource = '/.well-known/oauth-protected-resource/mcp';
  const oauth = '/.well-known/oauth-authorization-server';
  it.each([
    ['another issuer', { issuer: 'https://attacker.example' }],
    ['no PKCE', { code_challenge_methods_supported: ['plain'] }],
    ['a dangerous endpoint', { authorization_endpoint: 'file:///x' }],
    ['no token endpoint', { token_endpoint: null }],
  ])('with %s locks nobody out: the next attempt asks again and succeeds', async (_, wrong) => {
    await using server = await serve();
    await using made = await setUp();
    const { fetch } = made;
    const headers = { 'cache-control': 'max-age=86400' };
    server.routes[resource] = { json: { resource: `${server.url}/mcp`, authorization_servers: [server.url] }, headers };
    server.routes[oauth] = { json: { ...good(server), ...wrong }, headers };
    const request = { server: new URL(`${server.url}/mcp`), challenge: null };
    await expect(discover(fetch, request)).rejects.toThrow();
    server.routes[oauth] = { json: good(server), headers };
    const found = await discover(fetch, request);
    expect(found.as.issuer).toBe(server.url);
    expect(found.freshForMs).toBe(day);
    const count = server.asked.length;
    await discover(fetch, request);
    expect(server.asked).toHaveLength(count);
  });

  it('about another resource is not kept either', async () => {
    await using server = await serve();
    await using made = await setUp();
    const { fetch } = made;
    server.routes[resource] = { json: { resource: 'https://evil.example/', authorization_servers: [server.url] } };
    const request = { server: new URL(`${server.url}/mcp`), challenge: null };
    await expect(discover(fetch, request)).rejects.toMatchObject({ code: 'resource_mismatch' });
    server.routes[resource] = { json: { resource: `${server.url}/mcp`, authorization_servers: [server.url] } };
    server.routes[oauth] = { json: good(server) };
    expect((await discover(fetch, request)).resource).toBe(`${server.url}/mcp`);
  });
});
