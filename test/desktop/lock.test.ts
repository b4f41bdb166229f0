// On a desktop the lock is in the tray: a click locks, the screen's lock does where the person wants that, and a panic asks first.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { openDesk } from './desk.ts';
import type { Desk } from './desk.ts';
import { callOverPort } from './page-port.ts';

const executable = chromiumPath();

const items = async (desk: Desk): Promise<string[]> => (await desk.tray()).items.map(({ id }) => id);
const lockOf = async (desk: Desk): Promise<unknown> =>
  (JSON.parse((await desk.cli('status', '--json')).stdout) as { lock: unknown }).lock;

describe.skipIf(executable === null)('the lock on a desktop', () => {
  let browser: Browser;
  beforeAll(async () => {
    if (executable !== null) browser = await launchChromium(executable);
  });
  afterAll(() => browser.close());
  const open = (): Promise<Desk> => openDesk({ browser });

  it('is one click in the tray, which says so in icon and words, and leads to where the person unlocks', async () => {
    await using desk = await open();
    await desk.connect();
    const agent = await desk.agent();
    await desk.press('lock');
    await expect.poll(async () => (await desk.tray()).state, { timeout: 10_000 }).toMatch(/^tray-paused/u);
    expect((await desk.tray()).toolTip).toBe('Tokentray: Locked: no agent reaches a server');
    expect(await lockOf(desk)).toMatchObject({ kind: 'locked', because: 'by-hand', unlocksBy: 'click' });
    const refused = await agent.callTool({ name: 'echo', arguments: { text: 'now' } });
    expect(JSON.stringify(refused.content)).toContain('Tokentray is locked');
    expect(await items(desk)).toContain('unlock');
    expect(await items(desk)).not.toContain('lock');
    await desk.press('unlock');
    // What the window's own page may do, and only a person has that window.
    await callOverPort(await desk.page(), 'lock/unlock', {});
    await expect.poll(() => items(desk), { timeout: 10_000 }).toContain('lock');
    const served = await agent.callTool({ name: 'echo', arguments: { text: 'now' } });
    expect(JSON.stringify(served.content)).toContain('now');
  }, 60_000);

  it('follows the screen’s lock where the person wants that, and not before', async () => {
    await using desk = await open();
    const screenLocked = () => desk.app.evaluate(({ powerMonitor }) => void powerMonitor.emit('lock-screen'), null);
    await screenLocked();
    expect(await lockOf(desk)).toEqual({ kind: 'open' });
    await callOverPort(await desk.page(), 'settings/set', { lock: { onScreenLock: true } });
    await screenLocked();
    await expect.poll(() => lockOf(desk), { timeout: 10_000 }).toMatchObject({ kind: 'locked', because: 'screen' });
    await expect.poll(async () => (await desk.tray()).state).toMatch(/^tray-paused/u);
  }, 60_000);

  it('panics from the tray only when the person says yes, and tells what ended', async () => {
    await using desk = await open();
    await desk.connect();
    const told = (await desk.notifications()).length;
    await desk.press('panic');
    // Closed without an answer.
    expect(await lockOf(desk)).toEqual({ kind: 'open' });
    await desk.app.evaluate(({ dialog }) => {
      dialog.showMessageBox = () => Promise.resolve({ response: 1, checkboxChecked: false });
    }, null);
    await desk.press('panic');
    await expect.poll(() => lockOf(desk), { timeout: 10_000 }).toMatchObject({ kind: 'locked', because: 'panic' });
    await expect.poll(async () => (await desk.notifications()).length, { timeout: 10_000 }).toBeGreaterThan(told);
    expect((await desk.notifications()).at(-1)).toEqual({
      title: 'Tokentray is locked',
      body: expect.stringContaining('Providers confirmed the end of 1 of 1 grants.') as string,
    });
    expect(desk.authorizationServer.stats.count({ endpoint: 'revocation' })).toBeGreaterThan(0);
  }, 60_000);
});
