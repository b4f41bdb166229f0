// Signing in as a person does: a real browser, the provider's own pages, our pages at both ends.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { realBroker } from './real-broker.ts';

const executable = chromiumPath();

async function provider(page: Page): Promise<void> {
  await page.locator('input[type=text], input[name=login]').first().fill('alice');
  await page.locator('button, input[type=submit]').first().click();
  await page.getByRole('button', { name: /approve/iu }).click();
}

describe('in a real Chromium', () => {
  let browser: Browser | null = null;

  beforeAll(async () => {
    if (executable !== null) browser = await launchChromium(executable);
  });
  afterAll(async () => {
    await browser?.close();
  });

  /** A page whose console errors and refused loads are kept: our own pages must cause none. */
  async function openPage(): Promise<{ page: Page; complaints: string[] }> {
    if (browser === null) throw new Error('no browser');
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    return { page, complaints };
  }

  it('the provider’s pages end on ours, which says what was granted and that the tab can be closed', async (context) => {
    if (executable === null) return context.skip('no Chromium is installed');
    await using w = await realBroker();
    const { page, complaints } = await openPage();
    await w.signIn(async (url) => {
      await page.goto(url);
      await provider(page);
      await page.getByRole('heading').waitFor();
    });
    await expect.poll(() => page.textContent('main')).toMatch(/close this tab/iu);
    expect(await page.textContent('main')).toContain('demo');
    expect(complaints.filter((text) => /content security|refused/iu.test(text))).toEqual([]);
    await page.close();
  }, 60_000);

  it('a sign-in link of an agent starts nothing until the person presses the button, and then works', async (context) => {
    if (executable === null) return context.skip('no Chromium is installed');
    await using w = await realBroker();
    const agent = await w.stdioAgent();
    const answer = await agent.callTool({ name: 'echo', arguments: { text: 'hi' } });
    const link = /http:\/\/127\.0\.0\.1:\d+\/sign-in\/[\w-]+/u.exec(JSON.stringify(answer))?.[0];
    expect(link).toBeDefined();
    if (link === undefined) return;

    const { page, complaints } = await openPage();
    await page.goto(link);
    expect(w.authorizationServer.stats.count({ endpoint: 'authorization' })).toBe(0);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await provider(page);
    await expect.poll(() => page.textContent('main')).toMatch(/close this tab/iu);
    expect(complaints.filter((text) => /content security|refused/iu.test(text))).toEqual([]);
    const after = await agent.callTool({ name: 'echo', arguments: { text: 'hi' } });
    expect(after.isError).not.toBe(true);

    await page.goto(link);
    expect(await page.textContent('body')).toContain('over');
    await page.close();
    await agent.close();
  }, 60_000);
});
