// What Linux says of a process: its memory and its time on the processor. Elsewhere null, never a guess.
import { readFileSync } from 'node:fs';

export interface Memory {
  /** Resident (VmRSS), with pages that other processes hold too, such as Node's own program text. */
  readonly residentBytes: number;
  /** The part that nobody shares: about what one more such process costs. */
  readonly ownBytes: number;
}

/** USER_HZ: what /proc counts in, the same on every architecture that Node runs on. */
const ticksPerSecond = 100;

export function memoryOf(pid: number): Memory | null {
  const status = read(pid, 'status');
  const rollup = read(pid, 'smaps_rollup');
  const resident = kilobytes(status, 'VmRSS');
  if (rollup === null || resident === null) return null;
  const own = ['Private_Clean', 'Private_Dirty'].reduce((sum, name) => sum + (kilobytes(rollup, name) ?? 0), 0);
  return { residentBytes: resident * 1024, ownBytes: own * 1024 };
}

/** Milliseconds that these processes have spent on the processor, together. */
export function processorMs(pids: readonly number[]): number | null {
  let ticks = 0;
  for (const pid of pids) {
    // The name in parentheses may contain spaces; behind it utime and stime are the 12th and 13th field.
    const fields = read(pid, 'stat')
      ?.replace(/^.*\) /su, '')
      .split(' ');
    if (fields === undefined) return null;
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return (ticks * 1000) / ticksPerSecond;
}

function kilobytes(text: string | null, name: string): number | null {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'mu').exec(text ?? '')?.[1];
  return found === undefined ? null : Number(found);
}

function read(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return null;
  }
}
