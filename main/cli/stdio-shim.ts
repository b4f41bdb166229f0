// `tokentray stdio <server>`: a pipe between an agent and the broker. Nothing but protocol on stdout. Runs on Node 18.
import process from 'node:process';
import type { Duplex } from 'node:stream';
import { parseArgs } from 'node:util';
import { pathsOf, thisMachine } from '../config/paths.ts';
import { checkSocketFolder } from '../control/folder.ts';
import { isTokentrayError, TokentrayError } from '../errors.ts';
import { version } from '../version.ts';
import { exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { lineSplitter } from './lines.ts';
import { createShimSession } from './shim-session.ts';
import { openStream, Refused } from './shim-stream.ts';
import { startBroker } from './start-broker.ts';
import { stdioHelp } from './stdio-help.ts';

/** How long a broker that went away may come back by itself before the agent's next message starts one. */
const graceMs = 500;
/** After EOF, for answers that are on their way; with the exit itself less than a second. */
const lastAnswersMs = 500;
const parentPollMs = 250;
/** A broker that hangs up at once, again and again, is not coming round. */
const patience = 5;

/** Runs until the agent is gone. Ends the process itself: an agent waits for that. */
export async function runShim(argv: readonly string[]): Promise<void> {
  const asked = understand(argv);
  if (asked === 'help') {
    process.stdout.write(stdioHelp);
    return;
  }
  if (asked instanceof Error) {
    say(`${asked.message}\n\n${stdioHelp}`);
    process.exitCode = exitCodes.usage;
    return;
  }
  try {
    exit(await pipe(asked.server, asked.agentName));
  } catch (error) {
    say(explain(error));
    exit(
      isTokentrayError(error, 'broker_not_running', 'unsafe_folder') ? exitCodes.brokerNotReachable : exitCodes.failure,
    );
  }
}

function understand(argv: readonly string[]): { server: string; agentName: string | null } | 'help' | Error {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' }, agent: { type: 'string' } },
    });
    if (values.help === true) return 'help';
    const [server, ...more] = positionals;
    if (server === undefined || more.length > 0) return new Error('give the name of one server');
    return { server, agentName: values.agent ?? process.env['TOKENTRAY_AGENT'] ?? null };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Copies lines both ways over as many streams as it takes; resolves with the exit code when the agent is gone. */
function pipe(server: string, agentName: string | null): Promise<ExitCode> {
  const { controlSocket } = pathsOf(thisMachine());
  const session = createShimSession();
  const waiting: Buffer[] = [];
  let stream: Duplex | null = null;
  let ended = false;
  let wake = nothing;

  const hello = (resumed: boolean) => ({
    server,
    agentName,
    pid: process.pid,
    parentPid: process.ppid,
    cwd: process.cwd(),
    argv: process.argv,
    version,
    resumed,
  });

  /** Agent to broker, as far as the broker is ready to hear it; the rest waits, and the agent's pipe with it. */
  const flush = () => {
    const open = stream;
    const ready = () => open !== null && !open.writableNeedDrain && !session.replaying();
    while (ready()) {
      const line = waiting.shift();
      if (line === undefined) break;
      if (session.fromAgent(line)) open?.write(line);
    }
    if (open?.writableNeedDrain === true) process.stdin.pause();
    else process.stdin.resume();
  };
  const toAgent = (line: Buffer) => {
    if (!process.stdout.write(line)) stream?.pause();
  };
  process.stdout.on('drain', () => stream?.resume());

  /** One stream's life; resolves with whether the broker said anything on it. */
  const carry = (open: Duplex) =>
    new Promise<boolean>((resolve) => {
      let heard = false;
      const split = lineSplitter((line) => {
        heard = true;
        const { pass, next } = session.fromBroker(line);
        if (pass) toAgent(line);
        for (const more of next) open.write(more);
        flush();
        if (ended) wake();
      });
      stream = open;
      open.on('data', split);
      open.on('drain', flush);
      open.on('error', nothing);
      open.once('end', () => open.destroy());
      open.once('close', () => {
        stream = null;
        for (const told of session.broken()) toAgent(told);
        process.stdin.resume();
        resolve(heard);
      });
      for (const line of session.replay()) open.write(line);
      flush();
    });

  const reconnect = async (first: boolean): Promise<Duplex> => {
    const since = Date.now();
    for (let wait = 25; ; wait = Math.min(wait * 2, 1_000)) {
      const open = await openStream(controlSocket, hello(!first));
      if (open !== null) return open;
      const wanted = first || (waiting.length > 0 && Date.now() - since > graceMs);
      if (wanted) await startBroker({ socketPath: controlSocket, env: brokerEnvironment(process.env) });
      else await until((resolve) => (wake = resolve), waiting.length > 0 ? Math.min(wait, graceMs / 4) : wait);
    }
  };

  const keepCarrying = async (): Promise<never> => {
    for (let hangups = 0, first = true; ; first = false) {
      const heard = await carry(await reconnect(first));
      hangups = heard ? 0 : hangups + 1;
      if (hangups >= patience) throw new TokentrayError('unreachable', 'the broker hangs up again and again');
      if (hangups > 0) await until(nothing, 100 * 2 ** hangups);
    }
  };

  const agentGone = new Promise<ExitCode>((resolve) => {
    const split = lineSplitter((line) => {
      waiting.push(line);
      if (stream === null) wake();
      else flush();
    });
    process.stdin.on('data', split);
    const goodbye = async () => {
      ended = true;
      const deadline = Date.now() + lastAnswersMs;
      while ((session.busy() || waiting.length > 0) && Date.now() < deadline) {
        await until((soon) => (wake = soon), deadline - Date.now());
      }
      resolve(exitCodes.ok);
    };
    process.stdin.once('end', () => void goodbye());
    process.stdin.once('error', () => resolve(exitCodes.ok));
    // The agent stopped reading: there is nobody left to talk to.
    process.stdout.once('error', () => resolve(exitCodes.ok));
    // A dead parent's pipe stays open when another child of it holds the other end, so EOF alone does not tell.
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && resolve(exitCodes.ok), parentPollMs);
  });

  if (process.platform !== 'win32') checkFolderIfThere(controlSocket);
  return Promise.race([agentGone, keepCarrying()]);
}

/** A missing folder is only a broker that never ran. @throws unsafe_folder */
function checkFolderIfThere(controlSocket: string): void {
  try {
    checkSocketFolder(controlSocket);
  } catch (error) {
    if (!isTokentrayError(error, 'broker_not_running')) throw error;
  }
}

/** An agent's configuration starts this program, and agents write their configuration: whether they are asked about is not theirs to say. */
function brokerEnvironment({ TOKENTRAY_APPROVALS: _ignored, ...env }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return env;
}

const nothing = (): void => undefined;

/** Waits for `ms` or until what `wakes` was given is called. */
function until(wakes: (resolve: () => void) => void, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    wakes(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function explain(error: unknown): string {
  const advice = error instanceof Refused || error instanceof TokentrayError ? error.advice : null;
  const message = error instanceof Error ? error.message : String(error);
  return `${message}${advice ? `\n${advice}` : ''}\n`;
}

function say(text: string): void {
  process.stderr.write(`tokentray: ${text}`);
}

/** Ends when what was written to stdout is out, or cannot get out. */
function exit(code: ExitCode): void {
  process.stdout.write('', () => process.exit(code));
  setTimeout(() => process.exit(code), 100);
}
