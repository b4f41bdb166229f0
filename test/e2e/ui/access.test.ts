// Agents ask, the person answers in the window: nothing reaches a server before, and what was answered is what happens.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../../support/chromium.ts';
import { minute, scene } from './access-scene.ts';
import { axeFindings, sizes } from './fixture.ts';

const executable = chromiumPath();

describe.skipIf(executable === null)('a question of an agent, in the window', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable ?? '');
  });
  afterAll(() => browser.close());

  it(
    'an agent over HTTP is asked about in the open window, waits, and gets its answer',
    async () => {
      await using all = await scene(browser);
      const { page, world, notes } = all;
      const { key } = await world.key('cursor');
      const agent = await world.http(key, 'notes', 'old');
      const call = agent.call('write_page', { text: 'x' });
      await page.getByText('cursor wants to use notes.').waitFor();
      // Asking is no use, and somebody is needed though no server is.
      await page.getByText('1 server, 1 question waits for you').waitFor();
      await page.getByText('not used yet').waitFor();
      expect(notes.reached).toEqual([]);
      await page.getByRole('link', { name: 'Answer' }).click();
      const question = page.getByRole('article', { name: 'The question' });
      await page.getByRole('heading', { level: 1, name: 'cursor wants to use notes' }).waitFor();
      await question.getByText('Proved by its agent key.').waitFor();
      await question.getByText('write_page').waitFor();
      await question.getByRole('group', { name: '2 scopes' }).getByText('mcp').waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await page.getByRole('button', { name: 'Allow for this session' }).click();
      await page.getByText('cursor may use notes.').waitFor();
      expect(await call).toEqual({ failed: false, text: 'called "write_page"' });
      await page.getByText('No agent waits for you').waitFor();
      expect(await axeFindings(page)).toEqual([]);

      // What was allowed is shown with the agent, and ends there at once.
      await all.go('#/agents');
      await page.getByText('may use notes').waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await page.getByRole('link', { name: 'cursor' }).click();
      await page.getByText('everything; asks before destructive calls · for this session').waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await page.getByRole('button', { name: 'Revoke: notes' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
      await page.getByText('Nothing so far. The first time it wants a server, you are asked.').waitFor();
      // Its connection has ended with the approval; what it asks from now on is asked of the person.
      const again = (await world.http(key, 'notes', 'old')).call('write_page');
      await page.getByText('It waits for your answer').waitFor();
      expect(notes.reached).toHaveLength(1);
      await world.person.approvals.decide({ id: (await world.asked()).id, decision: 'deny', lasts: 'once' });
      expect((await again).failed).toBe(true);
      expect(all.complaints).toEqual([]);
    },
    minute,
  );

  it(
    'a program that takes another’s name is told apart from it, and denied for good it is not asked about again',
    async () => {
      await using all = await scene(browser, { hash: '#/approvals' });
      const { page, world, notes } = all;
      await page.getByText('No agent waits for you').waitFor();
      const agent = await world.stdio({ server: 'notes', name: 'Claude Desktop', client: 'claude-desktop' });
      const call = agent.call('write_page');
      await page.getByRole('heading', { level: 1, name: 'Claude Desktop wants to use notes' }).waitFor();
      const who = page.getByRole('region', { name: 'Who asks' });
      await who.getByText(/It calls itself “Claude Desktop”, but the program is .*agent-program\.ts/u).waitFor();
      await who.getByText('Started by').first().waitFor();
      await who.getByText('What it claims, and what was checked').click();
      await who.getByText('claude-desktop').waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await page.getByRole('button', { name: 'Deny and don’t ask again' }).click();
      await page.getByText('you are not asked about it again').waitFor();
      expect((await call).failed).toBe(true);
      expect((await agent.call('write_page')).failed).toBe(true);
      expect(notes.reached).toEqual([]);
      expect((await world.person.approvals.list()).prompts).toEqual([]);
    },
    minute,
  );

  it(
    'a hostile name is text, stays in its place, and does not push the answers out of view',
    async () => {
      await using all = await scene(browser, { hash: '#/approvals', context: { viewport: sizes.popover } });
      const { page, world } = all;
      const name = `Cursor\u202E <img src=x onerror=alert(1)>\n${'A'.repeat(60)}`;
      const agent = await world.stdio({ server: 'notes', name, client: `<b>\u202Ecursor</b>${'B'.repeat(9_000)}` });
      const call = agent.call(`drop\u202E${'C'.repeat(200)}`).catch(() => null);
      await page.getByRole('heading', { level: 1, name: /^Cursor.* wants to use notes$/u }).waitFor();
      expect(await page.locator('main img[src=x], main b').count()).toBe(0);
      expect(await page.locator('main').innerText()).not.toMatch(/[\u202A-\u202E\u2066-\u2069\u200B]/u);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
      for (const button of ['Deny', 'Allow for this session']) {
        const box = await page.getByRole('button', { name: button, exact: true }).boundingBox();
        expect(box?.y).toBeLessThan(sizes.popover.height - 56);
      }
      expect(await axeFindings(page)).toEqual([]);
      await page.getByRole('button', { name: 'Deny', exact: true }).click();
      await call;
    },
    minute,
  );

  it(
    'read-only lets nothing through that is not marked as reading',
    async () => {
      await using all = await scene(browser, { hash: '#/approvals' });
      const { page, world, notes } = all;
      const agent = await world.http((await world.key('reader')).key, 'notes', 'old');
      const call = agent.call('get_page');
      await page.getByText('Read-only').click();
      await page.getByText('8 hours').click();
      await page.getByRole('button', { name: 'Allow for 8 hours, read-only' }).click();
      await page.getByText('reader may use notes, for reading only.').waitFor();
      // The server’s marks count once they have been seen.
      await call;
      expect(await agent.list()).toEqual(['get_page']);
      expect((await agent.call('get_page')).failed).toBe(false);
      expect((await agent.call('write_page')).failed).toBe(true);
      expect(notes.reached.map(({ tool }) => tool)).not.toContain('write_page');
    },
    minute,
  );

  it(
    'an accidental press answers nothing: not Enter, and not a click in the first moment',
    async () => {
      await using all = await scene(browser, { hash: '#/approvals' });
      const { page, world } = all;
      await page.getByText('No agent waits for you').waitFor();
      const agent = await world.http((await world.key('cursor')).key, 'notes', 'old');
      const call = agent.call('write_page');
      const allow = page.getByRole('button', { name: 'Allow for this session' });
      await allow.waitFor();
      expect(await allow.evaluate((button) => button === document.activeElement)).toBe(false);
      await page.keyboard.press('Enter');
      await page.keyboard.press('Space');
      // As a window that comes to the front by this very click.
      await page.evaluate(() => {
        window.dispatchEvent(new Event('focus'));
      });
      await expect.poll(() => allow.getAttribute('aria-disabled')).toBe('true');
      await allow.evaluate((button) => (button as HTMLElement).click());
      const { prompts, approvals } = await world.person.approvals.list();
      expect(approvals).toEqual([]);
      expect(prompts).toHaveLength(1);
      await allow.click();
      expect((await call).failed).toBe(false);
    },
    minute,
  );

  it(
    'a question that is answered elsewhere says so, and one that comes meanwhile waits behind it',
    async () => {
      await using all = await scene(browser, { hash: '#/approvals' });
      const { page, world } = all;
      const first = await world.http((await world.key('first')).key, 'notes', 'old');
      const second = await world.http((await world.key('second')).key, 'notes', 'old');
      const calls = [first.call('write_page')];
      await page.getByRole('heading', { level: 1, name: 'first wants to use notes' }).waitFor();
      calls.push(second.call('write_page'));
      await page.getByRole('heading', { name: '1 more question waits' }).waitFor();
      await page.getByRole('heading', { level: 1, name: 'first wants to use notes' }).waitFor();
      const { prompts } = await world.person.approvals.list();
      const id = prompts.find(({ agent }) => agent.name === 'first')?.id ?? '';
      await world.person.approvals.decide({ id, decision: 'allow', lasts: 'always' });
      await page.getByRole('heading', { level: 1, name: 'It was allowed elsewhere' }).waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await page.getByRole('button', { name: 'Next question' }).click();
      await page.getByRole('heading', { level: 1, name: 'second wants to use notes' }).waitFor();
      await page.getByRole('button', { name: 'Deny', exact: true }).click();
      const [one, two] = await Promise.all(calls);
      expect([one?.failed, two?.failed]).toEqual([false, true]);
    },
    minute,
  );

  it(
    'a destructive call is shown with its arguments, each time, and floods are named',
    async () => {
      await using all = await scene(browser, { hash: '#/approvals' });
      const { page, world, notes } = all;
      const agent = await world.http((await world.key('cursor')).key, 'notes', 'old');
      const first = agent.call('get_page');
      await page.getByRole('button', { name: 'Allow for this session' }).click();
      await first;
      await agent.list();
      const call = agent.call('delete_page', { page: 'Roadmap\u202E', recursive: true });
      await page.getByRole('heading', { level: 1, name: 'cursor wants to call delete_page on notes' }).waitFor();
      await page.getByText('marked destructive').waitFor();
      const shown = await page.getByRole('region', { name: 'The call’s arguments' }).innerText();
      expect(shown).toContain('"page": "Roadmap\\u202e"');
      expect(shown).toContain('"recursive": true');
      expect(await axeFindings(page)).toEqual([]);
      await page.getByRole('button', { name: 'Deny', exact: true }).click();
      await page.getByText('The call of delete_page was denied.').waitFor();
      expect((await call).failed).toBe(true);
      const again = agent.call('delete_page', { page: 'Roadmap' });
      await page.getByRole('button', { name: 'Allow this call' }).click();
      expect((await again).failed).toBe(false);
      expect(notes.reached.filter(({ tool }) => tool === 'delete_page')).toHaveLength(1);

      const many = Array.from({ length: 9 }, (_, page) => agent.call('delete_page', { page }));
      await page.getByText('An agent floods you with questions').waitFor();
      await page.getByText(/cursor asks more often than anybody could answer/u).waitFor();
      expect(await axeFindings(page)).toEqual([]);
      for (const { id } of (await world.person.approvals.list()).prompts) {
        await world.person.approvals.answer({ id, allow: false });
      }
      expect((await Promise.all(many)).every(({ failed }) => failed)).toBe(true);
    },
    minute,
  );

  it(
    'in the popover a question takes the screen, and every new screen fits and is free of findings',
    async () => {
      await using all = await scene(browser, { context: { viewport: sizes.popover } });
      const { page, world } = all;
      const { id, key } = await world.key('cursor');
      for (const hash of ['#/agents', `#/agents/${id}`, '#/servers/notes/access', '#/servers/notes/tools', '#/audit']) {
        await all.go(hash);
        await page.getByRole('heading', { level: 1 }).waitFor();
        expect(await page.evaluate(() => document.documentElement.scrollWidth), hash).toBeLessThanOrEqual(360);
        expect(await axeFindings(page), hash).toEqual([]);
      }
      const agent = await world.http(key, 'notes', 'old');
      const call = agent.call('get_page');
      await page.getByRole('heading', { level: 1, name: 'cursor wants to use notes' }).waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await page.getByRole('button', { name: 'Deny', exact: true }).click();
      expect((await call).failed).toBe(true);
      expect(all.complaints).toEqual([]);
    },
    minute,
  );
});
