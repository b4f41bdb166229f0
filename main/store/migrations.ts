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

// Who may use what: agents of three kinds, the person's decisions, rules for tools, accounts, what was issued, and the audit.
const third = `
  ALTER TABLE agents RENAME TO agents_before;
  DROP INDEX one_living_agent;
  -- kind: known by a key, by what the local authorization server issued, or over stdio by evidence; identity: what the last
  -- two are recognised by. claimed: the agent's own word; checked: what the broker saw itself. Both JSON.
  CREATE TABLE agents (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('key', 'oauth', 'stdio')),
    key_hash TEXT UNIQUE CHECK (length(key_hash) = 64 AND key_hash NOT GLOB '*[^0-9a-f]*'),
    identity TEXT,
    trusted INTEGER NOT NULL CHECK (trusted IN (0, 1)),
    claimed TEXT NOT NULL,
    checked TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at INTEGER,
    CHECK ((kind = 'key') = (key_hash IS NOT NULL)),
    CHECK ((kind = 'key') = (identity IS NULL))
  ) STRICT;
  INSERT INTO agents (id, name, kind, key_hash, identity, trusted, claimed, checked, created_at, last_used_at, revoked_at)
    SELECT id, name, 'key', key_hash, NULL, 0, '{}', 'null', created_at, last_used_at, revoked_at FROM agents_before;
  DROP TABLE agents_before;
  CREATE UNIQUE INDEX one_living_agent ON agents (name) WHERE revoked_at IS NULL;
  CREATE UNIQUE INDEX one_living_identity ON agents (kind, identity) WHERE revoked_at IS NULL;

  ALTER TABLE grants ADD COLUMN identity TEXT;
  ALTER TABLE grants ADD COLUMN ends_at INTEGER;

  -- session: what a decision for one session is bound to. until: for 'until', and an end that the person set on any other.
  CREATE TABLE approvals (
    id TEXT PRIMARY KEY,
    agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    server TEXT NOT NULL REFERENCES servers (name) ON DELETE CASCADE,
    account TEXT NOT NULL,
    decision TEXT NOT NULL CHECK (decision IN ('allow', 'deny')),
    lasts TEXT NOT NULL CHECK (lasts IN ('once', 'session', 'until', 'always')),
    until INTEGER,
    session TEXT,
    rules TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    decided_by TEXT NOT NULL,
    ended_at INTEGER,
    ended_because TEXT
  ) STRICT;
  -- Two connections of one agent may each have a decision for its session.
  CREATE UNIQUE INDEX one_living_approval ON approvals (agent_id, server, account, coalesce(session, ''))
    WHERE ended_at IS NULL;

  -- What holds for every agent of a server. pinning: NULL as the whole app has it.
  CREATE TABLE server_rules (
    server TEXT PRIMARY KEY REFERENCES servers (name) ON DELETE CASCADE,
    rules TEXT NOT NULL,
    pinning TEXT CHECK (pinning IN ('hold', 'warn', 'off'))
  ) STRICT;

  -- accepted: the definition that the person agreed to, NULL for a tool that is new. seen: as the server has it now. Both JSON.
  CREATE TABLE pinned_tools (
    server TEXT NOT NULL REFERENCES servers (name) ON DELETE CASCADE,
    account TEXT NOT NULL,
    tool TEXT NOT NULL,
    accepted TEXT,
    accepted_at INTEGER,
    seen TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (server, account, tool)
  ) STRICT;

  -- Which account an agent, or whatever runs in a folder, uses.
  CREATE TABLE account_pins (
    server TEXT NOT NULL REFERENCES servers (name) ON DELETE CASCADE,
    agent_id TEXT REFERENCES agents (id) ON DELETE CASCADE,
    folder TEXT,
    account TEXT NOT NULL,
    CHECK ((agent_id IS NULL) <> (folder IS NULL))
  ) STRICT;
  CREATE UNIQUE INDEX one_account_of_agent ON account_pins (server, agent_id) WHERE agent_id IS NOT NULL;
  CREATE UNIQUE INDEX one_account_of_folder ON account_pins (server, folder) WHERE folder IS NOT NULL;

  -- What the local authorization server handed out, by the hash of it: a stolen database opens nothing.
  CREATE TABLE issued (
    model TEXT NOT NULL,
    id_hash TEXT NOT NULL,
    grant_id TEXT,
    uid TEXT,
    payload TEXT NOT NULL,
    consumed_at INTEGER,
    expires_at INTEGER,
    PRIMARY KEY (model, id_hash)
  ) STRICT;
  CREATE INDEX issued_by_grant ON issued (grant_id);
  CREATE INDEX issued_by_uid ON issued (uid);

  -- Append-only: each row carries the hash of the one before it. No foreign keys, and seq has no gaps.
  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    server TEXT,
    account TEXT,
    agent TEXT,
    detail TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE INDEX audit_by_server ON audit (server, seq);
  CREATE INDEX audit_by_agent ON audit (agent, seq);
  CREATE INDEX audit_by_kind ON audit (kind, seq);

  -- Signed: 'head' the newest row at that moment, 'cut' the newest row that retention removed.
  CREATE TABLE audit_heads (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('head', 'cut')),
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL,
    at INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    signature TEXT NOT NULL
  ) STRICT;
`;

export const migrations: readonly string[] = [first, second, third];

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
