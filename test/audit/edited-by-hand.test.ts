// Whoever edits the audit by hand is found out, and the first row that is not as it was written is named.
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { genesisHash, rowHash } from '../../main/audit/chain.ts';
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

const swap = (a: number, b: number) =>
  exec(`UPDATE audit SET seq = -1 WHERE seq = ${a}; UPDATE audit SET seq = ${a} WHERE seq = ${b};
        UPDATE audit SET seq = ${b} WHERE seq = -1`);

describe('an audit that nobody touched', () => {
  it('is intact, signed to its end, over restarts and with rows that nobody has signed yet', async () => {
    await thirty();
    expect(await verdict()).toEqual({ verdict: 'intact', at: null, signedTo: 30 });
    const { audit, end } = await here.start();
    fill(audit, 3, 31);
    expect(await audit.verify()).toMatchObject({ verdict: 'intact', rows: 33, signedTo: 30 });
    await end();
    const again = await here.start();
    expect(await again.audit.verify()).toMatchObject({ verdict: 'intact', rows: 33, signedTo: 33 });
  });

  it('is intact without any row', async () => {
    expect(await verdict()).toEqual({ verdict: 'intact', at: null, signedTo: null });
    expect(await verdict()).toEqual({ verdict: 'intact', at: null, signedTo: null });
  });
});

