// What the broker found out by itself about whoever speaks over one connection of the control socket.
import type { AgentView } from '../../../preload/contract.ts';
import { findAgent } from './agent-process.ts';
import type { Surroundings } from './agent-process.ts';
import type { Processes, ProcessFacts } from './lineage.ts';
import type { Peer } from './peer.ts';
import { realPath, scriptOf } from './script.ts';

export type Checked = NonNullable<AgentView['checked']>;

/** One process for good: a number alone is given out again. */
export interface ProcessId {
  readonly pid: number;
  readonly startedAt: number | null;
}

export interface Evidence {
  /** The signature is not looked at yet: that takes seconds. */
  readonly checked: Checked;
  readonly process: ProcessId;
  /** For recognising the agent: without what changes from run to run. */
  readonly executable: string | null;
  readonly script: string | null;
  /** Where the process at the other end works: an agent starts the shim in its project. */
  readonly folder: string | null;
}

const mostParents = 16;
const longestPath = 4_096;

/**
 * @param saidPid what the shim says of itself, believed only where the kernel cannot be asked
 * @returns null when nothing can be known: the process is gone, or out of sight
 */
export async function gatherEvidence(
  peer: Peer | null,
  saidPid: number,
  { processes, surroundings }: { readonly processes: Processes; readonly surroundings: Surroundings },
): Promise<Evidence | null> {
  // A peer in another container says a number that means another process here.
  const pid = peer === null ? saidPid : peer.pid;
  if (pid === null || pid <= 0) return null;
  const lineage = await processes.lineage(pid);
  const [speaker] = lineage;
  // It ended, and its number is another process's now.
  if (speaker === undefined || (peer !== null && (speaker.startedAt ?? 0) > peer.askedAt)) return null;
  const found = findAgent(lineage, surroundings);
  if (found === null) return null;
  const { agent, parents } = found;
  const script = scriptOf(agent);
  const executable = agent.executable === null ? null : agent.deleted ? agent.executable : real(agent.executable);
  const folder = speaker.folder === null ? null : cut(speaker.folder);
  return {
    checked: {
      by: peer === null ? 'its-word' : 'kernel',
      pid: agent.pid,
      executable: executable === null ? null : cut(agent.deleted ? `${executable} (deleted)` : executable),
      script: script === null ? null : cut(script),
      parents: parents.slice(0, mostParents).map(shortly),
      folder,
      signature: null,
    },
    process: { pid: agent.pid, startedAt: agent.startedAt },
    executable,
    script,
    folder,
  };
}

const shortly = ({ pid, name, executable }: ProcessFacts): Checked['parents'][number] => ({
  pid,
  name: cut(name),
  executable: executable === null ? null : cut(executable),
});

const real = (path: string): string => realPath(path) ?? path;
const cut = (text: string): string => text.slice(0, longestPath);
