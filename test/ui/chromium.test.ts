// The way in, as a real browser takes it: after a click on somebody's page too, and with a cookie that stays where it belongs.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { liveBroker, type LiveBroker } from './live-broker.ts';

const executable = chromiumPath();

describe.skipIf(executable === null)('in a real Chromium', () => {
  let live: LiveBroker;
  let browser: Browser;
  let context: BrowserContext;
  /** A page of another site, with a link on it; it keeps the cookies that it is sent. */
  let elsewhere: Server;
  let port: number;
  let href = '';
  const cookies: string[] = [];

  beforeAll(async () => {
    live = await liveBroker();
    browser = await launchChromium(executable ?? '');
    elsewhere = createServer((req, res) => {
      cookies.push(req.headers.cookie ?? '');
      res.writeHead(200, { 'content-type': 'text/html' }).end(`<a href="${href}">go</a>`);
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, resolve));
    ({ port } = elsewhere.address() as AddressInfo);
  });
  afterAll(async () => {
    await browser.close();
    elsewhere.closeAllConnections();
    await new Promise((resolve) => elsewhere.close(resolve));
    await live[Symbol.asyncDispose]();
  });

  it('a link on another site’s page leads into the window, and only into the window', async () => {
    const way = await live.client.script.openUi({});
    href = way.kind === 'link' ? way.link : '';
    context = await browser.newContext();
    const page = await context.newPage();
    // Another site than 127.0.0.1, as browsers count.
    await page.goto(`http://localhost:${port}/`);
    await page.click('a');
    await page.waitForURL(/\/ui\/[\w-]+\/$/u);
    await expect.poll(() => page.title()).toBe('window');
    expect(await page.evaluate('document.cookie')).toBe('');
    const answer = await page.evaluate(
      `fetch('rpc/status', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"json":{}}' }).then((r) => r.json())`,
    );
    expect(answer).toMatchObject({ json: { pid: process.pid } });
    // What may not run, does not: an inline script and a foreign address.
    expect(await page.evaluate(`fetch('http://127.0.0.1:${port}/').then(() => 'sent', () => 'refused')`)).toBe(
      'refused',
    );

    cookies.length = 0;
    const other = await context.newPage();
    for (const path of ['/', '/rpc', '/ui/']) await other.goto(`http://127.0.0.1:${port}${path}`);
    expect(cookies.filter((cookie) => cookie !== '')).toEqual([]);
    // A page on another port of this machine cannot use it either: to the browser it is the same site, to us it is not.
    const attempt = `fetch('${page.url()}rpc/status', { method: 'POST', credentials: 'include', mode: 'no-cors', body: '{"json":{}}' })`;
    await other.evaluate(`${attempt}.catch(() => null)`);
    expect((await live.client.sessions.list()).sessions).toHaveLength(1);
    await context.close();
  }, 60_000);
});
