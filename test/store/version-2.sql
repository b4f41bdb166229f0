-- A database as version 2 wrote it. Never changed: it stands for the databases that people have.
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

CREATE TABLE uses (
  server TEXT NOT NULL REFERENCES servers (name) ON DELETE CASCADE,
  agent TEXT NOT NULL,
  via TEXT NOT NULL CHECK (via IN ('http', 'stdio')),
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (server, agent, via)
) STRICT;

INSERT INTO servers (name, url, added_at, settings)
VALUES ('linear', 'https://mcp.linear.app/mcp', 1000, '{"signIn":"ask","flow":"authorization_code","pinnedScopes":null,"removedScopes":["admin"],"chosenIssuer":null,"allowHttp":false,"era":{"kind":"legacy-sse","seenAt":2000}}');
INSERT INTO registrations (id, issuer, kind, client_id, token_endpoint_auth_method, signing_alg, redirect_uris, client_secret_expires_at, registered_at, replaced_at, has_secret)
VALUES ('r1', 'https://as.example/', 'dcr', 'client-1', 'client_secret_basic', NULL, '["http://127.0.0.1:1234/callback","http://localhost:1234/callback"]', NULL, 1000, NULL, 1);
INSERT INTO grants (id, server, account, resource, issuer, registration_id, requested_scopes, granted_scopes, created_at, refreshed_at, access_token_expires_at, has_refresh_token, ended_at, ended_because)
VALUES ('g1', 'linear', 'default', 'https://mcp.linear.app/mcp', 'https://as.example/', 'r1', '["read","write"]', '["read"]', 1000, NULL, 5000, 1, NULL, NULL);
INSERT INTO agents (id, name, key_hash, created_at, last_used_at, revoked_at)
VALUES ('id of cursor', 'cursor', '0346707bab719c612eb59ee4692a66f787d69afb692ef8b66416717c93c59c45', 1000, 5000, NULL),
       ('id of old cursor', 'cursor', 'abababababababababababababababababababababababababababababababab', 100, NULL, 900),
       ('id of script', 'script', 'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd', 2000, NULL, NULL);
INSERT INTO uses (server, agent, via, first_at, last_at)
VALUES ('linear', 'cursor', 'http', 1500, 5000);
INSERT INTO events (id, at, server, grant_id, kind, detail)
VALUES (1, 1, 'linear', 'g1', 'signed-in', '{"scopes":["read"]}');
INSERT INTO documents (url, origin, body, fetched_at, expires_at)
VALUES ('https://as.example/.well-known/openid-configuration', 'https://as.example', '{}', 1, 2);
INSERT INTO settings (name, value)
VALUES ('bridge-port', '4747');
PRAGMA application_id = 0x546b5479;
PRAGMA user_version = 2;
