// The table of account pins: at most one account for an agent, and one for a folder, at each server.
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import type { Connection } from './connection.ts';
import { parseRow } from './rows.ts';
import { isConstraint } from './sqlite.ts';
import type { Row } from './sqlite.ts';
import type { AccountPinRow, Store } from './types.ts';

const rowSchema = z
  .object({
    server: z.string(),
    account: z.string(),
    agent_id: z.string().nullable(),
    folder: z.string().nullable(),
  })
  .transform(({ server, account, agent_id, folder }): AccountPinRow => ({
    server,
    account,
    agentId: agent_id,
    folder,
  }));

const parse = (row: Row): AccountPinRow => parseRow('account_pins', rowSchema, row);

const same = 'server = ? AND agent_id IS ? AND folder IS ?';

export function accountPinsTable(db: Connection): Store['accountPins'] {
  const remove = ({ server, agentId, folder }: Omit<AccountPinRow, 'account'>): boolean =>
    db.run(`DELETE FROM account_pins WHERE ${same}`, server, agentId, folder) > 0;

  return {
    list: (server) =>
      server === undefined
        ? db.all('SELECT * FROM account_pins ORDER BY server, folder, agent_id').map(parse)
        : db.remembered(`account_pins ${server}`, () =>
            db.all('SELECT * FROM account_pins WHERE server = ? ORDER BY folder, agent_id', server).map(parse),
          ),
    put: (row) =>
      db.transaction(() => {
        remove(row);
        try {
          db.run(
            'INSERT INTO account_pins (server, agent_id, folder, account) VALUES (?, ?, ?, ?)',
            row.server,
            row.agentId,
            row.folder,
            row.account,
          );
        } catch (error) {
          if (!isConstraint(error)) throw error;
          throw db.get('SELECT 1 FROM servers WHERE name = ?', row.server)
            ? new TokentrayError('unknown_agent', 'There is no such agent.', { attempted: 'pin an account' })
            : new TokentrayError('unknown_server', `There is no server named ${quote(row.server)}.`, { cause: error });
        }
      }),
    remove,
  };
}
