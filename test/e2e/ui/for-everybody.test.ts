// For every person: no finding of axe on any screen, in light and dark and at both widths; and nothing that needs a pointer.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../../support/chromium.ts';
import { agentOver, agreeAtProvider, axeFindings, openUi, sizes, type Ui } from './fixture.ts';

const executable = chromiumPath();

interface Screen {
  readonly name: string;
  readonly hash: string;
  /** Words that are there when the screen is. */
  readonly ready: RegExp;
  /** What a person does there before it is looked at. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const press = (name: string) => async (page: Page) => {
  await page.getByRole('button', { name }).click();
  await page.getByRole('dialog').waitFor();
};
const screens: readonly Screen[] = [
  { name: 'servers', hash: '#/servers', ready: /connected/u },
  { name: 'add', hash: '#/add', ready: /Or pick a well-known one/u },
  { name: 'plan', hash: '#/add?name=demo', ready: /What will happen/u },
  { name: 'server', hash: '#/servers/demo', ready: /End and clean up/u },
  { name: 'revoke', hash: '#/servers/demo', ready: /End and clean up/u, prepare: press('Revoke…') },
  { name: 'history', hash: '#/servers/demo/history', ready: /Signed in/u },
  { name: 'set-up', hash: '#/servers/demo/set-up', ready: /Over stdio/u },
  { name: 'doctor', hash: '#/servers/demo/doctor', ready: /Run the doctor/u },
  { name: 'nobody', hash: '#/servers/nobody', ready: /no server of this name/u },
  { name: 'activity', hash: '#/activity', ready: /Used by an agent/u },
  { name: 'settings', hash: '#/settings', ready: /Clear everything/u },
  { name: 'clear', hash: '#/settings/clear', ready: /Clear everything/u, prepare: press('Clear everything…') },
];

async function look(ui: Ui, screen: Screen, variant: string): Promise<string[]> {
  await ui.go(screen.hash);
  await ui.page.locator('main').getByText(screen.ready).filter({ visible: true }).first().waitFor();
  await screen.prepare?.(ui.page);
  const found = await axeFindings(ui.page);
  // The screen scrolls inside the window; the window itself never does, and nothing is cut off beside it.
  const over = await ui.page.evaluate(() => {
    const { scrollWidth, scrollHeight } = document.documentElement;
    return { wide: scrollWidth - window.innerWidth, high: scrollHeight - window.innerHeight };
  });
  if (over.wide > 0 || over.high > 0) found.push(`larger than the window by ${over.wide} × ${over.high} px`);
  if (screen.prepare !== undefined) {
    await ui.page.keyboard.press('Escape');
    await ui.page.getByRole('dialog').waitFor({ state: 'hidden' });
  }
  return found.map((finding) => `${screen.name}, ${variant}: ${finding}`);
}

describe.skipIf(executable === null)('for everybody', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable ?? '');
  });
  afterAll(() => browser.close());

  it('axe finds nothing on any screen and none is larger than its window, in light and dark, as popover and as window', async () => {
    await using ui = await openUi(browser, { signedIn: true });
    const agent = await agentOver(ui.broker.httpWay(await ui.broker.agentKey()));
    await agent.callTool({ name: 'echo', arguments: { text: 'hello' } });
    await agent.close();
    const findings: string[] = [];
    const variants = [
      ['light', 'window'],
      ['dark', 'popover'],
    ] as const;
    for (const [colorScheme, size] of variants) {
      await ui.page.emulateMedia({ colorScheme });
      await ui.page.setViewportSize(sizes[size]);
      for (const screen of screens) findings.push(...(await look(ui, screen, `${colorScheme} ${size}`)));
    }
    expect(findings).toEqual([]);
    expect(ui.complaints).toEqual([]);
  }, 120_000);

  it('axe finds nothing on the first run, on the form for a client of one’s own, and on the page of a refusal', async () => {
    await using ui = await openUi(browser, { as: { registration: false } });
    const findings: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await ui.page.emulateMedia({ colorScheme });
      const form = { name: 'client form', hash: '#/add?name=demo', ready: /wants a client that you register/u };
      findings.push(...(await look(ui, form, colorScheme)));
      await ui.go('#/servers');
    }
    await ui.broker.cli('forget', 'demo', '--yes');
    for (const colorScheme of ['dark', 'light'] as const) {
      await ui.page.emulateMedia({ colorScheme });
      findings.push(
        ...(await look(ui, { name: 'first run', hash: '#/servers', ready: /Welcome to Tokentray/u }, colorScheme)),
      );
    }
    const refused = await ui.context.newPage();
    await refused.goto(new URL('/open/over', ui.page.url()).href);
    findings.push(...(await axeFindings(refused)));
    expect(findings).toEqual([]);
  }, 90_000);

  it('with the keyboard alone a server is added, signed in to and revoked', async () => {
    await using ui = await openUi(browser, { added: false });
    const { page, context, broker } = ui;
    await page.keyboard.press('Tab');
    await tabTo(page, 'Add your first server');
    await page.keyboard.press('Enter');
    await page.getByLabel('Address of the MCP server').waitFor();
    // The address has the focus without a Tab.
    await expect.poll(() => focused(page)).toContain('Address of the MCP server');
    await page.keyboard.type(broker.server.url);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('notes');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'What will happen' }).waitFor();
    await tabTo(page, 'admin');
    await page.keyboard.press('Space');
    expect(await page.getByRole('checkbox', { name: 'admin' }).isChecked()).toBe(false);
    await tabTo(page, 'Sign in in the browser');
    const [tab] = await Promise.all([context.waitForEvent('page'), page.keyboard.press('Enter')]);
    await agreeAtProvider(tab);
    await page.getByRole('heading', { name: 'notes is connected' }).waitFor();

    await tabTo(page, 'Look at the server');
    await page.keyboard.press('Enter');
    await page.getByText('End and clean up').waitFor();
    await tabTo(page, 'Revoke…');
    await page.keyboard.press('Enter');
    const asking = page.getByRole('dialog', { name: 'Revoke the grant of notes?' });
    await asking.waitFor();
    // Esc takes it back, and the focus is where it was.
    await page.keyboard.press('Escape');
    await asking.waitFor({ state: 'hidden' });
    await expect.poll(() => focused(page)).toBe('Revoke…');
    expect(broker.authorizationServer.stats.count({ endpoint: 'revocation' })).toBe(0);
    await page.keyboard.press('Enter');
    await asking.waitFor();
    await tabTo(page, 'Revoke');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Receipt' }).getByText('The provider ended it').waitFor();
    await tabTo(page, 'Close');
    await page.keyboard.press('Enter');
    await page.getByText('needs sign-in: you revoked it').waitFor();
    // What led here is off now; the focus is on what is nearest, not at the top of the page.
    await expect.poll(() => focused(page)).toBe('Forget…');
  }, 90_000);
});

/** What a person hears of the element with the focus: its label, or its words. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (element === null || element === document.body) return '';
    const ids = (element.getAttribute('aria-labelledby') ?? '').split(' ').filter((id) => id !== '');
    const labelled = ids.map((id) => document.getElementById(id)?.textContent ?? '').join(' ');
    const own =
      element instanceof HTMLInputElement ? [...(element.labels ?? [])].map((label) => label.textContent) : [];
    const words = element.getAttribute('aria-label') ?? (labelled !== '' ? labelled : own.join(' '));
    return (words !== '' ? words : (element.textContent ?? '')).trim();
  });
}

/** Presses Tab until the focus is on what has this name; a person gives up, too. */
async function tabTo(page: Page, name: string): Promise<void> {
  const passed: string[] = [];
  for (let presses = 0; presses < 60; presses += 1) {
    const now = await focused(page);
    if (now === name) return;
    passed.push(now);
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${name}, but to ${passed.join(' → ')}`);
}
