// What leaves this machine goes only where it may, waits only so long, and takes the user's proxy and certificates.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as oauth from 'oauth4webapi';
import { afterEach, describe, expect, it } from 'vitest';
import { TokentrayError } from '../../main/errors.ts';
import { createOutbound, type Outbound, type OutboundOptions } from '../../main/net/outbound.ts';
import type { Fetch } from '../../main/ports.ts';
import { serve, serveProxy, serveTls, silent } from '../oauth/servers.ts';
import { certificate } from './certificate.ts';

const open: Outbound[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((outbound) => outbound.close()));
});

function outbound(options: Partial<OutboundOptions> = {}): Outbound {
  const made = createOutbound({ log: silent, env: {}, lookup: names({}), ...options });
  open.push(made);
  return made;
}

/** A look-up that knows these names only; a list of lists answers differently every time. */
function names(known: Record<string, string[] | string[][]>): LookupFunction {
  const turns = new Map<string, number>();
  return (hostname, options, callback) => {
    const entry = known[hostname];
    if (entry === undefined) {
      return callback(Object.assign(new Error(`no ${hostname}`), { code: 'ENOTFOUND' }), '');
    }
    const turn = turns.get(hostname) ?? 0;
    turns.set(hostname, turn + 1);
    const now = Array.isArray(entry[0])
      ? ((entry as string[][])[turn] ?? (entry as string[][]).at(-1))
      : (entry as string[]);
    const addresses = (now ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    if (options.all === true) callback(null, addresses);
    else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
  };
}

/** As a server on this machine would have it. */
const local = (options: Partial<OutboundOptions> = {}): Fetch =>
  outbound(options).oauthFetch({ server: new URL('http://127.0.0.1:1/mcp'), allowHttp: false });

/** As a server out there would have it. */
const remote = (known: Record<string, string[] | string[][]> = {}, allowHttp = false): Fetch =>
  outbound({ lookup: names({ 'mcp.example': ['203.0.113.7'], ...known }) }).oauthFetch({
    server: new URL('https://mcp.example/mcp'),
    allowHttp,
  });

async function refusal(attempt: Promise<unknown>): Promise<TokentrayError> {
  const error = await attempt.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TokentrayError);
  return error as TokentrayError;
}

