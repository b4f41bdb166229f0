// Whether others get their turn while something works on this thread: the longest that they did not, and how late timers were.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

export interface LoopFigures {
  /**
   * Of this thread on the processor between two turns of the loop, at most: a slice of the work, with all else of that turn.
   * Some kernels count it in steps of 4 ms.
   */
  readonly longestSliceMs: number;
  /** The same by the clock: with what the machine did for other programs meanwhile. */
  readonly longestTurnMs: number;
  /** Between two ticks of a timer of 1 ms (`monitorEventLoopDelay`), so a little over 1 where nobody is late. */
  readonly timerMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

export async function watchLoop<T>(work: () => Promise<T>): Promise<{ value: T; ms: number; loop: LoopFigures }> {
  const timer = monitorEventLoopDelay({ resolution: 1 });
  let longestTurnMs = 0;
  let longestSliceMs = 0;
  let turn = performance.now();
  let slice = processorMs();
  let watching = true;
  const look = (): void => {
    longestTurnMs = Math.max(longestTurnMs, performance.now() - turn);
    longestSliceMs = Math.max(longestSliceMs, processorMs() - slice);
    turn = performance.now();
    slice = processorMs();
    if (watching) setImmediate(look);
  };
  setImmediate(look);
  timer.enable();
  const begun = performance.now();
  try {
    const value = await work();
    const ms = performance.now() - begun;
    look();
    const timerMs = { p50: timer.percentile(50) / 1e6, p99: timer.percentile(99) / 1e6, max: timer.max / 1e6 };
    return { value, ms, loop: { longestSliceMs, longestTurnMs, timerMs } };
  } finally {
    watching = false;
    timer.disable();
  }
}

function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
