// Rows that came while the key was away: another vault was in use, or this one was locked. Who wrote them cannot be shown, so they
// are named for as long as they are kept; and nothing of them can be changed unseen once the key has signed what follows.
import type { AuditTable } from '../store/audit.ts';
import { headsBetween } from './heads.ts';
import type { Finding, Gap, Kept, SigningKey } from './key.ts';

/** Beyond this the oldest ones are told as one. */
const most = 32;

export const gapsOf = (findings: readonly Finding[]): Gap[] => findings.filter((finding) => finding.kind === 'gap');

export const isWithin = (gaps: readonly Gap[], seq: number): boolean =>
  gaps.some(({ from, to }) => from <= seq && seq <= to);

/**
 * What was written after this key's last row by somebody who says so: with another key's signature, or as a broker that started
 * after this one was closed. What says nothing of the kind is no gap, but was put there.
 * @param end the newest row when this process began
 */
export function newGap(table: AuditTable, kept: Kept, key: SigningKey, end: number): Gap | null {
  const { head, closed, findings } = kept;
  const known = gapsOf(findings);
  let own = head.seq;
  let others = 0;
  for (const { kind, seq: text, hash, at, keyId, signature } of headsBetween(table, head.seq, end)) {
    const seq = Number(text);
    if (keyId !== key.id) {
      if (!isWithin(known, seq)) others = seq;
    } else if (key.verify({ kind, seq, hash, at: Number(at) }, signature)) own = seq;
  }
  if (others > own) return { kind: 'gap', from: own + 1, to: end };
  const next = closed && end > head.seq ? table.rawAfter(head.seq, 1)[0] : undefined;
  if (next === undefined || Buffer.from(next.kind).toString() !== 'broker-started') return null;
  return { kind: 'gap', from: head.seq + 1, to: end };
}

/** Those that meet are one. */
export function joined(gaps: readonly Gap[]): Gap[] {
  const all: Gap[] = [];
  for (const gap of gaps.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last === undefined || gap.from > last.to + 1) all.push(gap);
    else all[all.length - 1] = { ...last, to: Math.max(last.to, gap.to) };
  }
  const tooMany = all.splice(0, Math.max(0, all.length - most + 1));
  const [first, last] = [tooMany[0], tooMany.at(-1)];
  return first === undefined || last === undefined ? all : [{ ...first, to: last.to }, ...all];
}
