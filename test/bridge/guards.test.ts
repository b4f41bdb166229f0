// Only agents with a key reach a server through the bridge; web pages of any other origin never do.
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentHeaders, ask, call, loopback, setup, text, type Setup } from './fixture.ts';

let made: Setup;
let reached = 0;
let closeServer: () => Promise<void>;
beforeAll(async () => {
  const server = await loopback((req, res) => {
    reached += 1;
    req.resume();
    res.end('"reached"');
  });
  closeServer = () => server.close();
  made = await setup({ upstream: server.url });
});
afterAll(async () => {
  await made.close();
  await closeServer();
});

const post = (headers: Record<string, string | string[]>) =>
  ask(made.mcp, { method: 'POST', headers: agentHeaders(made.key, headers), body: call(1) });

async function refused(headers: Record<string, string | string[]>, status: number): Promise<void> {
  const before = reached;
  const answer = await post(headers);
  expect(answer.status).toBe(status);
  expect(reached).toBe(before);
  for (const name of Object.keys(answer.headers)) expect(name).not.toMatch(/^access-control-/u);
}

describe('the Host header', () => {
  it.each(['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]'])('may be %s with the bridge’s port', async (name) => {
    expect((await post({ host: `${name}:${made.bridge.port}` })).status).toBe(200);
  });

  it.each([
    'evil.example',
    '127.0.0.1',
    'localhost',
    '127.0.0.1.evil.example:PORT',
    'evil.example:PORT',
    '127.0.0.1:1',
  ])('may not be %s, as after DNS rebinding', (name) =>
    refused({ host: name.replace('PORT', String(made.bridge.port)) }, 403),
  );

  it('is checked on every address, also where no key is asked for', async () => {
    const link = made.bridge.signInLinks.linkFor('notes');
    for (const url of [link, `${made.bridge.url}/`]) {
      expect((await ask(url, { headers: { host: `evil.example:${made.bridge.port}` } })).status).toBe(403);
    }
  });

  it('may not be missing or doubled', async () => {
    for (const lines of [[], [`Host: 127.0.0.1:${made.bridge.port}`, 'Host: evil.example']]) {
      const answer = await raw(`GET /mcp/notes HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 (400|403) /u);
    }
  });
});

describe('a web page', () => {
  it.each(['https://evil.example', 'null', 'http://127.0.0.1:1', 'http://localhost', 'file://', ''])(
    'of origin %j is refused, key or not',
    (origin) => refused({ origin }, 403),
  );

  it('of the bridge itself may ask', async () => {
    expect((await post({ origin: `http://127.0.0.1:${made.bridge.port}` })).status).toBe(200);
    expect((await post({ origin: `http://localhost:${made.bridge.port}` })).status).toBe(200);
  });

  it.each(['cross-site', 'same-site'])('that the browser marks as %s is refused', async (site) => {
    await refused({ 'sec-fetch-site': site }, 403);
    await refused({ 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, 403);
  });

  it('gets no permission by asking ahead: OPTIONS is not answered with CORS headers', async () => {
    const answer = await ask(made.mcp, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(answer.status).toBe(403);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    expect((await ask(made.mcp, { method: 'OPTIONS' })).headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('the agent key', () => {
  it.each([
    ['missing', undefined],
    ['unknown', `Bearer ttk_${'A'.repeat(43)}`],
    ['of another scheme', 'Basic dHRrOng='],
    ['empty', 'Bearer '],
  ])('%s is a 401 that says how to get one', async (_name, authorization) => {
    const before = reached;
    const answer = await ask(made.mcp, {
      method: 'POST',
      headers: authorization === undefined ? {} : { authorization },
      body: call(1),
    });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="tokentray"');
    expect(answer.text).toContain('tokentray agent add');
    expect(reached).toBe(before);
  });

  it('works from the moment it is made until it is revoked', async () => {
    const { key } = made.agents.add('short-lived');
    const headers = agentHeaders(key.reveal());
    expect((await ask(made.mcp, { method: 'POST', headers, body: call(1) })).status).toBe(200);
    made.agents.revoke({ name: 'short-lived' });
    expect((await ask(made.mcp, { method: 'POST', headers, body: call(1) })).status).toBe(401);
  });

  it('is asked for before anything is said about which servers there are', async () => {
    const answer = await ask(`${made.bridge.url}/mcp/unknown`, { method: 'POST', body: call(1) });
    expect(answer.status).toBe(401);
    const known = await ask(`${made.bridge.url}/mcp/unknown`, {
      method: 'POST',
      headers: agentHeaders(made.key),
      body: call(1),
    });
    expect(known.status).toBe(404);
    expect(known.text).toContain('tokentray list');
  });

  it('does not stop the sender of a large body from reading why', async () => {
    const answer = await ask(made.mcp, { method: 'POST', body: Buffer.alloc(3_000_000) });
    expect(answer.status).toBe(401);
  });
});

describe('everything else', () => {
  it.each(['PUT', 'PATCH', 'HEAD', 'TRACE'])('%s is not a method of the bridge', async (method) => {
    const answer = await ask(made.mcp, { method, headers: agentHeaders(made.key) });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('POST, GET, DELETE');
  });

  it.each([
    '/',
    '/mcp',
    '/mcp/',
    '/mcp/notes/',
    '/mcp/notes?x=1',
    '/mcp/NOTES',
    '/mcp/..%2fnotes',
    '/.well-known/oauth-protected-resource',
  ])('%s is a 404', async (path) => {
    expect((await ask(`${made.bridge.url}${path}`, { headers: agentHeaders(made.key) })).status).toBe(404);
  });

  it('is no proxy: another server’s address in the request line is a 404', async () => {
    const answer = await raw(
      `GET http://evil.example/mcp/notes HTTP/1.1\r\nHost: 127.0.0.1:${made.bridge.port}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 404 /u);
  });

  it('has room for so many connections, and those that say nothing keep nobody out', async () => {
    const small = await setup({ upstream: 'http://127.0.0.1:1/mcp', mostConnections: 2 });
    const silent = Array.from({ length: 6 }, () => connect(small.bridge.port, '127.0.0.1'));
    const ends = silent.map((socket) => once(socket.on('error', () => undefined).resume(), 'close'));
    await Promise.all(ends.slice(0, 4));
    expect(silent.slice(4).map((socket) => socket.destroyed)).toEqual([false, false]);
    expect((await ask(`${small.bridge.url}/`)).status).toBe(404);
    await ends[4];
    await small.close();
  });

  it('has no room for one more than so many known agents, until one of them has left', async () => {
    let known = 0;
    const small = await setup({
      upstream: 'http://127.0.0.1:1/mcp',
      mostConnections: 2,
      state: () => 'needs-sign-in',
      relay: {
        handle: () => {
          known += 1;
          return new Promise(() => undefined);
        },
      },
    });
    const knock = (): Promise<string> =>
      ask(`${small.bridge.url}/`).then(
        () => 'let in',
        () => 'kept out',
      );
    const agents = [0, 1].map(() => request(small.mcp, { headers: agentHeaders(small.key), agent: false }));
    for (const agent of agents) agent.on('error', () => undefined).end();
    await expect.poll(() => known).toBe(2);
    expect(await knock()).toBe('kept out');
    agents[1]?.destroy();
    await expect.poll(knock).toBe('let in');
    expect(agents[0]?.destroyed).toBe(false);
    agents[0]?.destroy();
    await small.close();
  });

  it('does not wait long for headers', { timeout: 15_000 }, async () => {
    const before = Date.now();
    const socket = connect(made.bridge.port, '127.0.0.1')
      .on('error', () => undefined)
      .resume();
    await once(socket, 'close');
    expect(Date.now() - before).toBeLessThan(9_000);
  });

  it('has bounded headers', async () => {
    const answer = await ask(made.mcp, { headers: agentHeaders(made.key, { 'x-long': 'a'.repeat(40_000) }) });
    expect(answer.status).toBe(431);
  });
});

/** Bytes as they are, for what a client library would not send. */
function raw(bytes: string): Promise<string> {
  const socket = connect(made.bridge.port, '127.0.0.1');
  socket.end(bytes);
  return text(socket);
}
