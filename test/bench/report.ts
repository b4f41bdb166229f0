// The outcome of a run: absolute figures, and each beside the direct connection to the same server.
import type { Era } from './agent.ts';
import type { AuditPlan, AuditRound, Share } from './audit-pair.ts';
import { quantile, type Measured, type Plan } from './measure.ts';
import type { OpenPath, Path } from './paths.ts';
import type { Memory } from './proc.ts';
import type { Start } from './start.ts';

export interface PathFigures extends Path {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly callsPerSecond: number;
  /** Of the processes between agent and server; null where it cannot be known, and for a direct connection. */
  readonly processorMsPerCall: number | null;
  /** Lowest and highest median of a round: how quiet the machine was. */
  readonly medianRange: readonly [number, number];
  readonly toDirect: Ratios;
  /** Of a guarded bridge, beside the same one without rules; null for every other path. */
  readonly toUnguarded: Ratios | null;
}

export interface Ratios {
  readonly p50: number;
  readonly p99: number;
  readonly throughput: number;
}

/** The HTTP bridge at a steady rate, with the audit and without. */
export interface AuditFigures {
  readonly agent: Era;
  readonly server: Era;
  readonly off: SteadyFigures;
  readonly on: SteadyFigures;
  readonly p50: OverRounds;
  readonly p95: OverRounds;
  readonly processor: OverRounds;
}

export interface SteadyFigures {
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Of the broker, with the writing of the rows. */
  readonly processorMsPerCall: number;
}

/** On beside off in each round: one disturbed round says nothing about the others. */
export interface OverRounds {
  readonly median: number;
  /** A quarter of the rounds lies below the first, a quarter above the second. */
  readonly middle: readonly [number, number];
}

/** What the audit may add to a call at 200 calls a second. */
export const auditBudget = 1.05;

export interface MemoryUse {
  readonly what: string;
  readonly memory: Memory | null;
}

export interface Report {
  readonly date: string;
  readonly machine: {
    readonly cores: number;
    readonly processor: string;
    readonly platform: string;
    readonly node: string;
    readonly mcpRemote: string;
    /** One-minute load averages. */
    readonly loadBefore: number;
    readonly loadAfter: number;
  };
  readonly plan: Plan;
  readonly paths: readonly PathFigures[];
  readonly auditPlan: AuditPlan;
  readonly audit: readonly AuditFigures[];
  readonly starts: readonly Start[];
  readonly memory: readonly MemoryUse[];
}

/** @throws when there is no direct connection to compare with */
export function summarize(results: ReadonlyMap<OpenPath, Measured>): PathFigures[] {
  const absolute = [...results].map(([{ way, agent, server }, measured]) => ({
    way,
    agent,
    server,
    p50Ms: quantile(measured.latencies, 0.5),
    p99Ms: quantile(measured.latencies, 0.99),
    callsPerSecond: quantile(measured.throughputs, 0.5),
    processorMsPerCall: measured.busyMs === null ? null : measured.busyMs / measured.concurrentCalls,
    medianRange: [Math.min(...measured.medians), Math.max(...measured.medians)] as const,
  }));
  return absolute.map((figures) => {
    const direct = absolute.find(({ way, server }) => way === 'direct' && server === figures.server);
    if (direct === undefined) throw new Error(`nobody called the ${figures.server} server directly`);
    const open = absolute.find(
      ({ way, agent, server }) =>
        figures.way === `${way}, guarded` && agent === figures.agent && server === figures.server,
    );
    return {
      ...figures,
      toDirect: beside(figures, direct),
      toUnguarded: open === undefined ? null : beside(figures, open),
    };
  });
}

type Compared = Pick<PathFigures, 'p50Ms' | 'p99Ms' | 'callsPerSecond'>;

const beside = (one: Compared, other: Compared): Ratios => ({
  p50: one.p50Ms / other.p50Ms,
  p99: one.p99Ms / other.p99Ms,
  throughput: one.callsPerSecond / other.callsPerSecond,
});

export function summarizeAudit(era: Era, rounds: readonly AuditRound[]): AuditFigures {
  const overRounds = (of: (share: Share) => number): OverRounds => {
    const ratios = rounds.map(({ on, off }) => of(on) / of(off));
    return { median: median(ratios), middle: [quantile(ratios, 0.25), quantile(ratios, 0.75)] };
  };
  return {
    agent: era,
    server: era,
    off: steady(rounds.map(({ off }) => off)),
    on: steady(rounds.map(({ on }) => on)),
    p50: overRounds(({ latencies }) => quantile(latencies, 0.5)),
    p95: overRounds(({ latencies }) => quantile(latencies, 0.95)),
    processor: overRounds(({ processorMs }) => processorMs),
  };
}

function steady(shares: readonly Share[]): SteadyFigures {
  const latencies = shares.flatMap((share) => share.latencies);
  const processorMs = shares.reduce((sum, share) => sum + share.processorMs, 0);
  return {
    p50Ms: quantile(latencies, 0.5),
    p95Ms: quantile(latencies, 0.95),
    processorMsPerCall: processorMs / latencies.length,
  };
}

/** Of an even number of values the middle between the two in the middle: of few ratios the lower one would flatter. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (upper + lower) / 2;
}
