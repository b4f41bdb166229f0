// What an old agent's connection and the server behind it know of each other, whichever era the server speaks.
import type { JsonObject } from './types.ts';
import type { Call, Id, Message, Notice, Outcome, Reply } from './wire.ts';

/** The old agent, as the server's side sees it. */
export interface OldAgentPort {
  /** `params` of its `initialize`. */
  readonly hello: JsonObject;
  readonly capabilities: JsonObject;
  /** `about` is the agent's request that the message belongs to, where there is one. */
  send(message: Message, about?: Id): void;
  /** A request of our own to the agent. */
  ask(method: string, params: JsonObject, about: Id, signal: AbortSignal): Promise<Outcome>;
}

/** The server, as an old agent sees it: a session that answers in the old era's words. */
export interface OldSide {
  /** The result of `initialize`. */
  readonly opened: JsonObject;
  /** The agent has said `notifications/initialized`. */
  begin(): void;
  request(request: Call, signal: AbortSignal): Promise<Outcome>;
  notice(notice: Notice): void;
  /** The agent's answer to a request that was not ours. */
  answer(reply: Reply): void;
  /** The grant came back: whatever was lost with it is to be opened again. */
  mend(): void;
  close(): Promise<void>;
}
