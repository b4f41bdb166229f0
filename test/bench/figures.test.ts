// The benchmark's figures are what was measured: ranks, ratios and what Linux says, on values that are known beforehand.
import { existsSync } from 'node:fs';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { openAgent, type Json, type Wire } from './agent.ts';
import { quantile, type Measured } from './measure.ts';
import { readOptions } from './options.ts';
import type { OpenPath } from './paths.ts';
import { memoryOf, processorMs } from './proc.ts';
import { summarize } from './report.ts';
import { tables } from './tables.ts';

const nothing = async (): Promise<void> => {};

const path = (way: OpenPath['way'], server: OpenPath['server']): OpenPath => ({
  way,
  agent: 'old',
  server,
  call: nothing,
  close: nothing,
  between: [],
  own: null,
});

const measured = (latencies: number[], throughput: number, busyMs: number | null): Measured => ({
  latencies,
  medians: [1, 3, 2],
  throughputs: [throughput],
  busyMs,
  concurrentCalls: 100,
});

const wire = (answers: Readonly<Record<string, (params: Json) => Json>>): Wire => ({
  ask: async (method, params) => answers[method]?.(params) ?? {},
  notify: nothing,
  close: nothing,
});

const echo = ({ arguments: given }: Json): Json => ({ content: [{ type: 'text', ...(given as object) }] });

describe('what the benchmark prints', () => {
  it('is a value that was really measured, whatever the order it came in', () => {
    const hundred = Array.from({ length: 100 }, (_value, index) => 100 - index);
    expect(quantile(hundred, 0.5)).toBe(50);
    expect(quantile(hundred, 0.99)).toBe(99);
    expect(quantile([7], 0.99)).toBe(7);
  });

  it('sets a guarded bridge beside the same one without rules', () => {
    const figures = summarize(
      new Map([
        [path('direct', 'old'), measured([1], 1000, null)],
        [path('HTTP bridge', 'old'), measured([2], 500, 50)],
        [path('stdio bridge', 'old'), measured([7], 100, 50)],
        [path('HTTP bridge, guarded', 'old'), measured([3], 400, 50)],
      ]),
    );
    expect(figures.map(({ toUnguarded }) => toUnguarded)).toEqual([
      null,
      null,
      null,
      { p50: 1.5, p99: 1.5, throughput: 0.8 },
    ]);
  });

  it('sets every path beside the direct connection to the same server', () => {
    const figures = summarize(
      new Map([
        [path('direct', 'old'), measured([2], 1000, null)],
        [path('HTTP bridge', 'old'), measured([3], 500, 50)],
        [path('direct', 'new'), measured([1], 800, null)],
        [path('HTTP bridge', 'new'), measured([3], 200, null)],
      ]),
    );
    expect(figures.map(({ toDirect }) => toDirect.p50)).toEqual([1, 1.5, 1, 3]);
    expect(figures.map(({ toDirect }) => toDirect.throughput)).toEqual([1, 0.5, 1, 0.25]);
    expect(figures[1]).toMatchObject({ processorMsPerCall: 0.5, medianRange: [1, 3], toUnguarded: null });
  });

  it('compares with nothing when nobody called directly', () => {
    expect(() => summarize(new Map([[path('HTTP bridge', 'old'), measured([3], 500, null)]]))).toThrow('directly');
  });

  it('says that memory was skipped where it cannot be known', () => {
    const machine = { cores: 2, processor: 'x', platform: 'y', node: 'z', mcpRemote: '1', loadBefore: 0, loadAfter: 0 };
    const plan = { rounds: 1, warmUp: 1, sequential: 1, concurrent: 1, inFlight: 1 };
    const report = {
      date: '2026-01-01',
      machine,
      plan,
      paths: [],
      auditPlan: { rounds: 1, sliceSeconds: 1, perSecond: 200 },
      audit: [],
      starts: [],
      memory: [{ what: 'broker', memory: null }],
    };
    expect(tables(report)).toContain('Memory: skipped');
  });

  it.skipIf(!existsSync('/proc/self/smaps_rollup'))('takes memory and processor time from the system', () => {
    const memory = memoryOf(process.pid);
    expect(memory?.residentBytes).toBeGreaterThan(memory?.ownBytes ?? Infinity);
    expect(memory?.ownBytes).toBeGreaterThan(1_048_576);
    expect(processorMs([process.pid, process.pid])).toBeGreaterThan(0);
    // No process has this id: Linux ends at 4,194,304.
    expect(memoryOf(5_000_000)).toBeNull();
    expect(processorMs([process.pid, 5_000_000])).toBeNull();
  });
});

describe('a call of the benchmark', () => {
  const hello = { initialize: () => ({ protocolVersion: '2025-11-25' }) };

  it('counts only when the tool said the very same back', async () => {
    await (await openAgent('old', wire({ ...hello, 'tools/call': echo }))).call();
    const wrong = await openAgent('old', wire({ ...hello, 'tools/call': () => ({ content: [{ text: 'else' }] }) }));
    await expect(wrong.call()).rejects.toThrow('echo answered');
  });

  it('is made in the era it is counted under', async () => {
    await expect(openAgent('old', wire({ initialize: () => ({ protocolVersion: '2024-11-05' }) }))).rejects.toThrow(
      'another revision',
    );
  });
});

describe('the options of the benchmark', () => {
  it('are refused when they mean nothing', () => {
    expect(() => readOptions(['--rounds', '0'])).toThrow('1 to 100');
    expect(() => readOptions(['--rounds', 'many'])).toThrow('1 to 100');
    expect(() => readOptions(['--fast'])).toThrow();
    expect(readOptions(['--help'])).toBe('help');
  });
});
