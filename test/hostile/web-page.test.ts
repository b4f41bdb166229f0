// A web page in the person's own browser can use nothing of the bridge, decide nothing, and not find out which servers there are; tried in a real Chromium.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ToolServer } from '../e2e/access/tool-server.ts';
import { accessWorld, type AccessWorld } from '../e2e/access/world.ts';
import { chromiumPath } from '../support/chromium.ts';
import { ask } from '../ui/window.ts';
import { modernCall, portOf, post } from './wire.ts';

const executablePath = chromiumPath();
if (executablePath === null) console.log('a web page in a real browser: skipped, no Chromium is installed');

let world: AccessWorld;
let server: ToolServer;
let prompt: string;

beforeAll(async () => {
  world = await accessWorld();
  server = await world.server('existing', 'new');
  server.tools = [{ name: 'read', inputSchema: { type: 'object' } }];
  await world.signIn('existing', 'alice');
  const { key } = await world.key('first');
  await world.allowNext(() => post(world.bridge, 'existing', { key, ...modernCall('read') }));
  const waiting = await world.key('waiting');
  await world.person.settings.set({ approvalWait: 5_000 });
  post(world.bridge, 'existing', { key: waiting.key, ...modernCall('read') }).catch(() => undefined);
  ({ id: prompt } = await world.asked());
});
afterAll(() => world[Symbol.asyncDispose]());

/** Whatever a page could have changed. */
async function asItIs() {
  const { person } = world;
  const [{ prompts, approvals }, agents, sessions, grants] = await Promise.all([
    person.approvals.list(),
    person.agents.list(),
    person.sessions.list(),
    person.servers.list(),
  ]);
  return {
    prompts: prompts.map(({ id }) => id),
    approvals,
    agents: agents.map(({ id, revokedAt }) => ({ id, revokedAt })),
    sessions: sessions.sessions,
    grants: grants.map(({ server: name, state }) => [name, state.kind]),
    requests: server.requests.length,
    upstream: world.authorizationServer.stats.requests.length,
  };
}

/** In the page: tries one address in every way that a page has, and says what it could see of each. */
const tryAll = async (url: string): Promise<Record<string, unknown>> => {
  const seen: Record<string, unknown> = {};
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'read', arguments: {} } });
  const fetched = async (name: string, init: RequestInit): Promise<void> => {
    seen[name] = await fetch(url, init).then(
      async (answer) => [answer.type, answer.status, await answer.text()],
      (error: unknown) => String(error),
    );
  };
  const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  await fetched('get', {});
  await fetched('post', { method: 'POST', headers: json, body });
  await fetched('post as text', { method: 'POST', body });
  await fetched('no-cors get', { mode: 'no-cors' });
  await fetched('no-cors post', { mode: 'no-cors', method: 'POST', body });
  await fetched('with a key', { method: 'POST', headers: { ...json, authorization: 'Bearer ttk_x' }, body });
  await fetched('delete', { method: 'DELETE', credentials: 'include' });
  await fetched('redirects by hand', { mode: 'no-cors', redirect: 'manual' });
  const element = (name: string, tag: string, more: object, wait = 3_000): Promise<void> =>
    new Promise((resolve) => {
      const one = Object.assign(document.createElement(tag), more);
      const say = (what: string) => (): void => {
        seen[name] = what;
        one.remove();
        resolve();
      };
      one.addEventListener('load', say('load'));
      one.addEventListener('error', say('error'));
      setTimeout(say('nothing'), wait);
      document.body.append(one);
    });
  await element('img', 'img', { src: url });
  await element('script', 'script', { src: url });
  await element('style', 'link', { rel: 'stylesheet', href: url });
  await element('iframe', 'iframe', { src: url });
  await element('object', 'object', { data: url }, 1_000);
  await new Promise<void>((resolve) => {
    const source = new EventSource(url);
    const say = (what: string) => (): void => {
      seen['event source'] = what;
      source.close();
      resolve();
    };
    source.addEventListener('open', say('open'));
    source.addEventListener('message', say('message'));
    source.addEventListener('error', say('error'));
  });
  await new Promise<void>((resolve) => {
    const socket = new WebSocket(url.replace('http', 'ws'));
    socket.addEventListener('open', () => ((seen['web socket'] = 'open'), resolve()));
    socket.addEventListener('error', () => ((seen['web socket'] = 'error'), resolve()));
  });
  seen['beacon'] = navigator.sendBeacon(url, body);
  // A form that goes to a frame: what came back cannot be read, only that something did.
  await new Promise<void>((resolve) => {
    const frame = Object.assign(document.createElement('iframe'), { name: 'target' });
    const form = Object.assign(document.createElement('form'), {
      method: 'post',
      action: url,
      target: 'target',
      enctype: 'text/plain',
    });
    form.append(Object.assign(document.createElement('input'), { name: body.slice(0, -1), value: '}' }));
    document.body.append(frame, form);
    frame.addEventListener('load', () => {
      try {
        seen['form'] = frame.contentDocument?.body.textContent ?? 'closed';
      } catch {
        seen['form'] = 'closed';
      }
      frame.remove();
      form.remove();
      resolve();
    });
    form.submit();
  });
  // What the browser itself measured of all that.
  const entries = performance.getEntriesByName(url) as PerformanceResourceTiming[];
  seen['measured'] = entries.map(({ transferSize, encodedBodySize, responseStatus }) => [
    transferSize,
    encodedBodySize,
    responseStatus,
  ]);
  performance.clearResourceTimings();
  return seen;
};

