// The camera of the screens: one screen in light and dark, as popover and as window, with nothing in it that says where it was taken.
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { sizes } from '../../test/e2e/ui/fixture.ts';

export interface Shot {
  readonly name: string;
  readonly hash: string;
  readonly ready: string;
  readonly before?: (page: Page) => Promise<void>;
  /** All of it, not only what fits. */
  readonly whole?: boolean;
}

/** What is in front of the camera. */
export interface Scenery {
  readonly page: Page;
  /** Goes to a screen by its address; a page that has none stays. */
  go(hash: string): Promise<void>;
}

/** @param folder where the pictures go */
export async function shoot({ page, go }: Scenery, shot: Shot, folder: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [size, viewport] of Object.entries(sizes)) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      await go(shot.hash);
      await page.getByText(shot.ready).filter({ visible: true }).first().waitFor();
      if (colorScheme === 'light' || size === 'popover' || shot.before !== undefined) await shot.before?.(page);
      if (shot.whole === true) await grow(page, viewport);
      await drawn(page);
      await page.mouse.move(0, 0);
      await hideTemporaryFolders(page);
      await page.screenshot({
        path: join(folder, `${shot.name}-${size}-${colorScheme}.png`),
        animations: 'disabled',
        caret: 'hide',
      });
      if (shot.before === undefined) continue;
      await page.keyboard.press('Escape');
      await go('#/activity');
      await page.getByRole('heading', { name: 'Activity', level: 1 }).waitFor();
    }
  }
}

/** Two frames: the new size, fonts and the rows in view are drawn by then. */
const drawn = (page: Page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** A screen scrolls inside the window, a page as a whole: the window becomes as high as what it holds; not higher than can be looked at. */
async function grow(page: Page, { width, height }: { readonly width: number; readonly height: number }): Promise<void> {
  await drawn(page);
  const more = await page
    .locator('main')
    .last()
    .evaluate((main) => {
      const scrolls = [main, ...main.querySelectorAll('*')].map((part) =>
        getComputedStyle(part).overflowY === 'auto' ? part.scrollHeight - part.clientHeight : 0,
      );
      return Math.max(document.documentElement.scrollHeight - innerHeight, ...scrolls);
    });
  await page.setViewportSize({ width, height: Math.min(2_600, height + more) });
}

/** The profile is a temporary one, and the programs lie where they do here: their folders say nothing to a reader. */
async function hideTemporaryFolders(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const folders of document.querySelectorAll('[data-folders]')) folders.textContent = '…/';
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const text = node.textContent ?? '';
      if (/^\/.+\/data$/u.test(text)) node.textContent = '~/.local/share/tokentray';
    }
  });
}
