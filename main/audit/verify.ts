// Walks over the whole audit and names the first row that is not as it was written. In short steps: nobody waits for it.
import { setImmediate } from 'node:timers/promises';
import type { AuditTable, RawAuditHead } from '../store/audit.ts';
import { gapsOf, isWithin } from './gaps.ts';
import { headsBetween } from './heads.ts';
import type { End, Finding, SigningKey } from './key.ts';
import { misplaced } from './misplaced.ts';
import type { AuditVerdict } from './types.ts';
import { verdictOf } from './verdict-words.ts';

export interface Known {
  readonly table: AuditTable;
  /** Null while the vault does not give it. */
  readonly key: SigningKey | null;
  /** The first row that the key can vouch for. */
  readonly since: number;
  /** What the first row of all has before it; null where that was another key's. */
  readonly genesis: string | null;
  /** The newest row that this process knows to be in the table. */
  readonly last: End;
  /** The newest row that is known to have been signed. */
  readonly signed: number | null;
  readonly findings: readonly Finding[];
}

const step = 100;
/** Milliseconds without a pause; one step may add to it. */
const slice = 4;

type Verdict = AuditVerdict['verdict'];

/** How a head stands: by our key, by one that is gone, or by nobody we know. */
type Signature = 'good' | 'bad' | 'unknown';

/** Let others do something, when it is time. */
export function pauses(): () => Promise<void> {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < slice) return;
    await setImmediate();
    began = performance.now();
  };
}

export async function verifyChain(known: Known): Promise<AuditVerdict> {
  const { table, last } = known;
  const pause = pauses();
  let rows = 0;
  let signedTo: number | null = null;
  let keyGone = false;
  const found = (verdict: Verdict, at: number | null): AuditVerdict => verdictOf({ verdict, rows, signedTo, at });

  /** The newest row that is sound, and the newest that a signature or a witness agrees to. */
  let at: { seq: number; hash: string | null } = { seq: 0, hash: known.genesis };
  const cut = table.rawCut();
  if (cut !== null) {
    const signature = signatureOf(known, cut);
    if (signature === 'bad') return found('bad-signature', whole(cut.seq));
    at = { seq: Number(cut.seq), hash: cut.hash };
    if (signature === 'good') signedTo = at.seq;
  }
  if (last.seq > at.seq && (known.key === null || at.seq + 1 < known.since)) keyGone = true;
  let vouched = at.seq;
  const findings = pending(known.findings, at.seq);

  let end: number | null = null;
  for (;;) {
    const batch = table.rawAfter(end, step);
    const to = batch.at(-1);
    if (to === undefined) break;
    const heads = headsBetween(table, end, whole(to.seq));
    let head = heads.next();
    for (const [index, row] of batch.entries()) {
      await pause();
      const expected = at.seq + 1;
      const seen = findings.seen.find((finding) => finding.at <= expected);
      if (seen !== undefined) return found(seen.verdict, seen.at);
      // What follows the last row that was written here was written by something else.
      if (expected > last.seq) return found('changed', expected);
      const wrong = await misplaced({
        table,
        row,
        next: () => batch[index + 1] ?? table.rawAfter(expected, 1)[0] ?? null,
        before: at,
        vouched,
        last,
        pause,
      });
      if (wrong !== null) return found(wrong.verdict, wrong.at);
      rows += 1;
      at = { seq: expected, hash: Buffer.from(row.hash).toString('latin1') };
      for (; !head.done && Number(head.value.seq) <= expected; head = heads.next()) {
        const signature = signatureOf(known, head.value);
        if (signature === 'bad') return found('bad-signature', whole(head.value.seq));
        // It speaks of a row that was removed since.
        if (Number(head.value.seq) < expected) continue;
        if (head.value.hash !== at.hash) return found('changed', vouched + 1);
        vouched = expected;
        if (signature === 'good') signedTo = expected;
        else keyGone = true;
      }
      const witness = findings.witnesses.get(expected);
      if (witness !== undefined && witness !== at.hash) return found('changed', vouched + 1);
    }
    end = at.seq;
  }

  const seen = findings.seen[0];
  if (seen !== undefined) return found(seen.verdict, seen.at);
  if (at.seq < last.seq) return found('truncated', at.seq + 1);
  if (at.hash !== null && at.seq === last.seq && at.hash !== last.hash) return found('changed', vouched + 1);
  const beyond = table.rawHeads(at.seq, null, 1)[0];
  if (beyond !== undefined) {
    return signatureOf(known, beyond) === 'bad'
      ? found('bad-signature', whole(beyond.seq))
      : found('truncated', at.seq + 1);
  }
  if (known.signed !== null && known.signed > Math.max(table.newestHead() ?? 0, whole(cut?.seq ?? '0') ?? 0)) {
    return found('truncated', vouched + 1);
  }
  const cutAt = whole(cut?.seq ?? '0') ?? 0;
  const gaps = gapsOf(known.findings).flatMap((gap) =>
    gap.to > cutAt ? [{ ...gap, from: Math.max(gap.from, cutAt + 1) }] : [],
  );
  const [gap] = gaps;
  if (gap !== undefined) return verdictOf({ verdict: 'no-key', rows, signedTo, at: gap.from }, gaps);
  return keyGone ? found('no-key', null) : found('intact', null);
}

/** What was seen to be wrong in rows that are still there, the first one first. */
function pending(findings: readonly Finding[], cut: number) {
  const seen = findings.flatMap((finding) => (finding.kind === 'seen' && finding.at > cut ? [finding] : []));
  const witnesses = findings.flatMap((finding) =>
    finding.kind === 'witness' ? [[finding.seq, finding.hash] as const] : [],
  );
  return { seen: seen.toSorted((a, b) => a.at - b.at), witnesses: new Map(witnesses) };
}

function signatureOf({ key, since, findings }: Known, head: RawAuditHead): Signature {
  const seq = whole(head.seq);
  const at = whole(head.at);
  if (seq === null || at === null) return 'bad';
  if (key === null) return 'unknown';
  // From `since` on nobody signs but this key, unless it was away; and nobody else ever removes what it vouches for.
  const mayBeAnothers = seq < since || (head.kind === 'head' && isWithin(gapsOf(findings), seq));
  if (head.keyId !== key.id) return mayBeAnothers ? 'unknown' : 'bad';
  return key.verify({ kind: head.kind, seq, hash: head.hash, at }, head.signature) ? 'good' : 'bad';
}

/** Null for what is larger than any row's number or time. */
function whole(text: string): number | null {
  const number = Number(text);
  return Number.isSafeInteger(number) && number >= 0 ? number : null;
}
