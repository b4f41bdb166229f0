// The table of registrations: our client ids, keyed by issuer, the replaced ones kept as history.
import { z } from 'zod';
import type { Connection } from './connection.ts';
import { flag, jsonOf, parseRow } from './rows.ts';
import type { Row } from './sqlite.ts';
import type { RegistrationRow, Store } from './types.ts';

const rowSchema = z
  .object({
    id: z.string(),
    issuer: z.string(),
    kind: z.enum(['pre-registered', 'cimd', 'dcr']),
    client_id: z.string(),
    token_endpoint_auth_method: z.enum(['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']),
    signing_alg: z.string().nullable(),
    redirect_uris: z.preprocess(jsonOf, z.array(z.string())),
    client_secret_expires_at: z.int().nullable(),
    registered_at: z.int(),
    replaced_at: z.int().nullable(),
    has_secret: z.int(),
  })
  .transform(({ has_secret, ...row }): RegistrationRow => ({ ...row, hasSecret: has_secret === 1 }));

const parse = (row: Row): RegistrationRow => parseRow('registrations', rowSchema, row);

const newestFirst = 'ORDER BY registered_at DESC, rowid DESC';

export function registrationsTable(db: Connection): Store['registrations'] {
  return {
    forIssuer(issuer) {
      const row = db.get(
        `SELECT * FROM registrations WHERE issuer = ? AND replaced_at IS NULL ${newestFirst} LIMIT 1`,
        issuer,
      );
      return row && parse(row);
    },
    history: (issuer) => db.all(`SELECT * FROM registrations WHERE issuer = ? ${newestFirst}`, issuer).map(parse),
    list: () => db.all(`SELECT * FROM registrations ${newestFirst}`).map(parse),
    get(id) {
      const row = db.get('SELECT * FROM registrations WHERE id = ?', id);
      return row && parse(row);
    },
    put(row) {
      db.run(
        `INSERT INTO registrations (id, issuer, kind, client_id, token_endpoint_auth_method, signing_alg, redirect_uris,
           client_secret_expires_at, registered_at, replaced_at, has_secret)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET issuer = excluded.issuer, kind = excluded.kind, client_id = excluded.client_id,
           token_endpoint_auth_method = excluded.token_endpoint_auth_method, signing_alg = excluded.signing_alg,
           redirect_uris = excluded.redirect_uris, client_secret_expires_at = excluded.client_secret_expires_at,
           registered_at = excluded.registered_at, replaced_at = excluded.replaced_at, has_secret = excluded.has_secret`,
        row.id,
        row.issuer,
        row.kind,
        row.client_id,
        row.token_endpoint_auth_method,
        row.signing_alg,
        JSON.stringify(row.redirect_uris),
        row.client_secret_expires_at,
        row.registered_at,
        row.replaced_at,
        flag(row.hasSecret),
      );
    },
    markReplaced(id, at) {
      db.run('UPDATE registrations SET replaced_at = ? WHERE id = ?', at, id);
    },
    remove: (id) => db.run('DELETE FROM registrations WHERE id = ?', id) > 0,
    drop: () => db.run('DELETE FROM registrations'),
  };
}
