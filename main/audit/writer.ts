// The chain in memory and its way into the table: rows in order, in batches, none ever written before the one it follows.
import type { Clock, Log } from '../ports.ts';
import type { AuditHead, AuditRow, AuditTable } from '../store/audit.ts';
import { rowHash } from './chain.ts';
import { columnsOf } from './entry.ts';
import type { End, Finding } from './key.ts';
import type { AuditInput } from './types.ts';

export interface Writer {
  /** `entry` is looked into later, when rows are written: whoever appends is on the way of somebody's request. */
  append(kind: string, entry: () => AuditInput): void;
  /** Everything that waits. @throws store_full, store_unavailable, store_damaged */
  flush(): void;
  /** The newest row in the table. */
  written(): End;
  /** No row is taken any more. */
  end(): void;
}

interface WriterParts {
  readonly table: AuditTable;
  readonly clock: Clock;
  readonly log: Log;
  /** What the next row follows. */
  readonly from: End;
  /** A signature over `end` if one is due. */
  readonly headFor: (end: End) => AuditHead | null;
  readonly onWritten: (rows: readonly AuditRow[], head: AuditHead | null) => void;
  readonly onFinding: (finding: Finding) => void;
}

const everyMs = 250;
const batch = 200;
const retryMs = 5_000;
/** More than this waits for no disk; what comes on top is counted. */
const mostWaiting = 20_000;

/** Often and of little weight by itself. Everything else is written at once, with all that came before it. */
const mayWait: ReadonlySet<string> = new Set([
  'tool-call',
  'rule-hit',
  'used',
  'refreshed',
  'refresh-failed',
  'token-lent',
  'token-issued',
  'cache-cleared',
]);

export function createWriter(parts: WriterParts): Writer {
  const { table, clock, log, headFor, onWritten, onFinding } = parts;
  let written = parts.from;
  let newest = parts.from;
  let waiting: AuditRow[] = [];
  let entries: { readonly at: number; readonly entry: () => AuditInput }[] = [];
  let lost = 0;
  let failing = false;
  let ended = false;
  let cancelTimer: (() => void) | null = null;
  let soon: 'urgent' | 'full' | null = null;

  function chain(entry: AuditInput, at = clock.now()): void {
    const row = { seq: newest.seq + 1, at: Math.trunc(at), ...columnsOf(entry), previous: newest.hash };
    const hash = rowHash({ ...row, seq: String(row.seq), at: String(row.at) });
    waiting.push({ ...row, hash });
    newest = { seq: row.seq, hash };
  }

  /** Somebody else has written to the table since we last did, or removed from it. */
  function look(): void {
    const end = table.last() ?? { seq: 0, hash: '' };
    if (end.seq === written.seq && (end.hash === written.hash || end.seq === 0)) return;
    if (end.seq > written.seq) {
      const rows = table.removeAfter(written.seq);
      log.error('rows that Tokentray has not written were removed from the audit', { rows, after: written.seq });
      chain({ kind: 'audit-foreign-rows', detail: { rows, after: written.seq } });
    } else if (end.seq < written.seq) onFinding({ kind: 'seen', verdict: 'truncated', at: end.seq + 1 });
    else onFinding({ kind: 'witness', ...written });
  }

  function write(urgent: boolean): void {
    if (waiting.length + entries.length === 0) return;
    const fresh = entries;
    entries = [];
    for (const { at, entry } of fresh) chain(read(entry), at);
    look();
    while (waiting.length > 0) {
      const rows = waiting.slice(0, batch * 5);
      const end = rows.at(-1);
      if (end === undefined) return;
      const head = headFor({ seq: end.seq, hash: end.hash });
      table.write(rows, head, urgent);
      waiting = waiting.slice(rows.length);
      written = { seq: end.seq, hash: end.hash };
      onWritten(rows, head);
    }
    if (lost > 0) {
      const detail = { entries: lost };
      lost = 0;
      chain({ kind: 'audit-lost', detail });
      write(urgent);
    }
  }

  function attempt(urgent: boolean): void {
    cancelTimer?.();
    cancelTimer = null;
    try {
      write(urgent);
      failing = false;
    } catch (cause) {
      if (!failing) log.error('the audit cannot be written; its rows wait in memory', { cause, rows: waiting.length });
      failing = true;
      if (!ended) cancelTimer = clock.after(retryMs, () => attempt(true));
    }
  }

  return {
    append(kind, entry) {
      if (ended) return;
      if (waiting.length + entries.length >= mostWaiting) {
        lost += 1;
        return;
      }
      entries.push({ at: clock.now(), entry });
      if (failing) return;
      const urgent = !mayWait.has(kind);
      if (!urgent && entries.length < batch) {
        cancelTimer ??= clock.after(everyMs, () => attempt(false));
        return;
      }
      // Not here and now: the caller may be inside a transaction, which could still be undone. Transactions never wait.
      if (soon === null) {
        queueMicrotask(() => {
          const all = soon === 'urgent';
          soon = null;
          if (!ended) attempt(all);
        });
      }
      soon = urgent ? 'urgent' : (soon ?? 'full');
    },
    flush() {
      cancelTimer?.();
      cancelTimer = null;
      write(true);
      failing = false;
    },
    written: () => written,
    end() {
      ended = true;
      cancelTimer?.();
      cancelTimer = null;
    },
  };
}

/** That something happened counts even where it cannot be told what. */
function read(entry: () => AuditInput): AuditInput {
  try {
    return entry();
  } catch {
    return { kind: 'audit-unreadable' };
  }
}
