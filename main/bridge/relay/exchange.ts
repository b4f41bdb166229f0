// One request to a server over Streamable HTTP, from the POST to its answer, with everything in between handed on.
import { SdkHttpError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { StreamableHTTPClientTransportOptions, Transport } from '@modelcontextprotocol/client';
import { isTokentrayError, TokentrayError } from '../../errors.ts';
import { quote } from '../../quote.ts';
import { admissionsOf } from '../guarded-upstream.ts';
import { bounded } from './bounded.ts';
import type { RelayLimits, Upstream } from './types.ts';
import { asObject, asText, hear, isReply, nothing, readMessage, toSdk } from './wire.ts';
import type { Call, Message, Reply } from './wire.ts';

export interface ExchangeOptions {
  readonly limits: RelayLimits;
  /** Ends the exchange: the stream of the answer is closed, which a modern server takes as cancellation. */
  readonly signal?: AbortSignal | undefined;
  /** What the server sends on this request's stream ahead of the answer. */
  readonly onMessage?: ((message: Message) => void) | undefined;
  /** Silence is no reason to give up, as on a stream of subscriptions. */
  readonly patient?: boolean | undefined;
  /** `Mcp-Param-*`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Of a session of the handshake eras. */
  readonly session?: { readonly id: string | undefined; readonly version: string } | undefined;
}

/**
 * A transport per request, so that it is certain to which request a message belongs; an old session is shared by
 * giving each of them its id. Streams that broke with an event id are resumed (2025-11-25 transports, Resumability).
 */
export function newTransport(
  upstream: Upstream,
  limits: RelayLimits,
  options: StreamableHTTPClientTransportOptions = {},
  maxRetries = 10,
): StreamableHTTPClientTransport {
  return new StreamableHTTPClientTransport(upstream.url, {
    fetch: bounded(upstream.fetch, limits.messageBytes),
    reconnectionOptions: {
      initialReconnectionDelay: 1000,
      maxReconnectionDelay: 30_000,
      reconnectionDelayGrowFactor: 2,
      maxRetries,
    },
    reconnectionScheduler: (reconnect, delay) => upstream.clock.after(delay, reconnect),
    ...options,
  });
}

/** @throws what `upstream.fetch` throws, unreachable, protocol_error; `SessionLost` when the session has ended */
export async function exchange(upstream: Upstream, request: Call, options: ExchangeOptions): Promise<Reply> {
  const { session, signal } = options;
  let answeredWith: Response | null = null;
  const transport = newTransport(upstream, options.limits, {
    fetch: bounded(async (input, init) => {
      const response = await upstream.fetch(input, init);
      if (init?.method === 'POST') answeredWith = response;
      return response;
    }, options.limits.messageBytes),
    ...(session?.id === undefined ? {} : { sessionId: session.id }),
    ...(session === undefined ? {} : { protocolVersion: session.version }),
  });
  let stopWatching = nothing;
  let finished = nothing;
  const streamEnded = new Promise<void>((resolve) => (finished = resolve));
  try {
    const answer = await new Promise<Reply>((resolve, reject) => {
      const watch = (): void => {
        stopWatching();
        if (options.patient === true) return;
        stopWatching = upstream.clock.after(options.limits.requestSilence, () => reject(tooQuiet()));
      };
      let answered = false;
      const onmessage = (message: Message): void => {
        // What comes behind the answer belongs to no request any more.
        if (answered && admissionsOf(upstream)?.hears === false) return;
        if (isReply(message) && message.id === request.id) {
          answered = true;
          return resolve(message);
        }
        watch();
        options.onMessage?.(message);
      };
      const onRequestStreamEnd = (): void => {
        finished();
        reject(streamLost());
      };
      hear(transport, { onmessage });
      signal?.addEventListener('abort', () => reject(new Cancelled()), { once: true });
      if (signal?.aborted === true) return reject(new Cancelled());
      watch();
      const send = async (): Promise<void> => {
        await transport.start();
        const headers = options.headers === undefined ? {} : { headers: options.headers };
        await transport.send(toSdk(request), { onRequestStreamEnd, ...headers });
        if (answeredWith?.status === 202) reject(noAnswer());
      };
      send().catch((error: unknown) => {
        const refusal = answerIn(request, error);
        if (refusal !== null) resolve(refusal);
        else reject(sendFailure(error, session?.id !== undefined));
      });
    });
    void letEnd(upstream, transport, streamEnded);
    return answer;
  } catch (error) {
    await transport.close().catch(() => {});
    throw error;
  } finally {
    stopWatching();
  }
}

const lastMoment = 1000;

/** A stream that may end by itself leaves a connection that can be used again; breaking it off does not. */
async function letEnd(upstream: Upstream, transport: Transport, ended: Promise<void>): Promise<void> {
  let cancel = nothing;
  const late = new Promise<void>((resolve) => (cancel = upstream.clock.after(lastMoment, resolve)));
  await Promise.race([ended, late]);
  cancel();
  await transport.close().catch(() => {});
}

/** The agent no longer wants the answer. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/** The server no longer knows the session: 404 with a session id (2025-11-25 transports, Session Management). */
export class SessionLost extends Error {
  override readonly name = 'SessionLost';
}

/** A refusal may carry the JSON-RPC error in its body: 404 with -32601, 400 with -32020 and its kin. */
function answerIn(request: Call, error: unknown): Reply | null {
  const text = bodyOf(error);
  if (!(error instanceof SdkHttpError) || text === undefined) return null;
  try {
    const body: unknown = JSON.parse(text);
    const message = readMessage(body);
    if (message === null || !isReply(message) || !('error' in message)) return null;
    if (error.status === 404 && message.error.code !== -32601) return null;
    if (message.id !== request.id && message.id !== undefined && message.id !== null) return null;
    return { jsonrpc: '2.0', id: request.id, error: message.error };
  } catch {
    return null;
  }
}

const bodyOf = (error: unknown): string | undefined =>
  error instanceof SdkHttpError ? asText(asObject(error.data)['text']) : undefined;

/** What went wrong when a message was sent, in our words. */
export function sendFailure(error: unknown, inSession: boolean): unknown {
  if (isTokentrayError(error) || error instanceof Cancelled || error instanceof SessionLost) return error;
  if (error instanceof SdkHttpError) {
    if (error.status === 404 && inSession) return new SessionLost();
    const text = bodyOf(error);
    const said = text === undefined || text === '' ? '' : `: ${quote(text)}`;
    return new TokentrayError('unreachable', `the server answered with HTTP ${error.status}${said}`, {
      attempted: 'pass a request to the server',
      facts: { status: error.status ?? null },
      cause: error,
    });
  }
  return new TokentrayError('unreachable', 'the server could not be reached or its answer could not be read', {
    attempted: 'pass a request to the server',
    cause: error,
  });
}

const streamLost = (): TokentrayError =>
  new TokentrayError('unreachable', 'the connection to the server ended before its answer came', {
    attempted: 'pass a request to the server',
  });
const noAnswer = (): TokentrayError =>
  new TokentrayError('protocol_error', 'the server accepted the request but sends no answer', {
    attempted: 'pass a request to the server',
  });
const tooQuiet = (): TokentrayError =>
  new TokentrayError('unreachable', 'the server has been silent for too long', {
    attempted: 'pass a request to the server',
  });
