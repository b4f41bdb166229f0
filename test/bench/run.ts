// `npm run bench`: what the bridges cost beside a direct connection and beside mcp-remote, measured in one run.
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { buildIfMissing } from '../../scripts/demo/cli.ts';
import { startProcess, stopLeftovers } from '../support/process.ts';
import { openAgent, type Era } from './agent.ts';
import { measureAudit } from './audit-pair.ts';
import { concurrently, measure } from './measure.ts';
import { readOptions, usage, type Options } from './options.ts';
import { openPath, paths, type OpenPath } from './paths.ts';
import { memoryOf } from './proc.ts';
import { summarize, summarizeAudit, type AuditFigures, type MemoryUse, type Report } from './report.ts';
import { measureStarts } from './start.ts';
import { tables } from './tables.ts';
import { httpWire } from './wire-http.ts';
import { createWorld, type World } from './world.ts';

/** Far beyond what a run of this many rounds takes. */
const patienceMs = (rounds: number): number => 180_000 + rounds * 30_000;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function main(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv);
  if (options === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  await buildIfMissing();
  const closing: (() => Promise<unknown>)[] = [() => stopLeftovers()];
  try {
    const report = await run(options, stopSignal(patienceMs(options.plan.rounds)), closing);
    process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : tables(report));
    return 0;
  } finally {
    for (const close of closing.splice(0).toReversed()) await close().catch(() => {});
  }
}

async function run(options: Options, signal: AbortSignal, closing: (() => Promise<unknown>)[]): Promise<Report> {
  const loadBefore = loadavg()[0] ?? 0;
  say('starting the servers and the broker, signing in');
  const world = await createWorld();
  closing.push(() => world.close());
  const rest = options.auditOnly ? nothing : await againstOthers(world, options, signal, closing);
  const audit: AuditFigures[] = [];
  for (const era of ['old', 'new'] as const) audit.push(await onBesideOff(era, world, options, signal));

  return {
    machine: {
      cores: availableParallelism(),
      processor: cpus()[0]?.model ?? 'unknown',
      platform: `${process.platform} ${process.arch}`,
      node: process.version,
      mcpRemote: mcpRemoteVersion(),
      loadBefore,
      loadAfter: loadavg()[0] ?? 0,
    },
    date: new Date().toISOString(),
    plan: options.plan,
    auditPlan: options.audit,
    audit,
    ...rest,
  };
}

/** The audit alone: after a warm-up with it, at a steady rate. */
async function onBesideOff(
  era: Era,
  { switched }: World,
  { plan, audit }: Options,
  signal: AbortSignal,
): Promise<AuditFigures> {
  say(`the audit on and off at ${audit.perSecond} calls a second, ${era} agent and server`);
  const agent = await openAgent(era, httpWire(era, switched.urls[era], switched.agentKey, plan.inFlight));
  try {
    await concurrently(agent, plan.warmUp, plan.inFlight);
    return summarizeAudit(era, await measureAudit(agent, switched.turn, audit, signal));
  } finally {
    await agent.close();
  }
}

type Rest = Pick<Report, 'paths' | 'starts' | 'memory'>;
const nothing: Rest = { paths: [], starts: [], memory: [] };

/** Beside a direct connection and beside mcp-remote: calls, starts and memory. */
async function againstOthers(
  world: World,
  options: Options,
  signal: AbortSignal,
  closing: (() => Promise<unknown>)[],
): Promise<Rest> {
  const memory: MemoryUse[] = [use('broker, signed in to both servers', world.brokerPid)];

  say('starting the stdio commands again and again');
  const starts = await measureStarts(world, options.starts, signal);

  const open: OpenPath[] = [];
  for (const path of paths) {
    signal.throwIfAborted();
    const opened = await openPath(world, path, options.plan.inFlight);
    closing.push(() => opened.close());
    open.push(opened);
  }
  memory.push(...(await idleMemory(world, open)));
  const results = await measure(open, options.plan, signal, (round) => say(`round ${round} of ${options.plan.rounds}`));
  memory.push(use('broker, after all the calls', world.brokerPid));
  memory.push(use('guarded broker, after all the calls', world.guarded.brokerPid));
  for (const path of open) if (path.own !== null) memory.push(use(`${nameOf(path)}, after its calls`, path.own));
  return { paths: summarize(results), starts, memory };
}

/** With one agent on every path and no call made yet; bare Node for comparison. */
async function idleMemory(world: World, open: readonly OpenPath[]): Promise<MemoryUse[]> {
  const bare = startProcess(process.execPath, ['-e', 'console.log("up"); setInterval(() => {}, 60_000)']);
  await bare.line(/^up$/u);
  const uses = [
    use('node, doing nothing', bare.pid),
    use(
      `broker, with ${open.filter(({ between }) => between.includes(world.brokerPid)).length} agents`,
      world.brokerPid,
    ),
    ...open.flatMap((path) => (path.own === null ? [] : [use(`${nameOf(path)}, before its calls`, path.own)])),
  ];
  await bare.stop();
  return uses;
}

const use = (what: string, pid: number): MemoryUse => ({ what, memory: memoryOf(pid) });

const nameOf = (path: OpenPath): string =>
  `${path.way.replace('stdio bridge', 'shim')}, ${path.agent} agent → ${path.server} server`;

function mcpRemoteVersion(): string {
  const file = fileURLToPath(import.meta.resolve('mcp-remote/package.json'));
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).version;
}

/** Aborts when the person or the time says so; looked at between calls, so that nothing new is started after it. */
function stopSignal(ms: number): AbortSignal {
  const controller = new AbortController();
  const stop = (why: string): void => controller.abort(new Error(why));
  setTimeout(() => stop('the run took too long'), ms).unref();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop('stopped'));
  return controller.signal;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
