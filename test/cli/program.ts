// The command line as a person or an agent runs it: a real process in a profile of its own.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const launcher = join(root, 'main/cli/tokentray.ts');

export interface Profile {
  readonly home: string;
  readonly controlSocket: string;
  readonly env: NodeJS.ProcessEnv;
  remove(this: void): void;
}

export function makeProfile(): Profile {
  const home = mkdtempSync(join(tmpdir(), 'tt-cli-'));
  return {
    home,
    controlSocket: join(home, 'run', 'control.sock'),
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      TOKENTRAY_HOME: home,
      TOKENTRAY_VAULT: 'memory',
      TOKENTRAY_APPROVALS: 'off',
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

export interface Run {
  readonly child: ChildProcessWithoutNullStreams;
  /** What stdout holds up to now. */
  out(this: void): string;
  err(this: void): string;
  /** Resolves when stdout holds `text`. */
  until(this: void, text: string): Promise<string>;
  untilErr(this: void, text: string): Promise<string>;
  /** The exit code, or the signal's name. */
  readonly end: Promise<number | string | null>;
}

export function run(
  profile: Profile,
  args: readonly string[],
  program: { node?: string; file?: string; env?: NodeJS.ProcessEnv } = {},
): Run {
  const node = program.node ?? process.execPath;
  const child = spawn(node, args[0] === '-c' ? args : [program.file ?? launcher, ...args], {
    env: { ...profile.env, ...program.env },
    cwd: profile.home,
  });
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  // A program that ends while we still write to it is what some tests are about.
  child.stdin.on('error', () => undefined);
  const end = new Promise<number | string | null>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal)),
  );
  return { child, out: out.text, err: err.text, until: out.until, untilErr: err.until, end };
}

/** Runs to the end, with `stdin` as its input. */
export async function runToEnd(
  profile: Profile,
  args: readonly string[],
  { stdin = '', ...program }: { node?: string; file?: string; env?: NodeJS.ProcessEnv; stdin?: string } = {},
): Promise<{ code: number | string | null; out: string; err: string }> {
  const running = run(profile, args, program);
  running.child.stdin.end(stdin);
  const code = await running.end;
  return { code, out: running.out(), err: running.err() };
}

function collect(stream: NodeJS.ReadableStream): { text: () => string; until: (text: string) => Promise<string> } {
  let all = '';
  const waiting = new Set<() => void>();
  stream.on('data', (chunk: Buffer) => {
    all += chunk.toString();
    for (const check of waiting) check();
  });
  return {
    text: () => all,
    until: (text) =>
      new Promise((resolve) => {
        const check = () => {
          if (!all.includes(text)) return;
          waiting.delete(check);
          resolve(all);
        };
        waiting.add(check);
        check();
      }),
  };
}

/** A Node on PATH that is too old for the broker and new enough for the shim; null when there is none. */
export function olderNode(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  for (const folder of [...folders, '/usr/bin', '/usr/local/bin']) {
    const node = join(folder, 'node');
    if (!existsSync(node)) continue;
    const major = Number(/^v(\d+)/u.exec(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout)?.[1]);
    if (major >= 18 && major < 22) return node;
  }
  return null;
}

/** Builds `main/` into a folder; an older Node does not run TypeScript. */
export function build(folder: string): string {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', folder], { cwd: root });
  return join(folder, 'main/cli/tokentray.js');
}
