// One scenario of the official suite as a process of its own, and what became of it.
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { settingVariable, wentAsItShould } from './agent/setting.ts';
import type { Setting } from './agent/setting.ts';
import { checkSchema, judge } from './judge.ts';
import type { Check, Judgement } from './judge.ts';
import { suiteFolder } from './targets.ts';
import type { Revision } from './targets.ts';

export interface Verdict extends Judgement {
  readonly scenario: string;
  readonly revision: Revision;
  readonly milliseconds: number;
  /** What the agent said; where to look first. */
  readonly agent: string;
}

export interface Execution {
  readonly scenario: string;
  readonly revision: Revision;
  readonly setting: Setting;
  readonly env: Readonly<Record<string, string>>;
  /** Where the suite leaves what it saw. */
  readonly folder: string;
  /** Ends everything at once. */
  readonly signal: AbortSignal;
}

const agentTimeout = 30_000;
/** The suite waits for its servers' connections to end; then its own bound has long passed. */
const suiteTimeout = agentTimeout + 15_000;

export async function runScenario(execution: Execution): Promise<Verdict> {
  const { scenario, revision, folder } = execution;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const started = performance.now();
  const end = await runSuite(execution);
  const milliseconds = Math.round(performance.now() - started);
  const { checks, stdout, stderr } = await resultsIn(folder);
  const judged = judge(end, checks, stdout.includes(wentAsItShould));
  return { scenario, revision, ...judged, milliseconds, agent: stderr };
}

/** The exit code, or null when it had to be ended. */
function runSuite({ scenario, revision, setting, env, folder, signal }: Execution): Promise<number | null> {
  const quoted = [process.execPath, fileURLToPath(new URL('agent.ts', import.meta.url))].map((word) => `'${word}'`);
  const suite = join(suiteFolder(), 'dist', 'index.js');
  const which = ['--scenario', scenario, '--spec-version', revision, '--force'];
  const how = ['--command', quoted.join(' '), '--timeout', String(agentTimeout), '--output-dir', folder];
  const args = [suite, 'client', ...which, ...how];
  return new Promise((resolve, reject) => {
    // A group of its own: suite, shell, agent and shim end together.
    const child = spawn(process.execPath, args, {
      env: { ...env, [settingVariable]: JSON.stringify(setting) },
      stdio: 'ignore',
      detached: true,
    });
    let late = false;
    const end = (): void => {
      late = true;
      endGroup(child.pid);
    };
    const timer = setTimeout(end, suiteTimeout);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      endGroup(child.pid);
      resolve(late ? null : (code ?? 1));
    });
  });
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody of the group is left, as it should be.
  }
}

/** The suite makes a folder of its own name for each execution; there was one. */
async function resultsIn(folder: string): Promise<{ checks: readonly Check[]; stdout: string; stderr: string }> {
  const entries = await readdir(folder, { recursive: true });
  const read = async (name: string): Promise<string> => {
    const path = entries.find((entry) => entry.endsWith(name));
    return path === undefined ? '' : readFile(join(folder, path), 'utf8');
  };
  const checks = (await read('checks.json')) || '[]';
  return {
    checks: z.array(checkSchema).parse(JSON.parse(checks)),
    stdout: await read('stdout.txt'),
    stderr: await read('stderr.txt'),
  };
}
