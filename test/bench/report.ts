// The outcome of a run: absolute figures, and each beside the direct connection to the same server.
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
