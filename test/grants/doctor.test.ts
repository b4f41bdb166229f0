// The doctor finds what is missing, wrong or unusual in a server's authorization, and touches nothing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { diagnosisSchema } from '../../preload/contract.ts';
import { diagnose, type DoctorReport } from '../../main/grants/doctor.ts';
import { createOutbound, type Outbound } from '../../main/net/outbound.ts';
import type { Fetch } from '../../main/ports.ts';
import { serve, silent, type TestServer } from '../oauth/servers.ts';

let outbound: Outbound;
let http: Fetch;
beforeAll(() => {
  outbound = createOutbound({ log: silent, env: {} });
  http = outbound.oauthFetch({ server: new URL('http://127.0.0.1:1/'), allowHttp: false });
});
afterAll(() => outbound.close());

const resource = '/.well-known/oauth-protected-resource/mcp';
const oauth = '/.well-known/oauth-authorization-server';

async function healthy(): Promise<TestServer> {
  const server = await serve();
  const { url, routes } = server;
  const header = `Bearer resource_metadata="${url}${resource}", scope="a b"`;
  routes['POST /mcp'] = { status: 401, headers: { 'www-authenticate': header } };
  routes[resource] = { json: { resource: `${url}/mcp`, authorization_servers: [url], scopes_supported: ['a', 'b'] } };
  routes[oauth] = { json: metadata(server) };
  return server;
}

