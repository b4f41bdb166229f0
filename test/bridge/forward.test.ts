// What passes through the bridge arrives as it was sent: only keys, tokens, cookies and connection headers change.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TokentrayError } from '../../main/errors.ts';
import { agentHeaders, ask, call, gate, loopback, setup, withBody, type Setup, type SetupOptions } from './fixture.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

type Handler = Parameters<typeof loopback>[0];

async function bridged(handler: Handler, options: Partial<SetupOptions> = {}): Promise<Setup> {
  const server = await loopback(handler);
  const made = await setup({ upstream: server.url, ...options });
  open.push(made, server);
  return made;
}

const post = (made: Setup, body: string | Buffer = call(1), more: Record<string, string | string[]> = {}) =>
  ask(made.mcp, { method: 'POST', headers: agentHeaders(made.key, more), body });

describe('a request on its way to the server', () => {
  it('carries the token of the grant, and nothing of the agent’s key, cookies, origin or connection', async () => {
    const seen: { headers: Record<string, unknown>; body: string; url: string | undefined }[] = [];
    const made = await bridged(
      withBody((req, res, body) => {
        seen.push({ headers: req.headers, body, url: req.url });
        res.end('{}');
      }),
    );
    const sent = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'echo' } });
    await post(made, sent, {
      cookie: 'session=1',
      referer: 'http://127.0.0.1/',
      origin: made.bridge.url,
      'x-forwarded-for': '10.0.0.1',
      forwarded: 'for=10.0.0.1',
      'sec-fetch-mode': 'cors',
      te: 'trailers',
      connection: 'keep-alive, x-private',
      'x-private': 'for this hop',
      'proxy-authorization': 'Basic eA==',
      dpop: 'agent-proof',
      'mcp-session-id': 'session-of-the-server',
      'mcp-method': 'tools/call',
      'mcp-name': 'echo',
      'last-event-id': '42',
      'x-custom': 'kept',
      'accept-encoding': 'br',
    });
    const headers: Record<string, unknown> = seen[0]?.headers ?? {};
    const body = seen[0]?.body;
    expect(headers['authorization']).toBe('Bearer upstream-1');
    expect(JSON.stringify(headers)).not.toContain(made.key);
    for (const name of [
      'cookie',
      'referer',
      'origin',
      'x-forwarded-for',
      'forwarded',
      'sec-fetch-mode',
      'te',
      'dpop',
    ]) {
      expect(headers, name).not.toHaveProperty(name);
    }
    expect(headers).not.toHaveProperty('x-private');
    expect(headers).not.toHaveProperty('proxy-authorization');
    expect(headers).toMatchObject({
      'mcp-session-id': 'session-of-the-server',
      'mcp-protocol-version': '2025-11-25',
      'mcp-method': 'tools/call',
      'mcp-name': 'echo',
      'last-event-id': '42',
      'x-custom': 'kept',
      'accept-encoding': 'br',
      'content-type': 'application/json',
    });
    expect(headers['host']).not.toBe(new URL(made.bridge.url).host);
    expect(body).toBe(sent);
  });

  it('goes to the server’s own path and query, and is a GET or a DELETE where the agent sent one', async () => {
    const seen: string[] = [];
    const server = await loopback((req, res) => {
      seen.push(`${req.method} ${req.url}`);
      res.end();
    });
    const made = await setup({ upstream: `${server.url}/deep?tenant=1` });
    open.push(made, server);
    for (const method of ['GET', 'DELETE']) {
      await ask(made.mcp, { method, headers: agentHeaders(made.key, { 'mcp-session-id': 's' }) });
    }
    expect(seen).toEqual(['GET /mcp/deep?tenant=1', 'DELETE /mcp/deep?tenant=1']);
  });
});

