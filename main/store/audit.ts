// The table of the audit and that of its signed heads: appended to, cut at the beginning, and read as bytes to be verified.
import { z } from 'zod';
import type { Connection } from './connection.ts';
import { jsonOf, parseRow } from './rows.ts';
import type { Input, Row } from './sqlite.ts';

/** As it is written: `detail` is JSON of an object. */
export interface AuditRow {
  readonly seq: number;
  readonly at: number;
  readonly kind: string;
  readonly server: string | null;
  readonly account: string | null;
  readonly agent: string | null;
  readonly detail: string;
  readonly previous: string;
  readonly hash: string;
}

/** A signature over the newest row of its moment (`head`), or over the newest one that was removed (`cut`). */
export interface AuditHead {
  readonly kind: 'head' | 'cut';
  readonly seq: number;
  readonly hash: string;
  readonly at: number;
  readonly keyId: string;
  readonly signature: string;
}

/** A row whatever is in it: numbers as SQLite prints them, text as bytes. */
export interface RawAuditRow {
  readonly seq: string;
  readonly at: string;
  readonly kind: Uint8Array;
  readonly server: Uint8Array | null;
  readonly account: Uint8Array | null;
  readonly agent: Uint8Array | null;
  readonly detail: Uint8Array;
  readonly previous: Uint8Array;
  readonly hash: Uint8Array;
}

export interface RawAuditHead extends Omit<AuditHead, 'seq' | 'at'> {
  readonly id: string;
  readonly seq: string;
  readonly at: string;
}

export interface AuditRowFilter {
  readonly server?: string | undefined;
  readonly agent?: string | undefined;
  readonly kind?: string | undefined;
  readonly since?: number | undefined;
  readonly before?: number | undefined;
  readonly after?: number | undefined;
}

export interface AuditTable {
  /** The newest row; null when there is none. */
  last(): { seq: number; hash: string } | null;
  /** All of it or none. `urgent`: waits for the disk. @throws store_full, store_unavailable, store_damaged */
  write(rows: readonly AuditRow[], head: AuditHead | null, urgent: boolean): void;
  hashAt(seq: number): string | null;
  /** Newest first, or oldest first where `after` is given. */
  page(filter: AuditRowFilter, limit: number): (Omit<AuditRow, 'detail'> & { detail: Record<string, unknown> })[];
  named(): { servers: string[]; agents: string[]; kinds: string[] };
  /** From the row after `seq` on (null: from the very first), in order, as bytes. */
  rawAfter(seq: number | null, limit: number): RawAuditRow[];
  /** Of kind `head`, signed over a row in (after, to]; both null for no bound. In the order of rows. */
  rawHeads(after: number | null, to: number | null, limit: number): RawAuditHead[];
  newestHead(): number | null;
  /** The newest of kind `cut`. */
  rawCut(): RawAuditHead | null;
  /** Rows from the beginning that may go, at most `limit`: seq, time and size, in order. */
  oldest(limit: number): { seq: number; at: number; hash: string; bytes: number }[];
  /** How many bytes all rows take, nearly. Looks at every page. */
  bytes(from: number, limit: number): { bytes: number; last: number | null };
  /** Removes rows up to that of `cut`, and signatures that speak of removed rows only. */
  cut(cut: AuditHead): void;
  /** Removes signatures of before `before` except the last of each day: the next one vouches for the same rows. */
  thinHeads(before: number): number;
  /** Removes rows after `seq`, which this program has not written. */
  removeAfter(seq: number): number;
}

const pageSchema = z.object({
  seq: z.int(),
  at: z.int(),
  kind: z.string(),
  server: z.string().nullable(),
  account: z.string().nullable(),
  agent: z.string().nullable(),
  detail: z.preprocess(jsonOf, z.record(z.string(), z.unknown())).catch({ unreadable: true }),
  previous: z.string(),
  hash: z.string(),
});
const endSchema = z.object({ seq: z.int(), hash: z.string() });
const oldSchema = z.object({ seq: z.int(), at: z.int(), hash: z.string(), bytes: z.int() });
const numberSchema = z.object({ value: z.int().nullable() });

