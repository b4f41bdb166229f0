// A number as its text has it, where JavaScript would hold another one: whoever reads it on reads what was sent, not what it was rounded to.

/** Written back by `JSON.stringify` as the very literal that it was made of. */
interface ExactNumber {
  readonly rawJSON: string;
}

// ECMAScript 2026, JSON.parse source text access; TypeScript's library does not know it yet.
const json = JSON as unknown as {
  rawJSON(text: string): ExactNumber;
  isRawJSON(value: unknown): value is ExactNumber;
};

/** So many digits come back as they were (C's DBL_DIG), as long as no exponent leads to where numbers are sparser. */
const surelyHeld = 15;

/** Whether it may be another number in JavaScript, cheaply: true for next to none that is held. */
export const mayBeRounded = (text: string, from: number, to: number, hasExponent: boolean): boolean =>
  hasExponent || to - from > surelyHeld || text.startsWith('-0', from);

/**
 * Null where JavaScript holds the number that the literal says: 0.10 and 1e3 are held, for 0.1 and 1000 are written back.
 * So far as -0 is one, it is a number of its own. Takes time by its length.
 */
export function exactNumber(literal: string): ExactNumber | null {
  const held = Number(literal);
  if (Number.isFinite(held) && !Object.is(held, -0) && sameNumber(literal, String(held))) return null;
  // A part of a text keeps all of that text in memory.
  return json.rawJSON(Buffer.from(literal, 'latin1').toString('latin1'));
}

/** The literal; null for every other value. */
export const literalOf = (value: unknown): string | null => (json.isRawJSON(value) ? value.rawJSON : null);

const decimal = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/u;

/** Whether two texts are literals of one number, whatever its size; both zeros are one. */
export function sameNumber(a: string, b: string): boolean {
  const [one, other] = [read(a), read(b)];
  if (one === null || other === null || one.digits !== other.digits) return false;
  return one.digits === '' || (one.sign === other.sign && one.exponent === other.exponent);
}

/** `digits` without zeros at either end, times ten to the `exponent`; null: it is no number. */
function read(text: string): { readonly sign: string; readonly digits: string; readonly exponent: number } | null {
  const found = decimal.exec(text);
  if (found === null) return null;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = found;
  const all = whole + fraction;
  let from = 0;
  while (all.charCodeAt(from) === zero) from += 1;
  let to = all.length;
  while (to > from && all.charCodeAt(to - 1) === zero) to -= 1;
  // Beyond what a double counts exactly, no number of digits brings it back into reach.
  return { sign, digits: all.slice(from, to), exponent: Number(exponent) - fraction.length + all.length - to };
}

const zero = 48;
