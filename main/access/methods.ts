// What each request of an agent does, as far as a person's permission is concerned: a table, with the reason for each row.

export type Reach =
  /** Lends nothing and tells nothing: answered from memory before the person decided, and nobody is asked because of it. */
  | 'idle'
  /** How every agent begins. Answered from memory, too; nobody is asked as long as there is something to answer. */
  | 'first'
  /** Reads what the server holds, or keeps up what was begun. Rules for tools do not concern it. */
  | 'read'
  /** Does something: rules for tools decide. */
  | 'call';

const table: ReadonlyMap<string, Reach> = new Map([
  // Whether we are there is no question to the server.
  ['ping', 'idle'],
  // Kept, and said to the server when there is a connection to it.
  ['logging/setLevel', 'idle'],
  // A stream that stays empty until the agent is allowed.
  ['subscriptions/listen', 'idle'],
  // Empty lists: what the agent may not read it need not hear of, and it asks again when it is told that they changed.
  ['prompts/list', 'idle'],
  ['resources/list', 'idle'],
  ['resources/templates/list', 'idle'],
  // Suggestions while somebody types.
  ['completion/complete', 'idle'],

  ['initialize', 'first'],
  ['server/discover', 'first'],
  ['tools/list', 'first'],

  ['prompts/get', 'read'],
  ['resources/read', 'read'],
  ['resources/subscribe', 'read'],
  ['resources/unsubscribe', 'read'],
  // Of a call that was let through (2025-11-25 tasks).
  ['tasks/get', 'read'],
  ['tasks/result', 'read'],
  ['tasks/list', 'read'],
  ['tasks/cancel', 'read'],

  ['tools/call', 'call'],
]);

/** Null for a method that no revision of the protocol knows: it could do anything. */
export const reachOf = (method: string): Reach | null => table.get(method) ?? null;
