// An end that was cut off and a signature that was tampered with are found out, and an unknown key is not believed.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newKeyText, signingKey } from '../../main/audit/key.ts';
import { memoryVault } from '../../main/vault/memory.ts';
import { rechain, thirtyRows, verdictOf } from './by-hand.ts';
import { fill, world } from './fixture.ts';
import type { World } from './fixture.ts';

let here: World;

beforeEach(() => {
  here = world();
});

afterEach(() => here.remove());

const thirty = () => thirtyRows(here);
const verdict = () => verdictOf(here);
const exec = (sql: string) => here.edit((db) => db.exec(sql));

describe('the end', () => {
  beforeEach(thirty);

  it('that was cut off is missed, from the first row that is not there', async () => {
    exec('DELETE FROM audit WHERE seq > 25');
    expect(await verdict()).toEqual({ verdict: 'truncated', at: 26, signedTo: 20 });
  });

  it('that was cut off with its signatures is missed', async () => {
    exec('DELETE FROM audit WHERE seq > 20; DELETE FROM audit_heads WHERE seq > 20');
    expect(await verdict()).toEqual({ verdict: 'truncated', at: 21, signedTo: 20 });
  });

  it('of the signatures alone is missed', async () => {
    exec('DELETE FROM audit_heads WHERE seq > 20');
    expect(await verdict()).toEqual({ verdict: 'truncated', at: 21, signedTo: 20 });
  });

  it('is missed when everything is gone', async () => {
    exec('DELETE FROM audit; DELETE FROM audit_heads');
    expect(await verdict()).toEqual({ verdict: 'truncated', at: 1, signedTo: null });
  });

  it('stays missed: what is written afterwards does not cover it', async () => {
    exec('DELETE FROM audit WHERE seq > 20; DELETE FROM audit_heads WHERE seq > 20');
    for (let run = 0; run < 3; run += 1) {
      const { audit, end } = await here.start();
      fill(audit, 5);
      await here.clock.advance(10 * 60_000);
      expect(await audit.verify()).toMatchObject({ verdict: 'truncated', at: 21 });
      await end();
    }
    expect(here.edit((db) => db.prepare('SELECT min(seq) AS n FROM audit WHERE seq > 20').get())).toEqual({ n: 31 });
  });
});

describe('a signature', () => {
  beforeEach(thirty);

  it.each([
    ['signature', `replace(signature, substr(signature, 1, 4), 'AAAA')`],
    ['signature', `''`],
    ['signature', `signature || ' '`],
    ['at', 'at + 1'],
    ['at', '9223372036854775807'],
    ['hash', `upper(hash)`],
    ['key_id', `upper(key_id)`],
    ['seq', '19'],
    ['seq', '21'],
    ['seq', '-1'],
    ['seq', '9223372036854775807'],
    ['kind', `'cut'`],
  ])('whose %s became %s is refused', async (column, value) => {
    exec(`UPDATE audit_heads SET ${column} = ${value} WHERE seq = 20`);
    expect(await verdict()).toMatchObject({ verdict: 'bad-signature' });
  });

  it('by another key is refused, and the row is named', async () => {
    const key = signingKey(newKeyText());
    here.edit((db) => {
      const head = db.prepare('SELECT * FROM audit_heads WHERE seq = 20').get() ?? {};
      const fields = { kind: 'head', seq: 20, hash: String(head['hash']), at: Number(head['at']) } as const;
      const change = db.prepare('UPDATE audit_heads SET signature = ?, key_id = ? WHERE seq = 20');
      change.run(key.sign(fields), String(head['key_id']));
    });
    expect(await verdict()).toEqual({ verdict: 'bad-signature', at: 20, signedTo: 10 });
    here.edit((db) => db.prepare('UPDATE audit_heads SET key_id = ? WHERE seq = 20').run(key.id));
    expect(await verdict()).toEqual({ verdict: 'bad-signature', at: 20, signedTo: 10 });
  });

  it('over a row that never was is refused', async () => {
    exec(`INSERT INTO audit_heads (kind, seq, hash, at, key_id, signature)
          SELECT 'head', 50, hash, at, key_id, signature FROM audit_heads WHERE seq = 20`);
    expect(await verdict()).toMatchObject({ verdict: 'bad-signature', at: 50 });
  });
});

describe('without the key that signed', () => {
  it('says so, and still checks the chain and what the new key signed', async () => {
    await thirty();
    here.vault = memoryVault();
    const { audit, end } = await here.start();
    expect(await audit.verify()).toMatchObject({ verdict: 'no-key', rows: 30, signedTo: null, at: null });
    fill(audit, 5, 31);
    await here.clock.advance(60_000);
    expect(await audit.verify()).toMatchObject({ verdict: 'no-key', rows: 35, signedTo: 35 });
    exec(`UPDATE audit SET agent = 'other' WHERE seq = 12`);
    expect(await audit.verify()).toMatchObject({ verdict: 'changed', at: 12 });
    here.edit((db) => rechain(db, 12));
    expect(await audit.verify()).toMatchObject({ verdict: 'changed', at: 11 });
    await end();
  });

  it('believes no unknown key over rows of its own time', async () => {
    await thirty();
    exec(`UPDATE audit_heads SET key_id = 'f' || substr(key_id, 2) || '0' WHERE seq = 20`);
    expect(await verdict()).toMatchObject({ verdict: 'bad-signature', at: 20 });
  });
});
