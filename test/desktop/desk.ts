// The desktop app in a temporary profile, beside a real authorization server and a real protected MCP server, with a person's browser.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { z } from 'zod';
import { startAuthorizationServer } from '../support/authorization-server.ts';
import type { AuthorizationServer, AuthorizationServerOptions } from '../support/authorization-server.ts';
import { launchAgain, launchApp } from '../support/electron/launch.ts';
import type { LaunchedApp, SecondStart } from '../support/electron/launch.ts';
import { startMcpServer } from '../support/mcp-server.ts';
import type { McpTestServer } from '../support/mcp-server.ts';
import { runProcess } from '../support/process.ts';
import type { Finished } from '../support/process.ts';
import { temporaryFolder } from '../support/temp.ts';
import type { TemporaryFolder } from '../support/temp.ts';

const built = fileURLToPath(new URL('../../dist', import.meta.url));
export const cliFile = join(built, 'main/cli/tokentray.js');

/** What recorder.cjs keeps in the app's main process. */
interface Recorded {
  readonly trays: { readonly tray: Electron.Tray; image: string; toolTip: string; menu: Electron.Menu | null }[];
  readonly notifications: Electron.Notification[];
  readonly links: string[];
  /** The system's questions whether it is its person, on a machine with a sensor. */
  readonly checks: { readonly reason: string; pass(): void; fail(words: string): void }[];
}
declare global {
  var tokentrayRecorded: Recorded;
}

export interface TrayView {
  /** The file's name without its format. */
  readonly state: string;
  readonly toolTip: string;
  readonly items: readonly { readonly id: string; readonly label: string; readonly enabled: boolean }[];
}

