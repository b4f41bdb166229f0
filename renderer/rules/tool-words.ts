// What a tool's definition says, part by part, and how it differs from what was accepted. Pure.
import type { PinnedTool, ToolDefinition } from '../../preload/contract.ts';
import { spelledLines } from '../words/names.ts';
import { lineDiff, type DiffLine } from './line-diff.ts';

const parts = [
  { part: 'title', label: 'Title' },
  { part: 'description', label: 'Description' },
  { part: 'inputSchema', label: 'What goes in' },
  { part: 'outputSchema', label: 'What comes out' },
  { part: 'annotations', label: 'Marks' },
  { part: 'rest', label: 'All else' },
] as const satisfies readonly { readonly part: keyof ToolDefinition; readonly label: string }[];

export interface PartDiff {
  readonly label: string;
  readonly lines: readonly DiffLine[];
}

/** The parts that differ; of a new tool, all that it has. */
export function toolDiff({ accepted, seen }: Pick<PinnedTool, 'accepted' | 'seen'>): readonly PartDiff[] {
  return parts
    .filter(({ part }) => (accepted?.[part] ?? null) !== seen[part])
    .map(({ part, label }) => ({ label, lines: partDiff(accepted?.[part] ?? null, seen[part]) }));
}

function partDiff(before: string | null, after: string | null): readonly DiffLine[] {
  const lines = lineDiff(readable(before), readable(after));
  // What indenting makes the same (the last digits of a long number) is not the same.
  return lines.some(({ kind }) => kind === 'removed' || kind === 'added')
    ? lines
    : lineDiff(spelled(before), spelled(after));
}

const spelled = (text: string | null): string | null => (text === null ? null : spelledLines(text));

/** Every part that the definition has. */
export function definitionParts(
  definition: ToolDefinition,
): readonly { readonly label: string; readonly text: string }[] {
  return parts.flatMap(({ part, label }) => {
    const text = readable(definition[part]);
    return text === null ? [] : [{ label, text }];
  });
}

/** JSON over several lines, and nothing in it that cannot be seen. */
function readable(text: string | null): string | null {
  if (text === null) return null;
  return spelledLines(indented(text));
}

function indented(text: string): string {
  if (!/^[[{]/u.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Cut, or no JSON at all: as it is.
    return text;
  }
}

export const markLabels: Readonly<Record<PinnedTool['marked'], string>> = {
  'read-only': 'reading',
  destructive: 'destructive',
  unmarked: 'unmarked',
};

/** Why a tool is not simply accepted: new, changed, or as the broker says. */
export function stateLabel({ state, accepted }: Pick<PinnedTool, 'state' | 'accepted'>): string | null {
  if (state === 'accepted') return null;
  const what = accepted === null ? 'new' : 'changed';
  return state === 'held' ? `${what}, held` : what;
}

/** "3 tools are held": for the banner. */
export function heldWords(held: number): string {
  return held === 1 ? 'One tool is held' : `${held} tools are held`;
}
