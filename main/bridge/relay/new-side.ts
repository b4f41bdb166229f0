// What one request of a new agent and those who answer it know of each other.
import type { Batch } from './batch.ts';
import type { GuardedUpstream, JsonObject } from './types.ts';
import { meta, notice } from './wire.ts';
import type { Id, Notice, Outcome } from './wire.ts';

/** One request's way back to the agent. */
export interface NewAgentPort {
  /** Who asks: what is kept open for one agent is out of reach for the others. */
  readonly agent: string;
  /** The server as this agent may use it. */
  readonly upstream: GuardedUpstream;
  /** Null: the request came alone. */
  readonly batch: Batch | null;
  readonly signal: AbortSignal;
  /** A notification on this request's stream. */
  send(message: Notice): void;
}

/** `_meta` as every message of a subscription carries it. */
export const subscribed = (id: Id): JsonObject => ({ _meta: { [meta.subscriptionId]: id } });

export const acknowledgement = (id: Id, filter: JsonObject): Notice =>
  notice('notifications/subscriptions/acknowledged', { ...subscribed(id), notifications: filter });

/** The end of a subscription that nobody cancelled (subscriptions, Graceful Closure). */
export const closing = (id: Id): Outcome => ({ result: { resultType: 'complete', ...subscribed(id) } });
