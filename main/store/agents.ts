// The table of agents: who may call the bridge, known by the hash of a key; revoked ones kept as history.
import { z } from 'zod';
import { agentSchema } from '../../preload/contract-values.ts';
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import type { Connection } from './connection.ts';
import { flag, jsonOf, parseRow } from './rows.ts';
import { isConstraint } from './sqlite.ts';
import type { Row } from './sqlite.ts';
import type { AgentRow, Store } from './types.ts';

/** An agent of a version before this one claimed nothing. */
const claimedSchema = z.preprocess(
  (value) => ({ name: null, client: null, clientUri: null, ...(typeof value === 'object' ? value : {}) }),
  agentSchema.shape.claimed,
);

const rowSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(['key', 'oauth', 'stdio']),
    key_hash: z.string().nullable(),
    identity: z.string().nullable(),
    trusted: z.int(),
    claimed: z.preprocess(jsonOf, claimedSchema),
    checked: z.preprocess(jsonOf, agentSchema.shape.checked),
    created_at: z.int(),
    last_used_at: z.int().nullable(),
    revoked_at: z.int().nullable(),
  })
  .transform((row): AgentRow => ({
    id: row.id,
    name: row.name,
    kind: row.kind,
    keyHash: row.key_hash,
    identity: row.identity,
    trusted: row.trusted === 1,
    claimed: row.claimed,
    checked: row.checked,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  }));

const parse = (row: Row): AgentRow => parseRow('agents', rowSchema, row);

export function agentsTable(db: Connection): Store['agents'] {
  const living = (id: string): AgentRow | null => {
    const row = db.get('SELECT * FROM agents WHERE id = ? AND revoked_at IS NULL', id);
    return row && parse(row);
  };

  /** A write that may meet another agent of that name. @throws name_taken, internal */
  const naming = <T>(attempted: string, { id, name }: Pick<AgentRow, 'id' | 'name'>, write: () => T): T => {
    try {
      return write();
    } catch (error) {
      if (!isConstraint(error)) throw error;
      if (db.get('SELECT 1 FROM agents WHERE name = ? AND id <> ? AND revoked_at IS NULL', name, id)) {
        throw new TokentrayError('name_taken', `There is already an agent named ${quote(name)}.`, {
          attempted,
          advice: 'Choose another name, or revoke the other agent first.',
        });
      }
      throw new TokentrayError('internal', 'An agent needs a new id and the SHA-256 of a new key.', { cause: error });
    }
  };

  return {
    list: () => db.all('SELECT * FROM agents ORDER BY name, created_at').map(parse),
    get: (id) =>
      db.remembered(`agents ${id}`, () => {
        const row = db.get('SELECT * FROM agents WHERE id = ?', id);
        return row && parse(row);
      }),
    // A revoked agent is not found: no caller can forget to look at `revokedAt`.
    byKeyHash: (keyHash) =>
      db.remembered(`agents by key ${keyHash}`, () => {
        const row = db.get('SELECT * FROM agents WHERE key_hash = ? AND revoked_at IS NULL', keyHash);
        return row && parse(row);
      }),
    byIdentity(kind, identity) {
      const row = db.get('SELECT * FROM agents WHERE kind = ? AND identity = ? AND revoked_at IS NULL', kind, identity);
      return row && parse(row);
    },
    byName(name) {
      const row = db.get('SELECT * FROM agents WHERE name = ? AND revoked_at IS NULL', name);
      return row && parse(row);
    },
    names: () => db.all('SELECT name FROM agents WHERE revoked_at IS NULL').map((row) => String(row['name'])),
    add(row) {
      const added = () =>
        db.run(
          `INSERT INTO agents (id, name, kind, key_hash, identity, trusted, claimed, checked, created_at, last_used_at, revoked_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          row.id,
          row.name,
          row.kind,
          row.keyHash,
          row.identity,
          flag(row.trusted),
          JSON.stringify(row.claimed),
          JSON.stringify(row.checked),
          row.createdAt,
          row.lastUsedAt,
          row.revokedAt,
        );
      naming('add an agent', row, added);
    },
    change(id, change) {
      const row = living(id);
      if (row === null) return false;
      const { name, keyHash, trusted, claimed, checked } = { ...row, ...change };
      const changed = () =>
        db.run(
          'UPDATE agents SET name = ?, key_hash = ?, trusted = ?, claimed = ?, checked = ? WHERE id = ?',
          name,
          keyHash,
          flag(trusted),
          JSON.stringify(claimed),
          JSON.stringify(checked),
          id,
        );
      return naming('change an agent', { id, name }, changed) > 0;
    },
    touch(id, at) {
      db.relaxed(() => db.run('UPDATE agents SET last_used_at = ? WHERE id = ?', at, id));
    },
    revoke: (id, at) => db.run('UPDATE agents SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', at, id) > 0,
    prune: (kind, keep, spare) =>
      db
        .all(
          `DELETE FROM agents WHERE id IN (
             SELECT id FROM agents
               WHERE kind = ? AND revoked_at IS NULL AND trusted = 0
                 AND id NOT IN (SELECT agent_id FROM approvals WHERE ended_at IS NULL)
                 AND id NOT IN (SELECT agent_id FROM account_pins WHERE agent_id IS NOT NULL)
                 AND id NOT IN (SELECT value FROM json_each(?))
               ORDER BY coalesce(last_used_at, created_at) DESC, created_at DESC, rowid DESC
               LIMIT -1 OFFSET ?
           ) RETURNING id`,
          kind,
          JSON.stringify(spare),
          keep,
        )
        .map((row) => String(row['id'])),
    drop: () => db.run('DELETE FROM agents'),
  };
}
