// In the popover at the tray a question is understood without scrolling: who, what and with what stand above the answers, whatever else there is to say.
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../../support/chromium.ts';
import { minute, scene } from './access-scene.ts';
import { axeFindings, sizes } from './fixture.ts';

const executable = chromiumPath();

/** Where the answers begin: above it there is what they are about, below it there is nothing to know. */
const answersOf = async (page: Page): Promise<number> => {
  const choices = page.getByRole('group', { name: 'For how long' });
  const first = (await choices.isVisible()) ? choices : page.getByRole('button', { name: 'Deny', exact: true });
  return (await first.boundingBox())?.y ?? 0;
};

const bottomOf = async (part: Locator): Promise<number> => {
  const box = await part.boundingBox();
  return box === null ? Infinity : box.y + box.height;
};

describe.skipIf(executable === null)('a question in the popover', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable ?? '');
  });
  afterAll(() => browser.close());

  it(
    'has who asks, whose program that is, the server, the account of several and the tool in view above the answers',
    async () => {
      await using all = await scene(browser, { hash: '#/approvals', context: { viewport: sizes.popover } });
      const { page, world } = all;
      await world.signIn('notes', 'bob', 'work');
      const agent = await world.stdio({ server: 'notes', name: 'Claude Desktop', client: 'claude-desktop' });
      const call = agent.call('write_page');
      await page.getByRole('heading', { level: 1, name: 'Claude Desktop wants to use notes' }).waitFor();
      const top = await answersOf(page);
      const question = page.getByRole('article', { name: 'The question' });
      for (const words of [
        /It calls itself “Claude Desktop”/u,
        /^Script/u,
        /^as default/u,
        /^It called write_page/u,
        /not this tool alone/u,
      ]) {
        const part = question.getByText(words).filter({ visible: true }).first();
        expect(await bottomOf(part), String(words)).toBeLessThanOrEqual(top);
      }
      // What says nothing about the question has given way, and stands on every other screen.
      await expect.poll(() => page.getByText('Sign-ins end with the broker.').count()).toBe(0);
      await page.getByRole('button', { name: 'Deny', exact: true }).click();
      expect((await call).failed).toBe(true);
      await page.getByText('Sign-ins end with the broker.').waitFor();
    },
    minute,
  );

  it(
    'about one call has the tool, its mark and its arguments in view above the answers, and says how many stand behind it',
    async () => {
      await using all = await scene(browser, { hash: '#/approvals', context: { viewport: sizes.popover } });
      const { page, world } = all;
      const agent = await world.stdio({ server: 'notes', name: 'Claude Desktop', client: 'claude-desktop' });
      const first = agent.call('get_page');
      await page.getByRole('button', { name: 'Allow for this session' }).click();
      await first;
      await agent.list();
      const calls = [agent.call('delete_page', { page: 'Roadmap', recursive: true })];
      await page
        .getByRole('heading', { level: 1, name: 'Claude Desktop wants to call delete_page on notes' })
        .waitFor();
      calls.push(agent.call('delete_page', { page: 'Notes' }));
      await page.getByText('· 1 more').waitFor();
      const top = await answersOf(page);
      const shown = page.getByRole('region', { name: 'The call’s arguments' });
      expect(await shown.innerText()).toContain('"recursive": true');
      for (const part of [shown, page.getByText('marked destructive')]) {
        expect(await bottomOf(part)).toBeLessThanOrEqual(top);
      }
      expect(await axeFindings(page)).toEqual([]);
      for (const { id } of (await world.person.approvals.list()).prompts) {
        await world.person.approvals.answer({ id, allow: false });
      }
      expect((await Promise.all(calls)).every(({ failed }) => failed)).toBe(true);
    },
    minute,
  );
});
