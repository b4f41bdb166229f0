// What the audit takes and gives. `append` never throws and never waits: a record must not keep anybody from working.
import type { AuditEntry, AuditVerdict } from '../../preload/contract-access.ts';
import type { ToolCall } from './tool-call.ts';

export type { AuditEntry, AuditVerdict } from '../../preload/contract-access.ts';

/** One thing that happened. Names and numbers; a `Secret` prints as `[secret]`, what is long is cut. */
export interface AuditInput {
  readonly kind: string;
  readonly server?: string | null | undefined;
  readonly account?: string | null | undefined;
  /** The agent's name, as the person knows it. */
  readonly agent?: string | null | undefined;
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

export interface AuditFilter {
  readonly server?: string | undefined;
  readonly agent?: string | undefined;
  readonly kind?: string | undefined;
  /** Not older than this, in milliseconds since the epoch. */
  readonly since?: number | undefined;
}

/** Newest first; with `after`, those that came after that row, oldest first. */
export interface AuditQuery extends AuditFilter {
  readonly before?: number | undefined;
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
}

export interface AuditPage {
  readonly items: AuditEntry[];
  /** For `before`, or for `after`, of the next page; null on the last one. */
  readonly next: number | null;
}

export interface AuditSettings {
  /** Whether the arguments of tool calls are kept, without what looks like a secret. */
  readonly arguments: boolean;
  readonly keepDays: number;
  readonly keepMegabytes: number;
}

export interface Audit {
  /** What matters (approvals, revocations, the lock, settings, sign-ins) is written at once, the rest within 250 ms. */
  append(entry: AuditInput): void;
  toolCall(call: ToolCall): void;
  /** Resolves when everything that was appended is in the database. @throws what the database does */
  flush(): Promise<void>;
  /** Walks over every row; takes a second for some hundred thousand of them, in steps that keep nobody waiting. */
  verify(): Promise<AuditVerdict>;
  page(query: AuditQuery): Promise<AuditPage>;
  /** Every server, agent and kind that some row names. */
  choices(): { servers: string[]; agents: string[]; kinds: string[] };
  /** Signs what there is, and then the key leaves memory: rows go on being chained, and are signed after `unlock`. Never rejects. */
  lock(): Promise<void>;
  unlock(): Promise<void>;
  /** Writes what waits and signs it. */
  close(): Promise<void>;
}
