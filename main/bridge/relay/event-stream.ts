// The transport of 2024-11-05: one stream of events for everything the server says, and an address to post to.
import { SSEClientTransport } from '@modelcontextprotocol/client';
import { isTokentrayError, TokentrayError } from '../../errors.ts';
import type { Fetch } from '../../ports.ts';
import { bounded } from './bounded.ts';
import { handshakePatience, Refused, silent } from './channel.ts';
import type { Channel, ChannelHooks, OldRequestOptions, OldServerOptions } from './channel.ts';
import { Cancelled, sendFailure, SessionLost } from './exchange.ts';
import { hear, isCall, isReply, metaOf, notice, nothing, toSdk } from './wire.ts';
import type { Call, Id, Message, Notice, Reply } from './wire.ts';

interface Waiting {
  readonly request: Call;
  readonly onMessage: ((message: Message) => void) | undefined;
  readonly sent: Promise<void>;
  resolve(answer: Reply): void;
  reject(error: unknown): void;
}

export async function openEventStream(options: OldServerOptions, hello: Call, hooks: ChannelHooks): Promise<Channel> {
  const { upstream, limits } = options;
  // The event source tells nobody why its request failed, so the reason is kept here.
  let refused: unknown = null;
  const fetchOfSession = upstream.eventStreamFetch();
  const watched: Fetch = async (input, init) => {
    try {
      return await fetchOfSession(input, init);
    } catch (error) {
      refused = error;
      if (isTokentrayError(error, 'needs_sign_in')) hooks.onHurt();
      throw error;
    }
  };
  const transport = new SSEClientTransport(upstream.url, { fetch: bounded(watched, limits.messageBytes) });
  const waiting = new Map<Id, Waiting>();
  let open = false;
  let lost = false;

  const onmessage = (message: Message): void => {
    if (isReply(message)) return waiting.get(message.id)?.resolve(message);
    const request = requestFor(message, [...waiting.values()]);
    if (request?.onMessage === undefined) hooks.onMessage(message);
    else request.onMessage(message);
  };
  // The stream is the session: what comes back after a break would be another one, so ours ends here.
  const onerror = (): void => {
    for (const each of waiting.values()) each.reject(broken());
    if (!open) return;
    open = false;
    lost = true;
    // Closing breaks off what is being posted, and then nobody could say whether it had arrived.
    const posting = [...waiting.values()].map(({ sent }) => sent);
    void Promise.allSettled(posting).then(() => transport.close());
    hooks.onLost();
  };
  hear(transport, { onmessage, onerror });

  const send = async (message: Call | Notice | Reply): Promise<void> => {
    if (lost) throw new SessionLost();
    try {
      await transport.send(toSdk(message));
    } catch (error) {
      throw lost && wasRefused(error) ? new SessionLost() : sendFailure(error, false);
    }
  };
  const request = async (wanted: Call, { signal, onMessage }: OldRequestOptions): Promise<Reply> => {
    let stopWatching = nothing;
    const sent = send(wanted);
    try {
      return await new Promise<Reply>((resolve, reject) => {
        stopWatching = upstream.clock.after(limits.requestSilence, () => reject(broken()));
        waiting.set(wanted.id, { request: wanted, onMessage, sent, resolve, reject });
        signal?.addEventListener('abort', () => reject(new Cancelled()), { once: true });
        sent.catch(reject);
      });
    } catch (error) {
      // What was refused with the stream already gone has not been done, and may be tried in a new session.
      if (lost) await sent;
      throw error;
    } finally {
      stopWatching();
      waiting.delete(wanted.id);
    }
  };

  try {
    await within(options, transport.start());
    const opened = await within(options, request(hello, {}));
    if (!('result' in opened)) throw new Refused(opened);
    open = true;
    return {
      opened: opened.result,
      initialized: () => send(notice('notifications/initialized')),
      request,
      send,
      async close() {
        open = false;
        await transport.close().catch(() => {});
      },
    };
  } catch (error) {
    await transport.close().catch(() => {});
    throw error instanceof Refused ? error : sendFailure(refused ?? error, false);
  }
}

/** Progress names its request; a question or a log line can only be of one that is under way, so of the newest. */
function requestFor(message: Message, waiting: readonly Waiting[]): Waiting | undefined {
  if (isReply(message)) return undefined;
  if (message.method === 'notifications/progress') {
    const token = message.params?.['progressToken'];
    return waiting.find(({ request }) => metaOf(request)['progressToken'] === token);
  }
  return isCall(message) || message.method === 'notifications/message' ? waiting.at(-1) : undefined;
}

async function within<T>(options: OldServerOptions, work: Promise<T>): Promise<T> {
  let cancel = nothing;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        cancel = options.upstream.clock.after(handshakePatience, () => reject(silent()));
      }),
    ]);
  } finally {
    cancel();
  }
}

/** The SDK says it in words only. */
const wasRefused = (error: unknown): boolean => error instanceof Error && /\(HTTP 4\d\d\)/u.test(error.message);

const broken = (): TokentrayError =>
  new TokentrayError('unreachable', 'the stream of the server ended before its answer came', {
    attempted: 'pass a request to the server',
  });
