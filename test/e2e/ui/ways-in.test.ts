// The ways in that need more than an address: a client registered by hand, and the built-in demo.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../../support/chromium.ts';
import { agentOver, agreeAtProvider, openProvider, openUi } from './fixture.ts';

const executable = chromiumPath();
const secret = 'a-secret-that-nobody-may-see-again';

describe.skipIf(executable === null)('ways in', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable ?? '');
  });
  afterAll(() => browser.close());

  it('a provider that registers nobody gets a client by hand: redirect URI to copy, id and secret to give, none to see', async () => {
    await using ui = await openUi(browser, {
      as: {
        registration: false,
        clients: [
          {
            client_id: 'by-hand',
            client_secret: secret,
            redirect_uris: ['http://127.0.0.1/callback'],
            application_type: 'native',
            grant_types: ['authorization_code', 'refresh_token'],
            token_endpoint_auth_method: 'client_secret_basic',
          },
        ],
      },
    });
    const { page } = ui;
    await ui.go('#/add?name=demo');
    await page.getByRole('heading', { name: 'This provider wants a client that you register' }).waitFor();
    const redirect = page.getByText(/^http:\/\/127\.0\.0\.1(:\d+)?\/callback/u).first();
    await redirect.waitFor();

    await page.getByRole('button', { name: 'Save and go on' }).click();
    await page.getByText('Paste the client ID that the provider shows.').waitFor();
    await page.getByLabel('Client ID').fill('by-hand');
    await page.getByLabel('Client secret').fill(secret);
    await page.getByRole('button', { name: 'Save and go on' }).click();
    await page.getByRole('heading', { name: 'What will happen' }).waitFor();
    expect(await page.content()).not.toContain(secret);

    await agreeAtProvider(await openProvider(ui));
    await page.getByRole('heading', { name: 'demo is connected' }).waitFor();
    expect(ui.broker.authorizationServer.stats.list({ endpoint: 'token' }).map((one) => one.clientAuth)).toEqual([
      'basic',
    ]);
    await ui.go('#/servers/demo');
    await page.getByText('by hand: a client that you registered at the provider').waitFor();
    expect(await page.content()).not.toContain(secret);
  }, 60_000);

  it('the built-in demo is a real sign-in without an account, and an agent can use it', async () => {
    await using ui = await openUi(browser, { added: false });
    const { page } = ui;
    await page.getByRole('button', { name: 'Try the demo server' }).click();
    await page.getByText('This is the built-in demo').waitFor();
    const tab = await openProvider(ui);
    await tab.getByRole('heading', { name: 'Allow Tokentray to use the demo?' }).waitFor();
    await tab.getByRole('button', { name: 'Allow' }).click();
    await expect.poll(() => tab.textContent('main')).toMatch(/close this tab/iu);
    await tab.close();
    const heading = page.getByRole('heading', { name: / is connected$/u });
    const name = ((await heading.textContent()) ?? '').replace(' is connected', '');
    const agent = await agentOver(ui.broker.httpWay(await ui.broker.agentKey(), name));
    const { tools } = await agent.listTools();
    expect(tools.length).toBeGreaterThan(0);
    await agent.close();
    await ui.go(`#/servers/${name}`);
    await page.getByText(/^connected/u).waitFor();
  }, 60_000);
});
