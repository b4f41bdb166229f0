// The person before the real window: a Chromium that a one-time link let in, and the presses that answer a question.
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, launchChromium } from '../../support/chromium.ts';
import type { AccessWorld } from './world.ts';

export interface PersonAtWindow extends AsyncDisposable {
  readonly page: Page;
  /** Allows what is asked of `agent`, for always. */
  allow(agent: string): Promise<void>;
}

/** Null where no Chromium is installed. */
export async function personAtWindow(world: AccessWorld): Promise<PersonAtWindow | null> {
  const executable = chromiumPath();
  if (executable === null) return null;
  const browser: Browser = await launchChromium(executable);
  const page = await (await browser.newContext({ reducedMotion: 'reduce' })).newPage();
  const way = await world.person.script.openUi({ linkOnly: true });
  await page.goto(way.kind === 'link' ? way.link : '');
  await page.getByRole('navigation', { name: 'Tokentray' }).waitFor();
  await page.evaluate(() => void (location.hash = '#/approvals'));
  return {
    page,
    async allow(agent) {
      await page.getByRole('heading', { level: 1, name: `${agent} wants to use` }).waitFor();
      await page.getByText('Always', { exact: true }).click();
      await page.getByRole('button', { name: 'Always allow' }).click();
      await page.getByText(`${agent} may use`).waitFor();
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
