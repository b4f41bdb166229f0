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

/** Whoever writes an event about an agent names it in the detail. */
const agentSql = `detail ->> '$.agent'`;

export function eventsTable(db: Connection): Store['events'] {
  /** The newest `limit` that fit, newest first. */
  const newest = (filters: readonly [sql: string, value: Input | undefined][], limit: number): EventRow[] => {
    const wanted = filters.flatMap(([sql, value]) => (value === undefined ? [] : [{ sql, value }]));
    const where = wanted.length === 0 ? '' : `WHERE ${wanted.map(({ sql }) => sql).join(' AND ')}`;
    const values = wanted.map(({ value }) => value);
    return db.all(`SELECT * FROM events ${where} ORDER BY id DESC LIMIT ?`, ...values, limit).map(parse);
  };
  const names = (sql: string): string[] =>
    db
      .all(`SELECT DISTINCT ${sql} AS name FROM events WHERE ${sql} IS NOT NULL ORDER BY name`)
      .map((row) => String(row['name']));

  return {
    append: (event) =>
      db.relaxed(() => {
        // A `Secret` in the detail becomes `[secret]` here.
        const row = db.get(
          'INSERT INTO events (at, server, grant_id, kind, detail) VALUES (?, ?, ?, ?, ?) RETURNING *',
          event.at,
          event.server,
          event.grantId,
          event.kind,
          JSON.stringify(event.detail),
        );
        db.run('DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?', kept);
        return parse(row ?? {});
      }),
    list: ({ server, grantId, kind, limit = usualLimit }) =>
      newest(
        [
          ['server = ?', server],
          ['grant_id = ?', grantId],
          ['kind = ?', kind],
        ],
        limit,
      ),
    page: ({ server, agent, kind, before, limit = usualLimit }) =>
      newest(
        [
          ['server = ?', server],
          [`${agentSql} = ?`, agent],
          ['kind = ?', kind],
          ['id < ?', before],
        ],
        limit,
      ),
    named: () => ({ servers: names('server'), agents: names(agentSql), kinds: names('kind') }),
    drop: () => db.run('DELETE FROM events'),
  };
}
