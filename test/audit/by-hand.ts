// What somebody does to the audit's tables by hand, and what `verify` says of it afterwards.
import { expect } from 'vitest';
import { rowHash } from '../../main/audit/chain.ts';
import type { Database } from '../../main/store/sqlite.ts';
import { fill } from './fixture.ts';
import type { World } from './fixture.ts';

/** Thirty rows, signed at 10, 20 and 30; closed. */
export async function thirtyRows(here: World): Promise<void> {
  const { audit, end } = await here.start();
  for (const from of [1, 11, 21]) {
    fill(audit, 10, from);
    await here.clock.advance(60_000);
  }
  await end();
}

/** Of a broker that is started for it. */
export async function verdictOf(here: World): Promise<{ verdict: string; at: number | null; signedTo: number | null }> {
  const { audit, end } = await here.start();
  const { words, rows, ...found } = await audit.verify();
  expect(words.length).toBeGreaterThan(10);
  expect(rows).toBeLessThanOrEqual(30);
  await end();
  return found;
}

/** What somebody does who knows how the chain is made and has not the key: hashes all rows anew, from `from` on. */
export function rechain(db: Database, from: number): void {
  const rows = db.prepare('SELECT * FROM audit WHERE seq >= ? ORDER BY seq').all(from - 1);
  let previous = from === 1 ? null : String(rows.shift()?.['hash']);
  for (const row of rows) {
    previous ??= String(row['previous']);
    const text = (name: string) => (row[name] === null ? null : String(row[name]));
    const hash = rowHash({
      seq: String(row['seq']),
      at: String(row['at']),
      kind: String(row['kind']),
      server: text('server'),
      account: text('account'),
      agent: text('agent'),
      detail: String(row['detail']),
      previous,
    });
    db.prepare('UPDATE audit SET previous = ?, hash = ? WHERE seq = ?').run(previous, hash, row['seq'] ?? null);
    previous = hash;
  }
}
