// The table of what the local authorization server handed out: found by the hash of it, so that a stolen database opens nothing.
import { z } from 'zod';
import type { Connection } from './connection.ts';
import { jsonOf, parseRow } from './rows.ts';
import type { Row } from './sqlite.ts';

/** One code, token, grant or client. The payload never holds what it is found by, where that is a secret. */
export interface IssuedRow {
  readonly model: string;
  /** SHA-256 of the id, hex. */
  readonly idHash: string;
  readonly grantId: string | null;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly consumedAt: number | null;
  /** Milliseconds since the epoch; null: never. */
  readonly expiresAt: number | null;
}

export interface IssuedTable {
  /** Replaces the one of the same model and id. */
  put(row: IssuedRow): void;
  /** Expired ones too: whose clock counts is the caller's business. */
  get(model: string, idHash: string): IssuedRow | null;
  list(model: string): IssuedRow[];
  /** True for exactly one caller. */
  consume(model: string, idHash: string, at: number): boolean;
  /** For longer, not for shorter. */
  extend(model: string, idHash: string, expiresAt: number): void;
  remove(model: string, idHash: string): boolean;
  /** The grant with all that came of it, or only that of one model. How many there were. */
  removeGrant(grantId: string, model?: string): number;
  /** How many had expired. */
  purge(now: number): number;
  /** How many there were. */
  drop(): number;
}

const rowSchema = z
  .object({
    model: z.string(),
    id_hash: z.string(),
    grant_id: z.string().nullable(),
    payload: z.preprocess(jsonOf, z.record(z.string(), z.unknown())),
    consumed_at: z.int().nullable(),
    expires_at: z.int().nullable(),
  })
  .transform((row): IssuedRow => ({
    model: row.model,
    idHash: row.id_hash,
    grantId: row.grant_id,
    payload: row.payload,
    consumedAt: row.consumed_at,
    expiresAt: row.expires_at,
  }));

const parse = (row: Row): IssuedRow => parseRow('issued', rowSchema, row);

export function issuedTable(db: Connection): IssuedTable {
  return {
    put: ({ model, idHash, grantId, payload, consumedAt, expiresAt }) =>
      void db.run(
        `INSERT OR REPLACE INTO issued (model, id_hash, grant_id, uid, payload, consumed_at, expires_at)
           VALUES (?, ?, ?, NULL, ?, ?, ?)`,
        model,
        idHash,
        grantId,
        JSON.stringify(payload),
        consumedAt,
        expiresAt,
      ),
    get(model, idHash) {
      const row = db.get('SELECT * FROM issued WHERE model = ? AND id_hash = ?', model, idHash);
      return row && parse(row);
    },
    list: (model) => db.all('SELECT * FROM issued WHERE model = ? ORDER BY rowid', model).map(parse),
    consume: (model, idHash, at) =>
      db.run(
        'UPDATE issued SET consumed_at = ? WHERE model = ? AND id_hash = ? AND consumed_at IS NULL',
        at,
        model,
        idHash,
      ) > 0,
    extend: (model, idHash, expiresAt) =>
      void db.run(
        'UPDATE issued SET expires_at = ? WHERE model = ? AND id_hash = ? AND expires_at < ?',
        expiresAt,
        model,
        idHash,
        expiresAt,
      ),
    remove: (model, idHash) => db.run('DELETE FROM issued WHERE model = ? AND id_hash = ?', model, idHash) > 0,
    removeGrant: (grantId, model) =>
      model === undefined
        ? db.run('DELETE FROM issued WHERE grant_id = ?', grantId)
        : db.run('DELETE FROM issued WHERE grant_id = ? AND model = ?', grantId, model),
    purge: (now) => db.run('DELETE FROM issued WHERE expires_at <= ?', now),
    drop: () => db.run('DELETE FROM issued'),
  };
}
