// The measuring itself: rounds over all paths in turn, so that whatever else the machine does hits all of them alike.
import { performance } from 'node:perf_hooks';
import { processorMs } from './proc.ts';
import type { OpenPath } from './paths.ts';

export interface Plan {
  readonly rounds: number;
  /** Calls before the first round, on every path. */
  readonly warmUp: number;
  /** One after the other, each timed. */
  readonly sequential: number;
  /** `inFlight` at a time, timed together. */
  readonly concurrent: number;
  readonly inFlight: number;
}

export interface Measured {
  /** Milliseconds of each sequential call, all rounds. */
  readonly latencies: number[];
  /** The median of each round. */
  readonly medians: number[];
  /** Calls a second of each round. */
  readonly throughputs: number[];
  /** Milliseconds on the processor of what is between agent and server, over the concurrent calls; null where unknown. */
  busyMs: number | null;
  concurrentCalls: number;
}

export async function measure(
  open: readonly OpenPath[],
  plan: Plan,
  signal: AbortSignal,
  said: (round: number) => void,
): Promise<ReadonlyMap<OpenPath, Measured>> {
  const results = new Map<OpenPath, Measured>(
    open.map((path) => [
      path,
      { latencies: [], medians: [], throughputs: [], busyMs: path.between.length === 0 ? null : 0, concurrentCalls: 0 },
    ]),
  );
  for (const path of open) {
    signal.throwIfAborted();
    await concurrently(path, plan.warmUp, plan.inFlight);
  }
  for (let round = 0; round < plan.rounds; round += 1) {
    said(round + 1);
    // Another one begins each time, so that no path always runs in the wake of the same neighbour.
    for (let step = 0; step < open.length; step += 1) {
      signal.throwIfAborted();
      const path = open[(step + round) % open.length];
      const result = path === undefined ? undefined : results.get(path);
      if (path === undefined || result === undefined) continue;
      await oneByOne(path, plan, result);
      await together(path, plan, result);
    }
  }
  return results;
}

async function oneByOne(path: OpenPath, plan: Plan, result: Measured): Promise<void> {
  const taken: number[] = [];
  for (let call = 0; call < plan.sequential; call += 1) {
    const start = performance.now();
    await path.call();
    taken.push(performance.now() - start);
  }
  result.latencies.push(...taken);
  result.medians.push(quantile(taken, 0.5));
}

async function together(path: OpenPath, plan: Plan, result: Measured): Promise<void> {
  const before = processorMs(path.between);
  const start = performance.now();
  await concurrently(path, plan.concurrent, plan.inFlight);
  const seconds = (performance.now() - start) / 1000;
  const after = processorMs(path.between);
  result.throughputs.push(plan.concurrent / seconds);
  result.concurrentCalls += plan.concurrent;
  if (before === null || after === null) result.busyMs = null;
  else if (result.busyMs !== null) result.busyMs += after - before;
}

export async function concurrently(path: Pick<OpenPath, 'call'>, calls: number, inFlight: number): Promise<void> {
  let left = calls;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await path.call();
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, calls) }, worker));
}

/** Nearest rank: a value that was really measured. @param share from 0 to 1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
