// On Linux the broker sees for itself which program runs, from where, and who started it.
import { spawn } from 'node:child_process';
import { copyFileSync, chmodSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { follow } from '../../../main/access/evidence/lineage.ts';
import type { ProcessFacts } from '../../../main/access/evidence/lineage.ts';
import { linuxProcesses, parseCommandLine, parseStat, parseUptime } from '../../../main/access/evidence/linux.ts';
import { folder, start } from './children.ts';

describe.runIf(process.platform === 'linux')('a process', () => {
  const { lineage, now } = linuxProcesses();

  it('is known with its executable, words, folder and start', async () => {
    const cwd = folder();
    const before = now();
    const child = start(process.execPath, ['-e', 'console.log("up"); process.stdin.resume()', 'two words', ''], {
      cwd,
    });
    await child.line();
    const [facts] = await lineage(child.pid);
    expect(facts).toMatchObject({
      pid: child.pid,
      parentPid: process.pid,
      executable: realpathSync(process.execPath),
      deleted: false,
      commandLine: [process.execPath, '-e', expect.stringContaining('up'), 'two words', ''],
      folder: cwd,
    });
    expect(facts?.startedAt).toBeGreaterThanOrEqual(before - 20);
    expect(facts?.startedAt).toBeLessThanOrEqual(now());
  });

  it('is followed upwards through real parents', async () => {
    const inner = `console.log(process.pid); process.stdin.resume()`;
    const outer = `const c = require('child_process').spawn('/bin/sh', ['-c', process.argv[1] + ' & wait'], { stdio: 'inherit' })`;
    const child = start(process.execPath, ['-e', outer, `'${process.execPath}' -e '${inner}'`]);
    const pid = Number(await child.line());
    const line = await lineage(pid);
    expect(line.map((facts) => facts.pid).slice(0, 4)).toEqual([pid, line[1]?.pid, child.pid, process.pid]);
    expect(line[1]).toMatchObject({ executable: realpathSync('/bin/sh'), parentPid: child.pid });
    process.kill(pid, 'SIGKILL');
  });

  it('that has ended is nobody', async () => {
    const child = start(process.execPath, ['-e', '']);
    await child.end();
    expect(await lineage(child.pid)).toEqual([]);
    expect(await lineage(4_194_305)).toEqual([]);
  });

  it('whose file was replaced or removed is known by where it was', async () => {
    const place = folder();
    const program = join(place, 'sleeper');
    copyFileSync('/bin/sleep', program);
    chmodSync(program, 0o755);
    const child = start(program, ['60']);
    await new Promise<void>((resolve) => child.child.once('spawn', resolve));
    expect((await lineage(child.pid))[0]).toMatchObject({ executable: program, deleted: false });
    rmSync(program);
    expect((await lineage(child.pid))[0]).toMatchObject({ executable: program, deleted: true });
    // Another file in its place is not what runs.
    writeFileSync(program, 'something else');
    expect((await lineage(child.pid))[0]).toMatchObject({ executable: program, deleted: true });
  });

  it('whose file is called as if it had been removed is known by its real name', async () => {
    const program = join(folder(), 'sleeper (deleted)');
    copyFileSync('/bin/sleep', program);
    chmodSync(program, 0o755);
    const child = spawn(program, ['60']);
    try {
      await new Promise<void>((resolve) => child.once('spawn', resolve));
      expect((await lineage(child.pid ?? 0))[0]).toMatchObject({ executable: program, deleted: false });
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('what /proc says', () => {
  it('is read past whatever a process calls itself', () => {
    const rest = `S 7 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 2000`;
    const facts = { pid: 42, parentPid: 7, startedAt: 9_876_540 };
    expect(parseStat(`42 (node) ${rest}`)).toEqual({ ...facts, name: 'node' });
    expect(parseStat(`42 (a) S 1 (b) ) ${rest}`)).toEqual({ ...facts, name: 'a) S 1 (b) ' });
    for (const text of ['', '42', '42 (node', 'x (node) S 7', '42 (node) S 7']) expect(parseStat(text)).toBeNull();
  });

  it('is split where the system splits it', () => {
    expect(parseCommandLine('node\0a b\0\0c\0')).toEqual(['node', 'a b', '', 'c']);
    // A process that renamed itself has no closing zero.
    expect(parseCommandLine('node: renamed')).toEqual(['node: renamed']);
    expect(parseCommandLine('')).toEqual([]);
    expect(parseUptime('12345.67 999.00\n')).toBe(12_345_670);
  });
});

const facts = (pid: number, parentPid: number, startedAt: number | null): ProcessFacts => ({
  pid,
  parentPid,
  startedAt,
  name: String(pid),
  executable: null,
  deleted: false,
  commandLine: [],
  folder: null,
});
const among =
  (...all: ProcessFacts[]) =>
  (pid: number) =>
    all.find((one) => one.pid === pid) ?? null;
const pids = (line: readonly ProcessFacts[]) => line.map(({ pid }) => pid);

describe('a line of ancestors', () => {
  it('ends where a number was given out again: a parent is older than its child', () => {
    expect(pids(follow(3, among(facts(3, 2, 300), facts(2, 1, 200), facts(1, 0, 100))))).toEqual([3, 2, 1]);
    expect(pids(follow(3, among(facts(3, 2, 300), facts(2, 1, 301), facts(1, 0, 100))))).toEqual([3]);
  });

  it('ends in a loop, and after 64', () => {
    expect(pids(follow(3, among(facts(3, 2, null), facts(2, 3, null))))).toEqual([3, 2]);
    expect(follow(1_000, (pid) => facts(pid, pid - 1, pid))).toHaveLength(64);
  });
});
