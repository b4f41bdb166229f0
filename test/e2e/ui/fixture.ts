// The window in a real Chromium, let in by a real one-time link of the built broker; and a person's steps through it.
import { AxeBuilder } from '@axe-core/playwright';
import { Client, type Transport } from '@modelcontextprotocol/client';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { realBroker, type RealBroker, type RealBrokerOptions } from '../real-broker.ts';

export interface Ui extends AsyncDisposable {
  readonly broker: RealBroker;
  readonly context: BrowserContext;
  readonly page: Page;
  /** Errors that the window's pages wrote to the console; a healthy window writes none. */
  readonly complaints: string[];
  /** A new one-time link. */
  link(): Promise<string>;
  /** Goes to a screen by its address, without a reload. */
  go(hash: string): Promise<void>;
}

export interface UiOptions extends RealBrokerOptions {
  /** Whether the server `demo` is known before the window opens. Default: true. */
  readonly added?: boolean;
  /** Whether somebody has signed in to it. Default: false. */
  readonly signedIn?: boolean;
  readonly context?: BrowserContextOptions;
}

/** The widths that every screen has to look right at. */
export const sizes = { popover: { width: 360, height: 640 }, window: { width: 1280, height: 800 } } as const;

export async function openUi(browser: Browser, options: UiOptions = {}): Promise<Ui> {
  const broker = await realBroker(options);
  try {
    if (options.added === false) await broker.cli('forget', 'demo', '--yes');
    if (options.signedIn === true) await broker.signIn();
    const link = async () => (await broker.cli('ui', '--no-open')).stdout.trim();
    const opened = await enter(browser, await link(), options.context);
    return {
      broker,
      ...opened,
      link,
      async go(hash) {
        await opened.page.evaluate((to) => void (location.hash = to), hash);
      },
      async [Symbol.asyncDispose]() {
        await opened.context.close();
        await broker[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await broker[Symbol.asyncDispose]();
    throw error;
  }
}

/** One more browser of the same person, let in by a link of its own. */
export async function enter(browser: Browser, link: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ viewport: sizes.window, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
  page.on('pageerror', (error) => void complaints.push(error.message));
  await page.goto(link);
  await page.getByRole('navigation', { name: 'Tokentray' }).waitFor();
  return { context, page, complaints };
}

/** Types an address into the form, and waits for what discovery found. */
export async function addByAddress(page: Page, url: string, name?: string): Promise<void> {
  await page.getByLabel('Address of the MCP server').fill(url);
  if (name !== undefined) await page.getByLabel('Name on this machine').fill(name);
  await page.getByRole('button', { name: 'Continue' }).click();
}

/** Presses "Sign in in the browser" and gives the tab that it opens. */
export async function openProvider({ context, page }: Pick<Ui, 'context' | 'page'>): Promise<Page> {
  const [tab] = await Promise.all([
    context.waitForEvent('page'),
    page.getByRole('button', { name: 'Sign in in the browser' }).click(),
  ]);
  return tab;
}

/** What a person does on the provider's own pages; one who is signed in there already is only asked. */
export async function agreeAtProvider(tab: Page, account = 'alice'): Promise<void> {
  const approve = tab.getByRole('button', { name: 'Approve' });
  const form = tab.getByLabel('Account');
  await approve.or(form).waitFor();
  if (await form.isVisible()) {
    await form.fill(account);
    await tab.getByRole('button', { name: 'Sign in' }).click();
  }
  await approve.click();
  await expect.poll(() => tab.textContent('main'), { timeout: 10_000 }).toMatch(/close this tab/iu);
  await tab.close();
}

/** Calls the window's contract from the window, as its own code does, with its cookie. */
export async function callContract(page: Page, procedure: string, inputs: readonly unknown[]): Promise<number[]> {
  return page.evaluate(
    async ([path, all]) => {
      const statuses: number[] = [];
      for (const json of all) {
        const answer = await fetch(new URL(`rpc/${path}`, location.href), {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ json }),
        });
        statuses.push(answer.status);
      }
      return statuses;
    },
    [procedure, inputs] as const,
  );
}

/** What axe finds wrong on the page as it is now, in words short enough for a test's output. */
export async function axeFindings(page: Page): Promise<string[]> {
  // Colours on their way from one theme to the other are not what anybody reads.
  await page.evaluate(async () => {
    const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().iterations !== Infinity);
    await Promise.allSettled(ending.map(({ finished }) => finished));
  });
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return violations.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`,
  );
}

/** A real agent, under the name that it gives itself. */
export async function agentOver(transport: Transport, name = 'e2e'): Promise<Client> {
  const agent = new Client({ name, version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await agent.connect(transport);
  return agent;
}
