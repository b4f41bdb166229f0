// Who issues a server's tokens is found out as the specifications say, and a lying or broken server is not believed.
import { describe, expect, it } from 'vitest';
import { bearerChallenge } from '../../main/oauth/challenge.ts';
import { discover, type DiscoveryRequest } from '../../main/oauth/discovery.ts';
import { resourceMetadataUrls, serverMetadataUrls } from '../../main/oauth/discovery-url.ts';
import { discoverResource } from '../../main/oauth/resource-metadata.ts';
import { failure, guardedFetch, metadata, paths, resourceAt, wellKnown } from './discovery-documents.ts';
import { serve, type TestServer } from './servers.ts';

const http = guardedFetch();

function run(server: TestServer, more: Partial<DiscoveryRequest> = {}) {
  return discover(http, { server: new URL(`${server.url}/mcp`), challenge: null, ...more });
}

describe('resource metadata', () => {
  it('is taken from where the challenge points, and nowhere else is asked', async () => {
    await using server = await serve();
    server.routes['/custom.json'] = resourceAt(server, '/mcp', ['https://as.example'], {
      scopes_supported: ['a', 'b'],
    });
    const challenge = bearerChallenge(`Bearer resource_metadata="${server.url}/custom.json"`);
    const found = await discoverResource(http, new URL(`${server.url}/mcp`), challenge);
    expect(found).toMatchObject({
      kind: 'metadata',
      url: `${server.url}/custom.json`,
      resource: `${server.url}/mcp`,
      authorizationServers: ['https://as.example'],
      scopesSupported: ['a', 'b'],
    });
    expect(paths(server)).toEqual(['/custom.json']);
  });

  it('without a challenge is looked for under the path, then at the root', async () => {
    await using server = await serve();
    server.routes[wellKnown.resource] = resourceAt(server, '', ['https://as.example']);
    const found = await discoverResource(http, new URL(`${server.url}/public/mcp`), null);
    expect(found).toMatchObject({ kind: 'metadata', resource: server.url, scopesSupported: null });
    expect(paths(server)).toEqual([`${wellKnown.resource}/public/mcp`, wellKnown.resource]);
  });

  it('is looked for elsewhere when the challenge points to nothing', async () => {
    await using server = await serve();
    server.routes[`${wellKnown.resource}/mcp`] = resourceAt(server, '/mcp', ['https://as.example']);
    const challenge = bearerChallenge(`Bearer resource_metadata="${server.url}/gone"`);
    expect((await discoverResource(http, new URL(`${server.url}/mcp`), challenge)).kind).toBe('metadata');
  });

  it('keeps the exact spelling of the resource', async () => {
    await using server = await serve();
    const resource = `${server.url.replace('http', 'HTTP')}/mcp/`;
    server.routes[`${wellKnown.resource}/mcp`] = { json: { resource, authorization_servers: ['https://as.example'] } };
    const found = await discoverResource(http, new URL(`${server.url}/mcp`), null);
    expect(found).toMatchObject({ resource });
  });

  it.each([
    'https://evil.example/mcp',
    'ORIGIN/other',
    'ORIGIN/mcp/deeper',
    'ORIGIN/mc',
    'ORIGIN/mcp?tenant=1',
    'ORIGIN/mcp#fragment',
    'http://user@HOST/mcp',
    'not an address',
  ])('about %s is refused, and no other way of signing in is tried', async (resource) => {
    await using server = await serve();
    const written = resource.replace('ORIGIN', server.url).replace('HOST', `127.0.0.1:${server.port}`);
    server.routes[`${wellKnown.resource}/mcp`] = { json: { resource: written, authorization_servers: [server.url] } };
    server.routes[wellKnown.oauth] = metadata(server.url);
    const error = await failure(run(server));
    expect(error.code).toBe('resource_mismatch');
    expect(paths(server)).not.toContain(wellKnown.oauth);
  });

  it('about one path does not speak for a neighbour that only begins alike', async () => {
    await using server = await serve();
    server.routes[wellKnown.resource] = resourceAt(server, '/mcp', [server.url]);
    const error = await failure(discoverResource(http, new URL(`${server.url}/mcp-admin`), null));
    expect(error.code).toBe('resource_mismatch');
  });

  it('that cannot be had right now is not taken for missing', async () => {
    await using server = await serve({
      [`${wellKnown.resource}/mcp`]: { status: 503 },
      [wellKnown.resource]: { status: 404 },
    });
    server.routes[wellKnown.oauth] = metadata(server.url);
    const error = await failure(run(server));
    expect(error).toMatchObject({ code: 'discovery_failed', retry: 'later', facts: { status: 503 } });
  });

  it('that names no resource is said to be broken, not taken for missing', async () => {
    await using server = await serve({
      [`${wellKnown.resource}/mcp`]: { json: { authorization_servers: ['https://as.example'] } },
    });
    expect(await failure(run(server))).toMatchObject({ code: 'discovery_failed' });
  });

  it('with fields of the wrong kind is used for what is right in it', async () => {
    await using server = await serve();
    server.routes[`${wellKnown.resource}/mcp`] = resourceAt(server, '/mcp', [], {
      authorization_servers: ['javascript:alert(1)', null, 7, 'https://as.example?x=1', 'https://as.example'],
      scopes_supported: 'a, b',
      bearer_methods_supported: null,
      dpop_bound_access_tokens_required: 'true',
      resource_name: 5,
    });
    const found = await discoverResource(http, new URL(`${server.url}/mcp`), null);
    expect(found).toMatchObject({
      authorizationServers: ['https://as.example'],
      scopesSupported: ['a', 'b'],
      metadata: { dpop_bound_access_tokens_required: true },
    });
    expect(found).not.toHaveProperty('metadata.resource_name');
  });
});

