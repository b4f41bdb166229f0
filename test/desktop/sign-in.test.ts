// Beside the app, the page that an agent's sign-in opens leads into the app's own window, to the very question that it is about.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { signInAgent } from '../e2e/ui/sign-in-agent.ts';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { openDesk } from './desk.ts';
import type { Desk } from './desk.ts';

const executable = chromiumPath();
const bridgeOf = async (desk: Desk): Promise<string> =>
  z.object({ bridge: z.object({ url: z.string() }) }).parse(JSON.parse((await desk.cli('status', '--json')).stdout))
    .bridge.url;

describe.skipIf(executable === null)('a sign-in of an agent, beside the app', () => {
  let browser: Browser;
  beforeAll(async () => {
    if (executable !== null) browser = await launchChromium(executable);
  });
  afterAll(() => browser.close());

  it('has a button on its page that brings the window up, at the question with the code of the page', async () => {
    await using desk = await openDesk({ browser });
    const page = await desk.page();
    await desk.connect();
    const server = `${await bridgeOf(desk)}/mcp/demo`;
    // The first of two: the window would show the oldest one by itself.
    await using first = await signInAgent(server, 'Cursor');
    await using second = await signInAgent(server, 'Cursor');
    const person = await browser.newContext();
    const tabs = [await person.newPage(), await person.newPage()] as const;
    await tabs[0].goto(first.opens);
    await tabs[1].goto(second.opens);
    await desk.app.evaluate(
      ({ BrowserWindow }) => BrowserWindow.getAllWindows().forEach((window) => window.close()),
      null,
    );
    expect(await desk.windows()).toMatchObject([{ visible: false }]);
    const code = (await tabs[1].locator('.code').innerText()).replaceAll(/\s/gu, '');

    await tabs[1].getByRole('button', { name: 'Show Tokentray' }).click();
    await expect.poll(() => desk.windows()).toMatchObject([{ visible: true }]);
    await page.getByRole('region', { name: 'Who asks' }).getByText(code).waitFor();
    // It goes on waiting there, and decides nothing.
    await tabs[1].getByRole('heading', { name: /^Allow “Cursor” in Tokentray/u }).waitFor();
    await tabs[1].getByText('Tokentray lists it as Cursor 2.').waitFor();
    expect([first.hasTokens(), second.hasTokens()]).toEqual([false, false]);

    await page.getByRole('button', { name: 'Allow for this session' }).click();
    expect(await second.ended).toEqual({ kind: 'signed-in' });
    expect(await second.call('echo')).toContain('text');
    await page.getByRole('button', { name: 'Deny', exact: true }).click();
    expect(await first.ended).toMatchObject({ kind: 'refused', error: 'access_denied' });
    await person.close();
  }, 60_000);
});
