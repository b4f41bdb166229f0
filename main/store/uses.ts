// The table of uses: which agent used which server, over which way in, first and last.
import { z } from 'zod';
import type { Connection } from './connection.ts';
import { parseRow } from './rows.ts';
import type { Row } from './sqlite.ts';
import type { Store, UseRow } from './types.ts';

const rowSchema = z
  .object({
    server: z.string(),
    agent: z.string(),
    via: z.enum(['http', 'stdio']),
    first_at: z.int(),
    last_at: z.int(),
  })
  .transform(({ server, agent, via, first_at, last_at }): UseRow => ({
    server,
    agent,
    via,
    firstAt: first_at,
    lastAt: last_at,
  }));

const parse = (row: Row): UseRow => parseRow('uses', rowSchema, row);

/** Over stdio an agent names itself as it likes: a server keeps this many names, the latest. */
const mostPerServer = 200;

export function usesTable(db: Connection): Store['uses'] {
  const find = ({ server, agent, via }: Pick<UseRow, 'server' | 'agent' | 'via'>): UseRow | null => {
    const row = db.get('SELECT * FROM uses WHERE server = ? AND agent = ? AND via = ?', server, agent, via);
    return row && parse(row);
  };
  return {
    list: (server) =>
      (server === undefined
        ? db.all('SELECT * FROM uses ORDER BY last_at DESC, agent')
        : db.all('SELECT * FROM uses WHERE server = ? ORDER BY last_at DESC, agent', server)
      ).map(parse),
    note(use, at) {
      const before = find(use);
      db.relaxed(() => {
        // A server that was forgotten a moment ago has no uses.
        db.run(
          `INSERT INTO uses (server, agent, via, first_at, last_at)
             SELECT name, ?, ?, ?, ? FROM servers WHERE name = ?
           ON CONFLICT (server, agent, via) DO UPDATE SET last_at = excluded.last_at`,
          use.agent,
          use.via,
          at,
          at,
          use.server,
        );
        db.run(
          `DELETE FROM uses WHERE server = ? AND rowid NOT IN
             (SELECT rowid FROM uses WHERE server = ? ORDER BY last_at DESC LIMIT ?)`,
          use.server,
          use.server,
          mostPerServer,
        );
      });
      const noted = find(use);
      return noted && { use: noted, before: before?.lastAt ?? null };
    },
    rename: (was, is) =>
      db.transaction(() => {
        const before = db.all('SELECT * FROM uses WHERE agent = ? ORDER BY server, via', was).map(parse);
        if (was === is) return before;
        // An agent of that name, revoked since, may have left uses of its own.
        db.run(
          `INSERT INTO uses (server, agent, via, first_at, last_at)
             SELECT server, ?, via, first_at, last_at FROM uses WHERE agent = ?
           ON CONFLICT (server, agent, via) DO UPDATE
             SET first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`,
          is,
          was,
        );
        db.run('DELETE FROM uses WHERE agent = ?', was);
        return before.flatMap((use) => find({ ...use, agent: is }) ?? []);
      }),
  };
}
