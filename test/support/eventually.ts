// Waits for something that another party does: looks again at every turn of the event loop, gives up after a bound.
export async function eventually(condition: () => boolean, timeoutMs = 5_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`still not so after ${timeoutMs} ms: ${condition.toString()}`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
