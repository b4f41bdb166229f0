// stdio as an agent speaks it: a process of its own, one line a message, any number of requests under way.
import { spawn } from 'node:child_process';
import process from 'node:process';
import { resultOf, type Wire } from './agent.ts';

export interface StdioCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface StdioWire extends Wire {
  readonly pid: number;
}

const answerWithinMs = 15_000;
const exitWithinMs = 2_000;

/** Runs a JavaScript program under the Node that runs this. */
export function stdioWire({ args, env }: StdioCommand): StdioWire {
  const child = spawn(process.execPath, args, { env, stdio: 'pipe' });
  const waiting = new Map<number, { resolve: (message: unknown) => void; reject: (error: Error) => void }>();
  let complaints = '';
  let rest = '';
  let ids = 0;

  const failAll = (why: string): void => {
    for (const { reject } of waiting.values()) reject(new Error(`${why}: ${complaints.trim()}`));
    waiting.clear();
  };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const message = JSON.parse(line) as { id?: unknown; method?: unknown };
      if (typeof message.id !== 'number' || message.method !== undefined) continue;
      waiting.get(message.id)?.resolve(message);
      waiting.delete(message.id);
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints = (complaints + text).slice(-2_000)));
  child.stdin.on('error', () => {});
  const gone = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      failAll(error.message);
      resolve();
    });
    child.once('close', (code, signal) => {
      failAll(`it ended with ${code ?? signal}`);
      resolve();
    });
  });

  // One clock for all of them: a timer a call would be part of what is measured.
  let answered = 0;
  const watchdog = setInterval(() => {
    if (waiting.size > 0 && answered === ids - waiting.size) failAll(`no answer in ${answerWithinMs} ms`);
    answered = ids - waiting.size;
  }, answerWithinMs);

  const write = (message: object): void => {
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  };
  return {
    pid: child.pid ?? -1,
    ask: async (method, params) => {
      const id = (ids += 1);
      const message = await new Promise<unknown>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        write({ id, method, params });
      });
      return resultOf(method, message);
    },
    notify: async (method) => write({ method }),
    close: async () => {
      clearInterval(watchdog);
      child.stdin.end();
      const impatient = setTimeout(() => child.kill('SIGKILL'), exitWithinMs);
      await gone;
      clearTimeout(impatient);
    },
  };
}
