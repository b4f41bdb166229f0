// The desktop app for a test: on the real Electron where its binary is, else on the stand-in; the same object to hold either way.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { _electron } from 'playwright-core';
import type { Browser, ElectronApplication, Page } from 'playwright-core';
import { standInWindows } from './windows.ts';
import { wire } from './wire.ts';
import type { Asks, ToApp, ToChromium } from './wire.ts';

type Electron = typeof import('electron');

export interface LaunchOptions {
  /** The built entry. */
  readonly main: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where the stand-in's windows are pages; the real Electron brings its own. */
  readonly browser: Browser;
}

export interface LaunchedApp {
  readonly kind: 'electron' | 'stand-in';
  readonly pid: number;
  /** Runs in the app's main process; the function is sent as text. */
  evaluate<R, A>(run: (electron: Electron, arg: A) => R | Promise<R>, arg: A): Promise<R>;
  windows(): Page[];
  /** Both streams. */
  said(): string;
  /** The exit code. */
  readonly ended: Promise<number | null>;
  /** SIGTERM, and SIGKILL for who does not go. */
  stop(): Promise<void>;
}

export type SecondStart = Pick<LaunchedApp, 'said' | 'ended' | 'stop'>;

const recorder = fileURLToPath(new URL('./recorder.cjs', import.meta.url));

/** The installed Electron's executable; null where only its types are. */
export function electronBinary(): string | null {
  const folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  const named = join(folder, 'path.txt');
  if (!existsSync(named)) return null;
  const binary = join(folder, 'dist', readFileSync(named, 'utf8').trim());
  return existsSync(binary) ? binary : null;
}

export function launchApp(options: LaunchOptions): Promise<LaunchedApp> {
  const binary = process.env['TOKENTRAY_TEST_ELECTRON'] === '1' ? electronBinary() : null;
  return binary === null ? onStandIn(options) : onElectron(binary, options);
}

/** A start that is expected to end by itself: Playwright would wait for its windows. */
export async function launchAgain(options: LaunchOptions): Promise<SecondStart> {
  const binary = process.env['TOKENTRAY_TEST_ELECTRON'] === '1' ? electronBinary() : null;
  if (binary === null) return onStandIn(options);
  const { main, args = [], env } = options;
  const child = spawn(binary, [...sandboxFlags(), '-r', recorder, main, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = listenTo(child);
  const ended = endOf(child);
  return { said, ended, stop: () => ending(child, ended) };
}

/** A container's kernel may refuse Chromium's own sandbox; the app's `enableSandbox` is asked for all the same. */
const sandboxFlags = (): string[] => (process.env['TOKENTRAY_TEST_NO_SANDBOX'] === '1' ? ['--no-sandbox'] : []);

function listenTo(child: ChildProcess): () => string {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (said += text.toString()));
  return () => said;
}

const endOf = (child: ChildProcess): Promise<number | null> => new Promise((resolve) => child.once('exit', resolve));

async function onElectron(executablePath: string, { main, args = [], env }: LaunchOptions): Promise<LaunchedApp> {
  const app: ElectronApplication = await _electron.launch({
    executablePath,
    args: [...sandboxFlags(), '-r', recorder, main, ...args],
    env: { ...env },
  });
  const child = app.process();
  const said = listenTo(child);
  const ended = endOf(child);
  return {
    kind: 'electron',
    pid: child.pid ?? -1,
    evaluate: (run, arg) => app.evaluate<never, never>(run as never, arg as never),
    windows: () => app.windows(),
    said,
    ended,
    stop: () => ending(child, ended),
  };
}

async function onStandIn({ main, args = [], env, browser }: LaunchOptions): Promise<LaunchedApp> {
  const register = new URL('./register.ts', import.meta.url).href;
  let toApp: Asks<ToApp> | null = null;
  const windows = await standInWindows(browser, () => {
    if (toApp === null) throw new Error('the app has not started');
    return toApp;
  });
  const child = spawn(execPath, ['--disable-warning=ExperimentalWarning', '--import', register, main, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  const said = listenTo(child);
  const ended = endOf(child);
  // The pages go with the app; the browser may be gone before.
  const cleared = ended.then(() => windows.close()).catch(() => undefined);
  toApp = wire<ToApp, ToChromium>(
    {
      send: (message) => {
        // An app that goes while it is spoken to has nothing to answer.
        if (child.connected) child.send(message as object, () => undefined);
      },
      listen: (listener) => child.on('message', listener),
    },
    windows.answers,
  );
  const ask = toApp;
  return {
    kind: 'stand-in',
    pid: child.pid ?? -1,
    evaluate: (run, arg) => ask('evaluate', { source: run.toString(), arg }) as Promise<never>,
    windows: windows.pages,
    said,
    ended,
    async stop() {
      await ending(child, ended);
      await cleared;
    },
  };
}

async function ending(child: { kill(signal: NodeJS.Signals): boolean }, ended: Promise<unknown>): Promise<void> {
  // Harmless for one that has gone already.
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(timer);
}
