// What a session with a server of the handshake eras offers, whichever transport of those eras carries it.
import { isTokentrayError, TokentrayError } from '../../errors.ts';
import type { JsonObject, RelayLimits, ServerEra, Upstream } from './types.ts';
import type { Call, Message, Notice, Reply } from './wire.ts';

export interface OldRequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** What the server sends about this request: on its stream, or as far as can be told where there is one for all. */
  readonly onMessage?: ((message: Message) => void) | undefined;
}

/** One way to a session, over either transport of the handshake eras. */
export interface Channel {
  readonly opened: JsonObject;
  initialized(): Promise<void>;
  request(request: Call, options: OldRequestOptions): Promise<Reply>;
  send(message: Notice | Reply): Promise<void>;
  close(): Promise<void>;
}

export interface ChannelHooks {
  /** What the server sends that belongs to no request of ours. */
  onMessage(message: Message): void;
  /** The session has ended without our doing. */
  onLost(): void;
  /** Something of the session failed for want of a grant. */
  onHurt(): void;
}

export interface OldServerOptions {
  readonly upstream: Upstream;
  readonly limits: RelayLimits;
  /** `legacy-sse` where a probe found the stream of 2024-11-05; `legacy` tries Streamable HTTP first. */
  readonly era: ServerEra;
  /** `params` of `initialize`: the agent's own, so that the server sees who it deals with. */
  readonly initialize: JsonObject;
  readonly onMessage: (message: Message) => void;
}

/** In which the person may have to sign in first, where the browser opens by itself. */
export const handshakePatience = 6 * 60_000;

/** The server answered `initialize` with an error. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly reply: Reply;

  constructor(refusal: Reply) {
    super('the server refused to open a session');
    this.reply = refusal;
  }
}

/** A refusal that may only mean that the server speaks another era than was believed. */
export const contradicts = (error: unknown): boolean => {
  if (error instanceof Refused) return true;
  const status = isTokentrayError(error, 'unreachable') ? error.facts['status'] : null;
  return status === 400 || status === 404 || status === 405;
};

export const silent = (): TokentrayError =>
  new TokentrayError('unreachable', 'the server does not answer `initialize`', { attempted: 'open a session' });
