// A server of the handshake eras: one session held open, its stream kept, and opened again when the server forgot it.
import { SdkHttpError } from '@modelcontextprotocol/client';
import type { StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { isTokentrayError } from '../../errors.ts';
import type { Fetch } from '../../ports.ts';
import { bounded } from './bounded.ts';
import { exchange, newTransport, sendFailure, SessionLost } from './exchange.ts';
import { handshakePatience, Refused, silent } from './channel.ts';
import type { Channel, ChannelHooks, OldRequestOptions, OldServerOptions } from './channel.ts';
import { openEventStream } from './event-stream.ts';
import type { JsonObject, Upstream } from './types.ts';
import { asText, call, hear, isReply, notice, nothing, toSdk } from './wire.ts';
import type { Call, Notice, Reply } from './wire.ts';

export class OldServer {
  readonly #options: OldServerOptions;
  #channel: Channel;
  #reopening: Promise<Channel> | null = null;
  #acknowledged = false;
  #closed = false;
  #hurt = false;
  #level: string | null = null;
  readonly #subscribed = new Set<string>();

  private constructor(options: OldServerOptions, channel: Channel) {
    this.#options = options;
    this.#channel = channel;
  }

  /** @throws what `upstream.fetch` throws, unreachable, `Refused` with the server's own JSON-RPC error */
  static async open(options: OldServerOptions): Promise<OldServer> {
    let server: OldServer | null = null;
    const hooks: ChannelHooks = {
      onMessage: (message) => options.onMessage(message),
      onLost: () => server?.revive(),
      onHurt: () => server?.hurt(),
    };
    const opened = new OldServer(options, await openChannel(options, hooks));
    server = opened;
    return opened;
  }

  /** The server's answer to `initialize`. */
  get opened(): JsonObject {
    return this.#channel.opened;
  }

  async initialized(): Promise<void> {
    this.#acknowledged = true;
    await this.#channel.initialized();
  }

  async request(request: Call, options: OldRequestOptions = {}): Promise<Reply> {
    const used = await this.#current();
    let answer: Reply;
    try {
      answer = await used.request(request, options);
    } catch (error) {
      if (!(error instanceof SessionLost)) throw error;
      answer = await (await this.#reopen(used)).request(request, options);
    }
    if ('result' in answer) this.#note(request);
    return answer;
  }

  async send(message: Notice | Reply): Promise<void> {
    const used = await this.#current();
    try {
      await used.send(message);
    } catch (error) {
      if (!(error instanceof SessionLost)) throw error;
      await this.#reopen(used);
    }
  }

  /** Opens a new session in the background, as after a lost one. */
  revive(): void {
    if (this.#closed) return;
    this.#reopen(this.#channel).catch((error: unknown) => {
      this.#options.upstream.log.debug('the session could not be opened again', {
        server: this.#options.upstream.name,
        error: isTokentrayError(error) ? error.code : 'unknown',
      });
    });
  }

  hurt(): void {
    this.#hurt = true;
  }

  /** After the grant came back: a new session, if the old one suffered. */
  mend(): void {
    if (!this.#hurt) return;
    this.#hurt = false;
    this.revive();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#channel.close();
  }

  #current(): Promise<Channel> {
    return this.#reopening ?? Promise.resolve(this.#channel);
  }

  /** One new session for all that found the old one gone; what the old one had been told is said again. */
  async #reopen(lost: Channel): Promise<Channel> {
    if (this.#reopening !== null) return this.#reopening;
    if (this.#channel !== lost) return this.#channel;
    this.#reopening = this.#openAgain(lost);
    try {
      return await this.#reopening;
    } finally {
      this.#reopening = null;
    }
  }

  async #openAgain(lost: Channel): Promise<Channel> {
    let channel: Channel | null = null;
    const hooks: ChannelHooks = {
      onMessage: (message) => this.#options.onMessage(message),
      onLost: () => {
        if (this.#channel === channel) this.revive();
      },
      onHurt: () => this.hurt(),
    };
    channel = await openChannel(this.#options, hooks);
    void lost.close();
    this.#channel = channel;
    if (this.#acknowledged) await channel.initialized();
    const again = (method: string, params: JsonObject): Promise<unknown> =>
      channel.request(call(`tokentray-${crypto.randomUUID()}`, method, params), {}).catch(() => {});
    if (this.#level !== null) await again('logging/setLevel', { level: this.#level });
    for (const uri of this.#subscribed) await again('resources/subscribe', { uri });
    return channel;
  }

  #note(request: Call): void {
    const uri = asText(request.params?.['uri']);
    if (request.method === 'logging/setLevel') this.#level = asText(request.params?.['level']) ?? null;
    else if (request.method === 'resources/subscribe' && uri !== undefined) this.#subscribed.add(uri);
    else if (request.method === 'resources/unsubscribe' && uri !== undefined) this.#subscribed.delete(uri);
  }
}

async function openChannel(options: OldServerOptions, hooks: ChannelHooks): Promise<Channel> {
  const hello = call(`tokentray-${crypto.randomUUID()}`, 'initialize', options.initialize);
  if (options.era === 'legacy-sse') return openEventStream(options, hello, hooks);
  try {
    return await openStreamable(options, hello, hooks);
  } catch (error) {
    // 2025-11-25 transports, Backwards Compatibility: these statuses mean that the older transport may be there.
    const status = isTokentrayError(error, 'unreachable') ? error.facts['status'] : undefined;
    if (status !== 400 && status !== 404 && status !== 405) throw error;
    return openEventStream(options, hello, hooks).catch(() => {
      throw error;
    });
  }
}

async function openStreamable(options: OldServerOptions, hello: Call, hooks: ChannelHooks): Promise<Channel> {
  const { upstream, limits } = options;
  let streamed = false;
  const watched: Fetch = async (input, init) => {
    const response = await upstream.fetch(input, init).catch((error: unknown) => {
      if (isTokentrayError(error, 'needs_sign_in')) hooks.onHurt();
      throw error;
    });
    if (init?.method === 'GET') {
      // A stream that was there and is now not found ended with its session; one that never was is just not offered.
      if (response.ok) streamed = true;
      else if (response.status === 404 && streamed) queueMicrotask(() => hooks.onLost());
    }
    return response;
  };
  const transport = newTransport(upstream, limits, { fetch: bounded(watched, limits.messageBytes) }, streamRetries);
  await transport.start();
  try {
    const opened = await firstReply(upstream, transport, hello);
    if (!('result' in opened)) throw new Refused(opened);
    const version = asText(opened.result['protocolVersion']) ?? '2025-03-26';
    transport.setProtocolVersion(version);
    hear(transport, {
      onmessage: (message) => hooks.onMessage(message),
      onerror: (error) => upstream.log.debug('stream of the server', { server: upstream.name, error: error.name }),
    });
    const session = { id: transport.sessionId, version };
    const send = async (message: Notice | Reply): Promise<void> => {
      try {
        await transport.send(toSdk(message));
      } catch (error) {
        throw sendFailure(error, session.id !== undefined);
      }
    };
    return {
      opened: opened.result,
      initialized: () => send(notice('notifications/initialized')),
      request: (request, { signal, onMessage }) => exchange(upstream, request, { limits, session, signal, onMessage }),
      send,
      async close() {
        // A server that does not answer to that any more must not keep its streams open by it.
        const late = upstream.clock.after(farewell, () => void transport.close().catch(() => {}));
        await transport.terminateSession().catch(() => {});
        late();
        await transport.close().catch(() => {});
      },
    };
  } catch (error) {
    await transport.close().catch(() => {});
    throw error instanceof Refused ? error : sendFailure(error, false);
  }
}

/** Milliseconds for the goodbye to a server. */
const farewell = 800;

/** Of the stream that stays open for as long as the session; half a minute apart at last. */
const streamRetries = 1000;

async function firstReply(upstream: Upstream, transport: StreamableHTTPClientTransport, hello: Call): Promise<Reply> {
  let cancel = nothing;
  try {
    return await new Promise<Reply>((resolve, reject) => {
      cancel = upstream.clock.after(handshakePatience, () => reject(silent()));
      hear(transport, {
        onmessage: (message) => {
          if (isReply(message) && message.id === hello.id) resolve(message);
        },
      });
      transport.send(toSdk(hello), { onRequestStreamEnd: () => reject(silent()) }).catch(reject);
    });
  } catch (error) {
    throw error instanceof SdkHttpError ? sendFailure(error, false) : error;
  } finally {
    cancel();
  }
}