const bytes = z.instanceof(Uint8Array);
const rawSchema = z.object({
  seq: z.string(),
  at: z.string(),
  kind: bytes,
  server: bytes.nullable(),
  account: bytes.nullable(),
  agent: bytes.nullable(),
  detail: bytes,
  previous: bytes,
  hash: bytes,
});
const rawHeadSchema = z.object({
  id: z.string(),
  kind: z.enum(['head', 'cut']),
  seq: z.string(),
  hash: z.string(),
  at: z.string(),
  key_id: z.string(),
  signature: z.string(),
});

// A number that somebody wrote by hand may be larger than JavaScript's; text may be no text.
const rawColumns = `CAST(seq AS TEXT) AS seq, CAST(at AS TEXT) AS at, CAST(kind AS BLOB) AS kind, CAST(server AS BLOB) AS server,
  CAST(account AS BLOB) AS account, CAST(agent AS BLOB) AS agent, CAST(detail AS BLOB) AS detail,
  CAST(previous AS BLOB) AS previous, CAST(hash AS BLOB) AS hash`;
const rawHeadColumns = `CAST(id AS TEXT) AS id, kind, CAST(seq AS TEXT) AS seq, hash, CAST(at AS TEXT) AS at, key_id, signature`;
const largest = Number.MAX_SAFE_INTEGER;
/** Rows that were changed by hand are shown as well as it goes; `verify` says what is wrong with them. */
const shownColumns = `max(min(seq, ${largest}), -${largest}) AS seq, max(min(at, ${largest}), -${largest}) AS at,
  kind, server, account, agent, detail, previous, hash`;
/** What a row takes on the disk beside its text: numbers, two hashes, three indexes. */
const rowBytes = `(length(detail) + 300)`;

