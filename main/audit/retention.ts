// Removes rows that are too old or too many: from the beginning only, with a signature over the last one that went.
import type { Clock } from '../ports.ts';
import type { AuditHead, AuditTable } from '../store/audit.ts';
import type { SigningKey } from './key.ts';
import type { AuditSettings } from './types.ts';
import { pauses } from './verify.ts';

const dayMs = 86_400_000;
const megabyte = 1_048_576;
const step = 500;
/** Signatures of the last days stay all; they say most exactly where something was changed. */
const denseDays = 7;
/** Below the limit by this much, so that a full table is not cut with every row. */
const slack = 0.95;

interface RetentionParts {
  readonly table: AuditTable;
  readonly clock: Pick<Clock, 'now'>;
  readonly key: SigningKey;
  readonly settings: AuditSettings;
  /** The newest row: it stays, for the next one follows it. */
  readonly last: number;
}

/** The bytes that all rows take, nearly. */
export async function sizeOf(table: AuditTable): Promise<number> {
  const pause = pauses();
  let total = 0;
  for (let from = -1; ;) {
    await pause();
    const { bytes, last } = table.bytes(from, step);
    total += bytes;
    if (last === null) return total;
    from = last;
  }
}

/** Gives how many bytes went, and up to which row. */
export async function removeOld(parts: RetentionParts, size: number): Promise<{ bytes: number; upTo: number | null }> {
  const { table, clock, key, settings, last } = parts;
  const pause = pauses();
  const now = clock.now();
  const oldest = now - settings.keepDays * dayMs;
  const limit = settings.keepMegabytes * megabyte;
  const goal = size > limit ? limit * slack : limit;
  let removed = 0;
  let upTo: number | null = null;
  for (;;) {
    await pause();
    const rows = table.oldest(step);
    let cut: { seq: number; hash: string } | null = null;
    let bytes = 0;
    for (const row of rows) {
      // A clock that was set back does not bring anything to its end; a row of the future ends with those around it.
      if (row.seq >= last || !(row.at < oldest || size - removed - bytes > goal)) break;
      cut = row;
      bytes += row.bytes;
    }
    if (cut === null) break;
    const fields = { kind: 'cut', seq: cut.seq, hash: cut.hash, at: now } as const;
    const head: AuditHead = { ...fields, keyId: key.id, signature: key.sign(fields) };
    table.cut(head);
    removed += bytes;
    upTo = cut.seq;
  }
  table.thinHeads(now - denseDays * dayMs);
  return { bytes: removed, upTo };
}
