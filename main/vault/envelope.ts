// What a keychain item holds: the secret with the number of its write, or the list of parts that it was split into.
import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Windows holds 2,560 bytes an entry; the text is ASCII, so this leaves room for UTF-16 too. */
export const itemLimit = 1_200;
const partsLimit = 1_000;

const whole = z.strictObject({ v: z.literal(1), n: z.int().nonnegative(), secret: z.string() });
const split = z.strictObject({
  v: z.literal(1),
  n: z.int().nonnegative(),
  parts: z.int().min(1).max(partsLimit),
  set: z.string().regex(/^[0-9a-f]{8}$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
const head = z.union([whole, split]);

/** The content of a head item. `n` counts the writes of one secret: of two heads the higher one is newer. */
export type Head = z.infer<typeof head>;
export type SplitHead = z.infer<typeof split>;

/** JSON in ASCII: what is cut at any character stays text, and characters are bytes in every keychain. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The items that hold `value`: the head's text, and the parts' texts when it does not fit into one item. */
export function pack(value: string, n: number, set: string): { head: string; parts: string[] } {
  const text = asciiJson({ v: 1, n, secret: value });
  if (text.length <= itemLimit) return { head: text, parts: [] };
  const parts: string[] = [];
  for (let at = 0; at < text.length; at += itemLimit) parts.push(text.slice(at, at + itemLimit));
  if (parts.length > partsLimit) throw new RangeError('the secret is too long for the keychain');
  return { head: asciiJson({ v: 1, n, parts: parts.length, set, sha256: sha256(text) }), parts };
}

/** Null when the text is not what `pack` wrote. */
export function parseHead(text: string): Head | null {
  return head.safeParse(parsed(text)).data ?? null;
}

/** The secret out of its parts; null when one is missing, foreign or changed. */
export function joinParts(expected: SplitHead, parts: readonly (string | null | undefined)[]): string | null {
  const text = parts.join('');
  if (parts.length !== expected.parts || sha256(text) !== expected.sha256) return null;
  return whole.safeParse(parsed(text)).data?.secret ?? null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
