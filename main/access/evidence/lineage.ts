// A process with its ancestors: what is known of each, and how far up it is certain.

export interface ProcessFacts {
  readonly pid: number;
  /** 0: none that we can see. */
  readonly parentPid: number;
  /** Milliseconds since the system's start (Linux) or since the epoch. Together with the pid it names a process for good. */
  readonly startedAt: number | null;
  /** A short name; a process may change it. */
  readonly name: string;
  /** The real path of what runs, from the kernel; null where it may not be seen. */
  readonly executable: string | null;
  /** The file is no longer there, or another one is: an update came while it ran. */
  readonly deleted: boolean;
  /** Where it was split by the system or by us. A process can rewrite it: it is evidence about honest programs only. */
  readonly commandLine: readonly string[];
  readonly folder: string | null;
  /** Whether a person could sit before it; absent where that cannot be seen. */
  readonly hasTerminal?: boolean;
}

export interface Processes {
  /** The process, then its parent and so on; as far as it can be followed without doubt. Empty when there is no such process. */
  lineage(pid: number): Promise<readonly ProcessFacts[]>;
  /** Now, on the scale of `startedAt`. */
  now(): number;
}

/** Longer chains are not real; a loop in what the system says must have an end. */
export const longestLineage = 64;

/**
 * Follows parents from one process on. A parent that started after its child has only taken over the number of the one that
 * did: there the line ends.
 */
export function follow(pid: number, find: (pid: number) => ProcessFacts | null): ProcessFacts[] {
  const line: ProcessFacts[] = [];
  for (let next = pid; next > 0 && line.length < longestLineage;) {
    const facts = find(next);
    const child = line.at(-1);
    if (facts === null || line.some((known) => known.pid === facts.pid)) break;
    if (child !== undefined && (child.startedAt ?? Infinity) < (facts.startedAt ?? -Infinity)) break;
    line.push(facts);
    next = facts.parentPid;
  }
  return line;
}
