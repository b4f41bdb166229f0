// `npm test`: everything, in one go; `npm test -- <filter>`: only the test files whose path has it.
// Ends with one line alone: how many passed, failed and were skipped.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startVitest } from 'vitest/node';
import type { TestModule } from 'vitest/node';
import { z } from 'zod';

interface Tally {
  passed: number;
  failed: number;
  /** Each with why. */
  skipped: string[];
}

const filters = process.argv.slice(2);
const root = fileURLToPath(new URL('..', import.meta.url));
const conformanceScript = 'test/conformance/run.ts';
const conformanceResult = 'results/conformance.json';

const tallies: Tally[] = [];
process.chdir(root);
console.log('# system');
await run('bash', ['scripts/system.sh']);
console.log('# build');
if ((await run('npm', ['run', '--silent', 'build'])) === 0) {
  console.log('# tests');
  tallies.push(await unitTests());
  if (filters.length === 0 && existsSync(conformanceScript)) {
    console.log('# conformance');
    tallies.push(await conformance());
  }
} else {
  console.log('The build failed; nothing was tested.');
  tallies.push({ passed: 0, failed: 1, skipped: [] });
}
process.exitCode = report(tallies);

async function unitTests(): Promise<Tally> {
  const vitest = await startVitest('test', filters, { watch: false, run: true });
  const tally: Tally = { passed: 0, failed: 0, skipped: [] };
  for (const module of vitest.state.getTestModules()) count(module, tally);
  // Errors outside of any test: the run is not sound even if every test passed.
  tally.failed += vitest.state.getUnhandledErrors().length;
  if (tally.passed + tally.failed + tally.skipped.length === 0) tally.failed = 1;
  await vitest.close();
  return tally;
}

function count(module: TestModule, tally: Tally): void {
  const file = relative(root, module.moduleId);
  for (const test of module.children.allTests()) {
    const result = test.result();
    if (result.state === 'passed') tally.passed += 1;
    else if (result.state === 'skipped')
      tally.skipped.push(`${file}: ${test.fullName}: ${result.note ?? 'not run here'}`);
    else {
      // `pending`: the worker ended before the test did.
      tally.failed += 1;
    }
  }
  // A file that does not load, or whose hook fails, has no failing test of its own.
  const suites = Array.from(module.children.allSuites());
  tally.failed += [module, ...suites].filter((suite) => suite.errors().length > 0).length;
}

async function conformance(): Promise<Tally> {
  await rm(conformanceResult, { force: true });
  const code = await run(process.execPath, [conformanceScript]);
  const summary = z
    .object({ passed: z.int().nonnegative(), failed: z.int().nonnegative(), skipped: z.array(z.string()).default([]) })
    .safeParse(await jsonFile(conformanceResult));
  if (!summary.success) {
    console.log(`The conformance run left no readable ${conformanceResult}.`);
    return { passed: 0, failed: 1, skipped: [] };
  }
  const { passed, failed, skipped } = summary.data;
  return { passed, failed: code === 0 ? failed : Math.max(failed, 1), skipped };
}

function report(all: readonly Tally[]): number {
  const passed = sum(all.map((tally) => tally.passed));
  const failed = sum(all.map((tally) => tally.failed));
  const skipped = all.flatMap((tally) => tally.skipped);
  if (skipped.length > 0) console.log(['', 'Skipped:', ...skipped.map((line) => `  ${line}`)].join('\n'));
  console.log(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`);
  return failed === 0 ? 0 : 1;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

async function jsonFile(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return null;
  }
}

/** Runs a program with our terminal; its exit code, 1 when it did not start. */
function run(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit' });
    child.once('error', (error) => {
      console.log(`${command}: ${error.message}`);
      resolve(1);
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
}
