// Whether a process was started by an agent, directly or through others: an agent must not answer the question that is about it.
import { isInit, isShell, systemSurroundings } from './agent-process.ts';
import type { Surroundings } from './agent-process.ts';
import type { ProcessId } from './evidence.ts';
import type { Processes, ProcessFacts } from './lineage.ts';
import { systemProcesses } from './processes.ts';

/** `orphan`: whoever started it is gone, which is how one hides from this question; `unknown`: it cannot be seen. */
export type StartedBy<A extends ProcessId> =
  | { readonly kind: 'agent'; readonly agent: A }
  | { readonly kind: 'orphan' }
  | { readonly kind: 'somebody-else' }
  | { readonly kind: 'unknown' };

/**
 * @param pid of a peer, as the kernel named it; null: it could not be asked
 * @param agents the processes of agents that are here now; without any there is nothing to find
 */
export async function startedBy<A extends ProcessId>(
  pid: number | null,
  agents: readonly A[],
  processes: Processes = systemProcesses(),
  surroundings: Surroundings = systemSurroundings(),
): Promise<StartedBy<A>> {
  if (agents.length === 0) return { kind: 'somebody-else' };
  if (pid === null) return { kind: 'unknown' };
  const lineage = await processes.lineage(pid);
  if (lineage.length === 0) return { kind: 'unknown' };
  for (const facts of lineage) {
    const agent = agents.find((one) => one.pid === facts.pid && one.startedAt === facts.startedAt);
    if (agent !== undefined) return { kind: 'agent', agent };
  }
  // A shell that nobody can type to has been started as well, and who did that is what counts.
  const starter = lineage.slice(1).find((facts) => !(isShell(facts, surroundings) && facts.hasTerminal === false));
  return starter !== undefined && adopts(starter, surroundings) ? { kind: 'orphan' } : { kind: 'somebody-else' };
}

/** The first process of a system or container adopts whatever it is called; a person's shell can be that one, too. */
const adopts = (facts: ProcessFacts, surroundings: Surroundings): boolean =>
  isInit(facts, surroundings) || (facts.pid === 1 && !isShell(facts, surroundings));
