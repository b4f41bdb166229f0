// What the audit costs: a row by itself, the event loop under 200 calls a second, a call over the bridge's own kind of work beside
// the same without it, and the walk of `verify`. Prints one JSON object; `node test/bench/audit.ts [seconds] [rows]`.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createAudit } from '../../main/audit/audit.ts';
import type { ToolCall } from '../../main/audit/tool-call.ts';
import type { Audit } from '../../main/audit/types.ts';
import type { Clock, Log } from '../../main/ports.ts';
import { openStore } from '../../main/store/open.ts';
import { memoryVault } from '../../main/vault/memory.ts';

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (message, fields) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
  with: () => silent,
};
const clock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

const round = (value: number, digits = 2): number => Number(value.toFixed(digits));
const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? 0;

const call = (n: number): ToolCall => ({
  agent: 'cursor',
  server: 'linear',
  account: 'default',
  tool: `list_issues_${n % 40}`,
  outcome: 'ok',
  ms: 12.5,
  requestBytes: 412,
  answerBytes: 18_231,
  arguments: { query: 'open bugs', limit: 50, cursor: 'abcdef', filter: { label: ['p1', 'p2'] } },
});

async function withAudit<T>(work: (audit: Audit) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'audit-bench-'));
  const { store } = openStore({ file: join(folder, 'tokentray.db'), log: silent, clock });
  const settings = { arguments: true, keepDays: 365, keepMegabytes: 4_096 };
  const audit = await createAudit({ store, vault: memoryVault(), clock, log: silent, settings: () => settings });
  try {
    return await work(audit);
  } finally {
    await audit.close();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Chained, written in batches and signed; everything that a row takes on this thread. */
async function alone(rows: number): Promise<{ appendMicros: number; wholeMicros: number }> {
  return withAudit(async (audit) => {
    let appending = 0;
    const start = performance.now();
    for (let n = 0; n < rows; n += 200) {
      const begun = performance.now();
      for (let i = 0; i < 200; i += 1) audit.toolCall(call(n + i));
      appending += performance.now() - begun;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await audit.flush();
    return {
      appendMicros: round((appending * 1_000) / rows),
      wholeMicros: round(((performance.now() - start) * 1_000) / rows),
    };
  });
}

/** A server as small as there can be: whatever the audit adds is a larger part of its calls than of a bridge's. */
async function latency(seconds: number, perSecond: number) {
  return withAudit(async (audit) => {
    const answer = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      result: { content: [{ type: 'text', text: 'x'.repeat(2_000) }] },
    });
    let on = false;
    const server = createServer((incoming, response) => {
      incoming.resume();
      incoming.once('end', () => {
        response.end(answer);
        if (on) audit.toolCall(call(1));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const worker = new Worker(new URL(import.meta.url), { workerData: { port, perSecond } });
    const second = async (): Promise<number[]> => {
      worker.postMessage('go', []);
      const [taken] = (await once(worker, 'message')) as [number[]];
      return taken;
    };
    const taken: Record<'off' | 'on', number[]> = { off: [], on: [] };
    const blocks: Record<'off' | 'on', number[]> = { off: [], on: [] };
    await second();
    // Second by second in turn, so that whatever else the machine does hits both alike.
    for (let n = 0; n < seconds * 2; n += 1) {
      on = n % 2 === 1;
      const which = on ? 'on' : 'off';
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      taken[which].push(...(await second()));
      delay.disable();
      blocks[which].push(delay.max / 1e6);
    }
    await worker.terminate();
    await new Promise((resolve) => server.close(resolve));
    const of = (which: 'off' | 'on') => ({
      calls: taken[which].length,
      p50Ms: round(quantile(taken[which], 0.5), 3),
      p95Ms: round(quantile(taken[which], 0.95), 3),
      longestBlockOfASecondMs: round(quantile(blocks[which], 0.5), 2),
    });
    return {
      off: of('off'),
      on: of('on'),
      p50Ratio: round(quantile(taken.on, 0.5) / quantile(taken.off, 0.5), 3),
      p50AddedMicros: round((quantile(taken.on, 0.5) - quantile(taken.off, 0.5)) * 1_000, 1),
    };
  });
}

/** The agents: on a thread of their own, as they are processes of their own. */
async function callers(port: number, perSecond: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const one = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const begun = performance.now();
      const outgoing = request({ agent, host: '127.0.0.1', port, method: 'POST', path: '/mcp' }, (response) => {
        response.resume();
        response.once('end', () => resolve(performance.now() - begun));
      });
      outgoing.once('error', reject);
      outgoing.end('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}');
    });
  parentPort?.on('message', () => {
    void (async () => {
      const pending: Promise<number>[] = [];
      const start = performance.now();
      for (let n = 0; n < perSecond; n += 1) {
        const due = start + (n * 1_000) / perSecond;
        if (due > performance.now()) await sleep(due - performance.now());
        pending.push(one());
      }
      parentPort?.postMessage(await Promise.all(pending), []);
    })();
  });
}

async function walk(rows: number) {
  return withAudit(async (audit) => {
    for (let n = 0; n < rows; n += 200) {
      for (let i = 0; i < 200; i += 1) audit.toolCall(call(n + i));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await audit.flush();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const before = process.memoryUsage().rss;
    delay.enable();
    const start = performance.now();
    const { verdict } = await audit.verify();
    const ms = performance.now() - start;
    delay.disable();
    return {
      verdict,
      rows,
      seconds: round(ms / 1_000),
      microsPerRow: round((ms * 1_000) / rows),
      longestBlockMs: round(delay.max / 1e6, 1),
      blockP99Ms: round(delay.percentile(99) / 1e6, 1),
      grownMegabytes: round((process.memoryUsage().rss - before) / 1_048_576, 0),
    };
  });
}

if (isMainThread) {
  const seconds = Number(process.argv[2] ?? 10);
  const rows = Number(process.argv[3] ?? 200_000);
  const figures = { alone: await alone(50_000), at200: await latency(seconds, 200), verify: await walk(rows) };
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
} else {
  const { port, perSecond } = workerData as { port: number; perSecond: number };
  await callers(port, perSecond);
}
