// What a tool's name could be read as by somebody less strict than we are: spellings that a rule which denies has to meet.

/** In UTF-16 units; the protocol asks for at most 128. */
const longest = 256;

// Controls, formats (bidirectional ones among them), separators of lines, and what is meant to be drawn as nothing.
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;
const unseen = new RegExp(invisible.source, 'u');

/** Why nobody can be called that; null for a name that can be judged. */
export function nameFault(name: unknown): string | null {
  if (typeof name !== 'string') return 'the tool has no name';
  if (name.trim() === '') return 'the name of the tool is empty';
  if (name.length > longest) return `the name of the tool is longer than ${longest} characters`;
  return null;
}

/** Whether parts of the name cannot be seen, change its direction, or are no text at all. */
export const isDeceptive = (name: string): boolean => !isWhole(name) || unseen.test(name);

/** Without halves of characters, of which each reader makes its own. */
export const isWhole = (text: string): boolean => !/\p{Surrogate}/u.test(text);

/** Two names with the same folding are told apart by a computer only, and not by every one. */
export function folded(name: string): string {
  let now = name;
  // Each round only undoes what the one before laid bare: a fullwidth percent sign, an escaped escape.
  for (let before = ''; before !== now;) {
    before = now;
    now = foldedCase(decoded(now));
  }
  return now.trim();
}

/** As `folded`, where a percent sign is a percent sign: for the names of JSON's members. */
export const foldedText = (text: string): string => foldedCase(text).trim();

/**
 * Spellings of `text` from as it is to widely folded, without repetitions. Folding can make several characters of one (ß)
 * and one of several (an accent), so it takes the spellings in between for a `?` to count what a person would count.
 */
export function spellings(text: string): readonly string[] {
  return [...new Set([text, oneToOne(text), foldedCase(text), oneToOne(decodedFully(text)), folded(text)])];
}

/** As `spellings` has them, for a part of a pattern: nothing is trimmed. */
export const spellers: ReadonlyArray<(text: string) => string> = [
  (text) => text,
  oneToOne,
  foldedCase,
  (text) => oneToOne(decodedFully(text)),
  (text) => untilSame(text, (now) => foldedCase(decoded(now))),
];

/**
 * Unicode's full case folding by way of both cases: ß becomes ss, ſ and K become s and k, and what has several small letters
 * (σ and ς, ı) gets one.
 */
function foldedCase(text: string): string {
  if (plain.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKC')
    .replaceAll(invisible, '')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .replaceAll('i\u0307', 'i')
    .normalize('NFKC');
}

const plain = /^[\u0020-\u007e]*$/u;

/** Small letters, where the small letter is one character too. */
function oneToOne(text: string): string {
  if (plain.test(text)) return text.toLowerCase();
  return Array.from(text, (char) => {
    const small = char.toUpperCase().toLowerCase();
    return Array.from(small).length === 1 ? small : char.toLowerCase();
  }).join('');
}

const decodedFully = (text: string): string => untilSame(text, decoded);

function untilSame(text: string, step: (text: string) => string): string {
  let now = text;
  for (let before = ''; before !== now;) {
    before = now;
    now = step(now);
  }
  return now;
}

const escapes = /(?:%[0-9a-f]{2})+|\\u\{[0-9a-f]{1,6}\}|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}/giu;

// Not Node's Buffer: the window shows what rules let through by this same code.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const hexByte = (digits: string): number => Number.parseInt(digits, 16);

/** Percent, \u and \x escapes as what they stand for; one layer of them. */
function decoded(text: string): string {
  if (!text.includes('%') && !text.includes('\\')) return text;
  return text.replaceAll(escapes, (escape) => {
    if (escape.startsWith('%')) return utf8.decode(Uint8Array.from(escape.slice(1).split('%'), hexByte));
    const code = Number.parseInt(escape.replaceAll(/[^0-9a-f]/giu, ''), 16);
    return code > 0x10_ff_ff ? escape : String.fromCodePoint(code);
  });
}
