// Locked, the window shows nothing and opens on the right word only; panic stops everything and tells what it did.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../../support/chromium.ts';
import { temporaryFolder } from '../../support/temp.ts';
import { minute, scene } from './access-scene.ts';
import { axeFindings } from './fixture.ts';

const executable = chromiumPath();

describe.skipIf(executable === null)('lock and panic, in the window', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable ?? '');
  });
  afterAll(() => browser.close());

  it(
    'locked, the window shows nothing else, and opens again on the word that it asks for',
    async () => {
      await using all = await scene(browser, { hash: '#/settings/lock' });
      const { page, world } = all;
      const agent = await world.http((await world.key('cursor')).key, 'notes', 'old');
      await page.getByRole('button', { name: 'Lock', exact: true }).click();
      await page.getByRole('heading', { name: 'Tokentray is locked' }).waitFor();
      expect(await page.getByRole('navigation').count()).toBe(0);
      expect(await axeFindings(page)).toEqual([]);
      expect((await agent.call('get_page')).failed).toBe(true);
      await page.getByRole('button', { name: 'Unlock' }).click();
      await page.getByRole('heading', { name: 'Settings' }).waitFor();
    },
    minute,
  );

  it(
    'a passphrase that is wrong is said to be wrong, and the right one opens everything',
    async () => {
      await using folder = await temporaryFolder('passphrase');
      const file = join(folder.path, 'passphrase');
      writeFileSync(file, 'correct horse battery', { mode: 0o600 });
      const env = { TOKENTRAY_VAULT: 'passphrase-file', TOKENTRAY_PASSPHRASE_FILE: file };
      await using all = await scene(browser, { hash: '#/settings/lock', env });
      const { page } = all;
      await page.getByRole('button', { name: 'Lock', exact: true }).click();
      const field = page.getByLabel('Passphrase');
      await field.fill('wrong donkey');
      await field.press('Enter');
      expect(await page.getByRole('alert').innerText()).toMatch(/passphrase/iu);
      expect(await axeFindings(page)).toEqual([]);
      expect(await field.inputValue()).toBe('');
      await field.fill('correct horse battery');
      await page.getByRole('button', { name: 'Unlock' }).click();
      await page.getByRole('heading', { name: 'Settings' }).waitFor();
      expect(await page.content()).not.toContain('correct horse');
    },
    minute,
  );

  it(
    'panic says what it will do, does it, and shows what each provider answered',
    async () => {
      await using all = await scene(browser, { hash: '#/settings/lock' });
      const { page, world } = all;
      await page.getByRole('button', { name: 'Panic…' }).click();
      const asking = page.getByRole('dialog', { name: 'Stop everything now?' });
      await asking.getByText('Also revoke the one grant at its provider').click();
      expect(await axeFindings(page)).toEqual([]);
      await asking.getByRole('button', { name: 'Stop everything' }).click();
      const receipt = page.getByRole('dialog', { name: 'What the panic did' });
      await receipt.getByText('The provider ended it, and it is forgotten here').waitFor();
      expect(world.authorizationServer.stats.count({ endpoint: 'revocation' })).toBeGreaterThan(0);
      expect(await axeFindings(page)).toEqual([]);
      await receipt.locator('footer').getByRole('button', { name: 'Close' }).click();
      await page.getByRole('heading', { name: 'Tokentray is locked' }).waitFor();
    },
    minute,
  );
});
