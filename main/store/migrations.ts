// The database's shape, version by version. A step that was released is never changed; a new one goes to the end.
import { TokentrayError } from '../errors.ts';
import type { Database } from './sqlite.ts';

/** "TkTy": tells our database from any other SQLite file at the same place. */
export const applicationId = 0x546b5479;

// STRICT: a column declared INTEGER cannot be made to hold a token. Times are milliseconds since the epoch.
const first = `
  CREATE TABLE servers (
    name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 64 AND name NOT GLOB '*[^a-z0-9-]*'),
    url TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    settings TEXT NOT NULL
  ) STRICT;

  CREATE TABLE registrations (
    id TEXT PRIMARY KEY,
    issuer TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('pre-registered', 'cimd', 'dcr')),
    client_id TEXT NOT NULL,
    token_endpoint_auth_method TEXT NOT NULL,
    signing_alg TEXT,
    redirect_uris TEXT NOT NULL,
    client_secret_expires_at INTEGER,
    registered_at INTEGER NOT NULL,
    replaced_at INTEGER,
    has_secret INTEGER NOT NULL CHECK (has_secret IN (0, 1))
  ) STRICT;
  CREATE INDEX registrations_by_issuer ON registrations (issuer);

  -- registration_id is no foreign key: the history of an ended grant outlives the registration that it was made with.
  CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    server TEXT NOT NULL REFERENCES servers (name) ON DELETE CASCADE,
    account TEXT NOT NULL,
    resource TEXT,
    issuer TEXT NOT NULL,
    registration_id TEXT NOT NULL,
    requested_scopes TEXT NOT NULL,
    granted_scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    refreshed_at INTEGER,
    access_token_expires_at INTEGER,
    has_refresh_token INTEGER NOT NULL CHECK (has_refresh_token IN (0, 1)),
    ended_at INTEGER,
    ended_because TEXT
  ) STRICT;
  CREATE UNIQUE INDEX one_living_grant ON grants (server, account) WHERE ended_at IS NULL;
  CREATE INDEX grants_by_server ON grants (server);

  CREATE TABLE agents (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    key_hash TEXT NOT NULL UNIQUE CHECK (length(key_hash) = 64 AND key_hash NOT GLOB '*[^0-9a-f]*'),
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX one_living_agent ON agents (name) WHERE revoked_at IS NULL;

  -- No foreign keys: what happened stays told after its server and grant are gone.
  CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    server TEXT,
    grant_id TEXT,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;
  CREATE INDEX events_by_server ON events (server, id);
  CREATE INDEX events_by_grant ON events (grant_id, id);

  CREATE TABLE documents (
    url TEXT PRIMARY KEY,
    origin TEXT NOT NULL,
    body TEXT NOT NULL,
    fetched_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX documents_by_origin ON documents (origin);

  CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT;
`;

// Which agent used which server: one row each, so that a busy agent does not push the history out.
const second = `
  CREATE TABLE uses (
    server TEXT NOT NULL REFERENCES servers (name) ON DELETE CASCADE,
    agent TEXT NOT NULL,
    via TEXT NOT NULL CHECK (via IN ('http', 'stdio')),
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (server, agent, via)
  ) STRICT;
`;

export const migrations: readonly string[] = [first, second];

export function versionOf(db: Database): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
}

/**
 * Brings the database to the newest version; each step with its version number in one transaction.
 * @throws store_unavailable when the database was written by a newer Tokentray
 */
export function migrate(db: Database, steps: readonly string[] = migrations): void {
  const at = versionOf(db);
  if (at > steps.length) {
    throw new TokentrayError('store_unavailable', 'The database was written by a newer version of Tokentray.', {
      attempted: 'open the database',
      advice: 'Start the newer version; the database was not changed.',
      facts: { because: 'newer-version', version: at, known: steps.length },
    });
  }
  for (let version = at; version < steps.length; version += 1) {
    db.exec('BEGIN IMMEDIATE');
    try {
      // Another process may have done this step while we waited for the lock.
      if (versionOf(db) === version) {
        db.exec(steps[version] ?? '');
        db.exec(`PRAGMA application_id = ${applicationId}`);
        db.exec(`PRAGMA user_version = ${version + 1}`);
      }
      db.exec('COMMIT');
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
  }
}
