// Runs one of the system's own programs to learn something: by its absolute path, without a shell, with an end to time and answer.
import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';

export interface RunOptions {
  /** A descriptor of ours that the program finds as its descriptor 3. */
  readonly descriptor?: number;
  readonly withinMs?: number;
  readonly mostBytes?: number;
  /** For programs that write what they found to stderr: both streams, and whatever their exit code. */
  readonly withStderr?: boolean;
}

/** What it wrote on stdout; null when it is not there, failed, took too long or wrote too much. Never rejects. */
export function runProgram(program: string, args: readonly string[], options: RunOptions = {}): Promise<string | null> {
  const { descriptor, withinMs = 2_000, mostBytes = 1_048_576, withStderr = false } = options;
  return new Promise((resolve) => {
    // Not 0 to 2: there libuv takes O_NONBLOCK away, and that is a property of the open file, so of our end as well.
    const handed = descriptor === undefined ? [] : [descriptor];
    const child = attempt(program, args, {
      cwd: process.platform === 'win32' ? undefined : '/',
      // Nothing of ours: PERL5OPT and its like are ways to run something else.
      env: bareEnvironment(),
      stdio: ['ignore', 'pipe', withStderr ? 'pipe' : 'ignore', ...handed],
      windowsHide: true,
    });
    if (child === null) return resolve(null);
    const chunks: Buffer[] = [];
    let bytes = 0;
    let answer: string | null = null;
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > mostBytes) child.kill('SIGKILL');
      else chunks.push(chunk);
    };
    child.stdout?.on('data', onData);
    child.stderr?.on('data', onData);
    child.once('error', () => done());
    child.once('close', (code, signal) => {
      if (signal === null && (code === 0 || withStderr) && bytes <= mostBytes)
        answer = Buffer.concat(chunks).toString('utf8');
      done();
    });
    const done = (): void => {
      clearTimeout(timer);
      resolve(answer);
    };
  });
}

/** Most failures to start are told as events; a descriptor that was closed meanwhile is thrown. */
function attempt(...call: readonly [string, readonly string[], SpawnOptions]): ChildProcess | null {
  try {
    return spawn(...call);
  } catch {
    return null;
  }
}

function bareEnvironment(): NodeJS.ProcessEnv {
  const root = process.env['SystemRoot'];
  // Windows' programs do not start without it; UTC and C make what is printed the same everywhere.
  return {
    LC_ALL: 'C',
    TZ: 'UTC',
    ...(process.platform === 'win32' && root !== undefined ? { SystemRoot: root } : {}),
  };
}
