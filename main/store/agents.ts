// The table of agents: who may call the bridge, known by the hash of a key; revoked ones kept as history.
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import type { Connection } from './connection.ts';
import { parseRow } from './rows.ts';
import { isConstraint } from './sqlite.ts';
import type { Row } from './sqlite.ts';
import type { AgentRow, Store } from './types.ts';

const rowSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    key_hash: z.string(),
    created_at: z.int(),
    last_used_at: z.int().nullable(),
    revoked_at: z.int().nullable(),
  })
  .transform((row): AgentRow => ({
    id: row.id,
    name: row.name,
    keyHash: row.key_hash,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  }));

const parse = (row: Row): AgentRow => parseRow('agents', rowSchema, row);

export function agentsTable(db: Connection): Store['agents'] {
  return {
    list: () => db.all('SELECT * FROM agents ORDER BY name, created_at').map(parse),
    // A revoked agent is not found: no caller can forget to look at `revokedAt`.
    byKeyHash(keyHash) {
      const row = db.get('SELECT * FROM agents WHERE key_hash = ? AND revoked_at IS NULL', keyHash);
      return row && parse(row);
    },
    add(row) {
      try {
        db.run(
          'INSERT INTO agents (id, name, key_hash, created_at, last_used_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?)',
          row.id,
          row.name,
          row.keyHash,
          row.createdAt,
          row.lastUsedAt,
          row.revokedAt,
        );
      } catch (error) {
        if (!isConstraint(error)) throw error;
        if (db.get('SELECT 1 FROM agents WHERE name = ? AND revoked_at IS NULL', row.name)) {
          throw new TokentrayError('name_taken', `There is already an agent named ${quote(row.name)}.`, {
            attempted: 'add an agent',
            advice: 'Choose another name, or revoke the other agent first.',
          });
        }
        throw new TokentrayError('internal', 'An agent needs a new id and the SHA-256 of a new key.', { cause: error });
      }
    },
    touch(id, at) {
      db.relaxed(() => db.run('UPDATE agents SET last_used_at = ? WHERE id = ?', at, id));
    },
    revoke: (name, at) =>
      db.run('UPDATE agents SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL', at, name) > 0,
    drop: () => db.run('DELETE FROM agents'),
  };
}
