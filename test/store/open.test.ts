// Whatever state the database is in, opening it loses nothing: damaged ones are set aside, newer ones left untouched.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAgents } from '../../main/access/agents.ts';
import { secret } from '../../main/secret.ts';
import { migrate, migrations, versionOf } from '../../main/store/migrations.ts';
import { openDatabase, storeOver } from '../../main/store/open.ts';
import { loadSqlite } from '../../main/store/sqlite.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { recordingLog } from '../vault/recording-log.ts';
import { agentRow, databaseFolder, grantRow, open, registrationRow, serverRow } from './fixture.ts';

let file: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ file, remove } = await databaseFolder());
});

afterEach(() => remove());

/** A database with some rows, closed. */
function filled(): void {
  const { store } = open(file);
  store.transaction(() => {
    for (let n = 0; n < 200; n += 1) store.servers.add(serverRow(`server-${n}`));
  });
  store.close();
}

function raw(work: (database: ReturnType<typeof openDatabase>) => void): void {
  const database = new (loadSqlite().DatabaseSync)(file);
  work(database);
  database.close();
}

describe('the database', () => {
  it('holds everything when it is opened again', () => {
    filled();
    const { store, setAside } = open(file);
    expect(setAside).toBeNull();
    expect(store.servers.list()).toHaveLength(200);
    store.close();
  });

  it.runIf(process.platform !== 'win32')('is for this user only, with its log and index', async () => {
    await writeFile(file, '');
    await chmod(file, 0o644);
    const { store } = open(file);
    store.servers.add(serverRow());
    for (const suffix of ['', '-wal', '-shm']) expect((await stat(file + suffix)).mode & 0o777, suffix).toBe(0o600);
    store.close();
  });

  it('waits for the disk at every commit, writes ahead, and checks references', () => {
    const database = openDatabase(file);
    const pragma = (name: string): unknown => database.prepare(`PRAGMA ${name}`).get()?.[name];
    expect([pragma('synchronous'), pragma('journal_mode'), pragma('foreign_keys')]).toEqual([2, 'wal', 1]);
    database.close();
  });

  it('waits for the disk again after a write that did not need it, and in every transaction', () => {
    const database = openDatabase(file);
    const store = storeOver(database);
    const synchronous = (): unknown => database.prepare('PRAGMA synchronous').get()?.['synchronous'];
    store.documents.put({ url: 'https://a.example/', body: '', fetchedAt: 1, expiresAt: 2 });
    expect(synchronous()).toBe(2);
    store.transaction(() => {
      store.servers.add(serverRow());
      store.events.append({ at: 1, server: 'linear', grantId: null, kind: 'added', detail: {} });
      expect(synchronous()).toBe(2);
    });
    expect(store.events.list({})).toHaveLength(1);
    store.close();
  });

  it('that cannot be opened says so and is not taken for damaged', () => {
    expect(() => open(dirname(file))).toThrowError(expect.objectContaining({ code: 'store_unavailable' }));
    expect(() => open(`${dirname(file)}/missing/tokentray.db`)).toThrowError(
      expect.objectContaining({ code: 'store_unavailable' }),
    );
  });
});

describe('a damaged database', () => {
  const damages: Record<string, () => Promise<void>> = {
    'overwritten with text': () => writeFile(file, 'this was a database once, and is not any more. '.repeat(50)),
    'cut short': async () => truncate(file, Math.floor((await stat(file)).size / 2)),
    'pages overwritten': async () => {
      const bytes = await readFile(file);
      bytes.fill(0xaa, 4_096 * 2, 4_096 * 6);
      await writeFile(file, bytes);
    },
    'its schema overwritten': async () => {
      const bytes = await readFile(file);
      bytes.fill(0x55, 100, 4_096);
      await writeFile(file, bytes);
    },
    'a table gone': async () => raw((database) => database.exec('DROP TABLE agents')),
    'of another program': async () =>
      raw((database) => database.exec('PRAGMA application_id = 1; PRAGMA user_version = 0')),
  };
  for (const [name, damage] of Object.entries(damages)) {
    it(`is set aside unchanged, and a new one is started: ${name}`, async () => {
      filled();
      await damage();
      const before = await readFile(file);
      const log = recordingLog();
      const { store, setAside } = open(file, log);
      expect(setAside).toMatch(/tokentray\.db\.damaged-2026-01-01T/u);
      expect((await readFile(setAside ?? '')).equals(before)).toBe(true);
      expect(log.at('error')).toEqual(['The database is damaged; it was set aside and a new one was started.']);
      expect(store.servers.list()).toEqual([]);
      store.servers.add(serverRow());
      store.close();
      expect(open(file).store.servers.list()).toEqual([serverRow()]);
    });
  }

  it('keeps the log of a killed process beside it, unchanged: what was committed there can still be rescued', async () => {
    filled();
    const writer = fileURLToPath(new URL('./dying-writer.ts', import.meta.url));
    await once(spawn(process.execPath, [writer, file], { stdio: 'inherit' }), 'close');
    const log = await readFile(`${file}-wal`);
    expect(log.includes('committed')).toBe(true);
    const bytes = await readFile(file);
    bytes.fill(0xaa, 4_096 * 2, 4_096 * 6);
    await writeFile(file, bytes);
    const { store, setAside } = open(file);
    store.close();
    expect((await readFile(setAside ?? '')).equals(bytes)).toBe(true);
    expect((await readFile(`${setAside}-wal`)).equals(log)).toBe(true);
  });

  it('never overwrites another one that was set aside at the same time', async () => {
    const aside: (string | null)[] = [];
    for (const text of ['first damage', 'second damage']) {
      await writeFile(file, text.repeat(100));
      const { store, setAside } = open(file);
      store.close();
      aside.push(setAside);
    }
    expect(new Set(aside).size).toBe(2);
    expect(await readFile(aside[0] ?? '', 'utf8')).toContain('first damage');
  });

  it('is called damaged when a single row cannot be read, and names the table', () => {
    const { store } = open(file);
    store.servers.add(serverRow());
    raw((database) => database.exec(`UPDATE servers SET settings = '{"signIn":7}'`));
    expect(() => store.servers.get('linear')).toThrowError(
      expect.objectContaining({ code: 'store_damaged', facts: { table: 'servers' } }),
    );
    raw((database) => database.exec(`UPDATE servers SET settings = 'no json'`));
    expect(() => store.servers.list()).toThrowError(expect.objectContaining({ code: 'store_damaged' }));
    store.close();
  });
});

