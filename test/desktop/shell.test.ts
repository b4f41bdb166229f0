// The app on a desktop: it starts once, lives in the tray, shows its window where it can, and tells the person what needs them.
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../../main/cli/exit-codes.ts';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { isAlive, startProcess } from '../support/process.ts';
import { cliFile, openDesk } from './desk.ts';
import type { Desk, DeskOptions } from './desk.ts';
import { callOverPort } from './page-port.ts';

const executable = chromiumPath();
const refreshes = { endpoint: 'token', grantType: 'refresh_token' } as const;

describe.skipIf(executable === null)('the app on a desktop', () => {
  let browser: Browser;
  beforeAll(async () => {
    if (executable !== null) browser = await launchChromium(executable);
  });
  afterAll(() => browser.close());
  const open = (options: Omit<DeskOptions, 'browser'> = {}): Promise<Desk> => openDesk({ browser, ...options });

  it('starts with its window, whose page talks to the broker of the same process', async () => {
    await using desk = await open();
    const page = await desk.page();
    await expect.poll(() => page.title()).toContain('Tokentray');
    expect(await desk.windows()).toMatchObject([{ visible: true }]);
    const answer = JSON.parse((await callOverPort(page, 'status')) ?? 'null') as {
      p: { b: { json: { pid: number } } };
    };
    expect(answer.p.b.json.pid).toBe(desk.app.pid);
    // And the command line finds it: one broker, whatever its host.
    expect((await desk.cli('status', '--json')).stdout).toContain(`"pid":${desk.app.pid}`);
  }, 60_000);

  it('shows in its window what the command line adds, as it happens', async () => {
    await using desk = await open();
    const page = await desk.page();
    await desk.cli('add', 'demo', desk.server.url);
    await page.getByText('demo').first().waitFor();
    // Loaded again it gets a new port; and the policy forbids nothing that the page itself needs.
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.reload();
    await page.getByText('demo').first().waitFor();
    expect(complaints).toEqual([]);
  }, 60_000);

  it('gives its page no script calls: a token cannot be asked for', async () => {
    await using desk = await open();
    const answer = await callOverPort(await desk.page(), 'script/token', { server: 'demo' });
    expect(answer).toContain('404');
  }, 60_000);

  it('opens no window when it starts at login, and one when it is started again', async () => {
    await using desk = await open({ args: ['--hidden'] });
    expect(await desk.windows()).toEqual([]);
    const second = await desk.startAgain();
    expect(await second.ended).toBe(0);
    await desk.page();
    await expect.poll(() => desk.windows()).toMatchObject([{ visible: true }]);
    expect(isAlive(desk.app.pid)).toBe(true);
  }, 60_000);

  it('brings a hidden window back when it is started again, and not when that start is hidden too', async () => {
    await using desk = await open();
    await desk.page();
    await expect.poll(() => desk.windows()).toMatchObject([{ visible: true }]);
    await desk.app.evaluate(
      ({ BrowserWindow }) => BrowserWindow.getAllWindows().forEach((window) => window.close()),
      null,
    );
    expect(await desk.windows()).toMatchObject([{ visible: false }]);
    const hidden = await desk.startAgain('--hidden');
    // As the host without a window does: who started it in the background learns that it lost the race.
    expect(await hidden.ended).toBe(exitCodes.brokerRunning);
    expect(hidden.said()).toContain('another broker of yours is running');
    expect(await desk.windows()).toMatchObject([{ visible: false }]);
    const second = await desk.startAgain();
    expect(await second.ended).toBe(0);
    expect(await desk.windows()).toMatchObject([{ visible: true }]);
  }, 60_000);

  it('leaves a broker without a window alone, and opens its page in the browser', async () => {
    await using desk = await open({ args: ['--hidden'] });
    await desk.app.stop();
    const headless = startProcess(process.execPath, [cliFile, 'serve', '--json'], { env: desk.env });
    await headless.line(/"bridge"/u, 20_000);
    const app = await desk.startAgain();
    expect(await app.ended).toBe(0);
    expect(app.said()).toMatch(/opened in the browser: http:\/\/127\.0\.0\.1:\d+\//u);
    expect(isAlive(headless.pid)).toBe(true);
    await headless.stop();
  }, 60_000);

  it('closes to the tray: agents go on, and the tray brings the window back', async () => {
    await using desk = await open();
    const page = await desk.page();
    await desk.connect();
    const agent = await desk.agent();
    await desk.app.evaluate(
      ({ BrowserWindow }) => BrowserWindow.getAllWindows().forEach((window) => window.close()),
      null,
    );
    expect(await desk.windows()).toMatchObject([{ visible: false }]);
    expect((await agent.callTool({ name: 'echo', arguments: { text: 'still here' } })).isError).not.toBe(true);
    await desk.press('open');
    expect(await desk.windows()).toMatchObject([{ visible: true }]);
    expect(page.isClosed()).toBe(false);
  }, 60_000);

  it('keeps a window hidden that was closed before it had drawn anything', async () => {
    await using desk = await open({ args: ['--hidden'] });
    await desk.app.evaluate(({ BrowserWindow }) => {
      globalThis.tokentrayRecorded.trays[0]?.tray.emit('click');
      for (const window of BrowserWindow.getAllWindows()) window.close();
    }, null);
    await desk.page();
    await delay(500);
    expect(await desk.windows()).toMatchObject([{ visible: false }]);
  }, 60_000);

  it('signs in from the tray, and its icon and words follow', async () => {
    await using desk = await open();
    expect(await desk.tray()).toMatchObject({ state: 'tray-fine', toolTip: 'Tokentray: No servers yet' });
    await desk.connect();
    const { items, toolTip } = await desk.tray();
    expect(toolTip).toBe('Tokentray: 1 server, nothing needs you');
    expect(items.find(({ id }) => id === 'server:demo')?.label).toBe('demo: connected');
    expect(items.map(({ id }) => id)).not.toContain('sign-in:demo');
    // Only the provider's page was opened, once.
    const links = await desk.links();
    expect(links).toHaveLength(1);
    expect(links[0]?.startsWith(desk.authorizationServer.origin)).toBe(true);
    const agent = await desk.agent();
    expect((await agent.callTool({ name: 'echo', arguments: { text: 'hi' } })).isError).not.toBe(true);
  }, 60_000);

  it('says once that the provider ended the grant, and shows that server when the person clicks', async () => {
    await using desk = await open();
    const page = await desk.page();
    await desk.connect();
    const agent = await desk.agent();
    await agent.callTool({ name: 'echo', arguments: { text: 'hi' } });
    desk.authorizationServer.revokeAllGrants('alice');
    for (let call = 0; call < 3; call += 1) {
      const answer = await agent.callTool({ name: 'echo', arguments: { text: 'hi' } }).catch(String);
      expect(JSON.stringify(answer)).toContain('/sign-in/');
    }
    await expect.poll(async () => (await desk.tray()).state).toBe('tray-needs-you');
    expect(await desk.notifications()).toEqual([
      { title: 'demo needs you', body: 'Needs sign-in: the authorization server ended the grant.' },
    ]);
    // A sign-in that the person walks away from is the same cause still.
    await desk.press('sign-in:demo');
    await expect.poll(async () => (await desk.links()).length).toBe(2);
    const started = (await desk.cli('show', 'demo', '--json')).stdout;
    expect(started).toContain('signing-in');
    await callOverPort(page, 'signIn/start', { server: 'demo', openBrowser: false });
    expect(await desk.notifications()).toHaveLength(1);

    await desk.app.evaluate(() => void globalThis.tokentrayRecorded.notifications[0]?.emit('click'), null);
    await page.waitForURL(/#\/servers\/demo$/u);
    expect(await desk.windows()).toMatchObject([{ visible: true }]);
  }, 60_000);

  it('pauses and resumes from the tray: an agent is refused meanwhile, and the icon says why', async () => {
    await using desk = await open();
    await desk.connect();
    const agent = await desk.agent();
    await desk.press('pause');
    await expect.poll(async () => (await desk.tray()).state).toBe('tray-paused');
    expect((await desk.tray()).toolTip).toContain('Paused');
    await expect(agent.callTool({ name: 'echo', arguments: { text: 'hi' } })).rejects.toThrow(/pause/iu);
    await desk.press('resume');
    await expect.poll(async () => (await desk.tray()).state).toBe('tray-fine');
    expect((await agent.callTool({ name: 'echo', arguments: { text: 'hi' } })).isError).not.toBe(true);
  }, 60_000);

  it('opens a popover beside the tray where its place is known, and hides it when the person looks elsewhere', async () => {
    await using desk = await open({ args: ['--hidden'] });
    await desk.app.evaluate(({ Tray, screen }) => {
      const { workArea } = screen.getDisplayMatching({ x: 0, y: 0, width: 1, height: 1 });
      Tray.prototype.getBounds = () => ({ x: workArea.x + workArea.width - 100, y: workArea.y, width: 24, height: 24 });
    }, null);
    await desk.click();
    const page = await desk.page();
    const [popover] = await desk.windows();
    expect(popover).toMatchObject({ visible: true, bounds: { width: 360, height: 640 } });
    await expect.poll(() => page.evaluate(() => innerWidth)).toBe(360);
    expect(await callOverPort(page, 'status')).toContain('"version"');

    const blur = () =>
      desk.app.evaluate(({ BrowserWindow }) => void BrowserWindow.getAllWindows()[0]?.emit('blur'), null);
    await blur();
    expect(await desk.windows()).toMatchObject([{ visible: false }]);
    // The click that took the focus away is the same click.
    await desk.click();
    expect(await desk.windows()).toMatchObject([{ visible: false }]);
    await delay(300);
    await desk.click();
    expect(await desk.windows()).toMatchObject([{ visible: true }]);
    await desk.click();
    expect(await desk.windows()).toMatchObject([{ visible: false }]);
  }, 60_000);

  it('opens the large window from the tray where the place is not known', async () => {
    await using desk = await open({ args: ['--hidden'] });
    await desk.app.evaluate(({ Tray }) => {
      Tray.prototype.getBounds = () => ({ x: 0, y: 0, width: 0, height: 0 });
    }, null);
    await desk.click();
    await desk.page();
    await expect.poll(() => desk.windows()).toMatchObject([{ visible: true, bounds: { width: 1080, height: 760 } }]);
  }, 60_000);

  it('looks after its tokens when the machine wakes up', async () => {
    await using desk = await open({ as: { accessTokenTtl: 3600 } });
    await desk.connect();
    const agent = await desk.agent();
    await agent.callTool({ name: 'echo', arguments: { text: 'hi' } });
    const before = desk.authorizationServer.stats.count(refreshes);
    // What sleeping does: the clock on the wall has gone on, the timers have not.
    const sleep = () =>
      desk.app.evaluate(() => {
        const now = Date.now;
        Date.now = () => now() + 59 * 60_000;
      }, null);
    await sleep();
    await delay(200);
    expect(desk.authorizationServer.stats.count(refreshes)).toBe(before);
    await desk.app.evaluate(({ powerMonitor }) => void powerMonitor.emit('resume'), null);
    await expect.poll(() => desk.authorizationServer.stats.count(refreshes)).toBe(before + 1);

    await agent.callTool({ name: 'echo', arguments: { text: 'hi' } });
    await sleep();
    await desk.app.evaluate(({ powerMonitor }) => void powerMonitor.emit('unlock-screen'), null);
    await expect.poll(() => desk.authorizationServer.stats.count(refreshes)).toBe(before + 2);
  }, 60_000);

  it('starts at login when the person says so, and no longer when they take it back', async () => {
    await using desk = await open();
    const page = await desk.page();
    const file = join(desk.folder.path, 'config', 'autostart', 'tokentray.desktop');
    expect(await callOverPort(page, 'settings/get')).toContain('"startAtLogin":false');
    expect(await callOverPort(page, 'settings/set', { startAtLogin: true })).toContain('"startAtLogin":true');
    expect(existsSync(file)).toBe(process.platform === 'linux');
    expect(await callOverPort(page, 'settings/set', { startAtLogin: false })).toContain('"startAtLogin":false');
    expect(existsSync(file)).toBe(false);
  }, 60_000);

  it('says why it cannot start, and what to do', async () => {
    await using desk = await open({ args: ['--hidden'] });
    await desk.app.stop();
    await rm(join(desk.folder.path, 'data'), { recursive: true });
    await writeFile(join(desk.folder.path, 'data'), 'no folder');
    const app = await desk.startAgain();
    expect(await app.ended).toBe(exitCodes.failure);
    expect(app.said()).toContain('Tokentray could not start');
    expect(app.said()).toContain(join(desk.folder.path, 'data'));
    // Nobody is at the screen to close a dialog when an agent started it.
    const hidden = await desk.startAgain('--hidden');
    expect(await hidden.ended).toBe(exitCodes.failure);
    expect(hidden.said()).not.toContain('Tokentray could not start');
    expect(hidden.said()).toMatch(/^tokentray: .*data/mu);
  }, 60_000);

  it('goes when it is told to quit, and takes the broker along in order', async () => {
    await using desk = await open();
    await desk.connect();
    await desk.press('quit').catch(() => undefined);
    expect(await desk.app.ended).toBe(0);
    expect(desk.app.said()).toContain('the broker stops');
    expect(existsSync(join(desk.folder.path, 'run', 'control.sock'))).toBe(false);
  }, 60_000);

  it('ends as orderly on a signal, without a window too', async () => {
    await using desk = await open({ args: ['--hidden'] });
    await desk.app.stop();
    expect(await desk.app.ended).toBe(0);
    expect(desk.app.said()).toContain('the broker stops');
    expect(existsSync(join(desk.folder.path, 'run', 'control.sock'))).toBe(false);
  }, 60_000);
});
