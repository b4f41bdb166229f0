// A tool's definition in front of a person at a terminal: what is new in it, or old beside new. All of it is the server's text.
import type { PinnedTool, ToolDefinition } from '../../preload/contract.ts';
import { plainText } from '../access/plain-text.ts';
import { lineDiff, type DiffLine } from './line-diff.ts';
import type { Terminal } from './terminal.ts';

const parts: ReadonlyArray<readonly [part: keyof ToolDefinition, name: string]> = [
  ['title', 'title'],
  ['description', 'description'],
  ['inputSchema', 'input schema'],
  ['outputSchema', 'output schema'],
  ['annotations', 'annotations'],
  ['rest', 'everything else'],
];

/** Characters of one line; the person can see the rest with --json. */
const longestLine = 400;
const signs: Readonly<Record<DiffLine['kind'], string>> = { same: '  ', old: '- ', new: '+ ', 'left-out': '  ' };

export function differenceLines({ tool, accepted, seen, because }: PinnedTool, paint: Terminal['paint']): string[] {
  const head = `${paint('bold', `"${plainText(tool, 80)}"`, 'stdout')}${because === null ? '' : `: ${plainText(because, 300)}`}`;
  const changed = parts.filter(([part]) => (accepted?.[part] ?? null) !== seen[part]);
  if (changed.length === 0) {
    return [
      head,
      accepted === null ? '  It says nothing about itself.' : '  What differs is beyond what is kept of it.',
    ];
  }
  return [
    head,
    ...changed.flatMap(([part, name]) => [`  ${name}`, ...partLines(accepted?.[part] ?? null, seen[part], paint)]),
  ];
}

function partLines(before: string | null, after: string | null, paint: Terminal['paint']): string[] {
  const lines =
    before === null
      ? (after ?? '').split('\n').map((text): DiffLine => ({ kind: 'new', text }))
      : after === null
        ? before.split('\n').map((text): DiffLine => ({ kind: 'old', text }))
        : lineDiff(before, after);
  return lines.map(({ kind, text }) => {
    const shown = `    ${signs[kind]}${plainText(text, longestLine)}`.trimEnd();
    return kind === 'old' ? paint('red', shown, 'stdout') : kind === 'new' ? paint('green', shown, 'stdout') : shown;
  });
}
