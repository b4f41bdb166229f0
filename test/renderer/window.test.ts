// From an empty window to the first connected server, in a real browser, at a real provider, and back when something is wrong.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { startMcpServer } from '../support/mcp-server.ts';
import type { TemporaryFolder } from '../support/temp.ts';
import { liveBroker, type LiveBroker } from '../ui/live-broker.ts';
import { builtWindow, openPage, type OpenPage } from './built-window.ts';

const executable = chromiumPath();
const sizeLimit = 250 * 1_024;

let built: TemporaryFolder;
beforeAll(async () => {
  built = await builtWindow();
});
afterAll(() => built.remove());

describe('the built window', () => {
  it('is small: scripts and style sheets together stay under 250 KB gzip', () => {
    const assets = join(built.path, 'assets');
    const sizes = readdirSync(assets).map((name) => gzipSync(readFileSync(join(assets, name))).length);
    expect(sizes.length).toBeGreaterThan(1);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(sizeLimit);
  });
  it('has no inline script or style in its page, for its policy would refuse them', () => {
    const html = readFileSync(join(built.path, 'index.html'), 'utf8');
    expect(html).not.toMatch(/<style|style="|<script(?![^>]*\ssrc=)/u);
    expect(html).not.toMatch(/(?:src|href)="\//u);
  });
});

describe.skipIf(executable === null)('in a real Chromium', { timeout: 60_000 }, () => {
  let browser: Browser;
  let live: LiveBroker;
  let open: OpenPage;
  beforeAll(async () => {
    browser = await launchChromium(executable ?? '');
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    live = await liveBroker({ broker: { rendererFolder: built.path } });
    open = await openPage(browser, live);
  });
  afterEach(async () => {
    expect(open.complaints).toEqual([]);
    await open.context.close();
    await live[Symbol.asyncDispose]();
  });

  /** Presses "Sign in" and gives the provider's page. */
  const atProvider = async () => {
    const [provider] = await Promise.all([
      open.context.waitForEvent('page'),
      open.page.getByRole('button', { name: 'Sign in in the browser' }).click(),
    ]);
    return provider;
  };

  it('the first server is added by its address, shown before it is signed in to, and connected', async () => {
    const { page } = open;
    await live.client.servers.forget({ server: 'notes' });
    await page.getByRole('heading', { name: 'Welcome to Tokentray' }).waitFor();
    expect(await open.violations()).toEqual([]);

    await page.getByRole('link', { name: 'Add your first server' }).click();
    await page.getByLabel('Address of the MCP server').fill(live.server.url);
    await page.getByLabel('Name on this machine').fill('first');
    expect(await open.violations()).toEqual([]);
    await page.getByRole('button', { name: 'Continue' }).click();

    // Everything that will happen, while no page has opened and nobody was registered.
    await page.getByRole('heading', { name: 'What will happen' }).waitFor();
    expect(await page.getByText('A new client, registered on the spot').isVisible()).toBe(true);
    expect(await page.getByText('Asked to be good for this server only').isVisible()).toBe(true);
    expect(open.context.pages()).toHaveLength(1);
    expect(live.broker.control.store.registrations.forIssuer(live.authorizationServer.issuer)).toBeNull();
    await page.getByRole('checkbox', { name: 'admin' }).click();
    expect(await open.violations()).toEqual([]);

    const provider = await atProvider();
    await page.getByText('Waiting for you in the browser').waitFor();
    expect(await open.violations()).toEqual([]);
    await provider.getByLabel('Account').fill('alice');
    await provider.getByRole('button', { name: 'Sign in' }).click();
    expect(await provider.locator('.scope').allInnerTexts()).not.toContain('admin');
    await provider.getByRole('button', { name: 'Approve' }).click();

    await page.getByRole('heading', { name: 'first is connected' }).waitFor();
    await page.getByRole('region', { name: 'mcp.json' }).waitFor();
    expect(await open.violations()).toEqual([]);
    expect(await live.client.servers.show({ server: 'first' })).toMatchObject({
      state: { kind: 'connected' },
      settings: { removedScopes: ['admin'] },
    });

    // Who uses it is seen when it is used, without a reload.
    await open.go('#/servers');
    const { key } = await live.client.script.addAgent({ name: 'my-agent' });
    const agent = await live.agent(key, 'first');
    await agent.listTools();
    const row = page.getByRole('listitem').filter({ hasText: 'first' });
    await row.getByText('my-agent').waitFor();
    expect(await row.innerText()).toMatch(/connected, refreshes in \d+ min/u);
    expect(await open.violations()).toEqual([]);
  });

  it('a wrong callback address changes nothing, and a cancelled sign-in leads back to what it was about', async () => {
    const { page } = open;
    await open.go('#/add?name=notes');
    await page.getByRole('heading', { name: 'What will happen' }).waitFor();
    const provider = await atProvider();
    await page.getByText('The browser ended on a page that does not load?').click();
    await page.getByLabel('Address of that page').fill('http://127.0.0.1:1/callback?code=x&state=y');
    await page.getByRole('button', { name: 'Finish' }).click();
    expect(await page.getByRole('alert').innerText()).toContain('not the answer to this sign-in');
    expect(await page.getByText('Waiting for you in the browser').isVisible()).toBe(true);
    await page.getByRole('button', { name: 'Cancel the sign-in' }).click();
    await page.getByRole('heading', { name: 'What will happen' }).waitFor();
    expect((await live.client.servers.show({ server: 'notes' })).state.kind).not.toBe('signing-in');
    await provider.close();
  });

  it('a sign-in that the person refuses is told as that, with a way back', async () => {
    const { page } = open;
    await open.go('#/add?name=notes');
    const provider = await atProvider();
    await provider.getByLabel('Account').fill('alice');
    await provider.getByRole('button', { name: 'Sign in' }).click();
    await provider.getByRole('button', { name: 'Deny' }).click();
    await page.getByRole('alert').waitFor();
    expect(await open.violations()).toEqual([]);
    await page.getByRole('button', { name: 'Back to the sign-in' }).click();
    await page.getByRole('heading', { name: 'What will happen' }).waitFor();
  });

  it('the client secret that a person types leaves the page with the one call that it is for', async () => {
    const { page } = open;
    await open.go('#/add?name=notes');
    await page.getByText('More choices').click();
    await page.getByRole('button', { name: 'Use a client that I register by hand' }).click();
    expect(await page.getByRole('group', { name: 'Redirect URI' }).innerText()).toContain('/callback');
    await page.getByLabel('Client ID').fill('by-hand');
    await page.getByLabel('Client secret').fill('canary-client-secret');
    expect(await open.violations()).toEqual([]);
    await page.getByRole('button', { name: 'Save and go on' }).click();
    await page.getByText('The client you registered').waitFor();
    const everywhere = await page.evaluate(() =>
      [
        document.documentElement.outerHTML,
        ...[...document.querySelectorAll('input')].map((input) => input.value),
        JSON.stringify(localStorage),
        JSON.stringify(sessionStorage),
        location.href,
      ].join('\n'),
    );
    expect(everywhere).not.toContain('canary-client-secret');
    expect(live.logged.join('\n')).not.toContain('canary-client-secret');
  });

  it('300 servers are a few rows in the page, and the keyboard alone reaches each of them', async () => {
    const { page } = open;
    for (let index = 0; index < 299; index += 1) {
      await live.client.servers.add({ name: `server-${index}`, url: `https://mcp${index}.example/mcp` });
    }
    await page.getByText('300 servers').waitFor();
    expect(await page.getByRole('listitem').count()).toBeLessThan(40);
    await page.getByRole('link', { name: 'notes', exact: true }).focus();
    await page.keyboard.press('End');
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('server-298');
    await page.keyboard.press('ArrowUp');
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('server-297');
    await page.keyboard.press('/');
    await page.keyboard.type('server-150');
    await expect.poll(() => page.getByRole('link', { name: /^server-/u }).allInnerTexts()).toEqual(['server-150']);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'server-150' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    expect(await open.violations()).toEqual([]);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    await page.keyboard.press('n');
    await expect.poll(() => page.evaluate(() => location.hash)).toBe('#/add');
  });

  it('a server that wants no sign-in is told as that once it was used, by the agent under the name that it has now', async () => {
    const { page } = open;
    const free = await startMcpServer({ era: 'modern' });
    await live.client.servers.add({ name: 'free', url: free.url });
    await open.go('#/servers');
    const row = page.getByRole('listitem').filter({ hasText: 'free' });
    await row.getByText('not signed in yet').waitFor();
    const added = await live.client.script.addAgent({ name: 'cursor' });
    const agent = await live.agent(added.key, 'free');
    await agent.callTool({ name: 'echo', arguments: { text: 'hello' } });
    await row.getByText('needs no sign-in').waitFor();
    expect(await row.getByRole('link', { name: /^Sign in/u }).count()).toBe(0);
    await row.getByText('cursor').waitFor();
    await live.client.agents.rename({ id: added.agent.id, name: 'editor at home' });
    await row.getByText('editor at home').waitFor();
    expect(await row.getByText('cursor').count()).toBe(0);
    await open.go('#/servers/free');
    await page.getByText('it answers without a token').waitFor();
    expect(await page.getByText('not known yet').count()).toBe(0);
    expect(await open.violations()).toEqual([]);
    await free.close();
  });

  it('an agent that signs in by itself is set up with the address alone: no key is in what it is given', async () => {
    const { page } = open;
    await open.go('#/servers/notes/set-up');
    await page.getByRole('heading', { name: 'Over HTTP, with the address alone' }).waitFor();
    const url = `${live.broker.control.bridge?.url}/mcp/notes`;
    await page.getByRole('group', { name: 'Address' }).getByText(url, { exact: true }).waitFor();
    const file = await page.getByRole('region', { name: 'mcp.json without a key' }).innerText();
    expect(JSON.parse(file)).toEqual({ mcpServers: { notes: { type: 'http', url } } });
    expect(await open.violations()).toEqual([]);
  });

  it.each([
    ['#/activity', 'This is where the record begins.'],
    ['#/audit', 'This is where what is kept begins.'],
  ])('%s is read page by page, to where it begins', async (hash, beginning) => {
    const { page } = open;
    const { store, clock } = live.broker.control;
    for (let n = 0; n < 450; n += 1) {
      const detail = { agent: 'cursor', attempted: 'unlock', startedBy: 'agent' };
      store.events.append({ at: clock.now(), server: null, grantId: null, kind: 'command-refused', detail });
    }
    await open.go(hash);
    const rows = page.getByRole('button', { name: /Command refused/u });
    await rows.first().waitFor();
    expect(await rows.first().innerText()).toMatch(/cursor\s+·\s+its command tried to unlock/u);
    expect(await page.getByText(beginning).count()).toBe(0);
    await rows.first().focus();
    const oldest = page.getByRole('button', { name: /Server added|Tokentray started/u });
    const atTheEnd = async () => {
      await page.keyboard.press('End');
      return [await page.getByText(beginning).count(), Math.min(1, await oldest.count())];
    };
    await expect.poll(atTheEnd, { timeout: 20_000 }).toEqual([1, 1]);
    expect(await open.violations()).toEqual([]);
  });

  it('fits into the popover: nothing is wider than 360 pixels', async () => {
    const { page } = open;
    await page.setViewportSize({ width: 360, height: 560 });
    for (const hash of ['#/servers', '#/add', '#/add?name=notes']) {
      await open.go(hash);
      await page.getByRole('heading', { level: 1 }).waitFor();
      const wider = await page.evaluate(
        () =>
          [...document.querySelectorAll('main, main *')].filter(
            (element) => element.getBoundingClientRect().right > 360.5,
          ).length,
      );
      expect(wider, hash).toBe(0);
      expect(await open.violations(), hash).toEqual([]);
    }
  });
});
