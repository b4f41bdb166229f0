// The UI in a browser: whoever has the one-time link gets in, once, and no other page, name or program does.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveBroker, type LiveBroker } from './live-broker.ts';
import { ask, openWindow, parts, type Window } from './window.ts';

let live: LiveBroker;
const windows: Window[] = [];

beforeAll(async () => {
  live = await liveBroker();
});
afterAll(async () => {
  for (const window of windows) await window.close();
  await live[Symbol.asyncDispose]();
});

async function link(): Promise<string> {
  const way = await live.client.script.openUi({});
  if (way.kind !== 'link') throw new Error('a window without a desktop');
  return way.link;
}
async function open(): Promise<Window> {
  const window = await openWindow(await link());
  windows.push(window);
  return window;
}
const status = { method: 'POST', body: '{"json":{}}' };
const json = { 'content-type': 'application/json' };

const call = (window: Window, headers: Record<string, string>) =>
  ask(window.port, `${window.path}rpc/status`, { ...status, headers: { ...json, ...headers } });

describe('the link', () => {
  it('lets one browser in and is over then', async () => {
    const { port, path } = parts(await link());
    const first = await ask(port, path);
    expect(first.status).toBe(200);
    expect(first.headers['set-cookie']).toHaveLength(1);
    const second = await ask(port, path);
    expect(second.status).toBe(404);
    expect(second.headers['set-cookie']).toBeUndefined();
    expect(second.body).toContain('This link is over');
  });

  it('is not used up by a browser that only looks ahead', async () => {
    const { port, path } = parts(await link());
    const ahead = await ask(port, path, { headers: { 'sec-purpose': 'prefetch;prerender' } });
    expect(ahead.status).toBe(405);
    expect((await ask(port, path, { method: 'HEAD' })).status).toBe(405);
    expect((await ask(port, path)).status).toBe(200);
  });

  it('gives a cookie that scripts cannot read and no other site sends along, for a path that nobody can guess', async () => {
    const window = await open();
    const [pair, ...attributes] = window.setCookie.split('; ');
    expect(pair).toMatch(/^tokentray=[\w-]{43}$/u);
    expect(attributes.sort()).toEqual(['HttpOnly', `Path=${window.path}`, 'SameSite=Strict']);
    expect(window.path).toMatch(/^\/ui\/[\w-]{43}\/$/u);
    expect(window.path).not.toContain(pair?.split('=')[1]);
  });

  it('that nobody gave out opens nothing', async () => {
    const { port } = parts(await link());
    expect((await ask(port, `/open/${'A'.repeat(43)}`)).status).toBe(404);
    expect((await ask(port, '/open/')).status).toBe(401);
  });

  it('is in no log', async () => {
    const { path } = parts(await link());
    const window = await open();
    const logged = live.logged.join('\n');
    for (const word of [
      path.slice('/open/'.length),
      window.cookie.slice('tokentray='.length),
      window.path.slice(4, -1),
    ]) {
      expect(logged).not.toContain(word);
    }
  });
});

describe('a window', () => {
  it('gets the files, with headers that let nothing else run', async () => {
    const window = await open();
    const page = await ask(window.port, window.path, { headers: { cookie: window.cookie } });
    expect(page).toMatchObject({ status: 200, body: '<!doctype html><title>window</title>' });
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const policy = String(page.headers['content-security-policy']);
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]) {
      expect(policy).toContain(part);
    }
    expect(policy).not.toContain('unsafe');
    expect(page.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    const script = await ask(window.port, `${window.path}assets/app.js`, { headers: { cookie: window.cookie } });
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
  });

  it.each([
    '../outside.txt',
    '..%2foutside.txt',
    '%2e%2e/outside.txt',
    'assets/../../outside.txt',
    '/etc/passwd',
    'none.js',
  ])('gets nothing outside of its folder: %s', async (path) => {
    const window = await open();
    const answer = await ask(window.port, window.path + path, { headers: { cookie: window.cookie } });
    expect(answer.status).toBe(404);
    expect(answer.body).not.toContain('outside');
  });

  it('calls the contract, and sees changes as they come', async () => {
    const window = await open();
    expect(await window.call.servers.list()).toEqual(await live.client.servers.list());
    const changes = await window.call.changes();
    expect((await changes.next()).value).toMatchObject({ kind: 'snapshot', servers: [{ server: 'notes' }] });
    await live.client.servers.updateSettings({ server: 'notes', settings: { signIn: 'ask' } });
    expect((await changes.next()).value).toMatchObject({ kind: 'settings', view: { server: 'notes' } });
    await changes.return?.();
  });

  it('has no way to a script call', async () => {
    const window = await open();
    for (const call of ['script/token', 'script/addAgent', 'script/openUi', 'token', 'openUi', 'script']) {
      const answer = await ask(window.port, `${window.path}rpc/${call}`, {
        ...status,
        headers: { ...json, cookie: window.cookie, origin: window.origin },
        body: '{"json":{"server":"notes","name":"x"}}',
      });
      expect([call, answer.status]).toEqual([call, 404]);
    }
  });
});