describe('addresses that a remote server names', () => {
  it.each([
    'https://127.0.0.1/token',
    'http://127.0.0.1:8080/token',
    'http://localhost:8080/token',
    'https://api.localhost/token',
    'https://[::1]/token',
    'https://0.0.0.0/token',
    'https://10.1.2.3/token',
    'https://172.16.0.1/token',
    'https://192.168.1.1/token',
    'https://100.64.0.1/token',
    'https://169.254.169.254/latest/meta-data',
    'https://[fd00::1]/token',
    'https://[fe80::1]/token',
    'https://[::ffff:10.0.0.1]/token',
    'https://[64:ff9b::a9fe:a9fe]/token',
    'https://0x7f.1/token',
    'https://2130706433/token',
    'https://0251.0376.0251.0376/token',
  ])('never reach %s', async (url) => {
    const error = await refusal(remote()(url));
    expect(error.code).toBe('forbidden_address');
    expect(error.retry).toBe('never');
  });

  it('never reach a private address through a name', async () => {
    const error = await refusal(remote({ 'auth.example': ['10.0.0.5'] })('https://auth.example/token'));
    expect(error.code).toBe('forbidden_address');
    expect(error.message).toContain('10.0.0.5');
  });

  it('never reach this machine through a name', async () => {
    await using server = await serve({ '/': { text: 'secret' } });
    const fetch = remote({ 'inside.example': ['127.0.0.1', '::1'] }, true);
    expect((await refusal(fetch(`http://inside.example:${server.port}/`))).code).toBe('forbidden_address');
    expect(server.asked).toEqual([]);
  });

  it('never reach this machine from a server in a private network', async () => {
    const known = { 'mcp.corp': ['10.0.0.2', 'fe80::1'], 'auth.corp': ['127.0.0.1'] };
    const fetch = outbound({ lookup: names(known) }).oauthFetch({
      server: new URL('https://mcp.corp/'),
      allowHttp: false,
    });
    expect((await refusal(fetch('https://auth.corp/token'))).code).toBe('forbidden_address');
    expect((await refusal(fetch('https://169.254.169.254/token'))).code).toBe('forbidden_address');
  });

  it('never reach this machine, whatever the server’s own name answers and however often it changes', async () => {
    await using server = await serve({ '/': { text: 'secret' } });
    const out = ['203.0.113.7'];
    const own = ['127.0.0.1'];
    for (const answers of [[out, own], [own, out], [own], [['::1', '127.0.0.1'], out]]) {
      const fetch = outbound({ lookup: names({ 'mcp.example': answers }) }).oauthFetch({
        server: new URL('https://mcp.example/'),
        allowHttp: false,
      });
      for (const _ of [1, 2, 3]) {
        expect((await refusal(fetch(`${server.url}/`))).code).toBe('forbidden_address');
        const registration = fetch(`${server.url}/`, { method: 'POST', body: '{}' });
        expect((await refusal(registration)).code).toBe('forbidden_address');
      }
    }
    expect(server.asked).toEqual([]);
  });

  it('never reach a private network once the server was seen in public, over whichever connection', async () => {
    await using server = await serve({ '/mcp': { status: 401 } });
    // The connection is made to the first address.
    const answers = [['127.0.0.1', '203.0.113.7'], ['10.0.0.2']];
    const made = outbound({ lookup: names({ 'mcp.example': answers }) });
    expect((await made.mcpFetch(`http://mcp.example:${server.port}/mcp`)).status).toBe(401);
    const fetch = made.oauthFetch({ server: new URL('https://mcp.example/'), allowHttp: false });
    expect((await refusal(fetch('https://10.0.0.1/'))).code).toBe('forbidden_address');
  });

  it('may be on this machine under a name of the user’s own, when http is allowed for it', async () => {
    await using server = await serve({ '/token': { json: { ok: true } } });
    const made = outbound({ lookup: names({ 'mcp.test': ['127.0.0.1'] }) });
    const scope = { server: new URL('http://mcp.test/'), allowHttp: true };
    expect((await made.oauthFetch(scope)(`${server.url}/token`)).status).toBe(200);
    expect((await made.oauthFetch(scope)(`http://mcp.test:${server.port}/token`)).status).toBe(200);
    const strict = made.oauthFetch({ ...scope, allowHttp: false });
    expect((await refusal(strict(`${server.url}/token`))).code).toBe('forbidden_address');
  });

  it('may be on this machine when the server is', async () => {
    await using server = await serve({ '/token': { json: { ok: true } } });
    expect(await (await local()(`${server.url}/token`)).json()).toEqual({ ok: true });
    expect((await local()(`http://localhost:${server.port}/token`)).status).toBe(200);
  });

  it('must be https, except on this machine or with the user’s word', async () => {
    const error = await refusal(remote()('http://auth.example/token'));
    expect(error.code).toBe('insecure_url');
    const allowed = await refusal(remote({}, true)('http://auth.example/token'));
    expect(allowed.code).toBe('unreachable');
  });

  it('must be http(s) at all', async () => {
    expect((await refusal(remote()('file:///etc/passwd'))).code).toBe('unsafe_url');
  });
});

