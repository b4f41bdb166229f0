// What the audit costs without a bridge: a row by itself, calls before a server as small as there can be, and the walk of `verify`.
// `node test/bench/audit.ts [seconds] [rows] [--json]`; on the bridge it is measured by `npm run bench`.
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { sliceBudget, walk, type Walk } from './audit-walk.ts';
import { append, callNumber, withAudit } from './bare-audit.ts';
import { quantile } from './measure.ts';
import { paced } from './paced.ts';
import { table } from './table.ts';

interface Alone {
  readonly what: string;
  readonly appendMicros: number;
  readonly wholeMicros: number;
}

/** Chained, written in batches and signed; everything that a row takes on this thread. */
async function alone(what: string, keepsArguments: boolean, rows: number): Promise<Alone> {
  return withAudit(keepsArguments, async (audit) => {
    const start = performance.now();
    const kept = await append(audit, rows);
    const whole = performance.now() - start;
    return { what, appendMicros: (kept * 1_000) / rows, wholeMicros: (whole * 1_000) / rows };
  });
}

/** A server as small as there can be: whatever the audit adds is a larger part of its calls than of a bridge's. */
async function latency(seconds: number, perSecond: number) {
  return withAudit(true, async (audit) => {
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
        if (on) audit.toolCall(callNumber(1));
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
      p50Ms: quantile(taken[which], 0.5),
      p95Ms: quantile(taken[which], 0.95),
      longestOfASecondMs: quantile(blocks[which], 0.5),
    });
    return { perSecond, off: of('off'), on: of('on') };
  });
}

/** The agents: on a thread of their own, as they are processes of their own. */
async function callers(port: number, perSecond: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const outgoing = request({ agent, host: '127.0.0.1', port, method: 'POST', path: '/mcp' }, (response) => {
        response.resume();
        response.once('end', resolve);
      });
      outgoing.once('error', reject);
      outgoing.end('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}');
    });
  parentPort?.on('message', () => {
    void paced(one, perSecond, perSecond).then((taken) => parentPort?.postMessage(taken, []));
  });
}

type Latency = Awaited<ReturnType<typeof latency>>;

function printed(alone: readonly Alone[], { perSecond, off, on }: Latency, walks: readonly Walk[]): string {
  const steady = (['off', 'on'] as const).map((audit) => {
    const { calls, p50Ms, p95Ms, longestOfASecondMs } = audit === 'off' ? off : on;
    const [p50, p95] = [p50Ms / off.p50Ms, p95Ms / off.p95Ms].map((ratio) => ratio.toFixed(3));
    return [
      audit,
      String(calls),
      p50Ms.toFixed(3),
      p50 ?? '',
      p95Ms.toFixed(3),
      p95 ?? '',
      longestOfASecondMs.toFixed(1),
    ];
  });
  const walked = walks.map(({ what, verdict, rows, seconds, grownBytes, longestSliceMs, longestTurnMs, timerMs }) => [
    what,
    verdict ?? '',
    verdict === null ? '' : String(rows),
    seconds.toFixed(1),
    verdict === null ? '' : ((seconds * 1e6) / rows).toFixed(1),
    longestSliceMs.toFixed(1),
    longestSliceMs <= sliceBudget ? 'yes' : 'no',
    longestTurnMs.toFixed(1),
    timerMs.p50.toFixed(1),
    timerMs.p99.toFixed(1),
    timerMs.max.toFixed(1),
    (grownBytes / 1_048_576).toFixed(0),
  ]);
  const slice = ['longest slice, CPU ms', `≤ ${sliceBudget}`, 'turn ms', 'timer p50', 'p99', 'max'];
  const [processor] = cpus();
  return [
    `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores (${processor?.model ?? 'unknown'}), Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}`,
    '',
    table(
      ['a row by itself', 'µs until taken', 'µs until written and signed'],
      alone.map(({ what, appendMicros, wholeMicros }) => [what, appendMicros.toFixed(1), wholeMicros.toFixed(1)]),
    ),
    table([`${perSecond} calls/s, bare server`, 'calls', 'p50 ms', '×', 'p95 ms', '×', 'longest turn ms'], steady),
    table(['verify', 'verdict', 'rows', 'seconds', 'µs a row', ...slice, 'MiB more'], walked),
  ].join('\n');
}

if (isMainThread) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' } } });
  const [seconds = 10, rows = 200_000] = positionals.map(Number);
  const byItself = [
    await alone('as usual, without arguments', false, 50_000),
    await alone('with arguments, redacted', true, 50_000),
  ];
  const steady = await latency(seconds, 200);
  const walks = await walk(rows);
  const command = `node test/bench/audit.ts ${seconds} ${rows}`;
  process.stdout.write(
    values.json === true
      ? `${JSON.stringify({ command, byItself, steady, walks }, null, 2)}\n`
      : `${command}\n${printed(byItself, steady, walks)}`,
  );
} else {
  const { port, perSecond } = workerData as { port: number; perSecond: number };
  await callers(port, perSecond);
}
