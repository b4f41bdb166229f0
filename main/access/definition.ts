// A tool's definition as it is remembered: the hash of all of it, what it is marked as, and its parts as a person may read them.
import { createHash } from 'node:crypto';
import type { ToolDefinition } from '../../preload/contract-access.ts';
import { writeJson } from './canonical.ts';
import { markingOf, memberOf, stricter } from './markings.ts';
import type { PinnedDefinition } from '../store/types.ts';

/** Characters of a definition that is kept with all its parts; of a longer one only their beginnings are. */
const longestWhole = 262_144;
const beginning = 4_096;
/** Collected before the hash is fed, so that small pieces cost little. */
const feed = 65_536;

type Part = keyof ToolDefinition;
const most: Readonly<Record<Part, number>> = {
  title: 4_096,
  description: 65_536,
  inputSchema: 262_144,
  outputSchema: 262_144,
  annotations: 16_384,
  rest: 65_536,
};
const own: readonly string[] = ['name', ...Object.keys(most)];

/** `values`: all that one list says of one tool, usually one. `brief` keeps no more than the beginning of each part. */
export function definitionOf(values: readonly unknown[], brief = false): PinnedDefinition {
  const whole = values.length === 1 ? values[0] : values;
  const { hash, length } = digest(whole);
  const short = brief || length > longestWhole;
  const shown = values[0];
  const part = (name: Part): string | null => {
    const value = name === 'rest' ? restOf(values) : memberOf(shown, name);
    if (value === undefined) return null;
    return partText(value, Math.min(most[name], short ? beginning : Infinity));
  };
  return {
    hash,
    length,
    copies: Math.max(1, values.length),
    marked: values.map(markingOf).reduce(stricter, markingOf(shown)),
    parts: {
      title: part('title'),
      description: part('description'),
      inputSchema: part('inputSchema'),
      outputSchema: part('outputSchema'),
      annotations: part('annotations'),
      rest: part('rest'),
    },
  };
}

/** SHA-256 over the canonical JSON of all that one list says of one tool, hex. */
export const hashOf = (values: readonly unknown[]): string => digest(values.length === 1 ? values[0] : values).hash;

function digest(value: unknown): { hash: string; length: number } {
  const hash = createHash('sha256');
  let length = 0;
  let pieces: string[] = [];
  let held = 0;
  writeJson(value, (piece) => {
    pieces.push(piece);
    held += piece.length;
    length += piece.length;
    if (held >= feed) {
      hash.update(pieces.join(''), 'utf8');
      pieces = [];
      held = 0;
    }
    return true;
  });
  hash.update(pieces.join(''), 'utf8');
  return { hash: hash.digest('hex'), length };
}

/** What a definition holds beside the parts that have a name here; of several definitions all but the first, whole. */
function restOf(values: readonly unknown[]): unknown {
  const [shown, ...others] = values;
  if (typeof shown !== 'object' || shown === null || Array.isArray(shown)) return values.length === 1 ? shown : values;
  const rest = Object.entries(shown).filter(([name]) => !own.includes(name) || name === 'rest');
  if (rest.length === 0 && others.length === 0) return undefined;
  const members = Object.fromEntries(rest);
  return others.length === 0 ? members : { ...members, 'also defined as': others };
}

/** Text as it is, anything else as indented JSON; both cut, and saying so. */
function partText(value: unknown, limit: number): string {
  const whole = typeof value === 'string' ? value : indented(value, limit + 1);
  return whole.length <= limit ? whole : `${whole.slice(0, limit - cutMark.length)}${cutMark}`;
}

const cutMark = ' … (cut)';

function indented(value: unknown, limit: number): string {
  const pieces: string[] = [];
  let length = 0;
  writeJson(
    value,
    (piece) => {
      pieces.push(piece);
      length += piece.length;
      return length < limit;
    },
    true,
  );
  return pieces.join('').slice(0, limit);
}