export function auditTable(db: Connection): AuditTable {
  const int = (sql: string, ...values: Input[]): number | null =>
    parseRow('audit', numberSchema, db.get(sql, ...values) ?? { value: null }).value;

  const insertHead = (head: AuditHead): void =>
    void db.run(
      'INSERT INTO audit_heads (kind, seq, hash, at, key_id, signature) VALUES (?, ?, ?, ?, ?, ?)',
      head.kind,
      head.seq,
      head.hash,
      head.at,
      head.keyId,
      head.signature,
    );

  return {
    last() {
      const row = db.get('SELECT seq, hash FROM audit WHERE seq BETWEEN 1 AND ? ORDER BY seq DESC LIMIT 1', largest);
      return row && parseRow('audit', endSchema, row);
    },
    write(rows, head, urgent) {
      const all = (): void =>
        db.transaction(() => {
          for (const row of rows) {
            db.run(
              `INSERT INTO audit (seq, at, kind, server, account, agent, detail, previous, hash)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
              row.seq,
              row.at,
              row.kind,
              row.server,
              row.account,
              row.agent,
              row.detail,
              row.previous,
              row.hash,
            );
          }
          if (head !== null) insertHead(head);
        });
      if (urgent) all();
      else db.relaxed(all);
    },
    hashAt(seq) {
      const row = db.get('SELECT seq, hash FROM audit WHERE seq = ?', seq);
      return row && parseRow('audit', endSchema, row).hash;
    },
    page({ server, agent, kind, since, before, after }, limit) {
      const wanted = (
        [
          ['server = ?', server],
          ['agent = ?', agent],
          ['kind = ?', kind],
          ['audit.at >= ?', since],
          ['audit.seq < ?', before],
          ['audit.seq > ?', after],
        ] as const
      ).flatMap(([sql, value]) => (value === undefined ? [] : [{ sql, value }]));
      const where = wanted.length === 0 ? '' : `WHERE ${wanted.map(({ sql }) => sql).join(' AND ')}`;
      const order = after === undefined ? 'DESC' : 'ASC';
      return db
        .all(
          `SELECT ${shownColumns} FROM audit ${where} ORDER BY audit.seq ${order} LIMIT ?`,
          ...wanted.map(({ value }) => value),
          limit,
        )
        .map((row) => parseRow('audit', pageSchema, row));
    },
    named: () => ({ servers: names(db, 'server'), agents: names(db, 'agent'), kinds: names(db, 'kind') }),
    rawAfter: (seq, limit) =>
      (seq === null
        ? db.all(`SELECT ${rawColumns} FROM audit ORDER BY audit.seq LIMIT ?`, limit)
        : db.all(`SELECT ${rawColumns} FROM audit WHERE audit.seq > ? ORDER BY audit.seq LIMIT ?`, seq, limit)
      ).map(rawRow),
    rawHeads(after, to, limit) {
      const low = after === null ? '' : 'AND audit_heads.seq > ?';
      const high = to === null ? '' : 'AND audit_heads.seq <= ?';
      return db
        .all(
          `SELECT ${rawHeadColumns} FROM audit_heads WHERE kind = 'head' ${low} ${high}
             ORDER BY audit_heads.seq, audit_heads.id LIMIT ?`,
          ...[after, to].filter((bound) => bound !== null),
          limit,
        )
        .map(rawHead);
    },
    newestHead: () => int(`SELECT max(seq) AS value FROM audit_heads WHERE kind = 'head' AND seq <= ?`, largest),
    rawCut() {
      const row = db.get(
        `SELECT ${rawHeadColumns} FROM audit_heads WHERE kind = 'cut' ORDER BY audit_heads.seq DESC, audit_heads.id DESC LIMIT 1`,
      );
      return row && rawHead(row);
    },
    oldest: (limit) =>
      db
        .all(
          `SELECT seq, max(min(at, ${largest}), 0) AS at, hash, ${rowBytes} AS bytes FROM audit
             WHERE seq BETWEEN 1 AND ${largest} ORDER BY seq LIMIT ?`,
          limit,
        )
        .map((row) => parseRow('audit', oldSchema, row)),
    bytes(from, limit) {
      const row = db.get(
        `SELECT coalesce(sum(${rowBytes}), 0) AS bytes, max(seq) AS last
           FROM (SELECT seq, detail FROM audit WHERE seq > ? AND seq <= ${largest} ORDER BY seq LIMIT ?)`,
        from,
        limit,
      );
      return parseRow('audit', z.object({ bytes: z.int(), last: z.int().nullable() }), row ?? {});
    },
    cut: (cut) =>
      db.transaction(() => {
        db.run('DELETE FROM audit WHERE seq <= ?', cut.seq);
        db.run('DELETE FROM audit_heads WHERE seq <= ?', cut.seq);
        insertHead(cut);
      }),
    thinHeads: (before) =>
      db.run(
        `DELETE FROM audit_heads WHERE kind = 'head' AND at < ?
           AND id NOT IN (SELECT max(id) FROM audit_heads WHERE kind = 'head' GROUP BY at / 86400000)`,
        before,
      ),
    removeAfter: (seq) => db.run('DELETE FROM audit WHERE seq > ?', seq),
  };
}

const rawRow = (row: Row): RawAuditRow => parseRow('audit', rawSchema, row);
const rawHead = (row: Row): RawAuditHead => {
  const { key_id: keyId, ...rest } = parseRow('audit_heads', rawHeadSchema, row);
  return { ...rest, keyId };
};

/** Each name once, by jumping from one to the next in the index: there are few names in many rows. */
function names(db: Connection, column: 'server' | 'agent' | 'kind'): string[] {
  return db
    .all(
      `WITH RECURSIVE names (name) AS (
         SELECT min(${column}) FROM audit
         UNION ALL
         SELECT (SELECT min(${column}) FROM audit WHERE ${column} > name) FROM names WHERE name IS NOT NULL
       ) SELECT name FROM names WHERE name IS NOT NULL LIMIT 1000`,
    )
    .map((row) => String(row['name']));
}
