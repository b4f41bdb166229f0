// Who may use what, in types: callers, decisions, rules for tools, and the guard that stands before every request.
import type { AgentRow } from '../store/types.ts';

/** One connection of an agent, as the bridge knows it. */
export interface Caller {
  readonly agent: Pick<AgentRow, 'id' | 'name' | 'kind' | 'trusted'>;
  readonly via: 'http' | 'stdio';
  /** What "for this session" is bound to: one stdio connection, or one agent on HTTP for as long as it keeps coming. */
  readonly session: string;
  /** The folder that the agent works in, as the broker saw it; null: not known. */
  readonly folder: string | null;
}

/** What an agent may do with a grant. A rule that denies wins over every other. */
export interface ToolRules {
  readonly tools: 'everything' | 'read-only';
  /** Globs; empty: every tool that `tools` lets through. */
  readonly allow: readonly string[];
  /** Globs. */
  readonly deny: readonly string[];
  /** Ask the person before each call: never, of tools marked destructive, or of every tool that is not marked read-only. */
  readonly ask: 'never' | 'destructive' | 'changes';
}

export const everything: ToolRules = { tools: 'everything', allow: [], deny: [], ask: 'destructive' };
export const readOnly: ToolRules = { tools: 'read-only', allow: [], deny: [], ask: 'never' };

/** What a change of a tool's definition leads to: the tool is held, the person is told, or nothing. */
export type Pinning = 'hold' | 'warn' | 'off';

/** How long the person's decision holds. */
export type Lasts = 'once' | 'session' | 'until' | 'always';

export interface ApprovalRow {
  readonly id: string;
  readonly agentId: string;
  readonly server: string;
  readonly account: string;
  readonly decision: 'allow' | 'deny';
  readonly lasts: Lasts;
  /** Milliseconds since the epoch; an end on any kind of decision, null: none. */
  readonly until: number | null;
  /** For `session` (and `once`): the caller's session. */
  readonly session: string | null;
  readonly rules: ToolRules;
  readonly decidedAt: number;
  /** Where the person decided: `window`, `browser`, `command-line`, or `trusted` where none was asked. */
  readonly decidedBy: string;
  readonly endedAt: number | null;
  readonly endedBecause: string | null;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** One JSON-RPC request of an agent, read strictly (access/message.ts). */
export interface GuardedRequest {
  readonly method: string;
  readonly params: JsonObject;
  /** Of the whole message. */
  readonly bytes: number;
}

export interface Waiting {
  /** The agent gave up, or went away. */
  readonly signal: AbortSignal;
  /** Called at once and every few seconds while a person is waited for, with words for a progress notification. */
  readonly onWait?: (words: string) => void;
}

/** How a request that was let through ended. `ok` also where the answer was too large to look into. */
export interface Finished {
  readonly outcome: 'ok' | 'tool-error' | 'error' | 'cancelled' | 'failed';
  /** Of the answer, as far as it was seen. */
  readonly bytes: number;
}

/** A request that may go on. */
export interface Admitted {
  /** Whether `result` has to see the result before the agent does. */
  readonly reads: boolean;
  /** The result as this agent may see it: of `tools/list` without what it may not use. */
  result(result: JsonObject): JsonObject;
  /** Whether it would be let through now as it was then, without a person: rules may be others, and what was allowed over. */
  stands(): boolean;
  /** Told once, for the audit. */
  finished(how: Finished): void;
}

/** All that stands between one connection of an agent and one server. Both bridges ask it; nothing reaches a server without it. */
export interface Guard {
  readonly account: string;
  /** False while the person has not allowed this agent: what can be is answered from memory then. Cheap. */
  open(): boolean;
  /** Whether the person's permission stands, locked or not. Cheap. */
  allowed(): boolean;
  /** Whether the person's no stands: then the agent hears nothing of the server, not even what is remembered. Cheap. */
  denied(): boolean;
  /** Called when `open` or `allowed` has changed; the returned function ends it. */
  onChange(listener: () => void): () => void;
  /** Aborted when the agent is shut out or ended: every stream of it ends within a second. */
  readonly ended: AbortSignal;
  /**
   * Lets one request through, or waits for the person as long as the settings say.
   * @throws approval_needed, approval_denied, tool_refused, tool_held, call_declined, overloaded, locked
   */
  admit(request: GuardedRequest, waiting: Waiting): Promise<Admitted>;
  /** `tools/list` results that come by another way than as the answer to a request (a resumed stream, our memory). */
  filterTools(result: JsonObject): JsonObject;
  /** The connection is over. On stdio, what was decided for its session ends with it. */
  close(): void;
}

export interface Guards {
  /** The guard of one connection. @throws unknown_server, account_missing */
  guard(caller: Caller, server: string): Guard;
}