describe('an answer on its way to the agent', () => {
  it('keeps status, session and bytes, and loses what only concerns the server’s own origin', async () => {
    const made = await bridged((_req, res) => {
      res.writeHead(200, {
        'content-type': 'application/octet-stream',
        'content-encoding': 'x-unknown',
        'mcp-session-id': 'given',
        'mcp-protocol-version': '2025-11-25',
        'set-cookie': ['a=1', 'b=2'],
        'access-control-allow-origin': '*',
        'www-authenticate': 'Bearer realm="upstream"',
        'alt-svc': 'h3=":443"',
        'strict-transport-security': 'max-age=1',
        'dpop-nonce': 'n',
        connection: 'keep-alive, x-hop',
        'x-hop': '1',
        'x-other': 'kept',
      });
      res.end(Buffer.from([0, 255, 1]));
    });
    const answer = await ask(made.mcp, { method: 'POST', headers: agentHeaders(made.key), body: call(1) });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-encoding': 'x-unknown',
      'mcp-session-id': 'given',
      'mcp-protocol-version': '2025-11-25',
      'x-other': 'kept',
    });
    for (const name of [
      'set-cookie',
      'access-control-allow-origin',
      'www-authenticate',
      'alt-svc',
      'x-hop',
      'dpop-nonce',
    ]) {
      expect(answer.headers, name).not.toHaveProperty(name);
    }
    expect(answer.headers).not.toHaveProperty('strict-transport-security');
    expect(answer.text).toBe(Buffer.from([0, 255, 1]).toString('utf8'));
  });

  it('is an empty 202 for a notification, and a 404 or 405 where the server says so', async () => {
    let status = 202;
    const made = await bridged((req, res) => {
      req.resume();
      res.writeHead(status).end();
    });
    for (const expected of [202, 404, 405]) {
      status = expected;
      const answer = await post(made, '{"jsonrpc":"2.0","method":"notifications/initialized"}');
      expect(answer.status).toBe(expected);
      expect(answer.text).toBe('');
    }
  });
});

