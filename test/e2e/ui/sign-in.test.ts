// An agent signs in to the bridge with nothing but a server's address: the browser says which question is the one, the window asks it, and only a yes to that one lets it in.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { promptLivesMs } from '../../../main/access/prompts.ts';
import { builtWindow, openPage } from '../../renderer/built-window.ts';
import { chromiumPath, launchChromium } from '../../support/chromium.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { liveBroker } from '../../ui/live-broker.ts';
import { minute, scene, type Scene } from './access-scene.ts';
import { axeFindings, sizes } from './fixture.ts';
import { signInAgent, type SignInAgent } from './sign-in-agent.ts';

const executable = chromiumPath();
const signIn = (all: Scene, name = 'Cursor'): Promise<SignInAgent> =>
  signInAgent(`${all.world.bridge}/mcp/notes`, name);

/** The tab that the agent opens in the person's browser. */
const opened = async (all: Scene, agent: SignInAgent): Promise<Page> => {
  const tab = await all.context.newPage();
  await tab.goto(agent.opens);
  return tab;
};

/** The code as it stands there, without the gap that is for the eye. */
const codeOn = async (tab: Page): Promise<string> => (await tab.locator('.code').innerText()).replaceAll(/\s/gu, '');

describe.skipIf(executable === null)('a sign-in of an agent, in the browser and in the window', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable ?? '');
  });
  afterAll(() => browser.close());

  it(
    'shows the same code and the same destination on the page and in the window, and lets the agent in on a yes',
    async () => {
      await using all = await scene(browser);
      const { page, world, notes } = all;
      await world.signIn('notes', 'bob', 'work');
      await world.cli('account', 'default', 'notes', 'work');
      await using agent = await signIn(all);
      const place = `a program on this machine, port ${new URL(agent.callback).port}`;

      const tab = await opened(all, agent);
      await tab.getByRole('heading', { level: 1, name: 'Allow “Cursor” in Tokentray?' }).waitFor();
      await tab.getByText('wants to sign in and use notes').waitFor();
      await tab.getByText(place).waitFor();
      const code = await codeOn(tab);
      expect((await world.asked()).id).toBe(code);
      // The page decides nothing: there is nothing on it to press.
      expect(await tab.locator('button, input, a').count()).toBe(0);
      expect(await axeFindings(tab)).toEqual([]);

      await page.bringToFront();
      await page.getByText('Cursor wants to sign in and use notes.').waitFor();
      await page.getByRole('link', { name: 'Answer' }).click();
      await page.getByRole('heading', { level: 1, name: 'Cursor wants to sign in and use notes' }).waitFor();
      const who = page.getByRole('region', { name: 'Who asks' });
      await who.getByText('It calls itself “Cursor”, which is its own word.').waitFor();
      await who.getByText(place).waitFor();
      await who.getByText(code).waitFor();
      const wish = page.getByRole('region', { name: 'What it wants' });
      await wish.getByText(new URL(notes.url).host).waitFor();
      await wish.getByText('as work').waitFor();
      // So few are shown without a press.
      await wish.getByRole('group', { name: '2 scopes' }).getByText('mcp', { exact: true }).waitFor();
      expect(await axeFindings(page)).toEqual([]);
      expect([agent.hasTokens(), notes.requests]).toEqual([false, []]);

      await page.getByRole('button', { name: 'Allow for this session' }).click();
      await page.getByText('Cursor may use notes.').waitFor();
      await tab.getByRole('heading', { name: 'Signed in' }).waitFor();
      expect(await agent.ended).toEqual({ kind: 'signed-in' });
      expect(await agent.call('get_page')).toContain('called \\"get_page\\"');
      expect(notes.reached).toEqual([{ tool: 'get_page', sub: 'bob' }]);
      expect(all.complaints).toEqual([]);
    },
    minute,
  );

  it(
    'ends with access_denied where the person says no, and the agent’s page says that they did',
    async () => {
      await using all = await scene(browser, { hash: '#/approvals' });
      const { page, notes } = all;
      await using agent = await signIn(all);
      const tab = await opened(all, agent);
      await page.bringToFront();
      await page.getByRole('button', { name: 'Deny', exact: true }).click();
      await page.getByText('Cursor was denied notes this time.').waitFor();
      await tab.getByRole('heading', { name: 'Not signed in' }).waitFor();
      await tab.getByText('The person said no.').waitFor();
      expect(await agent.ended).toEqual({
        kind: 'refused',
        error: 'access_denied',
        description: 'The person said no.',
      });
      expect([agent.hasTokens(), notes.requests]).toEqual([false, []]);
    },
    minute,
  );

  it(
    'is told from another one of the same name by its code, and a yes to one is none to the other',
    async () => {
      await using all = await scene(browser, { hash: '#/approvals' });
      const { page, notes } = all;
      await using stranger = await signIn(all);
      const strangers = await opened(all, stranger);
      await using mine = await signIn(all);
      const tab = await opened(all, mine);
      const code = await codeOn(tab);
      expect(await codeOn(strangers)).not.toBe(code);

      await page.bringToFront();
      // The stranger was first; which is which is said by the code alone, for the names are whatever they choose.
      const behind = page.getByRole('listitem').filter({ hasText: code });
      await behind.getByRole('button', { name: /^Look at it/u }).click();
      const who = page.getByRole('region', { name: 'Who asks' });
      await who.getByText(code).waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await page.getByRole('button', { name: 'Allow for this session' }).click();
      expect(await mine.ended).toEqual({ kind: 'signed-in' });

      await who.getByText(await codeOn(strangers)).waitFor();
      expect(stranger.hasTokens()).toBe(false);
      await page.getByRole('button', { name: 'Deny', exact: true }).click();
      expect(await stranger.ended).toMatchObject({ kind: 'refused', error: 'access_denied' });
      expect([stranger.hasTokens(), notes.reached]).toEqual([false, []]);
    },
    minute,
  );

  it(
    'fits the popover with all that it is decided by in view, whatever the agent calls itself',
    async () => {
      await using all = await scene(browser, { hash: '#/approvals', context: { viewport: sizes.popover } });
      const { page } = all;
      await using agent = await signIn(all, `Tokentray\u202E <b>yes</b>\n${'A'.repeat(150)}`);
      const tab = await opened(all, agent);
      expect(await tab.locator('main b').count()).toBe(0);
      expect(await tab.locator('main').innerText()).not.toMatch(/[\u202A-\u202E\u2066-\u2069]/u);
      expect(await tab.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(sizes.popover.width);
      const code = await codeOn(tab);
      await page.bringToFront();
      const answers = await page.getByRole('button', { name: 'Deny', exact: true }).boundingBox();
      const top = (await page.getByRole('group', { name: 'For how long' }).boundingBox())?.y ?? 0;
      expect(answers?.y).toBeLessThan(sizes.popover.height - 56);
      for (const words of [code, 'Answer to', 'which is its own word']) {
        const box = await page.getByRole('region', { name: 'Who asks' }).getByText(words).boundingBox();
        expect((box?.y ?? Infinity) + (box?.height ?? 0), words).toBeLessThanOrEqual(top);
      }
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(sizes.popover.width);
      expect(await axeFindings(page)).toEqual([]);
    },
    minute,
  );

  it(
    'runs out after a quarter of an hour, and says so on the page, in the window and to the agent',
    async () => {
      await using built = await builtWindow();
      // Of a quarter of an hour ago, so that what has run out for the broker has run out for the window as well.
      const clock = createFakeClock(Date.now() - promptLivesMs);
      await using live = await liveBroker({ broker: { approvals: 'ask', rendererFolder: built.path, clock } });
      const open = await openPage(browser, live);
      await open.go('#/approvals');
      await using agent = await signInAgent(`${live.broker.control.bridge?.url ?? ''}/mcp/notes`, 'Cursor');
      const tab = await open.context.newPage();
      await tab.goto(agent.opens);
      await tab.locator('.code').waitFor();
      await open.page.getByRole('heading', { level: 1, name: 'Cursor wants to sign in and use notes' }).waitFor();

      await clock.advance(promptLivesMs);
      await open.page.getByRole('heading', { level: 1, name: 'The question has closed' }).waitFor();
      await open.page.getByText('Nobody answered in time. When the agent comes again, you are asked again.').waitFor();
      await tab.getByRole('heading', { name: 'Not signed in' }).waitFor();
      await tab.getByText('Nobody answered in time.').waitFor();
      expect(await agent.ended).toEqual({
        kind: 'refused',
        error: 'access_denied',
        description: 'Nobody answered in time.',
      });
      expect(agent.hasTokens()).toBe(false);
      await open.context.close();
    },
    minute,
  );
});
