// How a secret is called in the keychain: a person recognises it, and kind and id can be read back from it.
import type { SecretRef } from '../ports.ts';

/** One stored item belongs to a secret: its head, or one part of a value too long for a single item. */
export type ItemName =
  | { readonly role: 'head'; readonly ref: SecretRef }
  | { readonly role: 'part'; readonly ref: SecretRef; readonly index: number; readonly set: string };

// Windows allows 513 characters for the user name of a credential; the rest of the name needs room too.
const labelLimit = 240;
const unprintable = /[\s\p{Cc}\p{Cf}\p{Cs}]+/gu;
const pattern = /^(.*) \[(grant|registration|audit) ([^\s\]]+)\](?: part (\d{1,4}) of ([0-9a-f]{8}))?$/su;

/** The label as it will be stored: one printable line. */
export function printableLabel(label: string): string {
  const line = label.replace(unprintable, ' ').trim();
  return Array.from(line).slice(0, labelLimit).join('') || 'unnamed';
}

export function secretKey(ref: Pick<SecretRef, 'kind' | 'id'>): string {
  return `${ref.kind} ${ref.id}`;
}

export function headName(ref: SecretRef): string {
  return `${printableLabel(ref.label)} [${ref.kind} ${encodeURIComponent(ref.id)}]`;
}

/** Parts carry the name of their set, so that a new set never overwrites the one in use. */
export function partName(head: string, set: string, index: number): string {
  return `${head} part ${index} of ${set}`;
}

/** Null for an item that is not ours to read or to delete. */
export function parseItemName(account: string): ItemName | null {
  const [, label, kind, encodedId, index, set] = pattern.exec(account) ?? [];
  if (label === undefined || encodedId === undefined || !isKind(kind)) return null;
  const id = decoded(encodedId);
  if (id === null) return null;
  const ref: SecretRef = { kind, id, label };
  return index === undefined || set === undefined
    ? { role: 'head', ref }
    : { role: 'part', ref, index: Number(index), set };
}

const isKind = (word: string | undefined): word is SecretRef['kind'] =>
  word === 'grant' || word === 'registration' || word === 'audit';

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
