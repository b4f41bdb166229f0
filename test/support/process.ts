// Child processes of tests: captured, waited for by what they say, and ended by their own id, never by name.
import { spawn, type ChildProcess } from 'node:child_process';

export interface SpawnOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to stdin, which is then closed. Without it stdin stays open. */
  readonly input?: string;
}

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The first line on either stream that matches; rejects when the process ends or the time is up before. */
  readonly line: (pattern: RegExp, timeoutMs?: number) => Promise<string>;
  readonly finished: Promise<Finished>;
  /** SIGTERM, then SIGKILL after `graceMs`; resolves when it is gone. */
  readonly stop: (graceMs?: number) => Promise<Finished>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

const running = new Set<RunningProcess>();

export function startProcess(command: string, args: readonly string[], options: SpawnOptions = {}): RunningProcess {
  const child = spawn(command, args, { cwd: options.cwd, env: options.env ?? process.env, stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  const wake = (): void => {
    for (const watcher of watchers) watcher();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    wake();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    wake();
  });
  child.stdin.on('error', () => {});
  if (options.input !== undefined) child.stdin.end(options.input);

  let ended = false;
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', (error) => {
      ended = true;
      running.delete(handle);
      wake();
      reject(error);
    });
    child.once('close', (code, signal) => {
      ended = true;
      running.delete(handle);
      wake();
      resolve({ code, signal, stdout, stderr });
    });
  });
  finished.catch(() => {});

  const handle: RunningProcess = {
    pid: child.pid ?? -1,
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    finished,
    line: (pattern, timeoutMs = 15_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => settle(new Error(`no line like ${pattern} in ${timeoutMs} ms`)), timeoutMs);
        function settle(outcome: string | Error): void {
          clearTimeout(timer);
          watchers.delete(look);
          if (typeof outcome === 'string') resolve(outcome);
          else reject(new Error(`${outcome.message}\n--- stdout\n${stdout}\n--- stderr\n${stderr}`));
        }
        function look(): void {
          const found = [...wholeLines(stdout, ended), ...wholeLines(stderr, ended)].find((text) => pattern.test(text));
          if (found !== undefined) settle(found);
          else if (ended) settle(new Error(`ended before a line like ${pattern}`));
        }
        watchers.add(look);
        look();
      }),
    kill: (signal) => void child.kill(signal),
    stop: async (graceMs = 3000) => {
      if (!ended) child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      try {
        return await finished;
      } finally {
        clearTimeout(timer);
      }
    },
  };
  running.add(handle);
  return handle;
}

/** Runs to the end, or ends it after `timeoutMs` and rejects. */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { readonly timeoutMs?: number } = {},
): Promise<Finished> {
  const started = startProcess(command, args, { input: '', ...options });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    started.kill('SIGKILL');
  }, options.timeoutMs ?? 30_000);
  try {
    const result = await started.finished;
    if (late) throw new Error(`${command} ${args.join(' ')} took too long\n${result.stdout}\n${result.stderr}`);
    return result;
  } finally {
    clearTimeout(timer);
  }
}

/** Ends what is left of this module's processes; says which that were, for a test to assert none. */
export async function stopLeftovers(): Promise<readonly string[]> {
  const left = [...running];
  const names = left.map((entry) => `${entry.pid} ${entry.child.spawnargs.join(' ')}`);
  await Promise.allSettled(left.map((entry) => entry.stop(1000)));
  return names;
}

/** Whether a process with this id is alive (a zombie that nobody waited for counts as gone). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function wholeLines(text: string, ended: boolean): string[] {
  const lines = text.split('\n');
  if (!ended) lines.pop();
  return lines;
}
