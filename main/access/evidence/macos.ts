// Processes on macOS, as ps(1) and lsof(8) print them: one list of all, then the files of those that matter.
import { runProgram } from './run.ts';
import { follow } from './lineage.ts';
import type { Processes, ProcessFacts } from './lineage.ts';

const ps = '/bin/ps';
const lsof = '/usr/sbin/lsof';

type Run = typeof runProgram;

export function macosProcesses(run: Run = runProgram): Processes {
  return {
    async lineage(pid) {
      const listed = await run(ps, ['-axww', '-o', 'pid=,ppid=,lstart=,comm='], { mostBytes: 16_777_216 });
      const all = parseList(listed ?? '');
      const line = follow(pid, (one) => all.get(one) ?? null);
      if (line.length === 0) return [];
      const pids = line.map((facts) => facts.pid).join(',');
      const [files, words] = await Promise.all([
        run(lsof, ['-a', '-w', '-n', '-P', '-p', pids, '-d', 'cwd,txt', '-F', 'pfn'], { withinMs: 4_000 }),
        run(ps, ['-ww', '-o', 'pid=,args=', '-p', pids]),
      ]);
      const [fileOf, wordsOf] = [parseFiles(files ?? ''), parseArguments(words ?? '')];
      return line.map((facts) => {
        const { executable = null, folder = null } = fileOf.get(facts.pid) ?? {};
        return { ...facts, executable, folder, commandLine: splitArguments(wordsOf.get(facts.pid) ?? '', executable) };
      });
    },
    now: () => Date.now(),
  };
}

const listLine = /^\s*(\d+)\s+(\d+)\s+(\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4})\s+(.+)$/u;

/** `ps -axww -o pid=,ppid=,lstart=,comm=` under LC_ALL=C and TZ=UTC. */
export function parseList(text: string): Map<number, ProcessFacts> {
  const all = new Map<number, ProcessFacts>();
  for (const line of text.split('\n')) {
    const [, pid, parentPid, started = '', path = ''] = listLine.exec(line) ?? [];
    if (pid === undefined) continue;
    const startedAt = Date.parse(`${started} UTC`);
    all.set(Number(pid), {
      pid: Number(pid),
      parentPid: Number(parentPid),
      startedAt: Number.isNaN(startedAt) ? null : startedAt,
      name: path.split('/').at(-1) ?? path,
      executable: null,
      deleted: false,
      commandLine: [],
      folder: null,
    });
  }
  return all;
}

/** `lsof -F pfn`: a line for each field, named by its first letter. The first text file of a process is its executable. */
export function parseFiles(text: string): Map<number, { executable?: string; folder?: string }> {
  const files = new Map<number, { executable?: string; folder?: string }>();
  let of: { executable?: string; folder?: string } = {};
  let descriptor = '';
  for (const line of text.split('\n')) {
    const value = line.slice(1);
    if (line.startsWith('p')) files.set(Number(value), (of = {}));
    else if (line.startsWith('f')) descriptor = value;
    else if (line.startsWith('n') && value.startsWith('/')) {
      if (descriptor === 'cwd') of.folder ??= value;
      if (descriptor === 'txt') of.executable ??= value;
    }
  }
  return files;
}

/** `ps -ww -o pid=,args=`. */
export function parseArguments(text: string): Map<number, string> {
  return new Map(
    text.split('\n').flatMap((line): [number, string][] => {
      const [, pid, words = ''] = /^\s*(\d+)\s+(.+)$/u.exec(line) ?? [];
      return pid === undefined ? [] : [[Number(pid), words]];
    }),
  );
}

/** The words are printed without their borders: the program's path is known, the rest is split at spaces. */
export function splitArguments(text: string, executable: string | null): string[] {
  if (text === '') return [];
  if (executable !== null && (text === executable || text.startsWith(`${executable} `))) {
    return [executable, ...text.slice(executable.length).split(' ').filter(Boolean)];
  }
  return text.split(' ').filter(Boolean);
}
