// Among several authorization servers the right one is used, and a server of older rules is still understood.
import { describe, expect, it } from 'vitest';
import { bearerChallenge } from '../../main/oauth/challenge.ts';
import { discover, type DiscoveryRequest } from '../../main/oauth/discovery.ts';
import { failure, guardedFetch, metadata, resourceAt, wellKnown } from './discovery-documents.ts';
import { serve, type TestServer } from './servers.ts';

const http = guardedFetch();

function run(server: TestServer, more: Partial<DiscoveryRequest> = {}) {
  return discover(http, { server: new URL(`${server.url}/mcp`), challenge: null, ...more });
}

async function three() {
  const [one, two, server] = [await serve(), await serve(), await serve()];
  one.routes[wellKnown.oauth] = metadata(one.url);
  two.routes[wellKnown.oauth] = metadata(two.url);
  server.routes[`${wellKnown.resource}/mcp`] = resourceAt(server, '/mcp', [one.url, two.url]);
  const dispose = () => Promise.all([one, two, server].map((item) => item[Symbol.asyncDispose]()));
  return { one, two, server, [Symbol.asyncDispose]: async () => void (await dispose()) };
}

describe('of several authorization servers', () => {
  it('the first is used, and all are offered', async () => {
    await using all = await three();
    const found = await run(all.server);
    expect(found.as.issuer).toBe(all.one.url);
    expect(found.authorizationServers).toEqual([all.one.url, all.two.url]);
  });

  it('the one with a grant or registration comes first, the user’s choice before that', async () => {
    await using all = await three();
    expect((await run(all.server, { preferIssuers: ['https://x.example', all.two.url] })).as.issuer).toBe(all.two.url);
    const chosen = await run(all.server, { preferIssuers: [all.two.url], chosenIssuer: all.one.url });
    expect(chosen.as.issuer).toBe(all.one.url);
  });

  it('a choice that the resource no longer names does not count', async () => {
    await using all = await three();
    expect((await run(all.server, { chosenIssuer: 'https://old.example' })).as.issuer).toBe(all.one.url);
  });

  it('one that does not work gives way to the next', async () => {
    await using all = await three();
    all.one.routes[wellKnown.oauth] = metadata(all.one.url, { code_challenge_methods_supported: [] });
    expect((await run(all.server)).as.issuer).toBe(all.two.url);
  });

  it('one with a grant does not give way because of bad weather, and the chosen one never does', async () => {
    await using all = await three();
    all.one.routes[wellKnown.oauth] = { status: 503 };
    expect((await failure(run(all.server, { preferIssuers: [all.one.url] }))).retry).toBe('later');
    all.one.routes[wellKnown.oauth] = metadata('https://attacker.example');
    expect((await failure(run(all.server, { chosenIssuer: all.one.url }))).code).toBe('issuer_mismatch');
  });
});

describe('a server of 2025-03-26, without resource metadata', () => {
  it('is found by the authorization server metadata at its origin', async () => {
    await using server = await serve();
    server.routes[wellKnown.oauth] = metadata(server.url, { authorization_endpoint: `${server.url}/oauth/authorize` });
    const found = await run(server);
    expect(found).toMatchObject({ resource: null, resourceMetadataUrl: null, scopesSupported: null });
    expect(found.as.authorization_endpoint).toBe(`${server.url}/oauth/authorize`);
  });

  it('without any metadata has the default endpoints at its origin', async () => {
    await using server = await serve();
    expect((await run(server)).as).toMatchObject({
      issuer: server.url,
      authorization_endpoint: `${server.url}/authorize`,
      token_endpoint: `${server.url}/token`,
      registration_endpoint: `${server.url}/register`,
      code_challenge_methods_supported: ['S256'],
    });
  });

  it('is not assumed when the challenge speaks of resource metadata, or when the server is only down', async () => {
    await using server = await serve();
    const challenge = bearerChallenge(`Bearer resource_metadata="${server.url}/gone"`);
    expect((await failure(run(server, { challenge }))).code).toBe('discovery_failed');
    server.routes[wellKnown.oauth] = { status: 502 };
    expect(await failure(run(server))).toMatchObject({ code: 'discovery_failed', facts: { status: 502 } });
  });
});
