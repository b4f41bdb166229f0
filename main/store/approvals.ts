// The table of approvals: what the person decided, living and ended; a decision ends once, whoever asks for it at the same time.
import { z } from 'zod';
import { lastsSchema, toolRulesSchema } from '../../preload/contract-access.ts';
import type { ApprovalRow } from '../access/types.ts';
import type { Connection } from './connection.ts';
import { jsonOf, parseRow } from './rows.ts';
import type { Row } from './sqlite.ts';
import type { Store } from './types.ts';

const rowSchema = z
  .object({
    id: z.string(),
    agent_id: z.string(),
    server: z.string(),
    account: z.string(),
    decision: z.enum(['allow', 'deny']),
    lasts: lastsSchema,
    until: z.int().nullable(),
    session: z.string().nullable(),
    rules: z.preprocess(jsonOf, toolRulesSchema),
    decided_at: z.int(),
    decided_by: z.string(),
    ended_at: z.int().nullable(),
    ended_because: z.string().nullable(),
  })
  .transform((row): ApprovalRow => ({
    id: row.id,
    agentId: row.agent_id,
    server: row.server,
    account: row.account,
    decision: row.decision,
    lasts: row.lasts,
    until: row.until,
    session: row.session,
    rules: row.rules,
    decidedAt: row.decided_at,
    decidedBy: row.decided_by,
    endedAt: row.ended_at,
    endedBecause: row.ended_because,
  }));

const parse = (row: Row): ApprovalRow => parseRow('approvals', rowSchema, row);

export function approvalsTable(db: Connection): Store['approvals'] {
  return {
    living: () => db.all('SELECT * FROM approvals WHERE ended_at IS NULL ORDER BY decided_at DESC, id').map(parse),
    of: (agentId, server, account) =>
      db
        .all(
          'SELECT * FROM approvals WHERE agent_id = ? AND server = ? AND account = ? AND ended_at IS NULL',
          agentId,
          server,
          account,
        )
        .map(parse),
    get(id) {
      const row = db.get('SELECT * FROM approvals WHERE id = ?', id);
      return row && parse(row);
    },
    endedAs: (agentId, server, account, decidedBy, because) =>
      db.get(
        `SELECT 1 FROM approvals WHERE agent_id = ? AND server = ? AND account = ? AND decided_by = ? AND ended_because = ?`,
        agentId,
        server,
        account,
        decidedBy,
        because,
      ) !== null,
    add(row) {
      db.run(
        `INSERT INTO approvals (id, agent_id, server, account, decision, lasts, until, session, rules, decided_at, decided_by, ended_at, ended_because)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        row.id,
        row.agentId,
        row.server,
        row.account,
        row.decision,
        row.lasts,
        row.until,
        row.session,
        JSON.stringify(row.rules),
        row.decidedAt,
        row.decidedBy,
        row.endedAt,
        row.endedBecause,
      );
    },
    change: (id, { rules, until }) =>
      db.run(
        'UPDATE approvals SET rules = ?, until = ? WHERE id = ? AND ended_at IS NULL',
        JSON.stringify(rules),
        until,
        id,
      ) > 0,
    // Of two that end the same decision, the database lets one change the row: a single request is let through once.
    end: (id, at, because) =>
      db.run(
        'UPDATE approvals SET ended_at = ?, ended_because = ? WHERE id = ? AND ended_at IS NULL',
        at,
        because,
        id,
      ) > 0,
    // That the person took it from a trusted agent has to stay known, or its next request would give it back.
    forgetEndedBefore: (at) =>
      db.run(
        `DELETE FROM approvals WHERE ended_at < ? AND NOT (decided_by = 'trusted' AND ended_because = 'revoked')`,
        at,
      ),
  };
}
