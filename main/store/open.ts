// Opens the database, whatever state it is in: a damaged one is set aside whole, a newer one is refused untouched.
import { chmodSync, closeSync, existsSync, openSync, renameSync, statSync } from 'node:fs';
import { TokentrayError } from '../errors.ts';
import type { Clock, Log } from '../ports.ts';
import { quote } from '../quote.ts';
import { accountPinsTable } from './account-pins.ts';
import { agentsTable } from './agents.ts';
import { approvalsTable } from './approvals.ts';
import { auditTable } from './audit.ts';
import { connect } from './connection.ts';
import { documentsTable } from './documents.ts';
import { eventsTable } from './events.ts';
import { grantsTable } from './grants.ts';
import { issuedTable } from './issued.ts';
import { applicationId, migrate, migrations, versionOf } from './migrations.ts';
import { pinnedToolsTable } from './pinned-tools.ts';
import { registrationsTable } from './registrations.ts';
import { serverRulesTable } from './server-rules.ts';
import { serversTable } from './servers.ts';
import { settingsTable } from './settings.ts';
import { explaining, isDamage, loadSqlite } from './sqlite.ts';
import type { Database } from './sqlite.ts';
import type { Store } from './types.ts';
import { usesTable } from './uses.ts';

export interface StoreOptions {
  /** A path, or `:memory:`. */
  readonly file: string;
  readonly log: Log;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * `setAside` is where a damaged database was put; then the store is empty and what the vault holds can be adopted again.
 * @throws store_unavailable (newer version, no permission, held by another process), store_full
 */
export function openStore({ file, log, clock }: StoreOptions): { store: Store; setAside: string | null } {
  return explaining('open the database', () => {
    try {
      return { store: storeOver(openDatabase(file)), setAside: null };
    } catch (error) {
      if (file === ':memory:' || !(isDamage(error) || error instanceof Damage)) throw error;
      const setAside = putAside(file, clock.now());
      log.error('The database is damaged; it was set aside and a new one was started.', {
        file,
        setAside,
        because: error instanceof Error ? error.message : String(error),
      });
      return { store: storeOver(openDatabase(file)), setAside };
    }
  });
}

/** What SQLite itself would not call damage. Never leaves this file. */
class Damage extends Error {
  override readonly name = 'Damage';
}

/** @throws store_unavailable; SQLite's own error or `Damage` when the file is not a sound database of ours */
export function openDatabase(file: string): Database {
  if (file !== ':memory:') {
    makePrivate(file);
    examine(file);
  }
  const db = connection(file, false);
  try {
    // Write-ahead log: readers never wait. FULL: what is committed survives a power cut.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

export function storeOver(database: Database): Store {
  const db = connect(database);
  return {
    servers: serversTable(db),
    registrations: registrationsTable(db),
    grants: grantsTable(db),
    accountPins: accountPinsTable(db),
    agents: agentsTable(db),
    approvals: approvalsTable(db),
    events: eventsTable(db),
    audit: auditTable(db),
    uses: usesTable(db),
    serverRules: serverRulesTable(db),
    pinnedTools: pinnedToolsTable(db),
    documents: documentsTable(db),
    issued: issuedTable(db),
    settings: settingsTable(db),
    transaction: (work) => db.transaction(work),
    close: () => db.close(),
  };
}

function makePrivate(file: string): void {
  try {
    // SQLite gives the -wal and -shm files the mode of the database.
    closeSync(openSync(file, 'a', 0o600));
    if (process.platform !== 'win32') chmodSync(file, 0o600);
  } catch (cause) {
    throw new TokentrayError('store_unavailable', `The database ${quote(file)} cannot be opened.`, {
      attempted: 'open the database',
      advice: 'Check the file and its folder.',
      cause,
    });
  }
}

function connection(file: string, readOnly: boolean): Database {
  const db = new (loadSqlite().DatabaseSync)(file, { readOnly });
  // Two processes may meet at start and at shutdown; the control socket settles which of them stays.
  db.exec('PRAGMA busy_timeout = 5000');
  return db;
}

/** Reads only: the last writer that closes a database copies the log into it, which must not happen to a damaged one. */
function examine(file: string): void {
  if (statSync(file).size === 0) return;
  const db = connection(file, true);
  try {
    const answer = db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    if (answer !== 'ok') throw new Damage(`quick_check: ${String(answer)}`);
    const there = tables(db);
    const id = Number(db.prepare('PRAGMA application_id').get()?.['application_id']);
    if (id !== applicationId && there.size > 0) throw new Damage('it is a database of another program');
    // A sound file without its tables would fail at every later turn: see it now.
    const version = versionOf(db);
    for (const [, table = ''] of migrations
      .slice(0, version)
      .join('\n')
      .matchAll(/CREATE TABLE (\w+)/gu)) {
      if (!there.has(table)) throw new Damage(`version ${version} without the table ${table}`);
    }
  } finally {
    db.close();
  }
}

function tables(db: Database): Set<string> {
  const rows = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all();
  return new Set(rows.map((row) => String(row['name'])));
}

/** All three files keep belonging together: SQLite finds the log beside the new name. */
function putAside(file: string, now: number): string {
  const stem = `${file}.damaged-${new Date(now).toISOString().replaceAll(/[:.]/gu, '-')}`;
  let aside = stem;
  for (let count = 2; existsSync(aside); count += 1) aside = `${stem}-${count}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  }
  return aside;
}
