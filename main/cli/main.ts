// The command line: finds the command, runs it, and turns what came of it into words and an exit code.
import process from 'node:process';
import { pathsOf, thisMachine } from '../config/paths.ts';
import { connectControl } from '../control/client.ts';
import type { ControlConnection } from '../control/client.ts';
import { TokentrayError } from '../errors.ts';
import { version } from '../version.ts';
import { UsageError } from './command.ts';
import type { Command, Session } from './command.ts';
import { exitCodeFor, exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { commandHelp, overview } from './help.ts';
import { answers, startBroker } from './start-broker.ts';
import { stdioHelp, stdioSummary } from './stdio-help.ts';
import { createTerminal } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/** Loaded one by one, so that `token` in a script does not wait for what it does not use. */
const commands: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['serve', async () => (await import('./commands/serve.ts')).command],
  ['ui', async () => (await import('./commands/ui.ts')).command],
  ['status', async () => (await import('./commands/status.ts')).command],
  ['add', async () => (await import('./commands/add.ts')).command],
  ['connect', async () => (await import('./commands/connect.ts')).command],
  ['list', async () => (await import('./commands/list.ts')).command],
  ['show', async () => (await import('./commands/show.ts')).command],
  ['rules', async () => (await import('./commands/rules.ts')).command],
  ['account', async () => (await import('./commands/account.ts')).command],
  ['tools', async () => (await import('./commands/tools.ts')).command],
  ['token', async () => (await import('./commands/token.ts')).command],
  ['agent', async () => (await import('./commands/agent.ts')).command],
  ['approvals', async () => (await import('./commands/approvals.ts')).command],
  ['approve', async () => (await import('./commands/approve.ts')).command],
  ['deny', async () => (await import('./commands/deny.ts')).command],
  ['lock', async () => (await import('./commands/lock.ts')).command],
  ['unlock', async () => (await import('./commands/unlock.ts')).command],
  ['panic', async () => (await import('./commands/panic.ts')).command],
  ['revoke', async () => (await import('./commands/revoke.ts')).command],
  ['forget', async () => (await import('./commands/forget.ts')).command],
  ['cache', async () => (await import('./commands/cache.ts')).command],
  ['settings', async () => (await import('./commands/settings.ts')).command],
  ['audit', async () => (await import('./commands/audit.ts')).command],
  ['doctor', async () => (await import('./commands/doctor.ts')).command],
]);

/** Runs one command line (without the program's name). */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  const terminal = createTerminal(process, process.env);
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on('error', () => undefined);
  const [name, ...rest] = argv;
  if (name === undefined) {
    terminal.say(await everyCommand());
    return exitCodes.usage;
  }
  if (name === '--version' || name === 'version') {
    terminal.data(version);
    return exitCodes.ok;
  }
  if (name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    terminal.data(await everyCommand());
    return exitCodes.ok;
  }
  const wanted = name === 'help' ? (rest[0] ?? '') : name;
  if (wanted === 'stdio') {
    terminal.data(stdioHelp.trimEnd());
    return exitCodes.ok;
  }
  const load = commands.get(wanted);
  if (load === undefined) {
    terminal.say(`tokentray: there is no command "${wanted}"; see tokentray --help`);
    return exitCodes.usage;
  }
  return run(await load(), name === 'help' ? ['--help'] : rest, terminal);
}

async function run(command: Command, argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const interrupt = new AbortController();
  // The second Ctrl-C is the system's: whoever asks twice does not want to wait.
  process.once('SIGINT', () => interrupt.abort());
  let opened: OpenSession | null = null;
  try {
    const code = await command.invoke(argv, (json) => (opened = openSession(terminal, json, interrupt.signal)).session);
    if (code !== 'help') return code;
    terminal.data(commandHelp(command).trimEnd());
    return exitCodes.ok;
  } catch (error) {
    return explain(error, command, terminal, argv.includes('--json'));
  } finally {
    await (opened as OpenSession | null)?.close();
  }
}

interface OpenSession {
  readonly session: Session;
  close(): Promise<void>;
}

function openSession(terminal: Terminal, json: boolean, signal: AbortSignal): OpenSession {
  const { controlSocket } = pathsOf(thisMachine());
  let connection: ControlConnection | null = null;
  const connect = () => (connection ??= connectControl(controlSocket)).client;
  return {
    session: {
      terminal,
      json,
      signal,
      env: process.env,
      async broker() {
        if (!(await answers(controlSocket))) {
          await terminal.working('Starting the broker', startBroker({ socketPath: controlSocket, env: process.env }));
        }
        return connect();
      },
      async runningBroker() {
        return connect();
      },
    },
    async close() {
      await connection?.close();
    },
  };
}

function explain(error: unknown, command: Command, terminal: Terminal, json: boolean): ExitCode {
  if (error instanceof UsageError) {
    if (json) terminal.data(JSON.stringify({ error: { code: 'invalid_input', message: error.message, facts: {} } }));
    terminal.say(`tokentray: ${error.message}\nUsage: tokentray ${command.usage.join('\n       tokentray ')}`);
    return exitCodes.usage;
  }
  const known =
    error instanceof TokentrayError
      ? error
      : new TokentrayError('internal', error instanceof Error ? error.message : String(error));
  if (json) terminal.data(JSON.stringify({ error: known }));
  const { subject: about } = known;
  const subject = about === undefined || names(known.message, about) ? '' : ` (${about})`;
  terminal.say(`${terminal.paint('red', 'tokentray:')} ${known.message}${subject}`);
  if (known.advice !== undefined) terminal.say(known.advice);
  return exitCodeFor(known.code);
}

/** Whether the words hold the subject already, in quotes or without. */
function names(message: string, subject: string): boolean {
  const bare = subject.replace(/^"(.*)"$/su, '$1');
  const before = (at: number): string => message[at - 1] ?? ' ';
  const after = (at: number): string => message[at + bare.length] ?? ' ';
  for (let at = message.indexOf(bare); at !== -1; at = message.indexOf(bare, at + 1)) {
    // As a word of its own: the server `s` is not named by every sentence.
    if (!/[\p{L}\p{N}]/u.test(before(at)) && !/[\p{L}\p{N}]/u.test(after(at))) return true;
  }
  return false;
}

async function everyCommand(): Promise<string> {
  const loaded = await Promise.all([...commands.values()].map((load) => load()));
  const rows = loaded.map(({ name, summary }) => [name, summary] as const);
  const before = rows.findIndex(([name]) => name === 'agent');
  return overview([...rows.slice(0, before), ['stdio', stdioSummary], ...rows.slice(before)]).trimEnd();
}
