// What leaves this machine waits only so long, reads only so much, and takes the user's proxy and certificates.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as oauth from 'oauth4webapi';
import { describe, expect, it } from 'vitest';
import { createOutbound } from '../../main/net/outbound.ts';
import { serve, serveProxy, serveTls, silent } from '../oauth/servers.ts';
import { certificate } from './certificate.ts';
import { local, names, outbound, refusal } from './fixture.ts';

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
