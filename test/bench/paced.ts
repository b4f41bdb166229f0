// Calls at a steady rate, begun on time whatever became of those before: what they take is latency at that rate, not saturation.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

type Ended = { readonly ms: number } | { readonly failed: unknown };

/** Milliseconds of each call, in the order of their beginnings. @throws what a call does, when all have ended */
export async function paced(call: () => Promise<void>, calls: number, perSecond: number): Promise<number[]> {
  const underWay: Promise<Ended>[] = [];
  const start = performance.now();
  for (let n = 0; n < calls; n += 1) {
    const wait = start + (n * 1_000) / perSecond - performance.now();
    if (wait > 0) await sleep(wait);
    underWay.push(timed(call));
  }
  const ended = await Promise.all(underWay);
  return ended.map((one) => {
    if ('failed' in one) throw one.failed;
    return one.ms;
  });
}

/** Never rejects: nobody looks at it before the last call has begun. */
async function timed(call: () => Promise<void>): Promise<Ended> {
  const start = performance.now();
  try {
    await call();
    return { ms: performance.now() - start };
  } catch (failed) {
    return { failed };
  }
}
