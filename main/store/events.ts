// The table of events: what happened, newest last, the oldest forgotten beyond a generous number.
import { z } from 'zod';
import type { Connection } from './connection.ts';
import { jsonOf, parseRow } from './rows.ts';
import type { Input, Row } from './sqlite.ts';
import type { EventRow, Store } from './types.ts';

const kept = 20_000;
const usualLimit = 200;

const rowSchema = z
  .object({
    id: z.int(),
    at: z.int(),
    server: z.string().nullable(),
    grant_id: z.string().nullable(),
    kind: z.string(),
    detail: z.preprocess(jsonOf, z.record(z.string(), z.unknown())),
  })
  .transform(({ id, at, server, grant_id, kind, detail }): EventRow => ({
    id,
    at,
    server,
    grantId: grant_id,
    kind,
    detail,
  }));

const parse = (row: Row): EventRow => parseRow('events', rowSchema, row);

export function eventsTable(db: Connection): Store['events'] {
  return {
    append(event) {
      db.relaxed(() => {
        // A `Secret` in the detail becomes `[secret]` here.
        db.run(
          'INSERT INTO events (at, server, grant_id, kind, detail) VALUES (?, ?, ?, ?, ?)',
          event.at,
          event.server,
          event.grantId,
          event.kind,
          JSON.stringify(event.detail),
        );
        db.run('DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?', kept);
      });
    },
    /** The newest `limit` that fit, newest first. */
    list({ server, grantId, kind, limit = usualLimit }) {
      const wanted: [string, Input | undefined][] = [
        ['server = ?', server],
        ['grant_id = ?', grantId],
        ['kind = ?', kind],
      ];
      const filters = wanted.flatMap(([sql, value]) => (value === undefined ? [] : [{ sql, value }]));
      const where = filters.length === 0 ? '' : `WHERE ${filters.map(({ sql }) => sql).join(' AND ')}`;
      const values = filters.map(({ value }) => value);
      return db.all(`SELECT * FROM events ${where} ORDER BY id DESC LIMIT ?`, ...values, limit).map(parse);
    },
  };
}
