// An old agent and an old server: every message passes as it is, and only the session is ours to keep alive.
import type { OldAgentPort, OldSide } from './old-side.ts';
import { OldServer } from './old-server.ts';
import type { RelayLimits, ServerEra, Upstream } from './types.ts';
import { isReply, outcomeOf } from './wire.ts';
import type { Id, Message, Notice, Reply } from './wire.ts';

export async function oldToOld(
  upstream: Upstream,
  limits: RelayLimits,
  era: ServerEra,
  agent: OldAgentPort,
): Promise<OldSide> {
  /** What answers a request comes as its answer; whatever else looks like one was not seen by anybody who has to. */
  const send = (message: Message, about?: Id): void => {
    if (!isReply(message)) agent.send(message, about);
  };
  const server = await OldServer.open({
    upstream,
    limits,
    era,
    initialize: agent.hello,
    onMessage: (message) => send(message),
  });
  const pass = (message: Notice | Reply): void => {
    server.send(message).catch(() => {
      upstream.log.debug('a message of the agent did not reach the server', { server: upstream.name });
    });
  };
  return {
    opened: server.opened,
    begin() {
      server.initialized().catch(() => {});
    },
    async request(request, signal) {
      const onMessage = (message: Message): void => send(message, request.id);
      return outcomeOf(await server.request(request, { signal, onMessage }));
    },
    notice: pass,
    answer: pass,
    mend: () => server.mend(),
    close: () => server.close(),
  };
}