describe('redirects', () => {
  it('are followed for GET, so metadata behind a 301 works', async () => {
    await using server = await serve({
      '/old': { status: 301, headers: { location: '/new' } },
      '/new': { json: { issuer: 'x' } },
    });
    const response = await local()(`${server.url}/old`, { headers: { authorization: 'Bearer abc' } });
    expect(await response.json()).toEqual({ issuer: 'x' });
    expect(response.url).toBe(`${server.url}/new`);
    expect(server.asked[1]?.headers.authorization).toBe('Bearer abc');
  });

  it('never carry credentials to another origin', async () => {
    await using other = await serve({ '/there': { json: {} } });
    await using server = await serve({ '/here': { status: 302, headers: { location: `${other.url}/there` } } });
    await local()(`${server.url}/here`, {
      headers: { authorization: 'Bearer abc', dpop: 'proof', cookie: 'a=b', accept: 'application/json' },
    });
    const [asked] = other.asked;
    expect(asked?.headers.accept).toBe('application/json');
    expect(asked?.headers).not.toHaveProperty('authorization');
    expect(asked?.headers).not.toHaveProperty('dpop');
    expect(asked?.headers).not.toHaveProperty('cookie');
  });

  it('are not followed for POST: the answer is the redirect itself', async () => {
    await using server = await serve({ '/token': { status: 307, headers: { location: '/elsewhere' } } });
    const response = await local()(`${server.url}/token`, { method: 'POST', body: new URLSearchParams({ code: 'c' }) });
    expect(response.status).toBe(307);
    expect(server.asked).toHaveLength(1);
  });

  it('are held to the same address rules as the first address', async () => {
    await using server = await serve({
      '/a': { status: 302, headers: { location: 'http://169.254.169.254/latest' } },
      '/b': { status: 302, headers: { location: 'http://plain.example/x' } },
      '/c': { status: 302, headers: { location: 'file:///etc/passwd' } },
    });
    expect((await refusal(local()(`${server.url}/a`))).code).toBe('forbidden_address');
    expect((await refusal(local()(`${server.url}/b`))).code).toBe('insecure_url');
    expect((await refusal(local()(`${server.url}/c`))).code).toBe('unsafe_url');
  });

  it('from a public server cannot lead into this machine', async () => {
    await using inside = await serve({ '/admin': { text: 'inside' } });
    await using outside = await serve({ '/x': { status: 302, headers: { location: `${inside.url}/admin` } } });
    await using proxy = await serveProxy({ 'auth.example': outside.port });
    const fetch = outbound({ env: { HTTP_PROXY: proxy.url } }).oauthFetch({
      server: new URL('http://mcp.example/'),
      allowHttp: true,
    });
    expect((await refusal(fetch('http://auth.example/x'))).code).toBe('forbidden_address');
    expect(outside.asked).toHaveLength(1);
    expect(inside.asked).toEqual([]);
  });

  it('are judged by where the server turned out to be when it was connected to', async () => {
    await using inside = await serve({ '/admin': { text: 'inside' } });
    await using server = await serve({ '/x': { status: 302, headers: { location: `${inside.url}/admin` } } });
    // The name claims this machine, then answers with a public address too; the connection is made to the first.
    const answers = [['127.0.0.1'], ['127.0.0.1', '203.0.113.7']];
    const fetch = outbound({ lookup: names({ 'mcp.example': answers }) }).oauthFetch({
      server: new URL('http://mcp.example/'),
      allowHttp: true,
    });
    expect((await refusal(fetch(`http://mcp.example:${server.port}/x`))).code).toBe('forbidden_address');
    expect(server.asked).toHaveLength(1);
    expect(inside.asked).toEqual([]);
  });

  it('end after five', async () => {
    await using server = await serve({ '/loop': { status: 302, headers: { location: '/loop' } } });
    expect((await refusal(local()(`${server.url}/loop`))).code).toBe('unreadable_answer');
    expect(server.asked).toHaveLength(6);
  });
});

