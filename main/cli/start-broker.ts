// A broker when none runs: started apart from us, waited for until its socket answers. Free of dependencies; runs on Node 18.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { isNamedPipe, makeSocketFolder } from '../control/folder.ts';
import { TokentrayError } from '../errors.ts';
import { exitCodes } from './exit-codes.ts';
import { brokerNode, findBrokerNode } from './node-version.ts';

/** Whether somebody accepts connections at the socket. */
export function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

export interface StartOptions {
  readonly socketPath: string;
  readonly env: NodeJS.ProcessEnv;
  /** The program to start; by default the headless host beside this file. */
  readonly program?: string;
  readonly timeoutMs?: number;
}

/** The headless host: a `.ts` in the sources, a `.js` when built, as this file is. */
function headlessHost(): string {
  const here = fileURLToPath(import.meta.url);
  return join(dirname(here), '..', `headless${extname(here)}`);
}

/**
 * Starts a broker and resolves when its socket answers; so it does when another one won the race.
 * @throws broker_not_running with the last lines of what the broker said
 */
export async function startBroker(options: StartOptions): Promise<void> {
  const command = hostCommand(options);
  makeSocketFolder(options.socketPath);
  // A file and not a pipe: the broker outlives us, and a broken pipe would end it.
  const folder = isNamedPipe(options.socketPath) ? tmpdir() : dirname(options.socketPath);
  const said = join(folder, `start-${process.pid}-${Date.now()}.log`);
  const fd = openSync(said, 'wx', 0o600);
  try {
    await startAndWait(command, fd, said, options);
  } finally {
    closeSync(fd);
    rmSync(said, { force: true });
  }
}

/** The program that hosts the broker, with its arguments. */
function hostCommand({ env, program }: StartOptions): readonly [command: string, args: readonly string[]] {
  const app = program === undefined ? appProgram() : null;
  if (app !== null) return [app, ['--hidden']];
  const node = findBrokerNode(env);
  if (node === null) {
    throw new TokentrayError('broker_not_running', `no Node ${brokerNode} or newer was found to run the broker`, {
      advice: 'Set TOKENTRAY_NODE to one, or start the broker yourself: tokentray serve',
    });
  }
  // Small young generations: a broker idles most of its life, and half the memory serves as well.
  const flags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4'];
  return [node, [...flags, program ?? headlessHost(), '--background']];
}

/** In the app's resources a note beside the shim names the app's program (scripts/shim.ts); elsewhere there is none. */
function appProgram(): string | null {
  const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  try {
    const note: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const named = typeof note === 'object' && note !== null && 'app' in note ? note.app : null;
    // Within the app beside its resources; of an AppImage, whose shim is a copy (main/desktop/app-shim.ts), by its whole path.
    return typeof named === 'string' ? resolve(folder, named) : null;
  } catch {
    return null;
  }
}

async function startAndWait(
  [command, args]: readonly [string, readonly string[]],
  fd: number,
  said: string,
  options: StartOptions,
): Promise<void> {
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', 'ignore', fd],
    cwd: homedir(),
    env: options.env,
    windowsHide: true,
  });
  let end: { why: string; lost: boolean } | null = null;
  child.once('error', (error) => (end = { why: error.message, lost: false }));
  child.once('exit', (code, signal) => {
    end ??= { why: `it ended with ${signal ?? `exit code ${code}`}`, lost: code === exitCodes.brokerRunning };
  });
  child.unref();

  const deadline = Date.now() + (options.timeoutMs ?? 20_000);
  for (let wait = 20; ; wait = Math.min(wait * 2, 250)) {
    if (await answers(options.socketPath)) return;
    const ended = end as { why: string; lost: boolean } | null;
    // One that lost the race to another broker is no failure: that other one is about to answer.
    if ((ended !== null && !ended.lost) || Date.now() > deadline) {
      const tail = readFileSync(said, 'utf8').trim().split('\n').slice(-5).join('\n');
      throw new TokentrayError(
        'broker_not_running',
        `the broker did not start: ${ended?.why ?? 'it does not answer'}`,
        {
          subject: options.socketPath,
          ...(tail === '' ? {} : { advice: tail }),
        },
      );
    }
    await new Promise((done) => setTimeout(done, wait));
  }
}