const tried = (page: Page, path: string): Promise<Record<string, unknown>> =>
  page.evaluate(tryAll, `${world.bridge}${path}`);

/** All that the bridge says to requests about a server, but for the time. */
const told = async (name: string, headers: Record<string, string>): Promise<string> => {
  const answers = [];
  for (const path of [`/mcp/${name}`, `/.well-known/oauth-protected-resource/mcp/${name}`]) {
    for (const method of ['GET', 'POST', 'OPTIONS', 'DELETE', 'HEAD']) {
      const {
        status,
        headers: back,
        body,
      } = await ask(portOf(world.bridge), path, {
        method,
        headers: { host: new URL(world.bridge).host, ...headers },
      });
      answers.push([method, status, { ...back, date: '' }, body]);
    }
  }
  return JSON.stringify(answers);
};

describe.skipIf(executablePath === null)('a web page', { timeout: 90_000 }, () => {
  let browser: Browser;
  let elsewhere: Server;
  let port: number;

  beforeAll(async () => {
    elsewhere = createServer((_req, res) =>
      res.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>page</title><body></body>'),
    );
    await new Promise<void>((resolve) => elsewhere.listen(0, resolve));
    ({ port } = elsewhere.address() as AddressInfo);
    browser = await chromium.launch({
      executablePath: executablePath ?? '',
      headless: true,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--host-resolver-rules=MAP evil.example 127.0.0.1',
      ],
    });
  });
  afterAll(async () => {
    await browser.close();
    elsewhere.closeAllConnections();
    await new Promise((resolve) => elsewhere.close(resolve));
  });

  const pageAt = async (host: string): Promise<Page> => {
    const page = await browser.newPage();
    await page.goto(`http://${host}:${port}/`);
    return page;
  };
  it.each(['localhost', '127.0.0.1', 'evil.example'])(
    'cannot tell a server that exists from one that does not, whatever it tries (from %s)',
    async (host) => {
      const page = await pageAt(host);
      const before = await asItIs();
      for (const prefix of ['/mcp/', '/.well-known/oauth-protected-resource/mcp/']) {
        const existing = await tried(page, `${prefix}existing`);
        expect(existing).toEqual(await tried(page, `${prefix}nowhere1`));
        // And none of it is readable.
        expect(JSON.stringify(existing)).not.toMatch(/tokentray|existing|resource|agent/iu);
      }
      expect(await asItIs()).toEqual(before);
      await page.close();
    },
  );

  it('gets the same bytes for every name, so that there is nothing to tell from', async () => {
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:${port}` },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
      { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    ]) {
      const existing = await told('existing', headers);
      expect(existing).toBe(await told('nowhere1', headers));
      expect(existing).not.toMatch(/existing|access-control-allow/iu);
    }
  });

  it('answers no question: not with a form, not in a frame, not by opening the page behind the link', async () => {
    const before = await asItIs();
    expect(before.prompts).toContain(prompt);
    const page = await pageAt('localhost');
    const seen = await tried(page, `/approve/${prompt}`);
    expect(JSON.stringify(seen)).not.toMatch(/tokentray|waiting|existing/iu);
    expect(seen).toEqual(await tried(page, '/approve/aaaaaaaaaa'));
    for (const query of ['?decision=allow', '?lasts=always&decision=allow', '/allow', '#allow']) {
      await page.evaluate((url) => void window.open(url), `${world.bridge}/approve/${prompt}${query}`);
    }
    // The page itself, opened as by the person: nothing on it decides, and no script runs on it.
    const link = await browser.newPage();
    await link.goto(`${world.bridge}/approve/${prompt}`);
    expect(await link.textContent('main')).toContain('Nothing can be decided on this page');
    expect(await link.locator('script, input, select, textarea').count()).toBe(0);
    for (const action of await link.locator('button').all()) await action.click();
    await link.evaluate(() => {
      const form = Object.assign(document.createElement('form'), { method: 'post' });
      form.append(Object.assign(document.createElement('input'), { name: 'decision', value: 'allow' }));
      document.body.append(form);
      form.submit();
    });
    await link.waitForLoadState();
    expect((await asItIs()).approvals).toEqual(before.approvals);
    expect((await asItIs()).prompts).toContain(prompt);
    for (const other of browser.contexts().flatMap((context) => context.pages())) await other.close();
  });

  it('that made its own name lead here is refused under that name, on every address', async () => {
    const before = await asItIs();
    const page = await browser.newPage();
    const rebound = `http://evil.example:${portOf(world.bridge)}`;
    for (const path of [
      '/mcp/existing',
      `/approve/${prompt}`,
      '/.well-known/oauth-authorization-server/oauth',
      '/sign-in/x',
      '/',
    ]) {
      const answer = await page.goto(`${rebound}${path}`);
      expect([path, answer?.status()]).toEqual([path, 403]);
      expect(await page.content()).not.toMatch(/existing|waiting/u);
    }
    // From there it is the same origin to the browser: no Origin on a GET, and `same-origin` to say so.
    const inside = await page.evaluate(
      (path) => fetch(path).then(async (answer) => [answer.status, await answer.text()]),
      '/mcp/existing',
    );
    expect(inside).toEqual([403, expect.stringContaining('local address')]);
    await page.close();
    const at = portOf(world.bridge);
    for (const host of [
      `evil.example:${at}`,
      `127.0.0.1.evil.example:${at}`,
      `localhost.:${at}`,
      `127.0.0.1:${at + 1}`,
      '127.0.0.1',
      `0.0.0.0:${at}`,
      `2130706433:${at}`,
      `[::ffff:127.0.0.1]:${at}`,
      `user@127.0.0.1:${at}`,
      `127.0.0.1:${at}@evil.example`,
    ]) {
      for (const path of ['/mcp/existing', `/approve/${prompt}`, '/oauth/register']) {
        expect([host, (await ask(at, path, { headers: { host } })).status]).toEqual([host, 403]);
      }
    }
    expect(await asItIs()).toEqual(before);
  });

  it('learns nothing from the control socket’s address either: it is no port that a page could reach', async () => {
    expect(world.controlSocket.startsWith('/') || world.controlSocket.startsWith('\\\\')).toBe(true);
    for (const path of ['/rpc/status', '/rpc/approvals/list', '/stdio/existing']) {
      const answer = await ask(portOf(world.bridge), path, {
        method: 'POST',
        headers: { host: new URL(world.bridge).host },
      });
      expect([path, answer.status]).toEqual([path, 404]);
    }
  });
});
