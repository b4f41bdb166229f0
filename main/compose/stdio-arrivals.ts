// An agent that comes in through the shim: looked at, known or new, and served for as long as its stream and its key are there.
import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Agents } from '../access/agents.ts';
import type { Peer } from '../access/evidence/peer.ts';
import type { Lock } from '../access/lock.ts';
import type { StdioAgents } from '../access/stdio-agents.ts';
import type { Caller } from '../access/types.ts';
import type { Upstreams } from '../bridge/upstreams.ts';
import type { StdioHello } from '../control/stdio-protocol.ts';
import type { Log } from '../ports.ts';

export interface StdioArrivalParts {
  readonly stdioAgents: Pick<StdioAgents, 'arrive'>;
  readonly agents: Agents;
  readonly upstreams: Pick<Upstreams, 'stdio'>;
  readonly lock: Pick<Lock, 'touched'>;
  readonly log: Log;
}

/** Never rejects: who cannot be served is hung up on. */
export function stdioArrivals({ stdioAgents, agents, upstreams, lock, log }: StdioArrivalParts) {
  const arrive = async (hello: StdioHello, stream: Duplex, peer: Peer | null): Promise<void> => {
    const { agent, folder, left } = await stdioAgents.arrive(hello, peer);
    const stopListening = agents.onEnd((id) => id === agent.id && stream.destroy());
    const gone = () => {
      left();
      stopListening();
    };
    // It may have gone while the system was asked about it; then nothing will close any more.
    if (stream.destroyed) return gone();
    stream.once('close', gone);
    const caller: Caller = { agent, via: 'stdio', session: randomUUID(), folder };
    upstreams.stdio(hello.server, stream, caller, {
      onCall(client) {
        lock.touched();
        if (client !== null) agents.noteClient(agent.id, client);
        agents.touch(agent.id);
      },
    });
    log.info('an agent came in over stdio', { server: hello.server, agent: agent.name, pid: peer?.pid ?? hello.pid });
  };

  return (hello: StdioHello, stream: Duplex, peer: Peer | null): void => {
    arrive(hello, stream, peer).catch((cause: unknown) => {
      log.error('an agent on stdio was refused', { server: hello.server, cause });
      stream.destroy();
    });
  };
}