function metadata({ url }: TestServer, more: Record<string, unknown> = {}) {
  return {
    issuer: url,
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/token`,
    registration_endpoint: `${url}/register`,
    revocation_endpoint: `${url}/revoke`,
    scopes_supported: ['a', 'b', 'offline_access'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_methods_supported: ['none'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    ...more,
  };
}

const verdicts = (report: DoctorReport): Record<string, string> =>
  Object.fromEntries(report.steps.map(({ name, verdict }) => [name, verdict]));
const step = (report: DoctorReport, name: string) => report.steps.find((item) => item.name === name);

describe('the doctor', () => {
  it('finds a healthy server healthy in every step, with the section that says so', async () => {
    await using server = await healthy();
    const report = await diagnose({ http }, `${server.url}/mcp`);
    expect(report.steps.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    expect(Object.keys(verdicts(report))).toEqual([
      'unauthenticated request',
      'challenge',
      'challenge: resource_metadata',
      'challenge: scope',
      'resource metadata',
      'resource',
      'authorization_servers',
      'scopes_supported',
      'authorization server metadata',
      'authorization_endpoint',
      'PKCE',
      'registration',
      'client authentication',
      'resource indicator',
      'refresh',
      'offline_access',
      'revocation',
      'iss in answers',
    ]);
    expect(step(report, 'resource metadata')?.section).toBe('RFC 9728 section 3.1');
    for (const { section } of report.steps) expect(section).toMatch(/^(RFC \d+ section|MCP 20|OpenID Connect)/);
    expect(diagnosisSchema.parse(report)).toEqual(JSON.parse(JSON.stringify(report)));
  });

  it('registers nothing, authorizes nothing and asks for no token', async () => {
    await using server = await healthy();
    await diagnose({ http }, `${server.url}/mcp`);
    const touched = server.asked.filter(({ method, path }) => method !== 'GET' && path !== '/mcp');
    expect(touched).toEqual([]);
    expect(server.asked.map(({ path }) => path)).not.toContain('/authorize');
  });

  it('names what a bare server lacks', async () => {
    await using server = await healthy();
    server.routes['POST /mcp'] = { status: 401 };
    server.routes[resource] = { json: { resource: server.url, authorization_servers: [server.url] } };
    server.routes[oauth] = {
      json: {
        issuer: server.url,
        authorization_endpoint: `${server.url}/authorize`,
        token_endpoint: `${server.url}/token`,
      },
    };
    const report = await diagnose({ http }, `${server.url}/mcp`);
    expect(verdicts(report)).toMatchObject({
      challenge: 'missing',
      resource: 'unusual',
      scopes_supported: 'unusual',
      PKCE: 'missing',
      registration: 'missing',
      'client authentication': 'unusual',
      refresh: 'unusual',
      offline_access: 'unusual',
      revocation: 'missing',
      'iss in answers': 'unusual',
    });
  });

  it('says what is wrong with a lying server', async () => {
    await using server = await healthy();
    server.routes[resource] = { json: { resource: 'https://evil.example/mcp', authorization_servers: [server.url] } };
    const lying = await diagnose({ http }, `${server.url}/mcp`);
    expect(lying.steps.at(-1)).toMatchObject({
      name: 'resource metadata',
      verdict: 'wrong',
      section: 'RFC 9728 section 3.3',
    });
    server.routes[resource] = {
      json: { resource: `${server.url}/mcp`, authorization_servers: [server.url, 'ftp://x'] },
    };
    server.routes[oauth] = { json: metadata(server, { issuer: 'https://attacker.example' }) };
    const report = await diagnose({ http }, `${server.url}/mcp`);
    expect(report.steps).toContainEqual(expect.objectContaining({ verdict: 'wrong', section: 'RFC 9728 section 2' }));
    expect(report.steps.at(-1)).toMatchObject({ verdict: 'wrong', section: 'RFC 8414 section 3.3' });
  });

  it('judges single promises of the authorization server', async () => {
    await using server = await healthy();
    const promising = async (more: Record<string, unknown>, cimdUrl: string | null = null) => {
      server.routes[oauth] = { json: metadata(server, more) };
      return diagnose({ http, cimdUrl }, `${server.url}/mcp`);
    };
    expect(verdicts(await promising({ code_challenge_methods_supported: ['plain'] }))['PKCE']).toBe('wrong');
    expect(verdicts(await promising({ grant_types_supported: ['authorization_code'] }))['refresh']).toBe('missing');
    expect(
      verdicts(await promising({ token_endpoint_auth_methods_supported: ['tls_client_auth'] }))[
        'client authentication'
      ],
    ).toBe('wrong');
    expect(verdicts(await promising({ introspection_endpoint: 'file:///x' }))['endpoint']).toBe('wrong');
    const cimd = await promising({ client_id_metadata_document_supported: true }, 'https://app.example/client.json');
    expect(step(cimd, 'registration')?.detail).toContain('Client ID Metadata Document');
    const only = await promising({ client_id_metadata_document_supported: true, registration_endpoint: undefined });
    expect(step(only, 'registration')).toMatchObject({ verdict: 'missing' });
    server.routes[resource] = {
      json: {
        resource: `${server.url}/mcp`,
        authorization_servers: [server.url],
        dpop_bound_access_tokens_required: true,
      },
    };
    expect(verdicts(await promising({}))['DPoP']).toBe('wrong');
    expect(verdicts(await promising({ dpop_signing_alg_values_supported: ['ES256'] }))['DPoP']).toBe('ok');
  });

  it('says where the browser would be sent, and when that is refused', async () => {
    await using server = await healthy();
    const named = async (authorization_endpoint: string) => {
      server.routes[oauth] = { json: metadata(server, { authorization_endpoint }) };
      return step(await diagnose({ http }, `${server.url}/mcp`), 'authorization_endpoint');
    };
    expect(await named('https://login.example/authorize')).toMatchObject({
      verdict: 'unusual',
      detail: expect.stringContaining('not on the host of the issuer'),
    });
    expect(await named('https://169.254.169.254/authorize')).toMatchObject({
      verdict: 'wrong',
      detail: expect.stringContaining('may not name'),
    });
    // The same answers, given by a server that is not on this machine.
    const at = (url: string): string => url.replace('https://mcp.example', server.url);
    const remote: Fetch = async (input, init) => {
      const response = await http(at(input instanceof Request ? input.url : String(input)), init);
      const text = (await response.text()).replaceAll(server.url, 'https://mcp.example');
      const headers = new Headers(response.headers);
      const challenge = headers.get('www-authenticate');
      if (challenge !== null) headers.set('www-authenticate', challenge.replaceAll(server.url, 'https://mcp.example'));
      return new Response(text, { status: response.status, headers });
    };
    for (const page of ['http://127.0.0.1:8080/admin', 'http://localhost/', 'https://192.168.0.1/apply.cgi']) {
      server.routes[oauth] = { json: metadata(server, { authorization_endpoint: page }) };
      const report = await diagnose({ http: remote }, 'https://mcp.example/mcp');
      expect(verdicts(report)['authorization_endpoint']).toBe('wrong');
    }
  });

  it('looks for the endpoint of pushed requests where they are required', async () => {
    await using server = await healthy();
    const requiring = async (more: Record<string, unknown>) => {
      server.routes[oauth] = { json: metadata(server, { require_pushed_authorization_requests: true, ...more }) };
      return verdicts(await diagnose({ http }, `${server.url}/mcp`))['pushed requests'];
    };
    expect(await requiring({})).toBe('wrong');
    expect(await requiring({ pushed_authorization_request_endpoint: `${server.url}/par` })).toBe('ok');
    expect(await requiring({ require_pushed_authorization_requests: false })).toBeUndefined();
  });

  it('examines every authorization server that is named', async () => {
    await using server = await healthy();
    await using other = await serve();
    other.routes[oauth] = { json: metadata(other, { revocation_endpoint: undefined }) };
    server.routes[resource] = {
      json: { resource: `${server.url}/mcp`, authorization_servers: [server.url, other.url] },
    };
    const report = await diagnose({ http }, `${server.url}/mcp`);
    expect(verdicts(report)[`${server.url}: revocation`]).toBe('ok');
    expect(verdicts(report)[`${other.url}: revocation`]).toBe('missing');
  });

  it('knows a server of 2025-03-26 when it sees one', async () => {
    await using server = await serve({ 'POST /mcp': { status: 401, headers: { 'www-authenticate': 'Bearer' } } });
    const report = await diagnose({ http }, `${server.url}/mcp`);
    expect(verdicts(report)).toMatchObject({
      'resource metadata': 'missing',
      'authorization server metadata': 'unusual',
      'resource indicator': 'missing',
      registration: 'ok',
    });
  });

  it('does not take an open server for a broken one, and ends the session that it opened', async () => {
    await using server = await serve({
      'POST /mcp': { json: { jsonrpc: '2.0', id: 1, result: {} }, headers: { 'mcp-session-id': 's1' } },
    });
    const report = await diagnose({ http }, `${server.url}/mcp`);
    expect(report.steps.at(-1)).toMatchObject({ verdict: 'skipped' });
    expect(server.asked.some(({ method, headers }) => method === 'DELETE' && headers['mcp-session-id'] === 's1')).toBe(
      true,
    );
  });

  it('finds the challenge of a server that lets only `initialize` pass', async () => {
    await using server = await healthy();
    const challenge = {
      status: 401,
      headers: { 'www-authenticate': `Bearer resource_metadata="${server.url}${resource}"` },
    };
    server.routes['POST /mcp'] = (_request, response, body) => {
      const open = body.includes('"initialize"');
      response.writeHead(open ? 200 : 401, open ? {} : challenge.headers);
      response.end('{}');
    };
    const report = await diagnose({ http }, `${server.url}/mcp`);
    expect(verdicts(report)).toMatchObject({ 'unauthenticated request': 'ok', challenge: 'ok' });
  });

  it('says so when nobody is there, and refuses what is no address', async () => {
    const gone = await serve();
    await gone[Symbol.asyncDispose]();
    const report = await diagnose({ http }, `${gone.url}/mcp`);
    expect(report.steps).toEqual([expect.objectContaining({ name: 'unauthenticated request', verdict: 'wrong' })]);
    await expect(diagnose({ http }, 'file:///etc/passwd')).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(diagnose({ http }, 'https://user:pass@x.example/')).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it('shows foreign text as text', async () => {
    await using server = await healthy();
    server.routes['POST /mcp'] = { status: 401, headers: { 'www-authenticate': 'Evil\\u202e realm="x"' } };
    server.routes[oauth] = { json: metadata(server, { code_challenge_methods_supported: ['pl\u202eain\n'] }) };
    const report = await diagnose({ http }, `${server.url}/mcp`);
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    for (const { detail } of report.steps) expect(detail).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(z.string().safeParse(step(report, 'PKCE')?.detail).success).toBe(true);
  });
});
