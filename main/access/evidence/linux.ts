// Processes on Linux, read from /proc (proc(5)); each read is one moment, so the start time is read again at the end.
import { closeSync, lstatSync, openSync, readFileSync, readlinkSync, readSync, statSync } from 'node:fs';
import { follow } from './lineage.ts';
import type { Processes, ProcessFacts } from './lineage.ts';

/** USER_HZ, in which /proc counts: 100 on every processor that Node runs on. */
const msPerTick = 10;
/** A command line may have megabytes; what matters is at its beginning. */
const mostCommandLine = 65_536;
const deletedEnding = ' (deleted)';

export function linuxProcesses(proc = '/proc'): Processes {
  return {
    lineage: async (pid) => follow(pid, (one) => readProcess(proc, one)),
    now: () => parseUptime(attempt(() => readFileSync(`${proc}/uptime`, 'utf8')) ?? ''),
  };
}

function readProcess(proc: string, pid: number): ProcessFacts | null {
  const at = `${proc}/${pid}`;
  const read = () => attempt(() => readFileSync(`${at}/stat`, 'utf8')) ?? '';
  const text = read();
  const first = parseStat(text);
  if (first === null) return null;
  const executable = attempt(() => readlinkSync(`${at}/exe`));
  const facts: ProcessFacts = {
    ...first,
    ...(executable === null ? { executable: null, deleted: false } : withoutDeleted(executable, `${at}/exe`)),
    commandLine: parseCommandLine(attempt(() => beginningOf(`${at}/cmdline`)) ?? ''),
    folder: attempt(() => readlinkSync(`${at}/cwd`)),
    hasTerminal: hasTerminal(text),
  };
  // Gone, or replaced under the same number, while we looked: then nothing of this is certain.
  return parseStat(read())?.startedAt === first.startedAt ? facts : null;
}

/** A file can be called so, too: then it is there, and it is the one that runs. */
function withoutDeleted(path: string, link: string): Pick<ProcessFacts, 'executable' | 'deleted'> {
  if (!path.endsWith(deletedEnding)) return { executable: path, deleted: false };
  const literal = attempt(() => lstatSync(path));
  const running = attempt(() => statSync(link));
  if (literal !== null && running !== null && literal.ino === running.ino && literal.dev === running.dev) {
    return { executable: path, deleted: false };
  }
  return { executable: path.slice(0, -deletedEnding.length), deleted: true };
}

/** `/proc/<pid>/stat`: the name in parentheses may itself hold spaces and parentheses, so the last one ends it. */
export function parseStat(text: string): Pick<ProcessFacts, 'pid' | 'parentPid' | 'startedAt' | 'name'> | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  const pid = Number(text.slice(0, open));
  // The third field follows: state, parent (4), …, starttime (22).
  const fields = text
    .slice(close + 1)
    .trim()
    .split(/\s+/u);
  const [parentPid, ticks] = [Number(fields[1]), Number(fields[19])];
  if (![pid, parentPid, ticks].every((number) => Number.isSafeInteger(number) && number >= 0)) return null;
  return { pid, parentPid, startedAt: ticks * msPerTick, name: text.slice(open + 1, close) };
}

/** `tty_nr` (7), which is 0 without a controlling terminal. */
export function hasTerminal(stat: string): boolean {
  const fields = stat
    .slice(stat.lastIndexOf(')') + 1)
    .trim()
    .split(/\s+/u);
  return Number(fields[4] ?? 0) !== 0;
}

/** Words that each end with a zero byte. */
export function parseCommandLine(text: string): string[] {
  const words = text.split('\0');
  if (words.at(-1) === '') words.pop();
  return words;
}

/** `/proc/uptime`: seconds since the start, with hundredths. In milliseconds. */
export const parseUptime = (text: string): number => Math.round(Number.parseFloat(text) * 1_000) || 0;

function beginningOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(mostCommandLine);
    let length = 0;
    for (let read = 1; read > 0 && length < buffer.length; length += read) {
      read = readSync(file, buffer, length, buffer.length - length, null);
    }
    return buffer.toString('utf8', 0, length);
  } finally {
    closeSync(file);
  }
}

/** Processes end while they are looked at, and another user's are closed to us. */
function attempt<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
