// The record leaves the window as a file: the guards that keep a page from going anywhere do not take that for a way out.
import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { openDesk } from './desk.ts';

const executable = chromiumPath();

describe.skipIf(executable === null)('the export of the activity', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable ?? '');
  });
  afterAll(() => browser.close());

  it('is a download of the window’s own, and the window stays where it is', async () => {
    await using desk = await openDesk({ browser });
    await desk.cli('add', 'notes', desk.server.url);
    const page = await desk.page();
    await page.getByRole('link', { name: 'Activity' }).click();
    await page.getByRole('button', { name: 'Export…' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('dialog').getByRole('button', { name: 'Export' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^tokentray-activity-[\d-]+\.jsonl$/u);
    const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { kind: string }).kind)).toContain('server-added');
    expect((await desk.windows()).map(({ url }) => url)).toEqual([expect.stringContaining('#/activity')]);
    expect(desk.app.said()).not.toContain('was kept from leaving');
  }, 90_000);
});