describe('authorization server metadata', () => {
  it('is asked for in the specification’s order', () => {
    expect(serverMetadataUrls('https://as.example/tenant1')).toEqual({
      oauth: 'https://as.example/.well-known/oauth-authorization-server/tenant1',
      oidc: [
        'https://as.example/.well-known/openid-configuration/tenant1',
        'https://as.example/tenant1/.well-known/openid-configuration',
      ],
    });
    expect(serverMetadataUrls('https://as.example/')).toEqual({
      oauth: 'https://as.example/.well-known/oauth-authorization-server',
      oidc: ['https://as.example/.well-known/openid-configuration'],
    });
    expect(serverMetadataUrls('https://as.example/t/').oauth).toBe(
      'https://as.example/.well-known/oauth-authorization-server/t',
    );
    expect(resourceMetadataUrls(new URL('https://x.example/mcp/'))[0]).toBe(
      'https://x.example/.well-known/oauth-protected-resource/mcp',
    );
  });

  it.each([
    [wellKnown.oauth, ''],
    [wellKnown.oidc, ''],
    [`${wellKnown.oauth}/tenant1`, '/tenant1'],
    [`${wellKnown.oidc}/tenant1`, '/tenant1'],
    [`/tenant1${wellKnown.oidc}`, '/tenant1'],
  ])('is found at %s for the issuer path %j', async (at, path) => {
    await using as = await serve();
    await using server = await serve();
    const issuer = `${as.url}${path}`;
    as.routes[at] = metadata(issuer);
    server.routes[`${wellKnown.resource}/mcp`] = resourceAt(server, '/mcp', [issuer], { scopes_supported: ['a'] });
    const found = await run(server);
    expect(found.as).toMatchObject({ issuer, token_endpoint: `${issuer}/token` });
    expect(found).toMatchObject({
      resource: `${server.url}/mcp`,
      scopesSupported: ['a'],
      authorizationServers: [issuer],
    });
    if (path !== '') expect(paths(as)).not.toContain(wellKnown.oauth);
  });

  it('behind a web page with 401, behind a 301, or beside rubbish is found all the same', async () => {
    await using as = await serve({
      [wellKnown.oauth]: { status: 401, headers: { 'content-type': 'text/html' }, text: '<html>sign in</html>' },
      [wellKnown.oidc]: { status: 301, headers: { location: '/moved' } },
    });
    as.routes['/moved'] = metadata(as.url);
    await using server = await serve();
    server.routes[`${wellKnown.resource}/mcp`] = resourceAt(server, '/mcp', [as.url]);
    expect((await run(server)).as.issuer).toBe(as.url);
    as.routes[wellKnown.oauth] = { headers: { 'content-type': 'text/html' }, text: '<!doctype html><p>hello' };
    expect((await run(server)).as.issuer).toBe(as.url);
  });

  it.each(['https://attacker.example', 'ISSUER/other', 'ISSUER/tenant/'])(
    'that calls itself %s is not believed',
    async (claimed) => {
      await using as = await serve();
      await using server = await serve();
      const issuer = `${as.url}/tenant`;
      as.routes[`${wellKnown.oauth}/tenant`] = metadata(issuer, { issuer: claimed.replace('ISSUER', as.url) });
      server.routes[`${wellKnown.resource}/mcp`] = resourceAt(server, '/mcp', [issuer]);
      expect((await failure(run(server))).code).toBe('issuer_mismatch');
    },
  );

  it('of another issuer at the first address does not hide the right one at the next', async () => {
    await using as = await serve();
    await using server = await serve();
    as.routes[wellKnown.oauth] = metadata('https://attacker.example');
    as.routes[wellKnown.oidc] = metadata(as.url);
    server.routes[`${wellKnown.resource}/mcp`] = resourceAt(server, '/mcp', [as.url]);
    expect((await run(server)).as.token_endpoint).toBe(`${as.url}/token`);
  });

  it.each([
    ['/', ''],
    ['', '/'],
  ])(
    'of an issuer without a path, named with %j and calling itself with %j, counts under its own name',
    async (named, own) => {
      await using as = await serve();
      await using server = await serve();
      as.routes[wellKnown.oauth] = metadata(as.url, { issuer: `${as.url}${own}` });
      server.routes[`${wellKnown.resource}/mcp`] = resourceAt(server, '/mcp', [`${as.url}${named}`]);
      const found = await run(server);
      expect(found.as.issuer).toBe(`${as.url}${own}`);
      expect(found.findings).toContainEqual(expect.objectContaining({ about: 'issuer', outcome: 'unusual' }));
    },
  );

  it('without PKCE S256 is refused, unless no browser is involved', async () => {
    await using as = await serve();
    await using server = await serve();
    server.routes[`${wellKnown.resource}/mcp`] = resourceAt(server, '/mcp', [as.url]);
    for (const methods of [undefined, null, ['plain']]) {
      as.routes[wellKnown.oauth] = metadata(as.url, { code_challenge_methods_supported: methods });
      expect((await failure(run(server))).code).toBe('pkce_not_supported');
    }
    expect((await run(server, { flow: 'client_credentials' })).as.issuer).toBe(as.url);
  });

  it.each([
    'file:///c:/windows/system32/calc.exe',
    'javascript:alert(1)',
    'http:"$(calc.exe)?response_type=code"',
    'https://as.example/authorize?x=$(id)',
    'https://as.example/`id`',
    "https://as.example/a'b",
    'https://as.example/a|b',
    'https://as.example/a;id',
    'https://as.example/a&calc',
    'https://as.example/a b',
    'https://as.example/a\nb',
    'https://user:pass@as.example/authorize',
    'search-ms:query=x',
    '',
  ])('with the authorization endpoint %j is refused', async (endpoint) => {
    await using as = await serve();
    await using server = await serve();
    as.routes[wellKnown.oauth] = metadata(as.url, { authorization_endpoint: endpoint });
    server.routes[`${wellKnown.resource}/mcp`] = resourceAt(server, '/mcp', [as.url]);
    const error = await failure(run(server));
    expect(error.code).toBe('unsafe_url');
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(error.message).not.toMatch(/[\u0000-\u001f]/);
  });

  it('with a bad endpoint that is not needed is used without it', async () => {
    await using as = await serve();
    await using server = await serve();
    as.routes[wellKnown.oauth] = metadata(as.url, { revocation_endpoint: 'file:///x' });
    server.routes[`${wellKnown.resource}/mcp`] = resourceAt(server, '/mcp', [as.url]);
    expect((await run(server)).as).not.toHaveProperty('revocation_endpoint');
  });

  it('that leaves out revocation or registration is completed from the OIDC document, and only where it is silent', async () => {
    await using as = await serve();
    await using server = await serve();
    as.routes[wellKnown.oauth] = metadata(as.url, { revocation_endpoint: null, registration_endpoint: undefined });
    as.routes[wellKnown.oidc] = metadata(as.url, {
      token_endpoint: `${as.url}/other-token`,
      revocation_endpoint_auth_methods_supported: ['none'],
    });
    server.routes[`${wellKnown.resource}/mcp`] = resourceAt(server, '/mcp', [as.url]);
    const { as: found } = await run(server);
    expect(found).toMatchObject({
      token_endpoint: `${as.url}/token`,
      revocation_endpoint: `${as.url}/revoke`,
      registration_endpoint: `${as.url}/register`,
      revocation_endpoint_auth_methods_supported: ['none'],
    });
    as.routes[wellKnown.oidc] = metadata('https://attacker.example');
    expect((await run(server)).as).not.toHaveProperty('revocation_endpoint');
  });

  it('with fields of the wrong kind is used for what is right in it', async () => {
    await using as = await serve();
    await using server = await serve();
    as.routes[wellKnown.oauth] = metadata(as.url, {
      scopes_supported: 'openid offline_access',
      grant_types_supported: null,
      token_endpoint_auth_methods_supported: { none: true },
      authorization_response_iss_parameter_supported: 'true',
      __proto__: { polluted: true },
    });
    server.routes[`${wellKnown.resource}/mcp`] = resourceAt(server, '/mcp', [as.url]);
    const { as: found } = await run(server);
    expect(found.scopes_supported).toEqual(['openid', 'offline_access']);
    expect(found.authorization_response_iss_parameter_supported).toBe(true);
    expect(found).not.toHaveProperty('grant_types_supported');
    expect(found).not.toHaveProperty('token_endpoint_auth_methods_supported');
  });

  it('that is unreachable, broken or too large is a clear error that may be tried again', async () => {
    await using gone = await serve();
    const dead = `http://127.0.0.1:${gone.port}`;
    await gone[Symbol.asyncDispose]();
    await using server = await serve();
    server.routes[`${wellKnown.resource}/mcp`] = resourceAt(server, '/mcp', [dead]);
    expect(await failure(run(server))).toMatchObject({ code: 'unreachable', retry: 'later' });
    await using as = await serve({ [wellKnown.oauth]: { status: 500 }, [wellKnown.oidc]: { text: '{"issuer": ' } });
    server.routes[`${wellKnown.resource}/mcp`] = resourceAt(server, '/mcp', [as.url]);
    expect(await failure(run(server))).toMatchObject({ code: 'discovery_failed', retry: 'later' });
    as.routes[wellKnown.oauth] = { text: `{"issuer":"${'x'.repeat(1024 * 1024)}"}` };
    expect(await failure(run(server))).toMatchObject({ code: 'response_too_large' });
  });
});
