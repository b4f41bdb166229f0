// The relay for an agent on stdio: the era is read off each request, so one connection serves whatever comes.
import type { Duplex } from 'node:stream';
import { clientInfo } from '../client-info.ts';
import { isModern } from '../eras.ts';
import { idsOf } from '../incoming.ts';
import { Batch } from './batch.ts';
import { openLines } from './lines.ts';
import { NewAgents } from './new-agent.ts';
import { OldAgent } from './old-agent.ts';
import { defaultLimits } from './types.ts';
import type { GuardedUpstream, RelayOptions, RelaySession } from './types.ts';
import { asText, codes, fail, isCall, isNotice, meta, metaOf, reply } from './wire.ts';
import type { Call, Id, Message, Notice } from './wire.ts';

/**
 * Serves one agent over a stream of newline-delimited JSON. `initialize` opens the old era for everything that is
 * not stamped as the new one (2026-07-28 versioning, Compatibility Matrix).
 */
export function serveStdio(upstream: GuardedUpstream, stream: Duplex, options: RelayOptions = {}): RelaySession {
  const limits = { ...defaultLimits, ...options.limits };
  const running = new Map<Id, AbortController>();
  const agents = new NewAgents(limits);
  const lines = openLines(stream, limits.messageBytes, {
    onMessages: (messages, batch) => receiveAll(messages, batch),
    onBroken: (because) => upstream.log.warn('an agent was disconnected', { server: upstream.name, because }),
  });
  const oldAgent = new OldAgent(upstream, limits, (message) => lines.send(message));

  const receiveAll = (messages: readonly Message[], isBatch: boolean): void => {
    const ids = idsOf(messages);
    const batch = isBatch && ids.length > 0 ? new Batch(ids.length) : null;
    for (const message of messages) receive(message, batch);
  };

  const receive = (message: Message, batch: Batch | null): void => {
    if (isCall(message)) options.onCall?.(clientInfo([message]));
    if (isCall(message) && isModern(asText(metaOf(message)[meta.protocolVersion]))) void serve(message, batch);
    else if (isNotice(message) && cancelled(message)) return;
    else oldAgent.receive(message, batch);
  };

  const serve = async (request: Call, batch: Batch | null): Promise<void> => {
    if (running.size >= limits.pendingRequests) {
      batch?.refuse();
      lines.send(reply(request.id, fail(codes.internal, 'Too many requests are waiting for their answers.')));
      return;
    }
    const controller = new AbortController();
    running.set(request.id, controller);
    const outcome = await agents.answer(request, {
      agent: 'stdio',
      upstream,
      batch,
      signal: controller.signal,
      send: (message: Notice) => {
        if (!controller.signal.aborted) lines.send(message);
      },
    });
    if (running.get(request.id) === controller) running.delete(request.id);
    if (!controller.signal.aborted) lines.send(reply(request.id, outcome));
  };

  /** Ends a request of the new era; false when the notification is about something else. */
  const cancelled = (message: Notice): boolean => {
    if (message.method !== 'notifications/cancelled') return false;
    const id = message.params?.['requestId'];
    const controller = typeof id === 'string' || typeof id === 'number' ? running.get(id) : undefined;
    controller?.abort();
    return controller !== undefined;
  };

  const release = async (): Promise<void> => {
    for (const controller of running.values()) controller.abort();
    await Promise.allSettled([oldAgent.close(), agents.close()]);
    upstream.admissions.close();
    upstream.guard.close();
    lines.close();
  };
  const done = lines.ended.then(release);
  return {
    done,
    async close() {
      lines.close();
      stream.destroy();
      await done;
    },
  };
}
