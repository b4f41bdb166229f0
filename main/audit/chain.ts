// How a row is hashed with its predecessor, and what a signature says: byte for byte the same on every machine, and ambiguous nowhere.
import { hash as hashOnce, randomBytes } from 'node:crypto';

/** A row as it is in the table. `seq` and `at` as SQLite prints an integer, so that no number is too large to be looked at. */
export interface ChainedFields {
  readonly seq: string;
  readonly at: string;
  readonly kind: string | Uint8Array;
  readonly server: string | Uint8Array | null;
  readonly account: string | Uint8Array | null;
  readonly agent: string | Uint8Array | null;
  readonly detail: string | Uint8Array;
  readonly previous: string | Uint8Array;
}

export interface SignedFields {
  readonly kind: 'head' | 'cut';
  readonly seq: number;
  readonly hash: string;
  readonly at: number;
  readonly keyId: string;
}

const rowWords = 'tokentray audit row 1';
const headWords = 'tokentray audit head 1';
const genesisWords = 'tokentray audit genesis 1';

/**
 * Each field as its length in bytes, a colon and the bytes; `-` for none. A length says where a field ends, so that no content can
 * move the border between two of them. The first words keep rows, heads and the genesis apart.
 */
export function rowHash(row: ChainedFields): string {
  const { seq, at, kind, server, account, agent, detail, previous } = row;
  const fields = [rowWords, seq, at, kind, server, account, agent, detail, previous];
  // A row that is being written has text only, and one string is hashed faster than many.
  if (fields.every((field) => field === null || typeof field === 'string')) {
    return hashOnce('sha256', fields.map((field) => framed(field)).join(''), 'hex');
  }
  const parts = fields.flatMap((field) =>
    field === null || typeof field === 'string'
      ? [Buffer.from(framed(field))]
      : [Buffer.from(`${field.byteLength}:`), field, comma],
  );
  return hashOnce('sha256', Buffer.concat(parts), 'hex');
}

/** What a signature is made over. */
export function signedBytes({ kind, seq, hash, at, keyId }: SignedFields): Buffer {
  return Buffer.from([headWords, kind, String(seq), hash, String(at), keyId].map((field) => framed(field)).join(''));
}

export const newGenesis = (): string => randomBytes(32).toString('hex');

/** What the first row has for its predecessor's hash. */
export const genesisHash = (genesis: string): string =>
  hashOnce('sha256', framed(genesisWords) + framed(genesis), 'hex');

const comma = Buffer.from(',');
const framed = (text: string | null): string => (text === null ? '-' : `${Buffer.byteLength(text)}:${text},`);
