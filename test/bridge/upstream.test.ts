// The relay's requests carry a server's token to that server and to nobody else, and answer its challenges.
import { afterEach, describe, expect, it } from 'vitest';
import { TokentrayError } from '../../main/errors.ts';
import { eventStreamFetch, upstreamFetch } from '../../main/bridge/upstream.ts';
import type { Fetch } from '../../main/ports.ts';
import { call, loopback, silentLog, testGrant, withBody } from './fixture.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

interface Seen {
  method: string | undefined;
  url: string | undefined;
  token: string | undefined;
  body: string;
}

async function upstream(
  answer: (token: string | undefined, url: string) => [status: number, headers?: Record<string, string>],
) {
  const seen: Seen[] = [];
  const server = await loopback(
    withBody((req, res, body) => {
      seen.push({ method: req.method, url: req.url, token: req.headers.authorization, body });
      const [status, headers] = answer(req.headers.authorization, req.url ?? '');
      res.writeHead(status, headers).end('{}');
    }),
  );
  open.push(server);
  const grant = testGrant();
  const url = new URL(server.url);
  return { seen, grant, url, fetch: upstreamFetch({ auth: grant, url, fetch, log: silentLog }) };
}

const post = (to: Fetch, url: URL, body: BodyInit = call(1)): Promise<Response> =>
  to(url, { method: 'POST', body, headers: { 'content-type': 'application/json', authorization: 'Bearer other' } });

describe('the token', () => {
  it('is put on requests to the server’s own address, in place of any other', async () => {
    const { seen, url, fetch } = await upstream(() => [200]);
    expect((await post(fetch, url)).status).toBe(200);
    await fetch(url.href, { method: 'DELETE' });
    await fetch(new Request(url, { method: 'POST', body: call(2) }));
    expect(seen.map(({ method, token, body }) => ({ method, token, body }))).toEqual([
      { method: 'POST', token: 'Bearer upstream-1', body: call(1) },
      { method: 'DELETE', token: 'Bearer upstream-1', body: '' },
      { method: 'POST', token: 'Bearer upstream-1', body: call(2) },
    ]);
  });

  it('is not sent to another origin or path: such a request is refused before it is made', async () => {
    const { seen, url, fetch } = await upstream(() => [200]);
    const other = await loopback((_req, res) => res.end());
    open.push(other);
    for (const target of [other.url, new URL('/other', url).href, new URL('/mcp/deeper', url).href]) {
      await expect(post(fetch, new URL(target))).rejects.toMatchObject({ code: 'forbidden_address' });
    }
    expect(seen).toEqual([]);
  });

  it('stays at that address although the server opens an event stream: only HTTP+SSE has another', async () => {
    const { seen, url, fetch } = await upstream(() => [200, { 'content-type': 'text/event-stream' }]);
    await fetch(url, { headers: { accept: 'text/event-stream' } });
    await expect(post(fetch, new URL('/messages', url))).rejects.toMatchObject({ code: 'forbidden_address' });
    expect(seen).toHaveLength(1);
  });

  it('does not follow a redirect, not even on the same origin', async () => {
    const { seen, url, fetch } = await upstream((_token, path) =>
      path === '/mcp' ? [307, { location: '/elsewhere' }] : [200],
    );
    await expect(post(fetch, url)).rejects.toMatchObject({
      code: 'protocol_error',
      message: expect.stringContaining('"/elsewhere"') as string,
    });
    expect(seen).toHaveLength(1);
  });
});

/** A server whose stream begins with this, and a fetch that has read so much of it. */
async function session(...chunks: string[]) {
  const seen: string[] = [];
  const server = await loopback((req, res) => {
    seen.push(`${req.method} ${req.url} ${req.headers.authorization}`);
    if (req.method !== 'GET') return void res.writeHead(202).end();
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const chunk of chunks) res.write(chunk);
    res.end();
  });
  open.push(server);
  const url = new URL(server.url);
  const make = (): Fetch => eventStreamFetch({ auth: testGrant(), url, fetch, log: silentLog });
  const one = make();
  const listen = async (): Promise<string> => (await one(url, { headers: { accept: 'text/event-stream' } })).text();
  return { seen, url, fetch: one, listen, another: make() };
}

