// A transaction is all or nothing: after an error, on a full disk, across two processes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, storeOver } from '../../main/store/open.ts';
import { databaseFolder, grantRow, open, serverRow } from './fixture.ts';

let file: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ file, remove } = await databaseFolder());
});

afterEach(() => remove());

describe('what is remembered between requests', () => {
  it('is what was written last, also after a write that was undone', () => {
    const { store } = open();
    expect(store.servers.get('github')).toBeNull();
    store.servers.add(serverRow('github'));
    expect(store.servers.get('github')?.settings.signIn).toBe('ask');
    expect(() =>
      store.transaction(() => {
        store.servers.update('github', { signIn: 'auto' });
        expect(store.servers.get('github')?.settings.signIn).toBe('auto');
        throw new Error('changed my mind');
      }),
    ).toThrowError('changed my mind');
    expect(store.servers.get('github')?.settings.signIn).toBe('ask');
    store.servers.remove('github');
    expect(store.servers.get('github')).toBeNull();
  });

  it('goes with what a removal takes along', () => {
    const { store } = open();
    store.servers.add(serverRow('github'));
    store.grants.put(grantRow('g1', { server: 'github' }));
    expect(store.grants.accounts('github')).toHaveLength(1);
    store.servers.remove('github');
    expect(store.grants.accounts('github')).toEqual([]);
    expect(store.grants.forServer('github')).toBeNull();
  });
});

describe('a transaction', () => {
  it('leaves nothing behind when its work fails, and gives the error', () => {
    const { store } = open();
    expect(() =>
      store.transaction(() => {
        store.servers.add(serverRow());
        store.grants.put(grantRow());
        throw new Error('changed my mind');
      }),
    ).toThrowError('changed my mind');
    expect(store.servers.list()).toEqual([]);
    expect(store.transaction(() => 'fine again')).toBe('fine again');
  });

  it('can undo a part of it alone', () => {
    const { store } = open();
    store.transaction(() => {
      store.servers.add(serverRow('kept'));
      expect(() =>
        store.transaction(() => {
          store.servers.add(serverRow('undone'));
          store.servers.add(serverRow('kept'));
        }),
      ).toThrowError(expect.objectContaining({ code: 'name_taken' }));
      store.servers.add(serverRow('later'));
    });
    expect(store.servers.list().map((row) => row.name)).toEqual(['kept', 'later']);
  });

  it('refuses work that waits, and undoes what it began', () => {
    const { store } = open();
    expect(() => store.transaction(async () => store.servers.add(serverRow()))).toThrowError(/synchronous/u);
    expect(store.servers.list()).toEqual([]);
  });

  it('that is lost with its process is not there; what was committed is', async () => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('./dying-writer.ts', import.meta.url)), file], {
      stdio: 'inherit',
    });
    const [, signal] = await once(child, 'close');
    expect(signal).toBe('SIGKILL');
    const { store, setAside } = open(file);
    expect(setAside).toBeNull();
    expect(store.servers.list().map((row) => row.name)).toEqual(['committed']);
    store.close();
  });
});

describe('a full disk', () => {
  it('is called full, keeps what was there, and is over when there is room', () => {
    const database = openDatabase(file);
    const store = storeOver(database);
    store.servers.add(serverRow());
    const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count']);
    database.exec(`PRAGMA max_page_count = ${pages}`);
    const big = 'x'.repeat(100_000);
    const full = expect.objectContaining({ code: 'store_full', retry: 'later' });
    expect(() => store.settings.set('big', big)).toThrowError(full);
    expect(() =>
      store.transaction(() => {
        store.servers.update('linear', { signIn: 'auto' });
        store.settings.set('big', big);
      }),
    ).toThrowError(full);
    expect(() =>
      store.documents.put({ url: 'https://a.example/', body: big, fetchedAt: 1, expiresAt: 2 }),
    ).toThrowError(full);
    expect(store.servers.list()).toEqual([serverRow()]);
    database.exec('PRAGMA max_page_count = 1000000');
    store.settings.set('big', big);
    expect(store.settings.get('big')).toBe(big);
    store.close();
  });
});

describe('two processes', () => {
  it('see what the other one wrote and wait for each other', async () => {
    const { store } = open(file);
    const writer = fileURLToPath(new URL('./counting-writer.ts', import.meta.url));
    const children = ['a', 'b'].map((name) => spawn(process.execPath, [writer, file, name], { stdio: 'inherit' }));
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'close'))[0] as number));
    expect(codes).toEqual([0, 0]);
    // Each of 2 x 100 increments read the value and wrote it back in one transaction.
    expect(store.settings.get('count')).toBe('200');
    store.close();
  });

  it('that hold the database too long are told apart from damage', () => {
    const { store } = open(file);
    const other = openDatabase(file);
    const mine = openDatabase(file);
    mine.exec('PRAGMA busy_timeout = 1');
    other.exec('BEGIN IMMEDIATE');
    expect(() => storeOver(mine).settings.set('a', 'b')).toThrowError(
      expect.objectContaining({ code: 'store_unavailable', retry: 'later' }),
    );
    other.exec('ROLLBACK');
    for (const database of [other, mine, store]) database.close();
  });
});
