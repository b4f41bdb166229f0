// A window that has turned against its person: it goes nowhere, opens nothing, reaches no device, and only our own page gets a port.
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { openDesk } from './desk.ts';
import type { Desk } from './desk.ts';
import { callOverPort, sayOverPort } from './page-port.ts';

const executable = chromiumPath();
/** How long nothing has to happen before it counts as nothing. */
const silence = 1_000;

describe.skipIf(executable === null)('a hostile page', () => {
  let browser: Browser;
  let evil: Server;
  let origin: string;
  const visited: string[] = [];

  beforeAll(async () => {
    if (executable !== null) browser = await launchChromium(executable);
    evil = createServer((request, response) => {
      visited.push(request.url ?? '');
      response.setHeader('content-type', 'text/html');
      response.end(`<title>evil</title><iframe src="/frame"></iframe><p>not yours</p>`);
    });
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await browser.close();
    evil.closeAllConnections();
    await new Promise((resolve) => evil.close(resolve));
  });

  /** The app with its own page, in which scripts of ours play the attacker. */
  async function opened(): Promise<Desk> {
    const desk = await openDesk({ browser });
    await desk.page();
    await expect.poll(() => desk.windows()).toMatchObject([{ visible: true }]);
    visited.length = 0;
    return desk;
  }

  it('leads nowhere: by script, link, form, refresh or a frame', async () => {
    await using desk = await opened();
    const page = await desk.page();
    const ways: readonly ((target: string) => void)[] = [
      (target) => location.assign(target),
      (target) => {
        const link = document.createElement('a');
        link.href = target;
        document.body.append(link);
        link.click();
      },
      (target) => {
        const form = document.createElement('form');
        form.action = target;
        document.body.append(form);
        form.submit();
      },
      (target) => {
        const refresh = document.createElement('meta');
        refresh.httpEquiv = 'refresh';
        refresh.content = `0;url=${target}`;
        document.head.append(refresh);
      },
      (target) => {
        const frame = document.createElement('iframe');
        frame.src = target;
        document.body.append(frame);
      },
    ];
    for (const [at, way] of ways.entries()) {
      await page.evaluate(way, `${origin}/way-${at}`);
      await page.waitForTimeout(300);
      expect((await desk.windows()).map(({ url }) => url)).toEqual([
        expect.stringContaining('app://tokentray/index.html'),
      ]);
    }
    expect(visited).toEqual([]);
    // The page is as it was, and still ours.
    expect(await callOverPort(page, 'status')).toContain('"version"');
  }, 90_000);

  it('opens no window; a web address goes to the system browser, and nothing else goes anywhere', async () => {
    await using desk = await opened();
    const page = await desk.page();
    await page.evaluate((target) => {
      window.open(`${target}/a b?"`);
      for (const url of [
        'file:///etc/passwd',
        'app://tokentray/index.html',
        'about:blank',
        'smb://host/x',
        'data:text/html,x',
      ]) {
        window.open(url);
      }
      const link = document.createElement('a');
      link.href = 'https://user:secret@example.test/';
      link.target = '_blank';
      document.body.append(link);
      link.click();
    }, origin);
    await expect.poll(() => desk.links()).toHaveLength(1);
    await page.waitForTimeout(silence);
    expect(await desk.links()).toEqual([`${origin}/a%20b?%22`]);
    expect(await desk.windows()).toHaveLength(1);
    expect(desk.app.windows()).toHaveLength(1);
    expect(visited).toEqual([]);
  }, 90_000);

  it('has no device, no notifications, no place and no clipboard', async () => {
    await using desk = await opened();
    const page = await desk.page();
    await page.bringToFront();
    const states = await page.evaluate(async () => {
      const names = ['geolocation', 'notifications', 'camera', 'microphone', 'midi', 'clipboard-read'];
      const asked = names.map(
        async (name) => (await navigator.permissions.query({ name: name as PermissionName })).state,
      );
      const written = navigator.clipboard.writeText('x').then(
        () => 'written',
        () => 'denied',
      );
      return [...(await Promise.all(asked)), await written];
    });
    expect(states).toEqual(states.map(() => 'denied'));
  }, 90_000);

  it('loads nothing from elsewhere, and sends nothing there', async () => {
    await using desk = await opened();
    const page = await desk.page();
    const outcome = await page.evaluate(async (target) => {
      const fetched = await fetch(`${target}/fetch`).then(
        () => 'sent',
        () => 'refused',
      );
      const script = document.createElement('script');
      script.src = `${target}/script.js`;
      const loaded = new Promise((resolve) => {
        script.addEventListener('load', () => resolve('loaded'));
        script.addEventListener('error', () => resolve('refused'));
      });
      document.body.append(script);
      new Image().src = `${target}/image.png`;
      let evaluated = 'refused';
      const inline = document.createElement('script');
      inline.textContent = 'window.inlineRan = true';
      document.body.append(inline);
      if ('inlineRan' in window) evaluated = 'ran';
      return [fetched, await loaded, evaluated];
    }, origin);
    expect(outcome).toEqual(['refused', 'refused', 'refused']);
    await page.waitForTimeout(silence);
    expect(visited).toEqual([]);
  }, 90_000);

  it('finds nothing of Node or Electron in the window, and one function of ours', async () => {
    await using desk = await opened();
    const page = await desk.page();
    const found = await page.evaluate(() => {
      const seen = window as unknown as Record<string, unknown>;
      const names = ['require', 'process', 'module', 'Buffer', 'electron', 'ipcRenderer'].filter(
        (name) => name in seen,
      );
      const bridge = seen['tokentray'] as Record<string, unknown>;
      const before = bridge['requestPort'];
      try {
        bridge['requestPort'] = () => undefined;
      } catch {
        // frozen
      }
      return { names, keys: Object.keys(bridge), kept: bridge['requestPort'] === before };
    });
    expect(found).toEqual({ names: [], keys: ['requestPort'], kept: true });
  }, 90_000);

  it('gets no port when another page is in our window', async () => {
    await using desk = await opened();
    const page = await desk.page();
    // As if every guard against leaving had failed.
    await desk.app.evaluate(
      ({ BrowserWindow }, target) => BrowserWindow.getAllWindows()[0]?.loadURL(target),
      `${origin}/taken`,
    );
    expect(await page.title()).toBe('evil');
    expect(await callOverPort(page, 'status', {}, silence)).toBeNull();
    expect(desk.app.said()).toContain('a port was asked for by somebody else');
    // Nor can it open the system browser, or go on from there.
    await page.evaluate((target) => {
      window.open(`${target}/phish`);
      location.assign(`${target}/further`);
    }, origin);
    await page.waitForTimeout(silence);
    expect(await desk.links()).toEqual([]);
    expect(visited).not.toContain('/further');
  }, 90_000);

  it('gets no port from a sub-frame, from a window that is not ours, or with two ports at once', async () => {
    await using desk = await opened();
    await desk.app.evaluate(
      ({ BrowserWindow }, target) => BrowserWindow.getAllWindows()[0]?.loadURL(target),
      `${origin}/taken`,
    );
    const closed = await desk.app.evaluate(async ({ BrowserWindow, ipcMain, MessageChannelMain }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents;
      if (contents === undefined) throw new Error('there is no window');
      const main = contents.mainFrame;
      const [frame] = main.frames;
      if (frame === undefined) throw new Error('the page has no sub-frame');
      // What a taken-over renderer process would say, in the name of one frame or another.
      const say = (sender: unknown, senderFrame: unknown, count = 1) => {
        const channels = Array.from({ length: count }, () => new MessageChannelMain());
        const ends = channels.map(
          ({ port2 }) =>
            new Promise<string>((resolve) => {
              port2.on('close', () => resolve('closed'));
              port2.on('message', () => resolve('answered'));
              port2.start();
              setTimeout(() => resolve('open'), 1_000);
            }),
        );
        ipcMain.emit('tokentray:port', { sender, senderFrame, ports: channels.map(({ port1 }) => port1) });
        for (const { port2 } of channels) port2.postMessage('{"i":"1","p":{"u":"http://orpc/status"}}');
        return Promise.all(ends);
      };
      const ours = { url: 'app://tokentray/index.html', parent: null };
      const elsewhere = { id: 4_711, mainFrame: ours };
      return [
        await say(contents, frame),
        await say(contents, main),
        await say(contents, null),
        await say(elsewhere, ours),
        await say({ id: contents.id, mainFrame: ours }, { ...ours, parent: ours }),
        await say({ id: contents.id, mainFrame: ours }, ours, 2),
        // And, that the above can fail: one port of our own main frame.
        await say({ id: contents.id, mainFrame: ours }, ours),
      ];
    }, null);
    expect(closed).toEqual([
      ['closed'],
      ['closed'],
      ['closed'],
      ['closed'],
      ['closed'],
      ['closed', 'closed'],
      ['answered'],
    ]);
  }, 90_000);

  it('ends its own port when it says more than any window has to say', async () => {
    await using desk = await opened();
    const page = await desk.page();
    const long = JSON.stringify({ i: '1', p: { u: 'http://orpc/status', b: { json: { x: 'x'.repeat(1_100_000) } } } });
    expect(await sayOverPort(page, long, silence)).toBeNull();
    expect(desk.app.said()).toContain('more than any window has to say');
    // What is no message of the contract harms nobody.
    expect(await sayOverPort(page, 'not JSON', silence)).toBeNull();
    expect(await callOverPort(page, 'status')).toContain('"version"');
  }, 90_000);
});
