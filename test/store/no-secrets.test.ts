// The database has no place for a secret: not in its columns, and not in what is written to it by mistake.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { secret } from '../../main/secret.ts';
import { openDatabase } from '../../main/store/open.ts';
import { databaseFolder, open } from './fixture.ts';

/** Text columns whose name sounds like a secret, and why they hold none. */
const harmless: Record<string, string> = {
  'registrations.token_endpoint_auth_method': 'the name of a method (RFC 7591)',
  'audit_heads.key_id': 'which public key a signature is checked with',
  'agents.key_hash': 'a SHA-256, checked by the table to be 64 hexadecimal digits',
};

describe('the database', () => {
  it('has no column that may hold a token, a secret, a key or a code', () => {
    const database = openDatabase(':memory:');
    const tables = database.prepare(`SELECT name, strict FROM pragma_table_list WHERE schema = 'main'`).all();
    const suspicious: string[] = [];
    let columns = 0;
    for (const { name: table, strict } of tables) {
      if (String(table).startsWith('sqlite_')) continue;
      // Only in a STRICT table does INTEGER mean that no text fits in.
      expect(strict, String(table)).toBe(1);
      for (const { name, type } of database.prepare('SELECT name, type FROM pragma_table_info(?)').all(String(table))) {
        columns += 1;
        const column = `${String(table)}.${String(name)}`;
        expect(type, column).toMatch(/^(TEXT|INTEGER)$/u);
        const sounds = /token|secret|password|passphrase|key|code|verifier|assertion|jwk|pem/u.test(String(name));
        if (type === 'TEXT' && sounds) suspicious.push(column);
      }
    }
    expect(columns).toBeGreaterThan(40);
    expect(suspicious.sort()).toEqual(Object.keys(harmless).sort());
    database.close();
  });

  it('shows nothing of a secret that somebody put into the detail of an event', async () => {
    const { file, remove } = await databaseFolder();
    const { store } = open(file);
    const detail = { note: 'refreshed', token: secret('canary-51b'), deep: [{ refresh_token: secret('canary-51b') }] };
    store.events.append({ at: 1, server: null, grantId: null, kind: 'refreshed', detail });
    expect(store.events.list({})[0]?.detail).toEqual({
      note: 'refreshed',
      token: '[secret]',
      deep: [{ refresh_token: '[secret]' }],
    });
    for (const suffix of ['', '-wal']) expect((await readFile(file + suffix)).includes('canary-51b')).toBe(false);
    store.close();
    await remove();
  });
});
