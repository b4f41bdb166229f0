// Old rows go from the beginning only, and what is left can still be verified to its first row.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newKeyText, signingKey } from '../../main/audit/key.ts';
import { fill, world } from './fixture.ts';
import type { Running, World } from './fixture.ts';

const day = 86_400_000;
let here: World;
let running: Running;

beforeEach(async () => {
  here = world();
  running = await here.start();
});

afterEach(() => here.remove());

const span = (): [unknown, unknown] => {
  const row = here.edit((db) => db.prepare('SELECT min(seq) AS first, max(seq) AS last FROM audit').get());
  return [row?.['first'], row?.['last']];
};

async function tenDays(): Promise<void> {
  for (let n = 0; n < 10; n += 1) {
    fill(running.audit, 10, n * 10 + 1);
    await here.clock.advance(day);
  }
}

describe('rows', () => {
  it('that are older than they are kept go, and the rest is intact, over a restart too', async () => {
    here.settings = { ...here.settings, keepDays: 5 };
    await tenDays();
    const [first, last] = span();
    expect(last).toBe(100);
    expect(first).toBe(51);
    expect(await running.audit.verify()).toMatchObject({ verdict: 'intact', rows: 50, signedTo: 100 });
    await running.end();
    const { audit } = await here.start();
    fill(audit, 1);
    expect(await audit.verify()).toMatchObject({ verdict: 'intact', rows: 51, signedTo: 100 });
    expect(here.edit((db) => db.prepare('SELECT count(*) AS n FROM audit_heads WHERE seq <= 50').get())).toEqual({
      n: 1,
    });
  });

  it('that are too many go, the newest stay', async () => {
    here.settings = { ...here.settings, keepMegabytes: 1 };
    for (let n = 0; n < 40; n += 1) {
      for (let row = 0; row < 10; row += 1)
        running.audit.append({ kind: 'tool-call', detail: { text: 'x'.repeat(3_500) } });
      await running.audit.flush();
    }
    await here.clock.advance(60_000);
    // The work itself takes turns of the event loop, not time.
    await expect.poll(() => Number(span()[0])).toBeGreaterThan(100);
    const [first, last] = span();
    expect(last).toBe(400);
    const bytes = here.edit((db) => db.prepare('SELECT sum(length(detail) + 300) AS n FROM audit').get()?.['n']);
    expect(bytes).toBeLessThan(1_048_576);
    expect(bytes).toBeGreaterThan(900_000);
    expect(await running.audit.verify()).toMatchObject({ verdict: 'intact', rows: 401 - Number(first) });
  });

  it('stay, however old, when the clock was set back', async () => {
    here.settings = { ...here.settings, keepDays: 5 };
    fill(running.audit, 10);
    await running.end();
    const { clock } = here;
    here.clock = { ...clock, now: () => clock.now() - 100 * day };
    running = await here.start();
    fill(running.audit, 10, 11);
    await clock.advance(4 * day);
    expect(span()).toEqual([1, 20]);
    expect(await running.audit.verify()).toMatchObject({ verdict: 'intact', rows: 20 });
  });

  it('never go to the last one: the next one follows it', async () => {
    here.settings = { ...here.settings, keepDays: 1 };
    fill(running.audit, 10);
    await here.clock.advance(5 * day);
    expect(span()).toEqual([10, 10]);
    fill(running.audit, 1, 11);
    expect(await running.audit.verify()).toMatchObject({ verdict: 'intact', rows: 2 });
  });
});

const verdict = async () => {
  running = await here.start();
  const { verdict: found, at } = await running.audit.verify();
  await running.end();
  return [found, at];
};

describe('a cut', () => {
  beforeEach(async () => {
    here.settings = { ...here.settings, keepDays: 5 };
    await tenDays();
    await running.end();
  });

  it.each([
    ['seq', 'seq - 1'],
    ['hash', `replace(hash, substr(hash, 1, 2), 'ff')`],
    ['at', 'at + 1'],
    ['signature', `'AAAA' || substr(signature, 5)`],
    ['key_id', `'00' || substr(key_id, 3)`],
    ['kind', `'head'`],
  ])('whose %s became %s is not believed', async (column, value) => {
    here.edit((db) => db.exec(`UPDATE audit_heads SET ${column} = ${value} WHERE kind = 'cut'`));
    expect((await verdict())[0]).toMatch(/^(?:bad-signature|removed)$/u);
  });

  it('that somebody made to hide rows that they removed is not believed', async () => {
    const key = signingKey(newKeyText());
    here.edit((db) => {
      const hash = String(db.prepare('SELECT hash FROM audit WHERE seq = 60').get()?.['hash']);
      const fields = { kind: 'cut', seq: 60, hash, at: 1 } as const;
      db.exec('DELETE FROM audit WHERE seq <= 60; DELETE FROM audit_heads WHERE seq <= 60');
      db.prepare(`INSERT INTO audit_heads (kind, seq, hash, at, key_id, signature) VALUES ('cut', 60, ?, 1, ?, ?)`).run(
        hash,
        key.id,
        key.sign(fields),
      );
    });
    expect(await verdict()).toEqual(['bad-signature', 60]);
  });

  it('cannot be made of a signature over the newest row of some time', async () => {
    here.edit((db) => {
      db.exec(`DELETE FROM audit WHERE seq <= 60; DELETE FROM audit_heads WHERE seq < 60;
               UPDATE audit_heads SET kind = 'cut' WHERE seq = 60`);
    });
    expect(await verdict()).toEqual(['bad-signature', 60]);
  });

  it('that is gone leaves the beginning unexplained', async () => {
    here.edit((db) => db.exec(`DELETE FROM audit_heads WHERE kind = 'cut'`));
    expect(await verdict()).toEqual(['removed', 1]);
  });

  it('covers no row behind it', async () => {
    here.edit((db) => db.exec('DELETE FROM audit WHERE seq = 51'));
    expect(await verdict()).toEqual(['removed', 51]);
  });
});
