// Three hundred servers, and what strangers call things: the list stays quick, and text stays text.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../../support/chromium.ts';
import { callContract, openUi } from './fixture.ts';

const executable = chromiumPath();
const count = 300;

describe.skipIf(executable === null)('many servers', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable ?? '');
  });
  afterAll(() => browser.close());

  it('of 300 only those in view are drawn, scrolling stays responsive, and a search finds any of them', async () => {
    await using ui = await openUi(browser);
    const { page } = ui;
    const servers = Array.from({ length: count - 1 }, (_, index) => ({
      name: `server-${String(index).padStart(3, '0')}`,
      url: `https://mcp-${index}.example/mcp`,
    }));
    const statuses = await callContract(page, 'servers/add', servers);
    expect(new Set(statuses)).toEqual(new Set([200]));
    // They came in by the change stream: nothing was reloaded.
    const list = page.getByRole('list', { name: 'Servers' });
    await expect.poll(() => list.locator('[aria-setsize]').first().getAttribute('aria-setsize')).toBe(String(count));
    const drawn = () => list.locator('[data-row]').count();
    expect(await drawn()).toBeGreaterThan(5);
    expect(await drawn()).toBeLessThan(60);

    const { slowest, most, reached } = await page.evaluate(async () => {
      // Runs in the page, so it can be nowhere else.
      // oxlint-disable-next-line unicorn/consistent-function-scoping
      const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
      const scroller = [...document.querySelectorAll('*')]
        .filter((element) => element.scrollHeight > element.clientHeight + 5_000)
        .find((element) => {
          const before = element.scrollTop;
          element.scrollTop = before + 1;
          const moves = element.scrollTop !== before;
          element.scrollTop = before;
          return moves;
        });
      if (scroller === undefined) throw new Error('nothing scrolls');
      let most = 0;
      const gaps: number[] = [];
      let last = await frame();
      while (scroller.scrollTop + scroller.clientHeight < scroller.scrollHeight - 2) {
        scroller.scrollTop += 400;
        const now = await frame();
        gaps.push(now - last);
        last = now;
        most = Math.max(most, document.querySelectorAll('[data-row]').length);
      }
      await frame();
      await frame();
      const rows = [...document.querySelectorAll('[data-row]')].map((row) => row.getAttribute('data-row'));
      gaps.sort((a, b) => a - b);
      return { slowest: gaps[Math.floor(gaps.length * 0.9)] ?? 0, most, reached: rows };
    });
    expect(reached).toContain(String(count - 1));
    expect(most).toBeLessThan(60);
    // Nine of ten frames; wide enough for a busy machine, far too narrow for a list that is drawn whole.
    expect(slowest).toBeLessThan(120);

    await page.getByLabel('Search servers').fill('mcp-277.example');
    await expect.poll(() => list.locator('[data-row]').count()).toBe(1);
    await page.getByRole('link', { name: 'server-277', exact: true }).waitFor();
    expect(ui.complaints).toEqual([]);
  }, 60_000);

  it('a provider’s scopes and a server’s address are shown as text, however they are spelled', async () => {
    const hostile = '<svg/onload=document.title=1>';
    await using ui = await openUi(browser, {
      as: { scopes: ['mcp', hostile, `long:${'x'.repeat(200)}`] },
      auth: { toolScopes: {}, scopesSupported: ['mcp', hostile, `long:${'x'.repeat(200)}`] },
      context: { viewport: { width: 360, height: 640 } },
    });
    await ui.go('#/add?name=demo');
    await ui.page.getByRole('checkbox', { name: hostile }).waitFor();
    expect(await ui.page.locator('svg[onload]').count()).toBe(0);
    expect(await ui.page.title()).toContain('Tokentray');
    // However long a word is, the page does not become wider than the window.
    expect(await ui.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  }, 60_000);
});
