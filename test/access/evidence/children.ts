// Real processes for the tests of evidence: each says a line when it is ready, and all end with the test.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { afterEach } from 'vitest';

const ends: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

export const endWithTest = (end: () => void | Promise<void>): void => void ends.push(end);

/** A folder of this test, by its real path. */
export function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'tt-evidence-')));
  endWithTest(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export interface Child {
  readonly child: ChildProcess;
  readonly pid: number;
  /** The next line on its stdout. */
  line(): Promise<string>;
  /** Kills it, and resolves when it is gone. */
  end(): Promise<void>;
}

export function start(program: string, args: readonly string[], options: SpawnOptions = {}): Child {
  const child = spawn(program, args, { ...options, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  let rest = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      const next = waiting.shift();
      if (next === undefined) lines.push(line);
      else next(line);
    }
  });
  const gone = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  const end = () => {
    child.kill('SIGKILL');
    return gone;
  };
  endWithTest(end);
  return {
    child,
    pid: child.pid ?? -1,
    line: () =>
      new Promise((resolve) => {
        const next = lines.shift();
        if (next === undefined) waiting.push(resolve);
        else resolve(next);
      }),
    end,
  };
}

/** A unix socket that hands out its connections one by one. */
export async function door(path = join(folder(), 's')): Promise<{ path: string; next(): Promise<Socket> }> {
  const came: Socket[] = [];
  const waiting: ((socket: Socket) => void)[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    endWithTest(() => void socket.destroy());
    const next = waiting.shift();
    if (next === undefined) came.push(socket);
    else next(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  endWithTest(() => new Promise((resolve) => void server.close(() => resolve())));
  return {
    path,
    next: () =>
      new Promise((resolve) => {
        const socket = came.shift();
        if (socket === undefined) waiting.push(resolve);
        else resolve(socket);
      }),
  };
}

/** A program that connects to `path`, and sends back whatever it hears there. */
export const echoing = (path: string): string[] => [
  '-e',
  `const s = require('net').connect(${JSON.stringify(path)}, () => console.log('connected')); s.pipe(s);
   s.on('error', (error) => console.log(error.code)); s.on('close', () => process.exit()); process.stdin.resume();`,
];
