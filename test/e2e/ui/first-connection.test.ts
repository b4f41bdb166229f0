// From nothing to a connected server that an agent uses, in a window that is never reloaded.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../../support/chromium.ts';
import { addByAddress, agentOver, agreeAtProvider, openProvider, openUi } from './fixture.ts';

const executable = chromiumPath();

describe.skipIf(executable === null)('the first connection', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable ?? '');
  });
  afterAll(() => browser.close());

  it('leads from the empty window over the plan and the provider’s pages to a call of an agent', async () => {
    await using ui = await openUi(browser, { added: false });
    const { page, broker } = ui;
    const { authorizationServer, server } = broker;
    await page.evaluate(() => void (document.documentElement.dataset['sameWindow'] = 'yes'));

    await page.getByRole('heading', { name: 'Welcome to Tokentray' }).waitFor();
    await page.getByRole('link', { name: 'Add your first server' }).click();
    await addByAddress(page, server.url, 'notes');

    // The plan: all of it before the provider has seen anybody.
    const plan = page.locator('form', { hasText: 'What will happen' });
    await plan.waitFor();
    const words = (await plan.textContent()) ?? '';
    for (const shown of [
      new URL(authorizationServer.issuer).host,
      'A new client, registered on the spot',
      'Asked to be good for this server only',
      server.url,
    ]) {
      expect(words).toContain(shown);
    }
    expect(ui.context.pages()).toHaveLength(1);
    expect(authorizationServer.stats.count({ endpoint: 'authorization' })).toBe(0);
    expect(authorizationServer.stats.count({ endpoint: 'registration' })).toBe(0);

    await page.getByRole('checkbox', { name: 'admin' }).click();
    const tab = await openProvider(ui);
    await page.getByText('Waiting for you in the browser').waitFor();
    await tab.getByLabel('Account').fill('alice');
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await expect.poll(() => tab.locator('.scope').allTextContents()).toEqual(['mcp']);
    expect(await tab.locator('.resource').textContent()).toBe(server.url);
    await agreeAtProvider(tab);

    await page.getByRole('heading', { name: 'notes is connected' }).waitFor();
    await page.getByRole('link', { name: 'Look at the server' }).click();
    await page.getByText(/^connected, refreshes in/u).waitFor();
    expect(await page.locator('main').textContent()).toContain('Never asked for, because you unticked it: admin');
    await page.getByText('No agent has used it yet.').waitFor();

    const agent = await agentOver(broker.httpWay(await broker.agentKey(), 'notes'));
    const answer = await agent.callTool({ name: 'echo', arguments: { text: 'hello' } });
    expect(answer.isError).not.toBe(true);
    await page.locator('section', { hasText: 'Used by' }).getByText('e2e').first().waitFor();
    await agent.close();

    expect(await page.evaluate(() => document.documentElement.dataset['sameWindow'])).toBe('yes');
    expect(ui.complaints).toEqual([]);
  }, 60_000);

  it('a person who says no at the provider is told so, and can try again', async () => {
    await using ui = await openUi(browser);
    await ui.go('#/add?name=demo');
    const tab = await openProvider(ui);
    await tab.getByLabel('Account').fill('alice');
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await tab.getByRole('button', { name: 'Deny' }).click();
    await ui.page.getByRole('button', { name: 'Back to the sign-in' }).click();
    await tab.close();
    await agreeAtProvider(await openProvider(ui));
    await ui.page.getByRole('heading', { name: 'demo is connected' }).waitFor();
  }, 60_000);

  it('a sign-in can be cancelled while the provider’s page is open, and the provider’s answer is refused then', async () => {
    await using ui = await openUi(browser);
    await ui.go('#/add?name=demo');
    const tab = await openProvider(ui);
    await ui.page.getByRole('button', { name: 'Cancel the sign-in' }).click();
    await ui.page.getByRole('button', { name: 'Sign in in the browser' }).waitFor();
    await tab.getByLabel('Account').fill('alice');
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await tab.getByRole('button', { name: 'Approve' }).click();
    await expect.poll(() => ui.broker.authorizationServer.stats.count({ endpoint: 'authorization' })).toBe(3);
    await tab.close();
    await ui.go('#/servers');
    await ui.page.getByRole('link', { name: 'Sign in: demo' }).waitFor();
    expect(ui.broker.authorizationServer.stats.count({ endpoint: 'token' })).toBe(0);
  }, 60_000);

  it('a server that nobody answers for is told with what to do about it', async () => {
    await using ui = await openUi(browser, { added: false });
    await ui.go('#/add');
    await addByAddress(ui.page, 'http://127.0.0.1:61999/mcp', 'nobody');
    await ui.page.getByRole('button', { name: 'Try again' }).waitFor();
    await ui.page.getByRole('button', { name: 'Change address' }).click();
    await expect
      .poll(() => ui.page.getByLabel('Address of the MCP server').inputValue())
      .toBe('http://127.0.0.1:61999/mcp');
  }, 60_000);
});
