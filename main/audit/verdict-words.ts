// What `verify` found, in words that say what it means and what to do.
import type { Gap } from './key.ts';
import type { AuditVerdict } from './types.ts';

type Found = Omit<AuditVerdict, 'words'>;

const next =
  'Keep a copy of the database as it is, find out who could write to it, and trust rows before that one only. It stays reported until those rows are older than what is kept.';

/** @param gaps rows that came while the key was away */
export function verdictWords({ verdict, rows, signedTo, at }: Found, gaps: readonly Gap[] = []): string {
  switch (verdict) {
    case 'intact':
      return rows === 0
        ? 'There is no row yet.'
        : `All ${rows} rows are as they were written${signedTo === null ? '; no signature vouches for them yet' : `; a signature vouches for them up to row ${signedTo}`}.`;
    case 'changed':
      return `Row ${at} is not as it was written, or was put there by something else. ${next}`;
    case 'removed':
      return `Row ${at} was removed. ${next}`;
    case 'reordered':
      return `Row ${at} is not in its place: rows were put into another order. ${next}`;
    case 'truncated':
      return `The end is missing: rows or their signatures from row ${at} on were removed. If a damaged database was set aside or an older copy was put back, that is why; else: ${next}`;
    case 'bad-signature':
      return `A signature over row ${at} was not made by this Tokentray. ${next}`;
    case 'no-key':
      if (gaps.length > 0) return gapWords(rows, signedTo, gaps);
      return `The chain of ${rows} rows is whole, but the key that signed the older ones cannot be had: the vault is locked, or lost it, as the memory vault does with every restart. Whether those rows were made anew between two runs cannot be told. With a keychain or a passphrase file the key stays.`;
  }
}

/** More of them are counted. */
const mostNamed = 5;

function gapWords(rows: number, signedTo: number | null, gaps: readonly Gap[]): string {
  const named = gaps.slice(0, mostNamed).map(({ from, to }) => (from === to ? `row ${from}` : `rows ${from} to ${to}`));
  const which = [...named, ...(gaps.length > mostNamed ? [`${gaps.length - mostNamed} more such runs`] : [])].join(
    ', ',
  );
  const last = gaps.at(-1)?.to ?? 0;
  const since =
    signedTo !== null && signedTo >= last
      ? 'That nothing of them was changed since this key came back is shown by its signatures'
      : 'This key has not signed what follows them yet';
  return `The chain of ${rows} rows is whole, but ${which} came without the key that signs the others: from a Tokentray whose vault was another one or was locked, as in a session without the keychain, or from somebody else. Which of these cannot be shown. ${since}. It stays said until those rows are older than what is kept.`;
}

export const verdictOf = (found: Found, gaps?: readonly Gap[]): AuditVerdict => ({
  ...found,
  words: verdictWords(found, gaps),
});