export interface WindowView {
  readonly url: string;
  readonly visible: boolean;
  readonly bounds: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

export interface Desk extends AsyncDisposable {
  readonly app: LaunchedApp;
  readonly folder: TemporaryFolder;
  readonly env: Readonly<Record<string, string>>;
  readonly authorizationServer: AuthorizationServer;
  readonly server: McpTestServer;
  cli(...args: string[]): Promise<Finished>;
  /** Another start of the same app in the same profile. */
  startAgain(...args: string[]): Promise<SecondStart>;
  /** The large window's page, once it is loaded. */
  page(): Promise<Page>;
  windows(): Promise<WindowView[]>;
  tray(): Promise<TrayView>;
  /** A menu item, by its id. */
  press(id: string): Promise<void>;
  click(): Promise<void>;
  notifications(): Promise<{ title: string; body: string }[]>;
  links(): Promise<string[]>;
  /** Goes where the app sent the browser last, and does what the provider's pages ask for. */
  signInAtProvider(): Promise<void>;
  /** Adds `demo` and signs in to it from the tray. */
  connect(): Promise<void>;
  agent(): Promise<Client>;
}

export interface DeskOptions {
  readonly browser: Browser;
  readonly args?: readonly string[];
  readonly as?: AuthorizationServerOptions;
  /** Of the app and of every command, over the usual ones. */
  readonly env?: Readonly<Record<string, string>>;
}

export function checkBuilt(): void {
  for (const file of ['main/index.js', 'preload/index.cjs', 'renderer/index.html', 'icons/tray-fine.png']) {
    if (!existsSync(join(built, file))) throw new Error(`dist/${file} is missing: npm run build`);
  }
}

export async function openDesk({ browser, args = [], as = {}, env: more = {} }: DeskOptions): Promise<Desk> {
  checkBuilt();
  const folder = await temporaryFolder('desk');
  const authorizationServer = await startAuthorizationServer(as);
  const server = await startMcpServer({ era: 'modern', auth: { authorizationServer } });
  const env = folder.env({
    TOKENTRAY_VAULT: 'memory',
    TOKENTRAY_APPROVALS: 'off',
    TOKENTRAY_LOG: 'debug',
    XDG_CONFIG_HOME: join(folder.path, 'config'),
    ...more,
  });
  const main = join(built, 'main/index.js');
  const app = await launchApp({ main, args, env, browser });
  const others: SecondStart[] = [];
  const person = await browser.newContext();
  const agents: Client[] = [];
  // The tray is there when the broker is up.
  await expect.poll(() => hasTray(app), { timeout: 20_000 }).toBe(true);

  const cli = (...words: string[]) => runProcess(execPath, [cliFile, ...words], { env });
  const desk: Desk = {
    app,
    folder,
    env,
    authorizationServer,
    server,
    cli,
    async startAgain(...words) {
      const other = await launchAgain({ main, args: words, env, browser });
      others.push(other);
      return other;
    },
    async page() {
      await expect.poll(() => app.windows().length, { timeout: 10_000 }).toBeGreaterThan(0);
      const [page] = app.windows();
      if (page === undefined) throw new Error('there is no window');
      await page.waitForURL(/index\.html/u);
      return page;
    },
    windows: () =>
      app.evaluate(
        ({ BrowserWindow }) =>
          BrowserWindow.getAllWindows().map((window) => ({
            url: window.webContents.getURL(),
            visible: window.isVisible(),
            bounds: window.getBounds(),
          })),
        null,
      ),
    tray: () => trayOf(app),
    press: (id) =>
      app.evaluate((_electron, wanted) => {
        const [tray] = globalThis.tokentrayRecorded.trays;
        const item = tray?.menu?.items.find((entry) => entry.id === wanted);
        if (item === undefined) throw new Error(`the tray has no item ${wanted}`);
        item.click();
      }, id),
    click: () => app.evaluate(() => void globalThis.tokentrayRecorded.trays[0]?.tray.emit('click'), null),
    notifications: () =>
      app.evaluate(() => globalThis.tokentrayRecorded.notifications.map(({ title, body }) => ({ title, body })), null),
    links: () => app.evaluate(() => [...globalThis.tokentrayRecorded.links], null),
    async signInAtProvider() {
      const [url] = (await desk.links()).slice(-1);
      if (url === undefined) throw new Error('the app opened no page');
      const page = await person.newPage();
      await page.goto(url);
      // The provider remembers who signed in before, and asks for the consent alone.
      const name = page.locator('input[name=account]');
      const approve = page.getByRole('button', { name: /approve/iu });
      await name.or(approve).first().waitFor();
      if (await name.isVisible()) {
        await name.fill('alice');
        await page.locator('button').first().click();
      }
      await approve.click();
      await expect.poll(() => page.textContent('main')).toMatch(/close this tab/iu);
      await page.close();
    },
    async connect() {
      await cli('add', 'demo', server.url);
      await desk.agent().then((agent) => agent.callTool({ name: 'echo', arguments: { text: 'hi' } }));
      await expect.poll(async () => (await desk.tray()).items.map(({ id }) => id)).toContain('sign-in:demo');
      const before = (await desk.links()).length;
      await desk.press('sign-in:demo');
      await expect.poll(async () => (await desk.links()).length).toBe(before + 1);
      await desk.signInAtProvider();
      await expect.poll(async () => (await desk.tray()).state).toBe('tray-fine');
    },
    async agent() {
      const { stdout } = await cli('agent', 'add', `agent-${agents.length}`, '--json');
      const { key } = z.object({ key: z.string() }).parse(JSON.parse(stdout));
      const status = z.object({ bridge: z.object({ url: z.string() }) });
      const { bridge } = status.parse(JSON.parse((await cli('status', '--json')).stdout));
      const agent = new Client({ name: 'e2e', version: '1' }, { versionNegotiation: { mode: 'auto' } });
      agents.push(agent);
      await agent.connect(
        new StreamableHTTPClientTransport(new URL(`${bridge.url}/mcp/demo`), {
          requestInit: { headers: { authorization: `Bearer ${key}` } },
        }),
      );
      return agent;
    },
    async [Symbol.asyncDispose]() {
      for (const agent of agents) await agent.close();
      for (const other of [...others, app]) await other.stop();
      await person.close();
      await server.close();
      await authorizationServer.close();
      await folder.remove();
    },
  };
  return desk;
}

/** False while the app is on its way up. */
const hasTray = (app: LaunchedApp): Promise<boolean> =>
  app.evaluate(() => globalThis.tokentrayRecorded.trays.length > 0, null).catch(() => false);

/** Off Linux the menu is handed over when somebody wants to see it. */
const trayOf = (app: LaunchedApp): Promise<TrayView> =>
  app.evaluate(() => {
    const [entry] = globalThis.tokentrayRecorded.trays;
    if (entry === undefined) throw new Error('there is no tray');
    entry.tray.emit('right-click');
    return {
      state: entry.image.replace(/^.*[/\\]/u, '').replace(/(?:Template)?\.\w+$/u, ''),
      toolTip: entry.toolTip,
      items: (entry.menu?.items ?? []).map(({ id, label, enabled }) => ({ id, label, enabled })),
    };
  }, null);
