// The command line as a person would use it: the built program in a temporary profile, with its JSON checked.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { runProcess, startProcess, type Finished, type RunningProcess } from '../../test/support/process.ts';
import { StepFailed } from './report.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const cliFile = join(root, 'dist', 'main', 'cli', 'tokentray.js');

export interface Cli {
  readonly env: Record<string, string>;
  /** Runs a command with `--json` and checks what it prints. */
  json<T>(schema: z.ZodType<T>, ...args: string[]): Promise<T>;
  run(...args: string[]): Promise<Finished>;
  start(...args: string[]): RunningProcess;
  /** What commands printed, but for those whose purpose is to print a secret. */
  readonly printed: readonly string[];
}

export function createCli(env: Record<string, string>): Cli {
  const printed: string[] = [];
  const keep = (args: string[], result: Finished): void => {
    if (args[0] !== 'token' && args[0] !== 'agent') printed.push(result.stdout, result.stderr);
  };
  const run = async (...args: string[]): Promise<Finished> => {
    const result = await runProcess(execPath, [cliFile, ...args], { env });
    keep(args, result);
    return result;
  };
  return {
    env,
    run,
    printed,
    start: (...args) => {
      const started = startProcess(execPath, [cliFile, ...args], { env });
      void started.finished.then((result) => keep(args, result)).catch(() => {});
      return started;
    },
    json: async (schema, ...args) => {
      const result = await run(...args, '--json');
      if (result.code !== 0) {
        throw new StepFailed(`tokentray ${args.join(' ')} ended with ${result.code}: ${lastLine(result)}`);
      }
      const parsed = schema.safeParse(parseJson(result.stdout));
      if (!parsed.success) throw new StepFailed(`tokentray ${args.join(' ')} printed something else than expected`);
      return parsed.data;
    },
  };
}

/** The CLI is built by `npm ci`; a checkout that was changed since is built here. */
export async function buildIfMissing(): Promise<void> {
  if (existsSync(cliFile)) return;
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const built = await runProcess(execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], {
    cwd: root,
    timeoutMs: 120_000,
  });
  if (built.code !== 0) throw new StepFailed(`the build failed:\n${built.stdout}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function lastLine(result: Finished): string {
  const lines = `${result.stdout}\n${result.stderr}`.split('\n').filter((line) => line.trim() !== '');
  return lines.at(-1) ?? 'it said nothing';
}