describe('a row', () => {
  beforeEach(thirty);

  it.each([
    ['at', 'at + 1'],
    ['kind', `'tool-cal1'`],
    ['server', `'other'`],
    ['server', 'NULL'],
    ['account', `'other'`],
    ['account', 'NULL'],
    ['agent', `'other'`],
    ['agent', 'NULL'],
    ['detail', `replace(detail, 'ok', 'no')`],
    ['detail', `detail || ' '`],
    ['detail', `detail || char(0)`],
    ['detail', `'no json'`],
    ['detail', `CAST(x'ff' AS TEXT)`],
    ['previous', `upper(previous)`],
    ['previous', `hash`],
    ['hash', `upper(hash)`],
    ['hash', `previous`],
    ['at', '9223372036854775807'],
    ['at', '-9223372036854775808'],
  ])('whose %s became %s is named as changed', async (column, value) => {
    for (const [seq, before] of [
      [1, 0],
      [17, 10],
      [30, 20],
    ] as const) {
      const was = here.edit((db) => db.prepare(`SELECT ${column} FROM audit WHERE seq = ?`).get(seq)?.[column] ?? null);
      exec(`UPDATE audit SET ${column} = ${value} WHERE seq = ${seq}`);
      expect(await verdict(), `row ${seq}`).toEqual({
        verdict: 'changed',
        at: seq,
        signedTo: before === 0 ? null : before,
      });
      here.edit((db) => db.prepare(`UPDATE audit SET ${column} = ? WHERE seq = ?`).run(was, seq));
      expect(await verdict(), 'put back').toMatchObject({ verdict: 'intact' });
    }
  });

  it('that was moved within one that holds the same words is not the same: fields cannot lend each other characters', async () => {
    exec(`UPDATE audit SET kind = kind || server, server = '' WHERE seq = 12`);
    expect(await verdict()).toMatchObject({ verdict: 'changed', at: 12 });
  });

  it('that was removed is named', async () => {
    exec('DELETE FROM audit WHERE seq = 12');
    expect(await verdict()).toEqual({ verdict: 'removed', at: 12, signedTo: 10 });
  });

  it('that was removed at the beginning is named', async () => {
    exec('DELETE FROM audit WHERE seq <= 3');
    expect(await verdict()).toEqual({ verdict: 'removed', at: 1, signedTo: null });
  });

  it('that was removed is named when the ones behind it have moved up', async () => {
    exec('DELETE FROM audit WHERE seq = 12; UPDATE audit SET seq = seq - 1 WHERE seq > 12');
    expect(await verdict()).toMatchObject({ verdict: 'removed', at: 12 });
  });

  it('that changed places with another is named, near and far', async () => {
    swap(12, 13);
    expect(await verdict()).toMatchObject({ verdict: 'reordered', at: 12 });
    swap(12, 13);
    swap(4, 29);
    // What ended while it was seen to be wrong stays so only as long as it is.
    expect(await verdict()).toMatchObject({ verdict: 'reordered', at: 4 });
  });

  it('that went to the end is named where it is missing', async () => {
    exec('UPDATE audit SET seq = 40 WHERE seq = 12');
    expect(await verdict()).toMatchObject({ verdict: 'reordered', at: 12 });
  });

  it('that was put in, with the ones behind it pushed back, is named', async () => {
    exec(`UPDATE audit SET seq = -seq WHERE seq >= 12; UPDATE audit SET seq = 1 - seq WHERE seq < 0;
          INSERT INTO audit SELECT 12, at, 'approved', server, account, agent, detail, previous, hash FROM audit WHERE seq = 11`);
    expect(await verdict()).toMatchObject({ verdict: 'changed', at: 12 });
  });

  it('that was put in with a sound hash of its own is named', async () => {
    here.edit((db) => {
      db.exec(`UPDATE audit SET seq = -seq WHERE seq >= 12; UPDATE audit SET seq = 1 - seq WHERE seq < 0;
          INSERT INTO audit SELECT 12, at, 'approved', server, account, agent, detail, hash, hash FROM audit WHERE seq = 11`);
      const row = db.prepare('SELECT * FROM audit WHERE seq = 12').get() ?? {};
      const hash = rowHash({
        seq: '12',
        at: String(row['at']),
        kind: 'approved',
        server: String(row['server']),
        account: String(row['account']),
        agent: String(row['agent']),
        detail: String(row['detail']),
        previous: String(row['previous']),
      });
      db.prepare('UPDATE audit SET hash = ? WHERE seq = 12').run(hash);
    });
    expect(await verdict()).toMatchObject({ verdict: 'changed', at: 12 });
  });

  it('that was put over another, as a copy, is named', async () => {
    exec(`DELETE FROM audit WHERE seq = 12;
          INSERT INTO audit SELECT 12, at, kind, server, account, agent, detail, previous, hash FROM audit WHERE seq = 5`);
    expect(await verdict()).toMatchObject({ verdict: 'changed', at: 12 });
  });

  it('that was put before the first or after the last is named', async () => {
    exec(
      `INSERT INTO audit SELECT 0, at, kind, server, account, agent, detail, previous, hash FROM audit WHERE seq = 1`,
    );
    expect(await verdict()).toMatchObject({ verdict: 'changed', at: 0 });
    exec('DELETE FROM audit WHERE seq = 0');
    exec(
      `INSERT INTO audit SELECT 9223372036854775807, at, kind, server, account, agent, detail, previous, hash FROM audit WHERE seq = 1`,
    );
    expect(await verdict()).toMatchObject({ verdict: 'changed', at: 31 });
  });

  it('that was appended to the closed audit, soundly chained, is named', async () => {
    here.edit((db) => {
      db.exec(
        `INSERT INTO audit SELECT 31, at, kind, server, account, agent, detail, hash, hash FROM audit WHERE seq = 30`,
      );
      rechain(db, 31);
    });
    expect(await verdict()).toMatchObject({ verdict: 'changed', at: 31 });
  });

  it('that was changed and hashed anew by itself is named', async () => {
    here.edit((db) => {
      db.exec(`UPDATE audit SET agent = 'other' WHERE seq = 12`);
      db.exec('CREATE TEMP TABLE kept AS SELECT * FROM audit WHERE seq > 12');
      rechain(db, 12);
      db.exec('DELETE FROM audit WHERE seq > 12; INSERT INTO audit SELECT * FROM kept');
    });
    expect(await verdict()).toMatchObject({ verdict: 'changed', at: 12 });
  });

  it('that was changed, with the whole rest chained anew, is found by the next signature: from the first row that it covers', async () => {
    here.edit((db) => {
      db.exec(`UPDATE audit SET agent = 'other' WHERE seq = 14`);
      rechain(db, 14);
    });
    expect(await verdict()).toEqual({ verdict: 'changed', at: 11, signedTo: 10 });
  });

  it('is found as well when the signatures over the new rest are gone', async () => {
    here.edit((db) => {
      db.exec(`UPDATE audit SET agent = 'other' WHERE seq = 14; DELETE FROM audit_heads WHERE seq > 10`);
      rechain(db, 14);
    });
    expect(await verdict()).toMatchObject({ verdict: 'truncated', at: 11, signedTo: 10 });
    // The new signature over the new rest does not make up for it.
    expect(await verdict()).toMatchObject({ verdict: 'truncated', at: 11, signedTo: 10 });
  });

  it('is found when everything was made anew from a first row of its own', async () => {
    here.edit((db) => {
      db.prepare('UPDATE audit SET previous = ? WHERE seq = 1').run(genesisHash('0'.repeat(64)));
      rechain(db, 1);
      db.exec('DELETE FROM audit_heads');
    });
    expect((await verdict()).at).toBe(1);
  });
});

