// A grant's life as the window tells it while it happens: use, refresh, step-up, its end at the provider, revocation, a cleared cache.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../../support/chromium.ts';
import { agentOver, agreeAtProvider, axeFindings, openProvider, openUi } from './fixture.ts';

const executable = chromiumPath();
const hello = { name: 'echo', arguments: { text: 'hello' } };
const refreshes = { endpoint: 'token', grantType: 'refresh_token' } as const;

describe.skipIf(executable === null)('a grant in the window', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable ?? '');
  });
  afterAll(() => browser.close());

  it('an agent’s call is a row of the activity the moment it is made, and can be filtered for', async () => {
    await using ui = await openUi(browser, { signedIn: true });
    await ui.go('#/activity');
    const rows = ui.page.getByRole('list', { name: 'Events, newest first' });
    await rows.getByText('Signed in').waitFor();
    expect(await rows.getByText('Used by an agent').count()).toBe(0);
    const agent = await ui.broker.httpAgent(await ui.broker.agentKey());
    await agent.callTool(hello);
    await rows.getByText('Used by an agent').first().waitFor();
    await agent.close();
    await ui.go('#/activity?agent=e2e&kind=used');
    await expect.poll(() => rows.getByText('Signed in').count()).toBe(0);
    await rows.getByText('Used by an agent').first().waitFor();
    expect(ui.complaints).toEqual([]);
  }, 60_000);

  it('a token that the server no longer takes is refreshed once, and the history says so', async () => {
    await using ui = await openUi(browser, { signedIn: true });
    await ui.go('#/servers/demo/history');
    await ui.page.getByRole('button', { name: 'Signed in' }).waitFor();
    const agent = await ui.broker.httpAgent(await ui.broker.agentKey());
    await agent.callTool(hello);
    ui.broker.authorizationServer.expireAccessTokens();
    expect((await agent.callTool(hello)).isError).not.toBe(true);
    await ui.page.getByRole('button', { name: 'Token refreshed' }).waitFor();
    expect(ui.broker.authorizationServer.stats.count(refreshes)).toBe(1);
    await agent.close();
  }, 60_000);

  it('more scopes that a tool wants are asked of the person, who agrees, and then the call goes through', async () => {
    await using ui = await openUi(browser, { auth: { scopesSupported: ['mcp'] }, signedIn: true });
    const agent = await ui.broker.httpAgent(await ui.broker.agentKey());
    await agent.callTool({ name: 'admin', arguments: {} }).catch(() => null);
    await ui.go('#/servers/demo/history');
    await ui.page.getByRole('button', { name: 'More scopes wanted' }).first().waitFor();
    await ui.page.getByText('connected; wants more: admin').waitFor();
    await ui.go('#/servers/demo');
    await ui.page.getByText('The server wants more than was granted').waitFor();
    expect(await axeFindings(ui.page)).toEqual([]);
    await ui.page.getByRole('link', { name: 'Allow more…' }).click();
    await ui.page.getByText('What you granted before, and what the server wants on top.').waitFor();
    expect(await ui.page.getByRole('checkbox', { name: 'admin' }).isChecked()).toBe(true);
    expect(await ui.page.getByRole('checkbox', { name: 'mcp' }).isChecked()).toBe(true);
    await agreeAtProvider(await openProvider(ui));
    await ui.page.getByRole('heading', { name: 'demo is connected' }).waitFor();
    expect((await agent.callTool({ name: 'admin', arguments: {} })).isError).not.toBe(true);
    await agent.close();
  }, 60_000);

  it('a grant that the provider ended is told in words, without a reload, and a new sign-in mends it', async () => {
    await using ui = await openUi(browser, { signedIn: true });
    await ui.page.getByText(/^connected/u).waitFor();
    const agent = await ui.broker.httpAgent(await ui.broker.agentKey());
    await agent.callTool(hello);
    ui.broker.authorizationServer.revokeAllGrants('alice');
    await agent.callTool(hello).catch(() => null);
    await ui.page.getByText('needs sign-in: the provider ended the grant').waitFor();
    await ui.page.getByRole('link', { name: 'Sign in: demo' }).click();
    await agreeAtProvider(await openProvider(ui));
    await ui.page.getByRole('heading', { name: 'demo is connected' }).waitFor();
    await agent.close();
  }, 60_000);

  it('a provider that cannot be reached is told with when it is tried again', async () => {
    await using ui = await openUi(browser, { signedIn: true });
    const agent = await ui.broker.httpAgent(await ui.broker.agentKey());
    await agent.callTool(hello);
    ui.broker.authorizationServer.fault({ endpoint: 'token', status: 503, times: 50 });
    ui.broker.authorizationServer.expireAccessTokens();
    const call = agent.callTool(hello).catch(() => null);
    await ui.page.getByText(/^provider unreachable, retrying/u).waitFor();
    await agent.close();
    await call;
  }, 60_000);

  it('revoke says what will happen first, asks the provider, and shows its answer for each token', async () => {
    await using ui = await openUi(browser, { signedIn: true });
    const { page } = ui;
    const { stats } = ui.broker.authorizationServer;
    await ui.go('#/servers/demo');
    await page.getByRole('button', { name: 'Revoke…' }).click();
    const asking = page.getByRole('dialog', { name: 'Revoke the grant of demo?' });
    await asking.getByText('The server stays in the list.').waitFor();
    await asking.getByRole('button', { name: 'Keep it' }).click();
    await asking.waitFor({ state: 'hidden' });
    expect(stats.count({ endpoint: 'revocation' })).toBe(0);

    await page.getByRole('button', { name: 'Revoke…' }).click();
    await asking.getByRole('button', { name: 'Revoke' }).click();
    const receipt = page.getByRole('dialog', { name: 'Receipt' });
    await receipt.getByText('The provider ended it, and it is forgotten here').waitFor();
    expect(await receipt.getByText('revoked by the provider (HTTP 200)').count()).toBeGreaterThan(0);
    expect(stats.count({ endpoint: 'revocation' })).toBeGreaterThan(0);
    await receipt.getByRole('contentinfo').or(receipt.locator('footer')).getByRole('button', { name: 'Close' }).click();
    await page.getByText('needs sign-in: you revoked it').waitFor();
  }, 60_000);

  it('a receipt does not claim what the provider cannot do', async () => {
    await using ui = await openUi(browser, { as: { revocation: false }, signedIn: true });
    await ui.go('#/servers/demo');
    await ui.page.getByRole('button', { name: 'Revoke…' }).click();
    await ui.page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    const receipt = ui.page.getByRole('dialog', { name: 'Receipt' });
    await receipt.getByText('Forgotten here, but the provider did not confirm that it ended it').waitFor();
    expect(await receipt.getByText('the provider has no way to revoke tokens').count()).toBeGreaterThan(0);
  }, 60_000);

  it('forget says that the provider is not told, and leads back to what is left', async () => {
    await using ui = await openUi(browser, { signedIn: true });
    await ui.go('#/servers/demo');
    await ui.page.getByRole('button', { name: 'Forget…' }).click();
    const asking = ui.page.getByRole('dialog', { name: 'Forget demo?' });
    await asking.getByText('The provider is not told, and goes on counting the grant as good.').waitFor();
    await asking.getByRole('button', { name: 'Forget this server' }).click();
    await ui.page.getByRole('heading', { name: 'Welcome to Tokentray' }).waitFor();
    await ui.page.getByText('The server is forgotten').first().waitFor();
    expect(ui.broker.authorizationServer.stats.count({ endpoint: 'revocation' })).toBe(0);
    expect((await ui.broker.cli('list', '--json')).stdout.trim()).toBe('[]');
  }, 60_000);

  it('a cleared cache drops the access token and keeps the sign-in', async () => {
    await using ui = await openUi(browser, { signedIn: true });
    const { authorizationServer } = ui.broker;
    const agent = await ui.broker.httpAgent(await ui.broker.agentKey());
    await agent.callTool(hello);
    await ui.go('#/servers/demo');
    await ui.page.getByRole('button', { name: 'Clear the cache…' }).click();
    await ui.page.getByRole('dialog').getByRole('button', { name: 'Clear the cache' }).click();
    await ui.page.getByText('The cache is clear').first().waitFor();
    expect(authorizationServer.stats.count(refreshes)).toBe(0);
    expect((await agent.callTool(hello)).isError).not.toBe(true);
    expect(authorizationServer.stats.count(refreshes)).toBe(1);
    expect(authorizationServer.stats.count({ endpoint: 'authorization' })).toBeGreaterThan(0);
    await agent.close();
  }, 60_000);

  it('paused in the window, the broker lets no agent through until it is resumed there', async () => {
    await using ui = await openUi(browser, { signedIn: true });
    const agent = await ui.broker.httpAgent(await ui.broker.agentKey());
    await agent.callTool(hello);
    const before = ui.broker.server.calls['echo'];
    await ui.go('#/settings/access');
    await ui.page.getByRole('button', { name: /^Pause/u }).click();
    await ui.page.getByText('No agent gets through and no token is lent until you resume.').waitFor();
    await agent.callTool(hello).catch(() => null);
    expect(ui.broker.server.calls['echo']).toBe(before);
    await ui.page.getByRole('button', { name: 'Resume' }).first().click();
    await ui.page.getByText('No agent gets through').waitFor({ state: 'hidden' });
    expect((await agent.callTool(hello)).isError).not.toBe(true);
    await agent.close();
  }, 60_000);

  it('an agent’s name is text, whatever it is', async () => {
    await using ui = await openUi(browser, { signedIn: true });
    const name = '<img src=x onerror="document.title=1">\u202Etxt.exe';
    const agent = await agentOver(ui.broker.stdioWay(), name);
    await agent.callTool(hello);
    await ui.go('#/servers/demo');
    const shown = ui.page.getByText('<img src=x onerror=').first();
    await shown.waitFor();
    expect(await shown.textContent()).not.toContain('\u202E');
    expect(await ui.page.locator('img[src=x]').count()).toBe(0);
    await ui.go('#/activity');
    await ui.page.getByRole('list', { name: 'Events, newest first' }).getByText('<img src=x').first().waitFor();
    expect(await ui.page.locator('img[src=x]').count()).toBe(0);
    expect(await ui.page.title()).toContain('Tokentray');
    await agent.close();
  }, 60_000);
});
