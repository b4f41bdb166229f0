// Nobody is lost: every press of a key counts in a list, and the focus comes back from each dialog to where the person was.
import { readFile } from 'node:fs/promises';
import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import type { TemporaryFolder } from '../support/temp.ts';
import { liveBroker, type LiveBroker } from '../ui/live-broker.ts';
import { builtWindow, openPage, type OpenPage } from './built-window.ts';

const executable = chromiumPath();

/** The words or the name of what has the focus. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '');

describe.skipIf(executable === null)('with the keyboard', { timeout: 60_000 }, () => {
  let built: TemporaryFolder;
  let browser: Browser;
  let live: LiveBroker;
  let open: OpenPage;
  beforeAll(async () => {
    built = await builtWindow();
    browser = await launchChromium(executable ?? '');
  });
  afterAll(async () => {
    await browser.close();
    await built.remove();
  });
  beforeEach(async () => {
    live = await liveBroker({ broker: { rendererFolder: built.path, approvals: 'ask' } });
    open = await openPage(browser, live);
  });
  afterEach(async () => {
    expect(open.complaints).toEqual([]);
    await open.context.close();
    await live[Symbol.asyncDispose]();
  });

  it('no press of an arrow key is lost in a long list, however fast they come', async () => {
    const { page } = open;
    for (let index = 0; index < 150; index += 1) {
      await live.client.servers.add({ name: `server-${index}`, url: `https://mcp${index}.example/mcp` });
    }
    await page.getByText('151 servers').waitFor();
    const row = () =>
      page.evaluate(() => document.activeElement?.closest('[data-row]')?.getAttribute('data-row') ?? 'no row');
    await page.locator('[data-row-focus]').first().focus();
    await page.keyboard.press('Home');
    await Promise.all(Array.from({ length: 60 }, () => page.keyboard.press('ArrowDown')));
    expect(await row()).toBe('60');
    for (let press = 0; press < 60; press += 1) await page.keyboard.press('ArrowDown');
    expect(await row()).toBe('120');
    await Promise.all(Array.from({ length: 100 }, () => page.keyboard.press('ArrowUp')));
    expect(await row()).toBe('20');
  });

  it('a dialog that is closed gives the focus back to the button that opened it', async () => {
    const { page } = open;
    await open.go('#/settings');
    await page.getByRole('button', { name: 'Licences' }).press('Enter');
    await page.getByRole('dialog', { name: 'Licences' }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => focused(page)).toBe('Licences');
  });

  it('when the button went with what was destroyed, the focus goes to what is nearest', async () => {
    const { page } = open;
    await live.signIn();
    // What the person trusts has its approval with its first use.
    for (const name of ['second', 'first']) {
      const { key } = await live.client.script.addAgent({ name, trusted: true });
      await (await live.agent(key)).listTools();
    }
    await open.go('#/servers/notes/access');
    const revoke = (name: string) => page.getByRole('button', { name: `Revoke: ${name}` });
    const agree = page.getByRole('dialog').getByRole('button', { name: 'Revoke' });
    await revoke('second').waitFor();
    const [upper = '', lower = ''] = await page
      .getByRole('button', { name: /^Revoke: / })
      .evaluateAll((buttons) =>
        buttons.map((button) => button.getAttribute('aria-label')?.replace('Revoke: ', '') ?? ''),
      );
    await revoke(upper).press('Enter');
    await agree.press('Enter');
    await expect.poll(() => revoke(upper).count()).toBe(0);
    await expect.poll(() => focused(page)).toBe(lower);
    await revoke(lower).press('Enter');
    await agree.press('Enter');
    await expect.poll(() => revoke(lower).count()).toBe(0);
    await expect.poll(() => focused(page)).toBe('All agents');
  });

  it('from a receipt, which followed a question, the focus goes back to where the question was asked', async () => {
    const { page } = open;
    await open.go('#/settings');
    await page.getByRole('button', { name: 'Clear everything…' }).press('Enter');
    const asking = page.getByRole('dialog', { name: 'Clear everything?' });
    expect(await asking.getByRole('listitem').first().innerText()).toContain('no provider is asked');
    await page.keyboard.type('clear everything');
    await asking.getByRole('button', { name: 'Clear everything' }).press('Enter');
    const receipt = page.getByRole('dialog', { name: 'What was cleared' });
    await receipt.waitFor();
    await asking.waitFor({ state: 'detached' });
    await expect.poll(() => receipt.evaluate((dialog) => dialog.contains(document.activeElement))).toBe(true);
    await page.keyboard.press('Escape');
    await receipt.waitFor({ state: 'detached' });
    await expect.poll(() => focused(page)).toBe('Clear everything…');
  });

  it('a link in a dialog leads on: the focus is where the new screen begins', async () => {
    const { page } = open;
    await open.go('#/activity');
    await page.getByRole('button', { name: /Server added/u }).press('Enter');
    await page.getByRole('dialog').getByRole('link', { name: 'notes' }).press('Enter');
    await page.getByRole('heading', { name: 'notes', level: 1 }).waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => focused(page)).toBe('notes');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
  });

  it('the words of a dialog are a stop for the Tab key only where they scroll', async () => {
    const { page } = open;
    await open.go('#/settings');
    await page.getByRole('button', { name: 'Clear everything…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    const stop = dialog.getByRole('group', { name: 'Details' });
    expect(await stop.count()).toBe(0);
    await page.setViewportSize({ width: 360, height: 320 });
    await expect.poll(() => stop.getAttribute('tabindex')).toBe('0');
    expect(await open.violations()).toEqual([]);
    await page.setViewportSize({ width: 1_280, height: 800 });
    await expect.poll(() => stop.count()).toBe(0);
  });

  it('a browser’s button says what it does only when it is known which browser this is', async () => {
    const { page } = open;
    const held: Route[] = [];
    await page.route('**/rpc/sessions/list', (route) => void held.push(route));
    await open.go('#/settings');
    await expect.poll(() => held.length).toBeGreaterThan(0);
    const card = page.getByRole('region', { name: 'Browsers' });
    await card.getByText('last used').waitFor();
    expect(await card.getByRole('button').count()).toBe(0);
    await held.at(-1)?.continue();
    await card.getByRole('button', { name: 'Sign out' }).waitFor();
    expect(await card.getByRole('button', { name: 'Shut out' }).count()).toBe(0);
  });

  it('in the popover the filters are one row, and the record is exported under them', async () => {
    const { page } = open;
    await page.setViewportSize({ width: 360, height: 560 });
    await open.go('#/activity?kind=server-added');
    const filters = page.getByRole('group', { name: 'Filters' });
    await filters.waitFor();
    expect((await filters.boundingBox())?.height).toBeLessThan(40);
    expect(await open.violations()).toEqual([]);
    await page.getByRole('button', { name: 'Export…' }).press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Export the activity' });
    await dialog.getByText('kind “Server added”').waitFor();
    await dialog.getByRole('radio', { name: 'CSV' }).check();
    expect(await open.violations()).toEqual([]);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Export' }).press('Enter'),
    ]);
    expect(download.suggestedFilename()).toMatch(/^tokentray-activity-[\d-]+\.csv$/u);
    const [head, ...rows] = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
    expect(head).toBe('"id","time","server","agent","kind","detail"');
    expect(rows).toHaveLength(1);
    expect(rows[0]).toContain('server-added');
    // The button that leads back to everything goes with the filters; the focus stays among them.
    await dialog.waitFor({ state: 'detached' });
    await filters.getByRole('button', { name: 'Show everything' }).press('Enter');
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('SELECT');
    await page.getByRole('button', { name: /Server added/u }).waitFor();
  });
});
