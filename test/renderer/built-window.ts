// The window as it is shipped: built by Vite into a folder of its own, opened in a real Chromium through the broker's link.
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { build } from 'vite';
import { temporaryFolder, type TemporaryFolder } from '../support/temp.ts';
import type { LiveBroker } from '../ui/live-broker.ts';

export async function builtWindow(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder('window');
  // The test runner says "test", and Vite would bundle what developers get of React.
  const environment = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    await build({
      configFile: fileURLToPath(new URL('../../vite.config.ts', import.meta.url)),
      logLevel: 'error',
      build: { outDir: folder.path, emptyOutDir: false },
    });
  } finally {
    process.env['NODE_ENV'] = environment;
  }
  return folder;
}

export interface OpenPage {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the page said on its console that is an error of its own: a broken policy, a thrown error. */
  readonly complaints: string[];
  go(hash: string): Promise<void>;
  /** What axe finds on the page as it is now, by rule. */
  violations(page?: Page): Promise<string[]>;
}

export async function openPage(
  browser: Browser,
  live: LiveBroker,
  viewport = { width: 1_280, height: 800 },
): Promise<OpenPage> {
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // An answer with a typed error is logged by Chromium as a failed resource; the page shows it in words.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(message.text());
    }
  });
  const way = await live.client.script.openUi({ linkOnly: true });
  await page.goto(way.kind === 'link' ? way.link : '');
  await page.waitForURL(/\/ui\/[\w-]+\//u);
  const home = page.url().replace(/#.*$/u, '');
  return {
    context,
    page,
    complaints,
    async go(hash) {
      await page.goto(`${home}${hash}`);
    },
    async violations(of = page) {
      const found = await new AxeBuilder({ page: of }).analyze();
      return found.violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
      );
    },
  };
}
