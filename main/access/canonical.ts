// One text for one JSON value, whatever the order of its members: to compare definitions by, and to show them.
import { literalOf } from './exact-number.ts';

/** Nesting that a person could still follow; deeper lines are not moved further in. */
const deepestIndent = 20;

type Step =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly value: unknown; readonly depth: number };

/**
 * Gives the text piece by piece to `write` until that says that it has enough. Members are sorted by UTF-16 units, as in
 * RFC 8785; numbers that JSON cannot hold keep apart (1e999, -0), for what changed must not look the same, and those that
 * JavaScript cannot hold are as they were written. The depth of a server's value is its own choice: no call here goes deeper
 * with it.
 */
export function writeJson(value: unknown, write: (piece: string) => boolean, indented = false): void {
  const steps: Step[] = [{ kind: 'value', value, depth: 0 }];
  const line = (depth: number): string => (indented ? `\n${'  '.repeat(Math.min(depth, deepestIndent))}` : '');
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    if (step.kind === 'text') {
      if (!write(step.text)) return;
      continue;
    }
    const { depth } = step;
    const simple = scalar(step.value);
    if (simple !== null) {
      if (!write(simple)) return;
      continue;
    }
    const isList = Array.isArray(step.value);
    const members = isList ? listMembers(step.value as unknown[]) : objectMembers(step.value as object, indented);
    if (members.length === 0) {
      if (!write(isList ? '[]' : '{}')) return;
      continue;
    }
    if (!write(isList ? '[' : '{')) return;
    steps.push({ kind: 'text', text: `${line(depth)}${isList ? ']' : '}'}` });
    for (let at = members.length - 1; at >= 0; at -= 1) {
      const { label, value: member } = members[at] ?? { label: '', value: null };
      steps.push({ kind: 'value', value: member, depth: depth + 1 });
      steps.push({ kind: 'text', text: `${at === 0 ? '' : ','}${line(depth + 1)}${label}` });
    }
  }
}

/** The whole text. */
export function canonicalJson(value: unknown): string {
  const pieces: string[] = [];
  writeJson(value, (piece) => pieces.push(piece) > 0);
  return pieces.join('');
}

interface Member {
  readonly label: string;
  readonly value: unknown;
}

const listMembers = (list: readonly unknown[]): Member[] => list.map((value) => ({ label: '', value }));

function objectMembers(value: object, indented: boolean): Member[] {
  return Object.keys(value)
    .sort()
    .flatMap((name) => {
      const member = (value as Record<string, unknown>)[name];
      return member === undefined ? [] : { label: `${JSON.stringify(name)}:${indented ? ' ' : ''}`, value: member };
    });
}

/** Null for what has members. */
function scalar(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return numberText(value);
    case 'boolean':
      return String(value);
    case 'object':
      return value === null ? 'null' : literalOf(value);
    case 'undefined':
    case 'bigint':
    case 'symbol':
    case 'function':
    default:
      return 'null';
  }
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'null';
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
  return value > 0 ? '1e999' : '-1e999';
}
