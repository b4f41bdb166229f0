// What is wrong with one row, seen from the sound one before it: changed, removed, in another's place, or nothing.
import type { AuditTable, RawAuditRow } from '../store/audit.ts';
import { rowHash } from './chain.ts';
import type { End } from './key.ts';

interface Look {
  readonly table: AuditTable;
  readonly row: RawAuditRow;
  readonly next: () => RawAuditRow | null;
  /** The row before; its hash is null where nobody knows it. */
  readonly before: { readonly seq: number; readonly hash: string | null };
  /** The newest row that a signature agrees to. */
  readonly vouched: number;
  readonly last: End;
  readonly pause: () => Promise<void>;
}

interface Wrong {
  readonly verdict: 'changed' | 'removed' | 'reordered';
  readonly at: number;
}

/** Rows that are looked at in one go when one is searched for. */
const step = 500;

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

export async function misplaced(look: Look): Promise<Wrong | null> {
  const { row, before } = look;
  const expected = before.seq + 1;
  if (row.seq !== String(expected)) {
    // Rows stand in order, so a smaller number is one before the very beginning.
    if (BigInt(row.seq) < BigInt(expected)) return { verdict: 'changed', at: Math.max(0, Number(row.seq)) };
    return { verdict: await gone(look), at: expected };
  }
  if (text(row.hash) !== rowHash(row)) return changedOrMoved(look, expected);
  if (before.hash === null || text(row.previous) === before.hash) return null;
  // Both rows are sound by themselves and do not fit together: the one that the rest of the chain does not follow from is wrong.
  const next = look.next();
  const follows = next === null ? text(row.hash) === look.last.hash : text(next.previous) === text(row.hash);
  return { verdict: 'changed', at: follows && before.seq > look.vouched ? before.seq : expected };
}

/** The row that belongs after `before` is not here: moved to another place, or removed. */
async function gone({ table, before, pause }: Look): Promise<'removed' | 'reordered'> {
  if (before.hash === null) return 'removed';
  for (let from: number | null = before.seq; from !== null;) {
    await pause();
    const rows = table.rawAfter(from, step);
    if (rows.some((row) => text(row.previous) === before.hash)) return 'reordered';
    const seq = Number(rows.at(-1)?.seq);
    from = Number.isSafeInteger(seq) ? seq : null;
  }
  return 'removed';
}

/** A row whose hash is right under another number was written under that number. */
async function changedOrMoved(look: Look, expected: number): Promise<Wrong> {
  const { table, row, last, pause } = look;
  const hash = text(row.hash);
  for (let seq = 1; seq <= last.seq; seq += 1) {
    if (seq % 50 === 0) await pause();
    if (seq === expected || rowHash({ ...row, seq: String(seq) }) !== hash) continue;
    if (seq > expected) return { verdict: await gone(look), at: expected };
    // From before: a copy of a row that is still there, or pushed back by one that was put in its place.
    return { verdict: 'changed', at: table.hashAt(seq) === hash ? expected : seq };
  }
  return { verdict: 'changed', at: expected };
}
