// What happened, made into the columns of a row: bounded, printable as JSON, without a secret, whatever it was given.
import type { AuditInput } from './types.ts';

export interface Columns {
  readonly kind: string;
  readonly server: string | null;
  readonly account: string | null;
  readonly agent: string | null;
  /** JSON of an object. */
  readonly detail: string;
}

/** Bytes of UTF-8. */
export const detailLimit = 4_096;

interface Bounds {
  readonly text: number;
  readonly items: number;
  readonly depth: number;
}
/** The first that fits is taken. */
const bounds: readonly Bounds[] = [
  { text: 2_000, items: 100, depth: 8 },
  { text: 200, items: 20, depth: 5 },
  { text: 60, items: 10, depth: 3 },
];

/** Never throws: what cannot be read at all is said to be so. */
export function columnsOf({ kind, server, account, agent, detail = {} }: AuditInput): Columns {
  return {
    kind: cut(kind, 100),
    server: server == null ? null : cut(server, 60),
    account: account == null ? null : cut(account, 120),
    agent: agent == null ? null : cut(agent, 250),
    detail: detailText(detail),
  };
}

function detailText(detail: Readonly<Record<string, unknown>>): string {
  try {
    const plain = plainText(detail);
    if (plain !== null) return plain;
    for (const bound of bounds) {
      const copy = bounded(detail, bound, 0);
      const text = JSON.stringify({ ...(typeof copy === 'object' ? copy : {}), cut: true });
      if (Buffer.byteLength(text) <= detailLimit) return text;
    }
    return '{"cut":true}';
  } catch {
    return '{"unreadable":true}';
  }
}

/** The usual case: small and flat. Null when it has to be cut. */
function plainText(detail: Readonly<Record<string, unknown>>): string | null {
  let size = 0;
  for (const [name, value] of Object.entries(detail)) {
    size += name.length + (typeof value === 'string' ? value.length : 8);
    if (name.length > 100 || size > detailLimit) return null;
  }
  const copy = bounded(detail, { text: detailLimit, items: 200, depth: 10 }, 0);
  const text = JSON.stringify(copy);
  return Buffer.byteLength(text) <= detailLimit && !text.includes(mark) ? text : null;
}

const mark = '…';

/** A copy of strings, numbers, lists and plain objects only; `toJSON` is honoured, for that is how a `Secret` prints. */
function bounded(value: unknown, bound: Bounds, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return cut(value, bound.text);
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return String(value);
    case 'object':
      break;
    default:
      return null;
  }
  if (value === null) return null;
  if (depth > bound.depth) return mark;
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const json: unknown = value.toJSON();
    return bounded(json === value ? null : json, bound, depth + 1);
  }
  if (Array.isArray(value)) {
    const some = value.slice(0, bound.items).map((item) => bounded(item, bound, depth + 1));
    return value.length > bound.items ? [...some, mark] : some;
  }
  const members = Object.entries(value).filter(([, item]) => item !== undefined);
  const some = members
    .slice(0, bound.items)
    .map(([name, item]): [string, unknown] => [cut(name, 100), bounded(item, bound, depth + 1)]);
  return Object.fromEntries(members.length > bound.items ? [...some, [mark, members.length - bound.items]] : some);
}

/** Whole characters only: half a surrogate pair is no text, and would be hashed as something else than it is kept as. */
function cut(text: string, limit: number): string {
  return (text.length > limit ? `${text.slice(0, limit)}${mark}` : text).replaceAll(/\p{Cs}/gu, '\ufffd');
}
