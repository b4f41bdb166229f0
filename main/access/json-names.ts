// What JSON.parse does not tell of a text: members that are there twice, how deep it goes, and where a list's elements begin.

/** Where in a JSON-RPC message an object stands. */
export type Place = 'message' | 'params' | '_meta' | 'elsewhere';

export interface Scan {
  /** A name that one object has twice; null: none. */
  readonly twice: string | null;
  /** True when the nesting goes beyond what was asked for; then the scan ended there. */
  readonly tooDeep: boolean;
  /** The names of members outside of `elsewhere`, without repetitions. */
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
}

const fewNames = 8;
const code = { quote: 34, comma: 44, colon: 58, open: 91, backslash: 92, close: 93, openObject: 123, closeObject: 125 };

/** Reads each character once. @param text what JSON.parse has accepted */
export function scanJson(text: string, deepest: number): Scan {
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
    // Letters, digits and blanks outside of strings.
    if (unit !== code.quote && unit !== code.comma && unit < code.open) continue;
    switch (unit) {
      case code.quote: {
        const end = endOfString(text, at);
        if (awaitsName && top !== undefined) {
          const name = nameOf(text, at, end);
          if (has(top, name)) twice ??= name;
          else add(top, name);
          if (top.place !== 'elsewhere') names.add(name);
          awaitsName = false;
        }
        at = end;
        break;
      }
      case code.openObject:
      case code.open: {
        if (stack.length === deepest) return result(true);
        const isList = unit === code.open;
        top = { place: placeIn(top, isList), isList, names: [], set: null };
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
        awaitsName = top?.isList === false;
        break;
      default:
    }
  }
  return result(false);
}

function placeIn(outer: Container | undefined, isList: boolean): Place {
  if (outer === undefined) return 'message';
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
