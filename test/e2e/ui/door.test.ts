// Who gets into the window: one browser by each link, for as long as it is not shut out; no script can take its cookie.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../../support/chromium.ts';
import { axeFindings, enter, openUi } from './fixture.ts';

const executable = chromiumPath();

describe.skipIf(executable === null)('the door', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable ?? '');
  });
  afterAll(() => browser.close());

  it('a link lets one browser in, whose cookie is HttpOnly and SameSite=Strict; a second browser stays out', async () => {
    await using ui = await openUi(browser);
    const link = await ui.link();
    const other = await enter(browser, link);
    const [cookie, ...more] = await other.context.cookies();
    expect(more).toEqual([]);
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', domain: '127.0.0.1', expires: -1 });
    expect(cookie?.path).toMatch(/^\/ui\/[\w-]{43}\/$/u);
    expect(await other.page.evaluate(() => document.cookie)).toBe('');
    expect(other.page.url()).not.toContain(link.split('/').at(-1));

    const late = await browser.newContext();
    const page = await late.newPage();
    expect((await page.goto(link))?.status()).toBe(404);
    expect(await late.cookies()).toEqual([]);
    expect(await page.getByRole('navigation').count()).toBe(0);
    // The address of the window is worth nothing without its cookie.
    expect((await page.goto(other.page.url()))?.status()).toBe(401);

    // A reload keeps the session, and the screen.
    await other.page.goto(`${other.page.url().split('#')[0] ?? ''}#/activity`);
    await other.page.reload();
    await other.page.getByRole('heading', { name: 'Activity', level: 1 }).waitFor();
    await other.context.close();
    await late.close();
  }, 60_000);

  it('a page of another site can neither frame the window nor call it with the person’s cookie', async () => {
    await using ui = await openUi(browser);
    const address = ui.page.url().split('#')[0] ?? '';
    const hostile = await ui.context.newPage();
    await hostile.goto(ui.broker.authorizationServer.issuer);
    const outcome = await hostile.evaluate(async (to) => {
      const answer = await fetch(`${to}rpc/servers/list`, {
        method: 'POST',
        mode: 'no-cors',
        credentials: 'include',
        body: '{"json":{}}',
      }).then(
        (response) => response.type,
        () => 'failed',
      );
      const frame = document.createElement('iframe');
      frame.src = to;
      const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
      document.body.append(frame);
      await loaded;
      return answer;
    }, address);
    // Opaque at best: nothing can be read, and the frame holds no window.
    expect(['opaque', 'failed']).toContain(outcome);
    for (const frame of hostile.frames().slice(1)) expect(await frame.locator('nav').count()).toBe(0);
    await hostile.close();
  }, 60_000);

  it('a browser that is shut out in the settings stops working at once, and says how to come back', async () => {
    await using ui = await openUi(browser);
    const other = await enter(browser, await ui.link());
    await ui.go('#/settings/browsers');
    await ui.page.getByRole('button', { name: 'Sign out' }).waitFor();
    await ui.page.getByRole('button', { name: 'Shut out' }).click();
    await ui.page.getByRole('dialog').getByRole('button', { name: 'Shut out' }).click();
    await other.page.getByRole('navigation', { name: 'Tokentray' }).waitFor({ state: 'hidden' });
    await other.page.getByText('tokentray ui').first().waitFor();
    await ui.page.getByRole('heading', { name: 'Settings' }).waitFor();
    await other.context.close();
  }, 60_000);

  it('a broker that stops is told, not hidden, and what was known stays readable', async () => {
    await using ui = await openUi(browser, { signedIn: true });
    await ui.page.getByText(/^connected, refreshes/u).waitFor();
    await ui.broker.process.stop();
    await ui.page.getByText('The broker does not answer.').waitFor();
    await ui.page.getByRole('link', { name: 'demo', exact: true }).waitFor();
    // What is past is said in the past, and nothing is offered that only a live broker can do.
    await ui.page.getByText('was connected').waitFor();
    expect(await ui.page.getByText(/refreshes in/u).count()).toBe(0);
    expect(await ui.page.getByRole('link', { name: 'Add a server' }).count()).toBe(0);
    for (const colorScheme of ['light', 'dark'] as const) {
      await ui.page.emulateMedia({ colorScheme });
      expect(await axeFindings(ui.page), colorScheme).toEqual([]);
    }
  }, 60_000);
});
