// The table of grants: at most one living grant for a server and account, the ended ones kept as history.
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import type { Connection } from './connection.ts';
import { flag, jsonOf, parseRow } from './rows.ts';
import { isConstraint } from './sqlite.ts';
import type { Row } from './sqlite.ts';
import type { GrantRow, Store } from './types.ts';

const scopes = z.preprocess(jsonOf, z.array(z.string()));

const identity = z.object({
  issuer: z.string(),
  sub: z.string(),
  name: z.string().nullable(),
  email: z.string().nullable(),
  preferred_username: z.string().nullable(),
  from: z.enum(['id-token', 'userinfo']),
});

const rowSchema = z
  .object({
    id: z.string(),
    server: z.string(),
    account: z.string(),
    resource: z.string().nullable(),
    issuer: z.string(),
    registration_id: z.string(),
    requested_scopes: scopes,
    granted_scopes: scopes,
    created_at: z.int(),
    refreshed_at: z.int().nullable(),
    access_token_expires_at: z.int().nullable(),
    has_refresh_token: z.int(),
    ended_at: z.int().nullable(),
    ended_because: z.string().nullable(),
    identity: z.preprocess((value) => (value === null ? null : jsonOf(value)), identity.nullable()),
    ends_at: z.int().nullable(),
  })
  .transform((row): GrantRow => ({
    id: row.id,
    server: row.server,
    account: row.account,
    resource: row.resource,
    issuer: row.issuer,
    registrationId: row.registration_id,
    requestedScopes: row.requested_scopes,
    grantedScopes: row.granted_scopes,
    createdAt: row.created_at,
    refreshedAt: row.refreshed_at,
    accessTokenExpiresAt: row.access_token_expires_at,
    hasRefreshToken: row.has_refresh_token === 1,
    endedAt: row.ended_at,
    endedBecause: row.ended_because,
    identity: row.identity,
    endsAt: row.ends_at,
  }));

const parse = (row: Row): GrantRow => parseRow('grants', rowSchema, row);

const livingFirst = 'ORDER BY ended_at IS NULL DESC, created_at DESC, rowid DESC';

export function grantsTable(db: Connection): Store['grants'] {
  return {
    forServer: (server, account) =>
      db.remembered(`grants ${server} ${account ?? ''}`, () => {
        const row =
          account === undefined
            ? db.get(`SELECT * FROM grants WHERE server = ? ${livingFirst} LIMIT 1`, server)
            : db.get(`SELECT * FROM grants WHERE server = ? AND account = ? ${livingFirst} LIMIT 1`, server, account);
        return row && parse(row);
      }),
    list: () => db.all('SELECT * FROM grants ORDER BY server, created_at, rowid').map(parse),
    accounts: (server) =>
      db.remembered(`accounts ${server}`, () =>
        db
          .all('SELECT DISTINCT account FROM grants WHERE server = ? ORDER BY account', server)
          .map((row) => String(row['account'])),
      ),
    get(id) {
      const row = db.get('SELECT * FROM grants WHERE id = ?', id);
      return row && parse(row);
    },
    put(row) {
      try {
        put(db, row);
      } catch (error) {
        if (!isConstraint(error)) throw error;
        if (!db.get('SELECT 1 FROM servers WHERE name = ?', row.server)) {
          throw new TokentrayError('unknown_server', `There is no server named ${quote(row.server)}.`, {
            cause: error,
          });
        }
        throw new TokentrayError('internal', `The server ${quote(row.server)} already has a living grant.`, {
          attempted: 'store a grant',
          advice: 'End the living grant in the same transaction.',
          cause: error,
        });
      }
    },
    remove: (id) => db.run('DELETE FROM grants WHERE id = ?', id) > 0,
  };
}

function put(db: Connection, row: GrantRow): void {
  db.run(
    `INSERT INTO grants (id, server, account, resource, issuer, registration_id, requested_scopes, granted_scopes,
       created_at, refreshed_at, access_token_expires_at, has_refresh_token, ended_at, ended_because,
       identity, ends_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET server = excluded.server, account = excluded.account, resource = excluded.resource,
       issuer = excluded.issuer, registration_id = excluded.registration_id,
       requested_scopes = excluded.requested_scopes, granted_scopes = excluded.granted_scopes,
       created_at = excluded.created_at, refreshed_at = excluded.refreshed_at,
       access_token_expires_at = excluded.access_token_expires_at, has_refresh_token = excluded.has_refresh_token,
       ended_at = excluded.ended_at, ended_because = excluded.ended_because, identity = excluded.identity,
       ends_at = excluded.ends_at`,
    row.id,
    row.server,
    row.account,
    row.resource,
    row.issuer,
    row.registrationId,
    JSON.stringify(row.requestedScopes),
    JSON.stringify(row.grantedScopes),
    row.createdAt,
    row.refreshedAt,
    row.accessTokenExpiresAt,
    flag(row.hasRefreshToken),
    row.endedAt,
    row.endedBecause,
    row.identity === null ? null : JSON.stringify(row.identity),
    row.endsAt,
  );
}
