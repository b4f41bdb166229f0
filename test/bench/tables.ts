// The report as tables for people, and how to read them.
import { quantile } from './measure.ts';
import { auditBudget, type OverRounds, type PathFigures, type Report } from './report.ts';
import type { Start } from './start.ts';
import { table } from './table.ts';

export function tables(report: Report): string {
  const others = [calls(report), guards(report), audits(report), starts(report.starts), memory(report), howToRead];
  // What was not measured has no table.
  const parts = report.memory.length === 0 ? [audits(report)] : others;
  return [machine(report), ...parts, ''].join('\n');
}

function machine({ date, machine, plan }: Report): string {
  const load = `load ${machine.loadBefore.toFixed(1)} before, ${machine.loadAfter.toFixed(1)} after`;
  return [
    `${date.slice(0, 10)}, ${machine.cores} cores (${machine.processor}), ${machine.platform}, Node ${machine.node}, mcp-remote ${machine.mcpRemote}, ${load}`,
    `${plan.rounds} rounds of ${plan.sequential} calls one by one and ${plan.concurrent} calls ${plan.inFlight} at a time, on every path in turn`,
    '',
  ].join('\n');
}

function calls({ paths }: Report): string {
  const rows = paths.map((path) => [
    `${path.agent} → ${path.server}`,
    path.way,
    ms(path.p50Ms),
    times(path, path.toDirect.p50),
    added(path, paths),
    ms(path.p99Ms),
    times(path, path.toDirect.p99),
    path.callsPerSecond.toFixed(0),
    times(path, path.toDirect.throughput),
    path.processorMsPerCall === null ? '' : ms(path.processorMsPerCall),
    `${ms(path.medianRange[0])}–${ms(path.medianRange[1])}`,
  ]);
  const head = [
    'agent → server',
    'way',
    'p50 ms',
    '×',
    '+ ms',
    'p99 ms',
    '×',
    'calls/s',
    '×',
    'CPU ms',
    'p50 by round',
  ];
  return table(head, rows);
}

/** Beside the same bridge in the same run: whatever else the machine did, it did to both. */
function guards({ paths }: Report): string {
  const rows = paths.flatMap((path) => {
    const { toUnguarded, agent, server, way, p50Ms } = path;
    if (toUnguarded === null) return [];
    return [
      [
        `${agent} → ${server}`,
        way,
        toUnguarded.p50.toFixed(2),
        ms(p50Ms - p50Ms / toUnguarded.p50),
        toUnguarded.p99.toFixed(2),
        toUnguarded.throughput.toFixed(2),
      ],
    ];
  });
  return table(['rules, pins, audit on', 'beside off', 'p50 ×', '+ ms', 'p99 ×', 'calls/s ×'], rows);
}

/** The same broker in the same run, in turn: nothing differs but whether the audit takes the rows. */
function audits({ audit, auditPlan: { perSecond, rounds, sliceSeconds } }: Report): string {
  const rows = audit.map(({ agent, server, off, on, p50, p95, processor }) => [
    `${agent} → ${server}`,
    ms(off.p50Ms),
    ms(on.p50Ms),
    p50.median.toFixed(3),
    middle(p50),
    budget(p50),
    ms(off.p95Ms),
    ms(on.p95Ms),
    p95.median.toFixed(3),
    middle(p95),
    budget(p95),
    ms(off.processorMsPerCall),
    processor.median.toFixed(3),
  ]);
  const within = `≤ ${auditBudget.toFixed(2)}`;
  const ratio = ['×', 'half of rounds', within];
  const head = ['audit on beside off', 'p50 off', 'p50 on', ...ratio, 'p95 off', 'p95 on', ...ratio, 'CPU ms off', '×'];
  const how = `The audit alone, HTTP bridge, ${perSecond} calls a second: ${rounds} rounds of off, on, on, off, ${sliceSeconds} s each; every × is the median of the rounds.`;
  return `${table(head, rows)}${how}\n`;
}

const middle = ({ middle: [lower, upper] }: OverRounds): string => `${lower.toFixed(2)}–${upper.toFixed(2)}`;
const budget = ({ median }: OverRounds): string => (median <= auditBudget ? 'yes' : 'no');

function starts(measured: readonly Start[]): string {
  const rows = measured.map(({ what, server, initialize, firstCall }) => [
    what,
    server === null ? '' : `${server} server`,
    quantile(initialize, 0.5).toFixed(0),
    Math.max(...initialize).toFixed(0),
    firstCall.length === 0 ? '' : quantile(firstCall, 0.5).toFixed(0),
    firstCall.length === 0 ? '' : Math.max(...firstCall).toFixed(0),
  ]);
  const head = ['start, broker running', '', 'initialize ms', 'slowest', 'first call ms', 'slowest'];
  return table(head, rows);
}

function memory({ memory }: Report): string {
  if (memory.every((use) => use.memory === null)) return 'Memory: skipped, /proc is to be had on Linux only.\n';
  const rows = memory.map((use) => [
    use.what,
    use.memory === null ? 'gone' : mebibytes(use.memory.residentBytes),
    use.memory === null ? '' : mebibytes(use.memory.ownBytes),
  ]);
  return table(['memory', 'resident MiB', 'not shared MiB'], rows);
}

const howToRead = `How to read it: every × is beside the direct connection to the same server in the same run, "+ ms" is what a call takes
longer than there, "CPU ms" the processor time per call of everything between agent and server. The server answers at
once and the agent does next to nothing, so the × are the worst there are; against a server far away only "+ ms" counts.
A guarded bridge asks for approvals, compares every call with the rules and the pinned definition, and writes it to the audit.
Where "p50 by round" is wide, something else kept the machine busy: compare within the run, not with another.`;

function added(path: PathFigures, all: readonly PathFigures[]): string {
  const direct = all.find(({ way, server }) => way === 'direct' && server === path.server);
  return direct === undefined || path.way === 'direct' ? '' : ms(path.p50Ms - direct.p50Ms);
}

const times = (path: PathFigures, ratio: number): string => (path.way === 'direct' ? '1' : ratio.toFixed(2));
const ms = (value: number): string => value.toFixed(2);
const mebibytes = (bytes: number): string => (bytes / 1_048_576).toFixed(0);
