// Agents on stdio: who comes in through the shim is recognised by what it is called and by the program that it is.
import { createHash } from 'node:crypto';
import type { StdioHello } from '../control/stdio-protocol.ts';
import type { Log } from '../ports.ts';
import type { AgentRow, Store } from '../store/types.ts';
import { cleanName } from './agent-name.ts';
import { programName } from './agents.ts';
import type { Agents } from './agents.ts';
import { systemSurroundings } from './evidence/agent-process.ts';
import type { Surroundings } from './evidence/agent-process.ts';
import { gatherEvidence } from './evidence/evidence.ts';
import type { Evidence, ProcessId } from './evidence/evidence.ts';
import type { Processes } from './evidence/lineage.ts';
import type { Peer } from './evidence/peer.ts';
import { systemProcesses } from './evidence/processes.ts';
import { signatureOf } from './evidence/signature.ts';
import { startedBy } from './evidence/started-by.ts';
import type { StartedBy } from './evidence/started-by.ts';

/** One shim's connection. */
export interface StdioAgent {
  readonly agent: AgentRow;
  /** The folder that it works in, as the broker saw it. */
  readonly folder: string | null;
  /** The connection has ended. */
  left(): void;
}

export interface AgentProcess extends ProcessId {
  readonly agentId: string;
}

export interface StdioAgents {
  /**
   * Finds or makes the agent that speaks over a connection.
   * @param peer as the kernel named it; null where it cannot be asked, and then the shim's word has to do
   * @throws overloaded
   */
  arrive(hello: StdioHello, peer: Peer | null): Promise<StdioAgent>;
  /** The processes of agents that are connected now. */
  processes(): readonly AgentProcess[];
  /** Whether the process at the other end of a connection was started by one of them. */
  startedBy(peer: Peer | null): Promise<StartedBy<AgentProcess>>;
}

export interface StdioAgentsParts {
  readonly agents: Pick<Agents, 'recognise' | 'get'>;
  readonly store: Pick<Store, 'agents'>;
  readonly log: Log;
  /** Where agents' configurations start the shim, beside the places that are known. */
  readonly shims?: readonly string[];
  readonly processes?: Processes;
  readonly surroundings?: Surroundings;
  readonly signature?: typeof signatureOf;
  /** Told when a signature was found after the agent had come in. */
  readonly onChange?: () => void;
}

export function createStdioAgents(parts: StdioAgentsParts): StdioAgents {
  const { agents, store, log, signature = signatureOf, onChange = () => undefined } = parts;
  const processes = parts.processes ?? systemProcesses();
  const surroundings = parts.surroundings ?? systemSurroundings(parts.shims);
  const here = new Map<symbol, { readonly agentId: string; readonly process: ProcessId | null }>();

  const sign = async (id: string, evidence: Evidence): Promise<void> => {
    const found = await signature(evidence.process.pid);
    const checked = agents.get(id)?.checked ?? null;
    if (found === null || checked?.pid !== evidence.process.pid) return;
    if (store.agents.change(id, { checked: { ...checked, signature: found } })) onChange();
  };

  return {
    async arrive(hello, peer) {
      if (peer !== null && peer.pid !== null && peer.pid !== hello.pid) {
        log.warn('a shim said that it is another process than it is', { said: hello.pid, is: peer.pid });
      }
      const evidence = await gatherEvidence(peer, hello.pid, { processes, surroundings });
      const claimed = cleanName(hello.agentName);
      const agent = agents.recognise({
        kind: 'stdio',
        identity: identityOf(claimed, evidence),
        name: claimed ?? programName(evidence?.checked ?? null) ?? 'unnamed agent',
        claimed: { name: claimed, client: null, clientUri: null },
        checked: evidence?.checked ?? null,
        here: Array.from(here.values(), ({ agentId }) => agentId),
      });
      const connection = Symbol(agent.id);
      here.set(connection, { agentId: agent.id, process: evidence?.process ?? null });
      if (evidence !== null) {
        sign(agent.id, evidence).catch((cause: unknown) => log.warn('a signature could not be looked at', { cause }));
      }
      return { agent, folder: evidence?.folder ?? null, left: () => void here.delete(connection) };
    },

    processes: () => present(here.values()),
    startedBy: (peer) => startedBy(peer?.pid ?? null, present(here.values()), processes, surroundings),
  };
}

function present(
  connections: Iterable<{ readonly agentId: string; readonly process: ProcessId | null }>,
): AgentProcess[] {
  return Array.from(connections).flatMap(({ agentId, process }) => (process === null ? [] : [{ agentId, ...process }]));
}

/** Whoever takes another's name is another program, and whoever is the same program under another name is another agent. */
function identityOf(claimed: string | null, evidence: Evidence | null): string {
  const parts = [
    'stdio',
    claimed,
    evidence?.executable ?? null,
    evidence?.script ?? null,
    evidence?.checked.by ?? null,
  ];
  return createHash('sha256').update(JSON.stringify(parts), 'utf8').digest('hex');
}
