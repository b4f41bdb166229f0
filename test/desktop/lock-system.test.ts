// Where the system itself can ask whether it is its person, it does; the window says what it waits for, and takes no passphrase.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { openDesk } from './desk.ts';
import type { Desk } from './desk.ts';

const executable = chromiumPath();

/** Locks from the tray, and gives the window. */
const lock = async (desk: Desk): Promise<Page> => {
  const page = await desk.page();
  await desk.press('lock');
  await page.getByRole('heading', { name: 'Tokentray is locked' }).waitFor();
  return page;
};
const lockOf = async (desk: Desk): Promise<unknown> =>
  (JSON.parse((await desk.cli('status', '--json')).stdout) as { lock: unknown }).lock;
const asked = (desk: Desk) =>
  desk.app.evaluate(() => globalThis.tokentrayRecorded.checks.map(({ reason }) => reason), null);
const passes = (desk: Desk) => desk.app.evaluate(() => globalThis.tokentrayRecorded.checks.at(-1)?.pass(), null);
const fails = (desk: Desk, words: string) =>
  desk.app.evaluate((_electron, said) => globalThis.tokentrayRecorded.checks.at(-1)?.fail(said), words);
const fields = (page: Page) => page.locator('input, textarea').count();

describe.skipIf(executable === null)('the lock on a machine that can ask whether it is its person', () => {
  let browser: Browser;
  beforeAll(async () => {
    if (executable !== null) browser = await launchChromium(executable);
  });
  afterAll(() => browser.close());

  const open = (sensor: boolean): Promise<Desk> =>
    openDesk({ browser, env: sensor ? { TOKENTRAY_TEST_SENSOR: '1' } : {} });

  it('waits for the system’s answer, says so, takes no passphrase, and opens when that is yes', async () => {
    await using desk = await open(true);
    const page = await lock(desk);
    expect(await lockOf(desk)).toMatchObject({ kind: 'locked', unlocksBy: 'system' });
    await page.getByText('The system asks whether it is you').waitFor();
    expect(await fields(page)).toBe(0);
    // Nothing asks before somebody presses.
    expect(await asked(desk)).toEqual([]);
    await page.getByRole('button', { name: 'Unlock…' }).click();
    await page.getByRole('status').getByText('The system asks you now, in a window of its own').waitFor();
    expect(await asked(desk)).toEqual(['unlock Tokentray']);
    // A second press meanwhile asks no second time.
    await page.getByRole('button', { name: 'Unlock…' }).press('Enter');
    expect(await fields(page)).toBe(0);
    expect(await lockOf(desk)).toMatchObject({ kind: 'locked' });
    await passes(desk);
    await page.getByRole('navigation', { name: 'Tokentray' }).waitFor();
    expect(await lockOf(desk)).toEqual({ kind: 'open' });
    expect(await asked(desk)).toHaveLength(1);
  }, 60_000);

  it.each([
    ['did not know the person', 'Application retry limit exceeded.', 'Application retry limit exceeded'],
    ['was told to give up', 'Canceled by user.', 'Canceled by user'],
    ['has lost its sensor', 'Biometry is not available on this device.', 'Biometry is not available on this device'],
    ['says something hostile', '<b>\u202Eyes</b>', '<b>\\u202eyes</b>'],
  ])(
    'stays locked where the system %s, says so in the system’s words, and can be tried again',
    async (_what, said, shown) => {
      await using desk = await open(true);
      const page = await lock(desk);
      await page.getByRole('button', { name: 'Unlock…' }).click();
      await expect.poll(() => asked(desk)).toHaveLength(1);
      await fails(desk, said);
      const alert = page.getByRole('alert');
      await alert.waitFor();
      expect(await alert.innerText()).toContain(`The system did not confirm that it is you: it says "${shown}".`);
      expect(await lockOf(desk)).toMatchObject({ kind: 'locked' });
      expect(await fields(page)).toBe(0);
      await page.getByRole('button', { name: 'Try again…' }).click();
      await page.getByText('The system asks you now').waitFor();
      expect(await alert.count()).toBe(0);
      await expect.poll(() => asked(desk)).toHaveLength(2);
      await passes(desk);
      await page.getByRole('navigation', { name: 'Tokentray' }).waitFor();
      expect(await lockOf(desk)).toEqual({ kind: 'open' });
    },
    60_000,
  );

  it('asks the system for the command line too, and the window follows', async () => {
    await using desk = await open(true);
    const page = await lock(desk);
    const unlocking = desk.cli('unlock');
    await expect.poll(() => asked(desk), { timeout: 10_000 }).toHaveLength(1);
    await passes(desk);
    expect((await unlocking).code).toBe(0);
    await page.getByRole('navigation', { name: 'Tokentray' }).waitFor();
  }, 60_000);

  it('that can ask nothing says that a press is all it takes, and still takes no passphrase', async () => {
    await using desk = await open(false);
    const page = await lock(desk);
    await page.getByText('this system has no check of its own: one press is all it takes').waitFor();
    expect(await fields(page)).toBe(0);
    await page.getByRole('button', { name: 'Unlock', exact: true }).click();
    await page.getByRole('navigation', { name: 'Tokentray' }).waitFor();
    expect(await asked(desk)).toEqual([]);
  }, 60_000);
});