describe('a refused token', () => {
  it('is refreshed and the same request is sent again, once', async () => {
    const bodies: string[] = [];
    const tokens: unknown[] = [];
    const made = await bridged(
      withBody((req, res, body) => {
        bodies.push(body);
        tokens.push(req.headers.authorization);
        if (req.headers.authorization === 'Bearer upstream-1') {
          res.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end('no');
        } else res.end('{"ok":true}');
      }),
    );
    const answer = await post(made, call(3));
    expect(answer).toMatchObject({ status: 200, text: '{"ok":true}' });
    expect(bodies).toEqual([call(3), call(3)]);
    expect(tokens).toEqual(['Bearer upstream-1', 'Bearer upstream-2']);
    expect(made.grant.challenges).toEqual([
      { status: 401, wwwAuthenticate: 'Bearer error="invalid_token"', dpopNonce: null },
    ]);
    expect(made.grant.answers).toEqual([401, 200]);
  });

  it('is not refreshed a second time: the agent gets a plain error as the answer to its request, never a challenge', async () => {
    let requests = 0;
    const made = await bridged((req, res) => {
      requests += 1;
      req.resume();
      res.writeHead(401, { 'www-authenticate': 'Bearer resource_metadata="https://evil.example/"' }).end('<html>');
    });
    const answer = await post(made, call('x-1'));
    expect(requests).toBe(2);
    expect(made.grant.challenges).toHaveLength(1);
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('www-authenticate');
    const told = JSON.parse(answer.text) as { id: unknown; error: { message: string; data: unknown } };
    expect(told.id).toBe('x-1');
    expect(told.error.message).toContain('refused a fresh access token');
    expect(told.error.data).toEqual({ source: 'tokentray', code: 'token_refused' });
    expect(answer.text).not.toContain('evil.example');
  });

  it.each([
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '{"jsonrpc":"2.0","method":"notifications/initialized"}'],
  ])('on a %s that nobody waits for is a 403 without a challenge', async (method, body) => {
    const made = await bridged((req, res) => {
      req.resume();
      res.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
    });
    const answer = await ask(made.mcp, {
      method,
      headers: agentHeaders(made.key, { 'mcp-session-id': 's' }),
      body,
    });
    expect(answer.status).toBe(403);
    expect(answer.headers).not.toHaveProperty('www-authenticate');
    expect(JSON.parse(answer.text)).toMatchObject({ id: null, error: { data: { code: 'token_refused' } } });
  });

  it('that cannot be refreshed is answered by the relay where no session is open: it knows what to show', async () => {
    const made = await bridged((req, res) => {
      req.resume();
      res.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
    });
    made.grant.onChallenge = () => new TokentrayError('needs_sign_in', 'the grant ended');
    expect((await post(made, call(1))).text).toBe('relayed');
  });

  it('leaves nothing behind on the way that it did not take, whose end others would look for', async () => {
    const warnings: string[] = [];
    const warned = (warning: Error): void => void warnings.push(warning.name);
    process.on('warning', warned);
    try {
      const made = await bridged((_req, res) => res.end('{}'));
      made.grant.onAuthorize = () => new TokentrayError('needs_sign_in', 'gone');
      expect((await post(made, call(1))).text).toBe('relayed');
      await new Promise((resolve) => setImmediate(resolve));
      expect(warnings).toEqual([]);
    } finally {
      process.off('warning', warned);
    }
  });

  it('that cannot be refreshed gives a session the sign-in link, to every request of a batch', async () => {
    const made = await bridged((req, res) => {
      req.resume();
      res.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
    });
    made.grant.onChallenge = () => new TokentrayError('needs_sign_in', 'the grant ended');
    const answer = await ask(made.mcp, {
      method: 'POST',
      headers: agentHeaders(made.key, { 'mcp-session-id': 's' }),
      body: `[${call(1)},{"jsonrpc":"2.0","method":"notifications/x"},${call(2)}]`,
    });
    const told = JSON.parse(answer.text) as { id: number; error: { message: string; data: { url: string } } }[];
    expect(told.map(({ id }) => id)).toEqual([1, 2]);
    const url = told[0]?.error.data.url ?? '';
    expect(url).toMatch(new RegExp(`^${made.bridge.url}/sign-in/[A-Za-z0-9_-]{43}$`, 'u'));
    expect(told[0]?.error.message).toContain(url);
  });

  it('that the provider cannot replace now is a 503 with a time to try again, and the server is not asked', async () => {
    let requests = 0;
    const made = await bridged((_req, res) => {
      requests += 1;
      res.end();
    });
    made.grant.onAuthorize = () => new TokentrayError('token_unavailable', 'the provider does not answer');
    const waited = await post(made, call(1));
    expect(waited.status).toBe(503);
    expect(JSON.parse(waited.text)).toMatchObject({ id: 1, error: { data: { code: 'token_unavailable' } } });
    expect(waited.headers['retry-after']).toBeDefined();
    expect(requests).toBe(0);
  });
});

describe('a request for more permissions', () => {
  const challenge = 'Bearer error="insufficient_scope", scope="write"';

  it('is stepped up and sent again', async () => {
    const made = await bridged((req, res) => {
      req.resume();
      if (req.headers.authorization === 'Bearer upstream-1')
        res.writeHead(403, { 'www-authenticate': challenge }).end();
      else res.end('"done"');
    });
    made.grant.onChallenge = () => 'refresh';
    expect(await post(made)).toMatchObject({ status: 200, text: '"done"' });
    expect(made.grant.challenges).toEqual([{ status: 403, wwwAuthenticate: challenge, dpopNonce: null }]);
  });

  it('is sent again at most twice, then is a clear permanent failure', async () => {
    let requests = 0;
    const made = await bridged((req, res) => {
      requests += 1;
      req.resume();
      res.writeHead(403, { 'www-authenticate': challenge }).end();
    });
    made.grant.onChallenge = () => 'refresh';
    const answer = await post(made);
    expect(requests).toBe(3);
    expect(answer.headers).not.toHaveProperty('www-authenticate');
    expect(JSON.parse(answer.text)).toMatchObject({ id: 1, error: { data: { code: 'insufficient_scope' } } });
  });

  it('that the person declined says so', async () => {
    const made = await bridged((req, res) => {
      req.resume();
      res.writeHead(403, { 'www-authenticate': challenge }).end();
    });
    made.grant.onChallenge = () => new TokentrayError('step_up_declined', 'the person declined the permission "write"');
    const answer = await post(made);
    expect(JSON.parse(answer.text)).toMatchObject({
      error: { message: expect.stringContaining('declined'), data: { code: 'step_up_declined' } },
    });
  });

  it('is not seen in a 403 without a challenge: the server’s own answer passes', async () => {
    const made = await bridged((req, res) => {
      req.resume();
      res.writeHead(403, { 'content-type': 'application/json' }).end('{"why":"not yours"}');
    });
    expect(await post(made)).toMatchObject({ status: 403, text: '{"why":"not yours"}' });
  });
});

