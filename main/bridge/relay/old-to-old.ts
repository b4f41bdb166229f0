// An old agent and an old server: every message passes as it is while the agent may hear it, and only the session is ours to
// keep alive.
import { listNotices } from './listening.ts';
import type { OldAgentPort, OldSide } from './old-side.ts';
import { OldServer } from './old-server.ts';
import type { GuardedUpstream, RelayLimits, ServerEra } from './types.ts';
import { codes, fail, isCall, isReply, notice, outcomeOf, reply } from './wire.ts';
import type { Id, Message, Notice, Outcome, Reply } from './wire.ts';

export async function oldToOld(
  upstream: GuardedUpstream,
  limits: RelayLimits,
  era: ServerEra,
  agent: OldAgentPort,
): Promise<OldSide> {
  /** Lists that changed while the agent heard of nothing. */
  const missed = new Set<string>();
  /** What answers a request comes as its answer; whatever else looks like one was not seen by anybody who has to. */
  const send = (message: Message, about?: Id): void => {
    if (isReply(message)) return;
    if (upstream.admissions.hears) return agent.send(message, about);
    if (isCall(message)) pass(reply(message.id, unasked(message.method)));
    else if (lists.has(message.method)) missed.add(message.method);
  };
  const pass = (message: Notice | Reply): void => {
    session?.send(message).catch(() => {
      upstream.log.debug('a message of the agent did not reach the server', { server: upstream.name });
    });
  };
  let session: OldServer | null = null;
  const server = await OldServer.open({
    upstream,
    limits,
    era,
    initialize: agent.hello,
    onMessage: (message) => send(message),
  });
  session = server;
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
    mend() {
      server.mend();
      for (const method of missed) send(notice(method));
      missed.clear();
    },
    close: () => server.close(),
  };
}

const lists: ReadonlySet<string> = new Set(Object.values(listNotices));

/** The server learns that there is nobody whom it could ask; that the session is there at all is ours to say. */
const unasked = (method: string): Outcome =>
  method === 'ping'
    ? { result: {} }
    : fail(codes.methodNotFound, 'No request is under way that this could be asked with.');