describe('nobody else', () => {
  it('calls without the cookie, with another one, or with two', async () => {
    const [window, other] = [await open(), await open()];
    const own = { origin: window.origin };
    expect((await call(window, { ...own, cookie: window.cookie })).status).toBe(200);
    expect((await call(window, own)).status).toBe(401);
    expect((await call(window, { ...own, cookie: other.cookie })).status).toBe(401);
    expect((await call(window, { ...own, cookie: `tokentray=${'A'.repeat(43)}` })).status).toBe(401);
    expect((await call(window, { ...own, cookie: `${window.cookie}; ${other.cookie}` })).status).toBe(401);
    expect((await ask(window.port, window.path)).status).toBe(401);
    expect((await ask(window.port, '/')).status).toBe(401);
  });

  it('calls from a page of another origin, of another port of this machine, or from none', async () => {
    const window = await open();
    for (const origin of ['https://evil.example', 'http://127.0.0.1:1', 'null', `http://localhost:${window.port}`]) {
      expect([origin, (await call(window, { cookie: window.cookie, origin })).status]).toEqual([origin, 403]);
    }
    expect((await call(window, { cookie: window.cookie })).status).toBe(403);
    for (const site of ['cross-site', 'same-site']) {
      const headers = { cookie: window.cookie, origin: window.origin, 'sec-fetch-site': site };
      expect([site, (await call(window, headers)).status]).toEqual([site, 403]);
    }
  });

  it('calls with GET, which any page can make a browser send', async () => {
    const window = await open();
    const headers = { cookie: window.cookie, origin: window.origin };
    expect((await ask(window.port, `${window.path}rpc/status`, { headers })).status).toBe(405);
  });

  it('embeds a file of the window in a page of its own', async () => {
    const window = await open();
    const headers = {
      cookie: window.cookie,
      'sec-fetch-site': 'same-site',
      'sec-fetch-mode': 'no-cors',
      'sec-fetch-dest': 'script',
    };
    expect((await ask(window.port, `${window.path}assets/app.js`, { headers })).status).toBe(403);
  });

  it('reaches it by another name that leads here', async () => {
    const window = await open();
    for (const host of ['evil.example', `evil.example:${window.port}`, '127.0.0.1', `127.0.0.1:${window.port + 1}`]) {
      const answer = await call(window, { cookie: window.cookie, origin: `http://${host}`, host });
      expect([host, answer.status]).toEqual([host, 403]);
    }
    const { port, path } = parts(await link());
    expect((await ask(port, path, { headers: { host: `evil.example:${port}` } })).status).toBe(403);
    // And the link still works for the one whom it was given to.
    expect((await ask(port, path)).status).toBe(200);
  });
});

describe('a session', () => {
  it('is listed with what the browser calls itself, and knows which one is its own', async () => {
    const window = await open();
    const { sessions, current } = await window.call.sessions.list();
    expect(sessions.find(({ id }) => id === current)).toMatchObject({ browser: 'Test/1.0' });
    expect((await live.client.sessions.list()).current).toBeNull();
  });

  it('that is revoked loses its stream within a second, and every call', async () => {
    const [window, other] = [await open(), await open()];
    const { current } = await window.call.sessions.list();
    const changes = await window.call.changes();
    await changes.next();
    const ended = changes.next().then(
      ({ done }) => done === true,
      () => true,
    );
    const at = Date.now();
    expect(await other.call.sessions.revoke({ id: current ?? '' })).toEqual({ revoked: true });
    expect(await ended).toBe(true);
    expect(Date.now() - at).toBeLessThan(1_000);
    await expect(window.call.status()).rejects.toThrow();
    expect((await ask(window.port, window.path, { headers: { cookie: window.cookie } })).status).toBe(401);
    expect((await other.call.status()).pid).toBe(process.pid);
    expect(await other.call.sessions.revoke({ id: current ?? '' })).toEqual({ revoked: false });
  });

  it('ends with the broker', async () => {
    await using own = await liveBroker();
    const way = await own.client.script.openUi({});
    const window = await openWindow(way.kind === 'link' ? way.link : '');
    const changes = await window.call.changes();
    await changes.next();
    const ended = changes.next().then(
      ({ done }) => done === true,
      () => true,
    );
    await own.restart();
    expect(await ended).toBe(true);
    await own.client.script.openUi({});
    expect((await own.client.sessions.list()).sessions).toEqual([]);
    await window.close();
  });
});
