// The table of tool definitions: which one the person agreed to, and which one the server has now.
import { z } from 'zod';
import { toolDefinitionSchema } from '../../preload/contract-access.ts';
import type { Connection } from './connection.ts';
import { jsonOf, parseRow } from './rows.ts';
import type { PinnedDefinition, PinnedToolsTable } from './types.ts';

const headShape = {
  hash: z.string().length(64),
  marked: z.enum(['read-only', 'destructive', 'unmarked']),
  length: z.int(),
  copies: z.int(),
};
const headSchema = z.object(headShape);
const definitionSchema = z.object({ ...headShape, parts: toolDefinitionSchema });
const row = { server: z.string(), account: z.string(), tool: z.string() };
const times = { accepted_at: z.int().nullable(), seen_at: z.int() };

const orNull = <T extends z.ZodType>(schema: T) =>
  z.preprocess((text) => (text === null ? null : jsonOf(text)), schema.nullable());

const wholeSchema = z
  .object({ ...row, ...times, accepted: orNull(definitionSchema), seen: z.preprocess(jsonOf, definitionSchema) })
  .transform(({ accepted_at: acceptedAt, seen_at: seenAt, ...rest }) => ({ ...rest, acceptedAt, seenAt }));

const headsSchema = z
  .object({ ...row, ...times, accepted: orNull(headSchema), seen: z.preprocess(jsonOf, headSchema), size: z.int() })
  .transform(({ accepted_at: acceptedAt, seen_at: seenAt, ...rest }) => ({ ...rest, acceptedAt, seenAt }));

/** SQLite takes the long parts out before they are read. */
const head = (column: string): string => `json_remove(${column}, '$.parts') AS ${column}`;

export function pinnedToolsTable(db: Connection): PinnedToolsTable {
  return {
    heads: (server) =>
      db
        .all(
          `SELECT server, account, tool, ${head('accepted')}, accepted_at, ${head('seen')}, seen_at, length(seen) AS size
             FROM pinned_tools WHERE server = ? ORDER BY account, tool`,
          server,
        )
        .map((one) => parseRow('pinned_tools', headsSchema, one)),
    list: (server, account) =>
      db
        .all('SELECT * FROM pinned_tools WHERE server = ? AND account = ? ORDER BY tool', server, account)
        .map((one) => parseRow('pinned_tools', wholeSchema, one)),
    servers: () =>
      db
        .all('SELECT DISTINCT server FROM pinned_tools ORDER BY server')
        .map((one) => parseRow('pinned_tools', z.object({ server: z.string() }), one).server),
    // A list that comes late, after its server was forgotten, leaves nothing behind.
    see: ({ server, account, tool }, seen, seenAt) =>
      db.run(
        `INSERT INTO pinned_tools (server, account, tool, seen, seen_at) SELECT name, ?, ?, ?, ? FROM servers WHERE name = ?
           ON CONFLICT (server, account, tool) DO UPDATE SET seen = excluded.seen, seen_at = excluded.seen_at`,
        account,
        tool,
        text(seen),
        seenAt,
        server,
      ) > 0,
    accept: ({ server, account, tool }, seenAt, at) =>
      db.run(
        `UPDATE pinned_tools SET accepted = seen, accepted_at = ?
           WHERE server = ? AND account = ? AND tool = ? AND seen_at = ?`,
        at,
        server,
        account,
        tool,
        seenAt,
      ) > 0,
    remove: ({ server, account, tool }) =>
      db.run('DELETE FROM pinned_tools WHERE server = ? AND account = ? AND tool = ?', server, account, tool) > 0,
    drop: (server, account) =>
      account === undefined
        ? db.run('DELETE FROM pinned_tools WHERE server = ?', server)
        : db.run('DELETE FROM pinned_tools WHERE server = ? AND account = ?', server, account),
  };
}

const text = (definition: PinnedDefinition): string => JSON.stringify(definition);
