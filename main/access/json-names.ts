// What JSON.parse does not tell of a text: members that are there twice, how deep it goes, where a list's elements begin, and
// numbers that JavaScript would round.
import { exactNumber, mayBeRounded } from './exact-number.ts';

/** Where in a JSON-RPC message an object stands, or a list. */
export type Place = 'message' | 'params' | '_meta' | 'arguments' | 'elsewhere';

export interface Scan {
  /** A name that one object has twice; null: none. */
  readonly twice: string | null;
  /** True when the nesting goes beyond what was asked for; then the scan ended there. */
  readonly tooDeep: boolean;
  /** The names of members outside of `arguments` and `elsewhere`, without repetitions. */
  readonly names: ReadonlySet<string>;
  /** Where each element begins and ends, blanks around it included, where the text is a list. */
  readonly elements: ReadonlyArray<readonly [from: number, to: number]>;
}

interface Container {
  readonly place: Place;
  readonly isList: boolean;
  /** Of an object: the names so far, and of the newest the place that an object behind it has. */
  readonly names: string[];
  /** Once comparing one by one would cost more. */
  set: Set<string> | null;
  /** Of a list: how many elements were before this one. */
  index: number;
  /** What JSON.parse made of it, once that was needed. */
  value?: Record<PropertyKey, unknown> | null;
}

const fewNames = 8;
const code = {
  quote: 34,
  plus: 43,
  comma: 44,
  minus: 45,
  point: 46,
  zero: 48,
  nine: 57,
  colon: 58,
  exponent: 69,
  open: 91,
  backslash: 92,
  close: 93,
  lowerExponent: 101,
  openObject: 123,
  closeObject: 125,
};

/**
 * Reads each character once. The numbers in the arguments of a message that JavaScript cannot hold are put into `value` as
 * they are written. @param text what JSON.parse has accepted, and made `value` of
 */
export function scanJson(text: string, value: unknown, deepest: number): Scan {
  const stack: Container[] = [];
  const names = new Set<string>();
  const elements: Array<readonly [number, number]> = [];
  let top: Container | undefined;
  let awaitsName = false;
  let twice: string | null = null;
  let elementFrom = 0;

  const result = (tooDeep: boolean): Scan => ({ twice, tooDeep, names, elements });
  const endElement = (at: number): void => {
    if (stack.length === 1 && top?.isList === true) elements.push([elementFrom, at]);
  };

  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    // Digits and blanks outside of strings.
    if (unit !== code.quote && unit !== code.comma && unit < code.open) {
      if (top?.place === 'arguments' && beginsNumber(unit)) at = keepNumber(text, at, stack, value);
      continue;
    }
    switch (unit) {
      case code.quote: {
        const end = endOfString(text, at);
        if (awaitsName && top !== undefined) {
          const name = nameOf(text, at, end);
          if (has(top, name)) twice ??= name;
          else add(top, name);
          if (isRead(top.place)) names.add(name);
          awaitsName = false;
        }
        at = end;
        break;
      }
      case code.openObject:
      case code.open: {
        if (stack.length === deepest) return result(true);
        const isList = unit === code.open;
        top = { place: placeIn(top, isList), isList, names: [], set: null, index: 0 };
        stack.push(top);
        awaitsName = !isList;
        if (stack.length === 1) elementFrom = at + 1;
        break;
      }
      case code.closeObject:
      case code.close:
        if (at - elementFrom > 0) endElement(at);
        stack.pop();
        top = stack.at(-1);
        awaitsName = false;
        break;
      case code.comma:
        endElement(at);
        if (stack.length === 1) elementFrom = at + 1;
        if (top?.isList === true) top.index += 1;
        awaitsName = top?.isList === false;
        break;
      default:
    }
  }
  return result(false);
}

const isRead = (place: Place): boolean => place !== 'elsewhere' && place !== 'arguments';

function placeIn(outer: Container | undefined, isList: boolean): Place {
  if (outer === undefined) return 'message';
  if (outer.place === 'arguments' || (outer.place === 'params' && outer.names.at(-1) === 'arguments')) {
    return 'arguments';
  }
  if (isList) return 'elsewhere';
  // The elements of a batch are messages as well.
  if (outer.isList) return outer.place === 'message' ? 'message' : 'elsewhere';
  const name = outer.names.at(-1);
  if (outer.place === 'message' && name === 'params') return 'params';
  return outer.place === 'params' && name === '_meta' ? '_meta' : 'elsewhere';
}

function has(object: Container, name: string): boolean {
  return object.set?.has(name) ?? object.names.includes(name);
}

function add(object: Container, name: string): void {
  object.names.push(name);
  if (object.set !== null) object.set.add(name);
  else if (object.names.length > fewNames) object.set = new Set(object.names);
}

// numbers -------------------------------------------------------------------------------------------------------------

const beginsNumber = (unit: number): boolean => unit === code.minus || (unit >= code.zero && unit <= code.nine);

/** The place of the last character of the number that begins at `from`. */
function keepNumber(text: string, from: number, stack: readonly Container[], root: unknown): number {
  let to = from;
  let hasExponent = false;
  for (; to < text.length; to += 1) {
    const unit = text.charCodeAt(to);
    if (unit === code.exponent || unit === code.lowerExponent) hasExponent = true;
    else if (!beginsNumber(unit) && unit !== code.point && unit !== code.plus) break;
  }
  if (!mayBeRounded(text, from, to, hasExponent)) return to - 1;
  const exact = exactNumber(text.slice(from, to));
  const top = stack.at(-1);
  const within = exact === null || top === undefined ? null : parsedOf(stack, root);
  if (within !== null && top !== undefined && Object.hasOwn(within, keyIn(top))) within[keyIn(top)] = exact;
  return to - 1;
}

/** What JSON.parse made of the innermost; null where it made something else, for a later member has the same name. */
function parsedOf(stack: readonly Container[], root: unknown): Record<PropertyKey, unknown> | null {
  const inner = stack.at(-1)?.value;
  if (inner !== undefined) return inner;
  let known = stack.length - 1;
  while (known > 0 && stack[known]?.value === undefined) known -= 1;
  for (const [depth, container] of stack.slice(known).entries()) {
    if (container.value !== undefined) continue;
    const outer = stack[known + depth - 1];
    const made = outer === undefined ? root : ownOf(outer);
    container.value = typeof made === 'object' && made !== null ? (made as Record<PropertyKey, unknown>) : null;
  }
  return stack.at(-1)?.value ?? null;
}

const keyIn = ({ isList, index, names }: Container): PropertyKey => (isList ? index : (names.at(-1) ?? ''));

/** No member that it only inherits: the text may name one of those, too. */
const ownOf = (outer: Container): unknown => {
  const { value } = outer;
  return value && Object.hasOwn(value, keyIn(outer)) ? value[keyIn(outer)] : undefined;
};

/** The place of the quote that ends the string which begins at `from`. */
function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

/** An odd number of backslashes before it: each run of them is looked at once, by the quote behind it. */
function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === code.backslash) before -= 1;
  return (at - before) % 2 === 0;
}

function nameOf(text: string, from: number, to: number): string {
  const raw = text.slice(from + 1, to);
  return raw.includes('\\') ? (JSON.parse(text.slice(from, to + 1)) as string) : raw;
}