describe('while it runs', () => {
  it('finds what was changed, removed, appended or chained anew under it', async () => {
    const { audit } = await here.start();
    fill(audit, 10);
    await audit.flush();
    exec(`UPDATE audit SET agent = 'other' WHERE seq = 7`);
    expect(await audit.verify()).toMatchObject({ verdict: 'changed', at: 7 });
    here.edit((db) => rechain(db, 7));
    expect(await audit.verify()).toMatchObject({ verdict: 'changed', at: 1 });
    exec('DELETE FROM audit WHERE seq > 5');
    expect(await audit.verify()).toMatchObject({ verdict: 'truncated', at: 6 });
    fill(audit, 1);
    expect(await audit.verify()).toMatchObject({ verdict: 'truncated', at: 6 });
  });

  it('takes away what others appended, and says so in a row', async () => {
    const { audit, store } = await here.start();
    fill(audit, 3);
    await audit.flush();
    exec(
      `INSERT INTO audit SELECT 4, at, 'approved', server, account, agent, detail, hash, hash FROM audit WHERE seq = 3`,
    );
    expect(await audit.verify()).toMatchObject({ verdict: 'changed', at: 4 });
    fill(audit, 1, 4);
    expect(await audit.verify()).toMatchObject({ verdict: 'intact', rows: 5 });
    expect(store.audit.page({}, 2).map(({ kind }) => kind)).toEqual(['audit-foreign-rows', 'tool-call']);
    expect(here.log.at('error')).toHaveLength(1);
  });
});

describe('any single edit', () => {
  it('is found, whichever cell of whichever row it is', async () => {
    await thirty();
    const rows = here.edit((db) => db.prepare('SELECT * FROM audit ORDER BY seq').all());
    const { audit } = await here.start();
    const cell = fc.record({
      seq: fc.integer({ min: 1, max: 30 }),
      column: fc.constantFrom('at', 'kind', 'server', 'account', 'agent', 'detail', 'previous', 'hash'),
      text: fc.oneof(fc.string({ unit: 'binary' }), fc.constant(null)),
      number: fc.maxSafeInteger(),
      position: fc.nat(),
      partly: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cell, async ({ seq, column, text, number, position, partly }) => {
        const was = rows[seq - 1]?.[column] ?? null;
        const may = column !== 'server' && column !== 'account' && column !== 'agent';
        const whole = text === null && may ? '' : text;
        let value: string | number | null = column === 'at' ? number : whole;
        // One character of it, as the smallest edit that there is.
        if (partly && typeof was === 'string' && was !== '' && typeof value === 'string') {
          const at = position % was.length;
          value = was.slice(0, at) + value + was.slice(at + 1);
        }
        fc.pre(value !== was);
        const put = (to: typeof was) =>
          here.edit((db) => db.prepare(`UPDATE audit SET ${column} = ? WHERE seq = ?`).run(to, seq));
        put(value);
        const found = await audit.verify();
        put(was);
        expect(found).toMatchObject({ verdict: 'changed', at: seq });
      }),
      { numRuns: 300 },
    );
    expect(await audit.verify()).toMatchObject({ verdict: 'intact' });
  });
});
