// What leaves this machine goes only where it may: addresses that a server names, and redirects, are held to where it is.
import { describe, expect, it } from 'vitest';
import { serve, serveProxy } from '../oauth/servers.ts';
import { local, names, outbound, refusal, remote } from './fixture.ts';

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
