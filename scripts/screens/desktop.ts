// What the pictures show of the desktop app: an agent that signs in, on its page and in the window, and the lock where the system asks whether it is its person.
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { z } from 'zod';
import { signInAgent } from '../../test/e2e/ui/sign-in-agent.ts';
import { startAuthorizationServer } from '../../test/support/authorization-server.ts';
import { createBrowser } from '../../test/support/browser.ts';
import { launchApp, type LaunchedApp } from '../../test/support/electron/launch.ts';
import { eventually } from '../../test/support/eventually.ts';
import { startMcpServer } from '../../test/support/mcp-server.ts';
import { runProcess, startProcess, type Finished } from '../../test/support/process.ts';
import { temporaryFolder } from '../../test/support/temp.ts';
import { shoot, type Scenery, type Shot } from './camera.ts';

const built = fileURLToPath(new URL('../../dist', import.meta.url));

const inWindow = {
  signIn: { name: 'sign-in', hash: '#/approvals', ready: 'which is its own word' },
  twoSignIns: { name: 'sign-in-two', hash: '#/approvals', ready: '1 more question waits', whole: true },
  locked: { name: 'locked-system', hash: '#/servers', ready: 'The system asks whether it is you' },
  asking: { name: 'locked-system-asks', hash: '#/servers', ready: 'The system asks you now' },
  refused: { name: 'locked-system-refused', hash: '#/servers', ready: 'did not confirm' },
} satisfies Record<string, Shot>;
const signInPage: Shot = { name: 'sign-in-page', hash: '', ready: 'Show Tokentray', whole: true };
const all = [...Object.values(inWindow), signInPage];

/** @param wanted which pictures, by their names */
export async function takeOnDesktop(
  browser: Browser,
  env: Readonly<Record<string, string>>,
  wanted: (name: string) => boolean,
  folder: string,
): Promise<void> {
  if (!all.some(({ name }) => wanted(name))) return;
  await using desktop = await openDesktop(browser, env);
  const { window, app } = desktop;
  const take = async (scenery: Scenery, shot: Shot): Promise<void> => {
    if (!wanted(shot.name)) return;
    await shoot(scenery, shot, folder);
    console.log(shot.name);
  };

  const server = `${desktop.bridge}/mcp/demo`;
  await using agent = await signInAgent(server, 'Cursor');
  const person = await browser.newContext();
  const tab = await person.newPage();
  await tab.goto(agent.opens);
  await take({ page: tab, go: async () => undefined }, signInPage);
  await take(window, inWindow.signIn);
  await using other = await signInAgent(server, 'Cursor');
  await (await person.newPage()).goto(other.opens);
  await take(window, inWindow.twoSignIns);
  await person.close();

  await desktop.cli('lock');
  await take(window, inWindow.locked);
  await window.page.getByRole('button', { name: 'Unlock…' }).click();
  await take(window, inWindow.asking);
  await app.evaluate(() => globalThis.tokentrayRecorded.checks.at(-1)?.fail('Canceled by user.'), null);
  await take(window, inWindow.refused);
}

interface Desktop extends AsyncDisposable {
  readonly app: LaunchedApp;
  readonly window: Scenery;
  /** The address of the bridge. */
  readonly bridge: string;
  cli(...words: string[]): Promise<Finished>;
}

/** The app with one server that somebody has signed in to, on a machine with a sensor. */
async function openDesktop(browser: Browser, more: Readonly<Record<string, string>>): Promise<Desktop> {
  const profile = await temporaryFolder('screens');
  const authorizationServer = await startAuthorizationServer();
  const server = await startMcpServer({ era: 'modern', auth: { authorizationServer } });
  const env = profile.env({ XDG_CONFIG_HOME: join(profile.path, 'config'), TOKENTRAY_TEST_SENSOR: '1', ...more });
  const app = await launchApp({ main: join(built, 'main/index.js'), env, browser });
  await eventually(() => app.windows().length > 0, 20_000);
  const [page] = app.windows();
  if (page === undefined) throw new Error('the app has no window');
  await page.getByRole('navigation', { name: 'Tokentray' }).waitFor();

  const program = join(built, 'main/cli/tokentray.js');
  const cli: Desktop['cli'] = (...words) => runProcess(execPath, [program, ...words], { env });
  await cli('add', 'demo', server.url);
  const connect = startProcess(execPath, [program, 'connect', 'demo', '--no-browser', '--yes', '--json'], { env });
  await createBrowser().open(z.object({ url: z.string() }).parse(JSON.parse(await connect.line(/"url"/u))).url);
  await connect.finished;
  const status = z.object({ bridge: z.object({ url: z.string() }) });
  return {
    app,
    window: { page, go: (hash) => page.evaluate((to) => void (location.hash = to), hash) },
    bridge: status.parse(JSON.parse((await cli('status', '--json')).stdout)).bridge.url,
    cli,
    async [Symbol.asyncDispose]() {
      await app.stop();
      await server.close();
      await authorizationServer.close();
      await profile.remove();
    },
  };
}
