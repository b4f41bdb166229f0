// `npm run conformance`: the official suite against both bridges with agents of both eras; exit code 0 only if all passed.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Setting } from './agent/setting.ts';
import { authorizationVerdicts } from './authorization.ts';
import type { AuthorizationVerdict } from './authorization.ts';
import { program, startBroker } from './broker.ts';
import { bridges, eras, readOptions, usage, wanted } from './options.ts';
import type { Options } from './options.ts';
import { runScenario } from './suite.ts';
import type { Verdict } from './suite.ts';
import { authorizationTable, nameOf, runTable, totals } from './table.ts';
import type { Run } from './table.ts';
import { readTargets } from './targets.ts';
import type { Revision, Target } from './targets.ts';

const results = fileURLToPath(new URL('../../results', import.meta.url));

/** Measures in milliseconds how soon something happens: nothing else may keep the machine busy meanwhile. */
const timed = new Set(['sse-retry']);

interface Job {
  readonly revision: Revision;
  readonly scenario: string;
}

async function main(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const targets = readTargets();
  const options = readOptions(argv, targets);
  if (options === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  if (!options.direct && !existsSync(program)) throw new Error('there is no build; run: npm run build');
  const all = targets.flatMap(({ revision, scenarios }) => scenarios.map((scenario) => ({ revision, scenario })));
  const jobs = all.filter(({ revision, scenario }) => wanted(options, revision, scenario));
  const runs: Run[] = [];
  for (const bridge of options.direct ? (['direct'] as const) : options.bridges) {
    for (const era of options.eras) {
      const run = { bridge, era, verdicts: await verdictsOf(bridge, era, jobs, options, signal) };
      signal.throwIfAborted();
      runs.push(run);
      process.stdout.write(`${runTable(run, targets, options.verbose)}\n`);
    }
  }
  if (runs.length > 0) process.stdout.write(`${totals(runs, targets)}\n`);
  const local = options.authorization ? await localAuthorization(signal) : [];
  if (options.authorization) process.stdout.write(`${authorizationTable(local, options.verbose)}\n`);
  return await report(runs, targets, all, local);
}

async function localAuthorization(signal: AbortSignal): Promise<AuthorizationVerdict[]> {
  const folder = join(results, 'conformance', 'local-authorization-server');
  await mkdir(folder, { recursive: true });
  const broker = await startBroker();
  try {
    return await authorizationVerdicts(broker, folder, signal);
  } finally {
    await writeFile(join(folder, 'broker.log'), broker.log());
    await broker.stop();
  }
}

async function verdictsOf(
  bridge: Setting['bridge'],
  era: Setting['era'],
  jobs: readonly Job[],
  options: Options,
  signal: AbortSignal,
): Promise<Verdict[]> {
  const folder = join(results, 'conformance', `${bridge}-${era}`);
  await mkdir(folder, { recursive: true });
  const broker = bridge === 'direct' ? null : await startBroker();
  try {
    const setting = { bridge, era, program, bridgeUrl: broker?.bridgeUrl ?? '', agentKey: broker?.agentKey ?? '' };
    const env = broker?.env ?? inheritedEnvironment();
    const verdicts = new Map<Job, Verdict>();
    const work = async (job: Job): Promise<void> => {
      const own = join(folder, job.revision, job.scenario.replaceAll('/', '-'));
      const verdict = await runScenario({ ...job, setting, env, folder: own, signal });
      verdicts.set(job, verdict);
      if (process.stderr.isTTY) process.stderr.write(verdict.passed ? '.' : 'F');
    };
    await inParallel(
      jobs.filter(({ scenario }) => timed.has(scenario)),
      1,
      work,
      signal,
    );
    await inParallel(
      jobs.filter(({ scenario }) => !timed.has(scenario)),
      options.jobs,
      work,
      signal,
    );
    return jobs.flatMap((job) => verdicts.get(job) ?? []);
  } finally {
    if (broker !== null) await writeFile(join(folder, 'broker.log'), broker.log());
    await broker?.stop();
  }
}

async function inParallel(
  jobs: readonly Job[],
  width: number,
  work: (job: Job) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const waiting = [...jobs];
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined && !signal.aborted; job = waiting.shift()) await work(job);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Writes `results/conformance.json`; the exit code says whether everything that ran has passed, and something ran. */
async function report(
  runs: readonly Run[],
  targets: readonly Target[],
  all: readonly Job[],
  local: readonly AuthorizationVerdict[],
): Promise<number> {
  const verdicts = [...runs.flatMap((run) => run.verdicts), ...local];
  const passed = verdicts.filter((verdict) => verdict.passed).length;
  const failed = verdicts.length - passed;
  const skipped = notRun(runs, all);
  const named = runs.map((run) => ({ name: nameOf(run), ...run }));
  await writeFile(
    join(results, 'conformance.json'),
    `${JSON.stringify({ passed, failed, skipped, targets, runs: named, localAuthorization: local }, null, 2)}\n`,
  );
  const why = skipped.length > 0 ? ' (not asked for)' : '';
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped${why}\n`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** What belongs to the whole and was left out, each with why. */
function notRun(runs: readonly Run[], all: readonly Job[]): string[] {
  const whole = bridges.flatMap((bridge) => eras.map((era) => ({ bridge, era })));
  return whole.flatMap((part) => {
    const done = runs.find(({ bridge, era }) => bridge === part.bridge && era === part.era)?.verdicts ?? [];
    const isDone = (job: Job): boolean =>
      done.some(({ revision, scenario }) => revision === job.revision && scenario === job.scenario);
    const left = all.filter((job) => !isDone(job));
    return left.map(({ revision, scenario }) => `${nameOf(part)}: ${revision} ${scenario}: not asked for`);
  });
}

function inheritedEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env);
  return Object.fromEntries(entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
}
process.exitCode = await main(process.argv.slice(2), stop.signal).catch((error: unknown) => {
  process.stderr.write(`conformance: ${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