describe('versions of the database', () => {
  it('of a newer Tokentray are refused and not touched', async () => {
    filled();
    raw((database) => database.exec(`PRAGMA user_version = ${migrations.length + 1}`));
    const before = await readFile(file);
    expect(() => open(file)).toThrowError(
      expect.objectContaining({
        code: 'store_unavailable',
        facts: expect.objectContaining({ because: 'newer-version' }),
      }),
    );
    expect((await readFile(file)).equals(before)).toBe(true);
    expect((await readdir(dirname(file))).filter((name) => name.includes('damaged'))).toEqual([]);
  });

  it('from 1 on are brought to the newest with every row', async () => {
    const first = await readFile(new URL('./version-1.sql', import.meta.url), 'utf8');
    raw((database) => database.exec(first));
    const { store, setAside } = open(file);
    expect(setAside).toBeNull();
    expect(store.servers.list()).toEqual([serverRow()]);
    expect(store.registrations.get('r1')).toEqual(registrationRow());
    expect(store.grants.get('g1')).toEqual(grantRow());
    expect(store.agents.list()).toEqual([agentRow('cursor')]);
    expect(store.events.list({})).toHaveLength(1);
    expect(store.settings.get('bridge-port')).toBe('4747');
    store.close();
    raw((database) => expect(versionOf(database)).toBe(migrations.length));
  });

  it('from 2 on keep every agent with its key, and what was written of it', async () => {
    const second = await readFile(new URL('./version-2.sql', import.meta.url), 'utf8');
    raw((database) => database.exec(second));
    const { store, setAside } = open(file);
    expect(setAside).toBeNull();
    const kept = { kind: 'key', identity: null, trusted: false, checked: null };
    const claimed = { name: null, client: null, clientUri: null };
    expect(store.agents.list()).toMatchObject([
      { id: 'id of old cursor', name: 'cursor', createdAt: 100, lastUsedAt: null, revokedAt: 900, claimed, ...kept },
      { id: 'id of cursor', name: 'cursor', createdAt: 1_000, lastUsedAt: 5_000, revokedAt: null, claimed, ...kept },
      { id: 'id of script', name: 'script', createdAt: 2_000, lastUsedAt: null, revokedAt: null, claimed, ...kept },
    ]);
    const agents = createAgents({ store, clock: createFakeClock() });
    expect(agents.verify(secret(`ttk_${'K'.repeat(43)}`))?.id).toBe('id of cursor');
    expect(() => agents.add('cursor')).toThrowError(expect.objectContaining({ code: 'name_taken' }));
    expect(store.uses.list()).toEqual([
      { server: 'linear', agent: 'cursor', via: 'http', firstAt: 1_500, lastAt: 5_000 },
    ]);
    // A second opening is no second migration.
    store.close();
    expect(open(file).store.agents.list()).toHaveLength(3);
    raw((database) => expect(versionOf(database)).toBe(migrations.length));
  });

  it('are brought up step by step; a step that fails leaves the version before it', () => {
    raw((database) => {
      migrate(database, ['CREATE TABLE a (x)']);
      database.exec('INSERT INTO a VALUES (1)');
      const steps = ['never run again', 'ALTER TABLE a ADD COLUMN y DEFAULT 2', 'CREATE TABLE b (x); this fails'];
      expect(() => migrate(database, steps)).toThrow();
      expect(versionOf(database)).toBe(2);
      expect(database.prepare('SELECT * FROM a').all()).toEqual([{ x: 1, y: 2 }]);
      expect(() => database.exec('SELECT * FROM b')).toThrowError(/no such table/u);
      expect(database.isTransaction).toBe(false);
    });
  });
});

describe('the warning of older Node releases about SQLite', () => {
  it('is not printed; every other warning is', () => {
    const emitted: string[] = [];
    const emit = vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void emitted.push(String(warning)));
    const load = vi.spyOn(process, 'getBuiltinModule').mockImplementation((() => {
      process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning');
      process.emitWarning('Something else is experimental', 'ExperimentalWarning');
      process.emitWarning('SQLite is deprecated', 'DeprecationWarning');
    }) as typeof process.getBuiltinModule);
    loadSqlite();
    process.emitWarning('after');
    load.mockRestore();
    emit.mockRestore();
    expect(emitted).toEqual(['Something else is experimental', 'SQLite is deprecated', 'after']);
  });
});