describe('answers', () => {
  it('are refused beyond 1 MiB, also when they are packed small', async () => {
    const big = Buffer.alloc(1024 * 1024 + 1, 32);
    await using server = await serve({
      '/big': (_request, response) => void response.end(big),
      '/packed': (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.end(gzipSync(Buffer.alloc(50 * 1024 * 1024)));
      },
      '/fits': (_request, response) => void response.end(big.subarray(1)),
    });
    expect((await refusal(local()(`${server.url}/big`))).code).toBe('response_too_large');
    expect((await refusal(local()(`${server.url}/packed`))).code).toBe('response_too_large');
    expect((await (await local()(`${server.url}/fits`)).arrayBuffer()).byteLength).toBe(1024 * 1024);
  });

  it('that never begin or never end are given up, and said to have been asked for', async () => {
    await using server = await serve({
      '/silent': () => undefined,
      '/endless': (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{');
      },
    });
    const fetch = local({ timeouts: { connectMs: 50, headersMs: 50, bodyMs: 100 } });
    const silentOne = await refusal(fetch(`${server.url}/silent`));
    expect(silentOne).toMatchObject({ code: 'unreachable', retry: 'later', facts: { sent: true } });
    const endless = await refusal(fetch(`${server.url}/endless`));
    expect(endless).toMatchObject({ code: 'unreachable', facts: { cause: 'UND_ERR_BODY_TIMEOUT', sent: true } });
  });

  it('of an endless event stream are not waited for', async () => {
    await using server = await serve({
      '/sse': (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(': open\n\n');
      },
    });
    expect(await (await local()(`${server.url}/sse`)).text()).toBe('');
  });

  it('without a body are fine', async () => {
    await using server = await serve({ '/none': (_request, response) => void response.writeHead(204).end() });
    expect((await local()(`${server.url}/none`)).status).toBe(204);
  });

  it('are understood by the OAuth library', async () => {
    await using server = await serve();
    server.routes['/.well-known/oauth-authorization-server'] = {
      json: { issuer: server.url, token_endpoint: 'https://x.example/' },
    };
    const issuer = new URL(server.url);
    const fetch = local();
    const response = await oauth.discoveryRequest(issuer, {
      algorithm: 'oauth2',
      [oauth.allowInsecureRequests]: true,
      [oauth.customFetch]: (url, { method, headers }) => fetch(url, { method, headers }),
    });
    expect(await oauth.processDiscoveryResponse(issuer, response)).toMatchObject({
      token_endpoint: 'https://x.example/',
    });
  });
});

describe('a server that cannot be reached', () => {
  it('is told apart from one that may have heard us', async () => {
    const port = await (async () => {
      await using server = await serve();
      return server.port;
    })();
    const refused = await refusal(local()(`http://127.0.0.1:${port}/token`, { method: 'POST', body: 'x' }));
    expect(refused).toMatchObject({ code: 'unreachable', facts: { cause: 'ECONNREFUSED', sent: false } });
    await using server = await serve({ '/token': (request) => void request.socket.destroy() });
    const broken = await refusal(local()(`${server.url}/token`, { method: 'POST', body: 'x' }));
    expect(broken).toMatchObject({ code: 'unreachable', facts: { sent: true } });
    expect(server.asked).toHaveLength(1);
  });

  it('leaves the caller’s own abort as it is', async () => {
    await using server = await serve({ '/silent': () => undefined });
    const reason = new Error('enough');
    const controller = new AbortController();
    const pending = local()(`${server.url}/silent`, { signal: controller.signal });
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
  });

  it('every time gets a connection of its own, so that no kept one breaks under a token request', async () => {
    const connections = new Set<unknown>();
    await using server = await serve({
      '/token': (request, response) => {
        connections.add(request.socket);
        response.end('{}');
      },
    });
    const fetch = local();
    for (let count = 1; count <= 4; count += 1) {
      await fetch(`${server.url}/token`, { method: 'POST', body: 'a' });
      // A kept connection would be free again by now.
      await new Promise((resolve) => setImmediate(resolve));
      expect(connections.size).toBe(count);
    }
  });
});

describe('the user’s proxy', () => {
  it('takes plain http in absolute form', async () => {
    await using server = await serve({ '/mcp?x=1': { text: 'hello' } });
    await using proxy = await serveProxy({ 'mcp.example': server.port });
    const { mcpFetch } = outbound({ env: { http_proxy: proxy.url } });
    expect(await (await mcpFetch('http://mcp.example/mcp?x=1')).text()).toBe('hello');
    expect(proxy.asked).toEqual(['GET http://mcp.example/mcp?x=1']);
  });

  it('tunnels https, whose certificate is still checked', async () => {
    await using folder = await caFile();
    await using server = await serveTls({ '/metadata': { json: { issuer: 'i' } } });
    await using proxy = await serveProxy({ 'auth.example': server.port, 'other.example': server.port });
    const { oauthFetch } = outbound({ env: { HTTPS_PROXY: proxy.url }, extraCaFiles: [folder.file] });
    const fetch = oauthFetch({ server: new URL('https://mcp.example/'), allowHttp: false });
    expect(await (await fetch('https://auth.example/metadata')).json()).toEqual({ issuer: 'i' });
    expect(proxy.asked).toEqual(['CONNECT auth.example:443']);
    expect((await refusal(fetch('https://other.example/metadata'))).facts['cause']).toBe(
      'ERR_TLS_CERT_ALTNAME_INVALID',
    );
  });

  it('is left out for what NO_PROXY names', async () => {
    await using server = await serve({ '/': { text: 'direct' } });
    await using proxy = await serveProxy({});
    const { mcpFetch } = outbound({
      env: { HTTP_PROXY: proxy.url, NO_PROXY: 'other.test,.inside.example' },
      lookup: names({ 'mcp.inside.example': ['127.0.0.1'] }),
    });
    expect(await (await mcpFetch(`http://mcp.inside.example:${server.port}/`)).text()).toBe('direct');
    expect(proxy.asked).toEqual([]);
  });

  it('is the only one to look a name up, and such a server counts as public', async () => {
    await using proxy = await serveProxy({});
    const { oauthFetch } = outbound({
      env: { HTTPS_PROXY: proxy.url },
      lookup: names({ 'mcp.example': ['10.0.0.1'] }),
    });
    const fetch = oauthFetch({ server: new URL('https://mcp.example/'), allowHttp: false });
    expect((await refusal(fetch('https://10.0.0.2/'))).code).toBe('forbidden_address');
    expect(proxy.asked).toEqual([]);
  });

  it('that refuses is named as unreachable, with nothing sent', async () => {
    await using proxy = await serveProxy({});
    const { oauthFetch } = outbound({ env: { HTTPS_PROXY: proxy.url } });
    const fetch = oauthFetch({ server: new URL('https://mcp.example/'), allowHttp: false });
    expect(await refusal(fetch('https://gone.example/'))).toMatchObject({
      code: 'unreachable',
      facts: { sent: false },
    });
  });

  it('with an unreadable address is a clear error that does not show its password', () => {
    const env = { HTTPS_PROXY: 'http://user:hunter2@:99999' };
    expect(() => createOutbound({ log: silent, env })).toThrow(/^(?!.*hunter2).*HTTPS_PROXY/);
  });
});

describe('certificates', () => {
  it('of an unknown authority are refused, of an extra CA file taken, for OAuth and MCP alike', async () => {
    await using folder = await caFile();
    await using server = await serveTls({ '/': { text: 'secure' } });
    const distrusted = await refusal(local()(`${server.url}/`));
    expect(distrusted).toMatchObject({ code: 'unreachable', facts: { sent: false } });
    expect(distrusted.advice).toMatch(/extra CA/);
    const trusting = outbound({ extraCaFiles: [folder.file] });
    const fetch = trusting.oauthFetch({ server: new URL(server.url), allowHttp: false });
    expect(await (await fetch(`${server.url}/`)).text()).toBe('secure');
    expect(await (await trusting.mcpFetch(`${server.url}/`)).text()).toBe('secure');
  });

  it('in a file that is missing or holds none are a clear error', async () => {
    await using folder = await caFile('no certificate');
    expect(() => createOutbound({ log: silent, env: {}, extraCaFiles: [folder.file] })).toThrow(/holds no certificate/);
    expect(() => createOutbound({ log: silent, env: {}, extraCaFiles: [`${folder.file}.gone`] })).toThrow(
      /cannot be read/,
    );
  });
});

describe('MCP traffic', () => {
  it('streams: the first event arrives while the answer is still open, and an abort reaches the server', async () => {
    const closed: Promise<unknown>[] = [];
    await using server = await serve({
      '/mcp': (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: one\n\n');
        closed.push(once(response, 'close'));
      },
    });
    const controller = new AbortController();
    const { mcpFetch } = outbound();
    const response = await mcpFetch(`${server.url}/mcp`, { method: 'POST', body: '{}', signal: controller.signal });
    const first = await response.body?.getReader().read();
    expect(new TextDecoder().decode(first?.value as Uint8Array)).toBe('data: one\n\n');
    controller.abort();
    await closed[0];
  });

  it('follows no redirect, so a token never goes where a server points', async () => {
    await using server = await serve({ '/mcp': { status: 307, headers: { location: '/other' } } });
    const { mcpFetch } = outbound();
    const response = await mcpFetch(`${server.url}/mcp`, { headers: { authorization: 'Bearer abc' } });
    expect(response.status).toBe(307);
    expect(server.asked).toHaveLength(1);
  });

  it('takes a Request of the platform, with its body', async () => {
    await using server = await serve({ '/mcp': { text: 'ok' } });
    const request = new Request(`${server.url}/mcp`, { method: 'POST', body: 'hello', headers: { 'x-a': 'b' } });
    await outbound().mcpFetch(request);
    expect(server.asked[0]).toMatchObject({ method: 'POST', body: 'hello', headers: { 'x-a': 'b' } });
  });

  it('that fails says so in our words', async () => {
    const error = await refusal(outbound().mcpFetch('http://nowhere.example/'));
    expect(error).toMatchObject({ code: 'unreachable', facts: { cause: 'ENOTFOUND', sent: false } });
  });
});

async function caFile(text = certificate): Promise<AsyncDisposable & { file: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tokentray-ca-'));
  const file = join(folder, 'ca.pem');
  await writeFile(file, text);
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}