describe('a demand for a DPoP nonce', () => {
  it.each([400, 401])(
    'with status %i is answered with a new proof; the nonce does not reach the agent',
    async (status) => {
      const made = await bridged((req, res) => {
        req.resume();
        if (req.headers.authorization === 'Bearer upstream-1') {
          res.writeHead(status, { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'n1' }).end();
        } else res.end('"done"');
      });
      made.grant.onChallenge = ({ dpopNonce }) => (dpopNonce === 'n1' ? 'refresh' : 'stands');
      expect(await post(made)).toMatchObject({ status: 200, text: '"done"' });
    },
  );

  it('is not seen in any other 400, which passes with its text', async () => {
    const made = await bridged((req, res) => {
      req.resume();
      res.writeHead(400).end('{"jsonrpc":"2.0","id":1,"error":{"code":-32020,"message":"mismatch"}}');
    });
    const answer = await post(made);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('-32020');
    expect(made.grant.challenges).toEqual([]);
  });
});

describe('a server that is not there', () => {
  it('is never followed elsewhere: a redirect is told, and the other place gets no request at all', async () => {
    let elsewhere = 0;
    const other = await loopback((_req, res) => {
      elsewhere += 1;
      res.end();
    });
    open.push(other);
    for (const status of [301, 302, 303, 307, 308]) {
      const made = await bridged((req, res) => {
        req.resume();
        res.writeHead(status, { location: other.url }).end();
      });
      const answer = await post(made);
      expect(answer.status).toBe(502);
      expect(answer.headers).not.toHaveProperty('location');
      expect(answer.text).toContain(`redirect ${status}`);
    }
    expect(elsewhere).toBe(0);
  });

  it('is a 502 that names it', async () => {
    const server = await loopback(() => undefined);
    await server.close();
    const made = await setup({ upstream: server.url });
    open.push(made);
    const answer = await post(made, call(9));
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.text)).toMatchObject({ id: 9, error: { data: { code: 'unreachable' } } });
  });

  it('is a 502 where its TLS does not hold', async () => {
    const plain = await loopback((_req, res) => res.end());
    const made = await setup({ upstream: plain.url.replace('http:', 'https:') });
    open.push(made, plain);
    expect((await post(made)).status).toBe(502);
  });

  it('is a 504 when it accepts and stays silent', async () => {
    const accepted = gate();
    const sockets = createServer((socket) => void socket.once('data', () => accepted.open()));
    await new Promise<void>((resolve) => void sockets.listen(0, '127.0.0.1', resolve));
    const { port } = sockets.address() as AddressInfo;
    const made = await setup({ upstream: `http://127.0.0.1:${port}/mcp` });
    open.push(made, { close: async () => void sockets.close() });
    const asked = post(made, call(4));
    await accepted.opened;
    await made.clock.advance(60 * 60_000);
    const answer = await asked;
    expect(answer.status).toBe(504);
    expect(JSON.parse(answer.text)).toMatchObject({ id: 4, error: { data: { code: 'unreachable' } } });
  });
});
