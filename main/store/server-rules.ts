// The table of what holds for every agent of a server: its tool rules, and what becomes of tools that change.
import { z } from 'zod';
import { pinningSchema, toolRulesSchema } from '../../preload/contract-access.ts';
import type { Connection } from './connection.ts';
import { jsonOf, parseRow } from './rows.ts';
import type { ServerRulesTable } from './types.ts';

const rowSchema = z.object({
  server: z.string(),
  rules: z.preprocess(jsonOf, toolRulesSchema),
  pinning: pinningSchema.nullable(),
});

export function serverRulesTable(db: Connection): ServerRulesTable {
  return {
    get: (server) =>
      db.remembered(`server_rules ${server}`, () => {
        const row = db.get('SELECT * FROM server_rules WHERE server = ?', server);
        return row && parseRow('server_rules', rowSchema, row);
      }),
    put: ({ server, rules, pinning }) =>
      db.run(
        `INSERT INTO server_rules (server, rules, pinning)
           SELECT name, ?, ? FROM servers WHERE name = ?
           ON CONFLICT (server) DO UPDATE SET rules = excluded.rules, pinning = excluded.pinning`,
        JSON.stringify(rules),
        pinning,
        server,
      ) > 0,
  };
}