describe('a session over HTTP+SSE', () => {
  const refused = { code: 'forbidden_address' };

  it('posts to the one address that its stream named, and nowhere else on the origin', async () => {
    const made = await session('event: endpo', 'int\r\ndata: /messages?sessionId=1\r', '\n\r\n', 'data: {}\n\n');
    const messages = new URL('/messages?sessionId=1', made.url);
    await expect(post(made.fetch, messages)).rejects.toMatchObject(refused);
    expect(await made.listen()).toContain('data: {}');
    expect((await post(made.fetch, messages)).status).toBe(202);
    await expect(made.fetch(messages)).rejects.toMatchObject(refused);
    for (const other of ['/messages?sessionId=2', '/messages', '/admin/users', '//evil.example/mcp']) {
      await expect(post(made.fetch, new URL(other, made.url))).rejects.toMatchObject(refused);
    }
    await expect(post(made.another, messages)).rejects.toMatchObject(refused);
    expect(made.seen).toEqual(['GET /mcp Bearer upstream-1', 'POST /messages?sessionId=1 Bearer upstream-1']);
  });

  it.each([
    ['another origin', 'event: endpoint\ndata: http://127.0.0.1:1/messages\n\n', 'http://127.0.0.1:1/messages'],
    ['no address', 'event: endpoint\ndata: http://[\n\n', '/messages'],
    ['an address after another event', 'data: {}\n\nevent: endpoint\ndata: /messages\n\n', '/messages'],
    ['an address in another event', 'event: message\ndata: /messages\n\n', '/messages'],
    ['an event that has not ended', 'event: endpoint\ndata: /messages\n', '/messages'],
    ['an address after too much else', `: ${'x'.repeat(20_000)}\n`, '/messages'],
  ])('with %s in its stream gets none', async (_, stream, target) => {
    const made = await session(stream, stream.startsWith(':') ? 'event: endpoint\ndata: /messages\n\n' : '');
    await made.listen();
    await expect(post(made.fetch, new URL(target, made.url))).rejects.toMatchObject(refused);
    expect(made.seen).toHaveLength(1);
  });
});

describe('a challenge', () => {
  it('of 401 is answered with a fresh token, once, with the same body', async () => {
    const { seen, url, grant, fetch } = await upstream((token) => (token === 'Bearer upstream-1' ? [401] : [200]));
    expect((await post(fetch, url)).status).toBe(200);
    expect(seen.map(({ body, token }) => [body, token])).toEqual([
      [call(1), 'Bearer upstream-1'],
      [call(1), 'Bearer upstream-2'],
    ]);
    expect(grant.answers).toEqual([401, 200]);
  });

  it('of 401 that a fresh token does not end is an error, not a loop', async () => {
    const { seen, url, fetch } = await upstream(() => [401, { 'www-authenticate': 'Bearer' }]);
    await expect(post(fetch, url)).rejects.toMatchObject({ code: 'token_refused' });
    expect(seen).toHaveLength(2);
  });

  it('of 403 is stepped up at most twice', async () => {
    const { seen, url, grant, fetch } = await upstream(() => [
      403,
      { 'www-authenticate': 'Bearer error="insufficient_scope"' },
    ]);
    grant.onChallenge = () => 'refresh';
    await expect(post(fetch, url)).rejects.toMatchObject({ code: 'insufficient_scope' });
    expect(seen).toHaveLength(3);
  });

  it('that only a person can answer comes out as that error', async () => {
    const { url, grant, fetch } = await upstream(() => [401]);
    grant.onChallenge = () => new TokentrayError('needs_sign_in', 'sign in');
    await expect(post(fetch, url)).rejects.toMatchObject({ code: 'needs_sign_in' });
  });

  it('for a DPoP nonce is answered, with 400 as with 401; the counts of the kinds are separate', async () => {
    const statuses = [400, 401, 401];
    const nonce = { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'n' };
    const { seen, url, grant, fetch } = await upstream(() => {
      const status = statuses.shift();
      if (status === undefined) return [200];
      return [status, statuses.length === 0 ? {} : nonce];
    });
    grant.onChallenge = () => 'refresh';
    expect((await post(fetch, url)).status).toBe(200);
    expect(seen).toHaveLength(4);
  });

  it('is not seen in other answers, which pass as they are', async () => {
    for (const status of [200, 202, 400, 403, 404, 405, 500]) {
      const { url, fetch } = await upstream(() => [status]);
      expect((await post(fetch, url)).status).toBe(status);
    }
  });

  it('on a body that can be read only once is answered for the next time, and the sender is asked to repeat', async () => {
    const { seen, url, grant, fetch } = await upstream(() => [401]);
    const body = new Blob([call(1)]).stream();
    const sent = fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit);
    await expect(sent).rejects.toMatchObject({ code: 'token_unavailable' });
    expect(grant.token).toBe('upstream-2');
    expect(seen).toHaveLength(1);
  });
});
