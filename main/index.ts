// The Electron entry: sandbox and scheme before anything else, then the broker, its windows and its tray. Reads top to bottom.
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { app, dialog } from 'electron';
import { exitCodeFor, exitCodes } from './cli/exit-codes.ts';
import { pathsOf, preparePaths, thisMachine } from './config/paths.ts';
import { hostOptions } from './control/host-options.ts';
import { appShim } from './desktop/app-shim.ts';
import { showDesktop } from './desktop/desktop.ts';
import type { Desktop } from './desktop/desktop.ts';
import { openLink } from './desktop/links.ts';
import { hiddenFlag, loginItem } from './desktop/login-item.ts';
import { declareScheme } from './desktop/scheme.ts';
import { showRunning } from './desktop/second-instance.ts';
import { systemCheck } from './desktop/system-check.ts';
import { isTokentrayError } from './errors.ts';
import { runHost } from './host.ts';

app.enableSandbox();
declareScheme();
const paths = pathsOf(thisMachine());
const folders = ownFolder();
app.dock?.hide();

/** Started at login or for an agent: no window until somebody asks for it. */
const isHidden = process.argv.includes(hiddenFlag) || app.getLoginItemSettings().wasOpenedAtLogin;
const stopped = new AbortController();
const stop = new Promise<string>((resolve) => {
  stopped.signal.addEventListener('abort', () => resolve(String(stopped.signal.reason)));
});

// The tray is the app: without windows it goes on.
app.on('window-all-closed', () => undefined);
// A quit from the menu, the system or a signal waits for the broker to close.
app.on('before-quit', (event) => {
  event.preventDefault();
  stopped.abort('the app was told to quit');
});

let desktop: Desktop | null = null;
let isWanted = !isHidden;
const open = (prompt?: string): void => {
  isWanted = true;
  desktop?.open(prompt);
};
app.on('activate', () => open());

/**
 * Chromium's own files go into the profile, so that everything of ours is in one place. Runs before Electron is ready, or it is
 * too late; a failure is told when there is somebody to tell.
 * @throws unsafe_folder
 */
async function ownFolder(): Promise<void> {
  preparePaths(paths);
  const folder = join(paths.data, 'desktop');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  app.setPath('userData', folder);
}

async function run(): Promise<void> {
  const check = systemCheck();
  try {
    await runHost({
      options: hostOptions({}, process.env),
      foreground: !app.isPackaged,
      host: {
        openUrl: openLink,
        loginItem: loginItem(process.platform, process.env, homedir()),
        showWindow: open,
        seesScreenLock: true,
        ...(check === null ? {} : { systemCheck: check }),
        // The packed app brings the shim for the person's own Node; in a checkout it is the program itself.
        ...(app.isPackaged ? { shim: ['node', shimOfApp(), 'stdio'] } : {}),
      },
      stop,
      onReady(_ready, broker) {
        desktop = showDesktop({
          broker,
          preload: join(import.meta.dirname, '../preload/index.cjs'),
          icons: join(import.meta.dirname, '../icons'),
          quit: () => app.quit(),
          signal: stopped.signal,
        });
        if (isWanted) desktop.open();
      },
    });
  } catch (error) {
    if (isHidden || !isTokentrayError(error, 'broker_running')) throw error;
    await showRunning(paths.controlSocket);
  }
}

const warn = (words: string): void => void process.stderr.write(`tokentray: ${words}\n`);

function shimOfApp(): string {
  return appShim({ resources: process.resourcesPath, data: paths.data, env: process.env, warn });
}

/** A shim that started us reads stderr and the exit code, as with the host without a window; a person reads a dialog. */
function failed(error: unknown): void {
  const words = error instanceof Error ? error.message : String(error);
  const advice = isTokentrayError(error) && error.advice !== undefined ? `\n\n${error.advice}` : '';
  if (isHidden) process.stderr.write(`tokentray: ${words}\n`);
  else dialog.showErrorBox('Tokentray could not start', `${words}${advice}`);
  app.exit(isTokentrayError(error) ? exitCodeFor(error.code) : exitCodes.failure);
}

// Not awaited here: Electron is ready only after its entry has been read to the end.
Promise.all([app.whenReady(), folders])
  .then(run)
  .then(() => app.exit(exitCodes.ok), failed);
