// Signatures over rows, page by page, in the order of the rows.
import type { AuditTable, RawAuditHead } from '../store/audit.ts';

const step = 100;

/** Over rows in (after, to]; null for no bound. */
export function* headsBetween(
  table: AuditTable,
  after: number | null,
  to: number | null,
): Generator<RawAuditHead, void, undefined> {
  // Several signatures over one row are possible, so a page ends with a row, not with a number of signatures.
  let from = after;
  for (;;) {
    const heads = table.rawHeads(from, to, step);
    yield* heads;
    const newest = heads.at(-1);
    if (newest === undefined || heads.length < step) return;
    const seq = Number(newest.seq);
    if (from !== null && seq <= from) return;
    from = seq;
  }
}
