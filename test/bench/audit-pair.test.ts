// The audit's own figures are what was measured: on and off in turn at a steady rate, and the event loop while it is verified.
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { measureAudit, type Share } from './audit-pair.ts';
import { watchLoop } from './event-loop.ts';
import { paced } from './paced.ts';
import { summarizeAudit } from './report.ts';
import { tables } from './tables.ts';

const share = (latencies: number[], processorMs: number): Share => ({ latencies, processorMs });

const busy = async (): Promise<void> => {
  await setImmediate();
  for (const since = process.threadCpuUsage().user; process.threadCpuUsage().user - since < 30_000;);
  await setImmediate();
};

describe('the audit, on beside off', () => {
  const rounds = [
    { off: share([1, 2], 10), on: share([1.5, 3], 11) },
    { off: share([10, 20], 10), on: share([10, 20], 12) },
  ];
  const machine = { cores: 2, processor: 'x', platform: 'y', node: 'z', mcpRemote: '1', loadBefore: 0, loadAfter: 0 };

  it('is compared round by round, so that a disturbed round says nothing about the others', () => {
    const { off, on, p50, p95, processor } = summarizeAudit('old', rounds);
    expect(off).toEqual({ p50Ms: 2, p95Ms: 20, processorMsPerCall: 5 });
    expect(on).toEqual({ p50Ms: 3, p95Ms: 20, processorMsPerCall: 5.75 });
    expect(p50).toEqual({ median: 1.25, middle: [1, 1.5] });
    expect(p95).toEqual({ median: 1.25, middle: [1, 1.5] });
    expect(processor.median).toBeCloseTo(1.15);
    expect(summarizeAudit('old', rounds.slice(1)).p50.median).toBe(1);
  });

  it('is said to be within five hundredths or not', () => {
    const report = {
      date: '2026-01-01',
      machine,
      plan: { rounds: 1, warmUp: 1, sequential: 1, concurrent: 1, inFlight: 1 },
      paths: [],
      auditPlan: { rounds: 2, sliceSeconds: 1, perSecond: 200 },
      starts: [],
      memory: [],
    };
    const row = (audit: Parameters<typeof summarizeAudit>[1]): string[] =>
      tables({ ...report, audit: [summarizeAudit('old', audit)] })
        .split('\n')
        .find((line) => line.startsWith('old → old'))
        ?.split(/ {2,}/u) ?? [];
    expect(row(rounds)).toContain('no');
    expect(row(rounds)).not.toContain('yes');
    expect(row(rounds.slice(1))).toContain('yes');
    expect(row(rounds.slice(1))).not.toContain('no');
  });

  it('runs in turn and back again, and counts a row for every call while it is on and none while it is off', async () => {
    let rows = 0;
    let calls = 0;
    const turns: string[] = [];
    const turn = async (state: 'on' | 'off') => {
      turns.push(state);
      return { rows, processorMicros: calls * 1_000 };
    };
    const agent = {
      call: async () => {
        calls += 1;
        if (turns.at(-1) === 'on') rows += 1;
      },
    };
    const plan = { rounds: 2, sliceSeconds: 0.01, perSecond: 400 };
    const [first, second, ...more] = await measureAudit(agent, turn, plan, new AbortController().signal);
    expect(turns.filter((_state, index) => index % 2 === 0)).toEqual([
      'off',
      'on',
      'on',
      'off',
      'on',
      'off',
      'off',
      'on',
    ]);
    expect(more).toEqual([]);
    for (const round of [first, second]) {
      expect(round?.on).toMatchObject({ processorMs: 8, latencies: { length: 8 } });
      expect(round?.off).toMatchObject({ processorMs: 8, latencies: { length: 8 } });
    }
    const idle = { call: async () => undefined };
    await expect(measureAudit(idle, turn, plan, new AbortController().signal)).rejects.toThrow('on made 0 rows');
    const always = { call: async () => void (rows += 1) };
    await expect(measureAudit(always, turn, plan, new AbortController().signal)).rejects.toThrow('off made 4 rows');
  });
});

describe('calls at a steady rate', () => {
  it('begin on time, whatever became of those before', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let begun = 0;
    const taken = await paced(
      () => {
        begun += 1;
        // None ends before the last has begun.
        if (begun === 5) resolve();
        return promise;
      },
      5,
      500,
    );
    expect(taken).toHaveLength(5);
    expect(taken[0]).toBeGreaterThan(taken[4] ?? Infinity);
    expect(taken[0]).toBeGreaterThan(6);
  });

  it('all have to succeed', async () => {
    let calls = 0;
    const sometimes = async (): Promise<void> => {
      calls += 1;
      if (calls === 2) throw new Error('no answer');
    };
    await expect(paced(sometimes, 4, 1_000)).rejects.toThrow('no answer');
    expect(calls).toBe(4);
  });
});

describe('the watch over the event loop', () => {
  it('sees how long somebody kept it for themselves', async () => {
    const { loop } = await watchLoop(busy);
    expect(loop.longestSliceMs).toBeGreaterThanOrEqual(30);
    expect(loop.longestTurnMs).toBeGreaterThan(15);
  });
});
