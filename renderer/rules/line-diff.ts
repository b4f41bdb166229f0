// What changed between two texts, line by line: what went, what came, and what stayed around it. Pure.

export type DiffLine =
  | { readonly kind: 'same' | 'removed' | 'added'; readonly text: string }
  /** So many lines that are as before. */
  | { readonly kind: 'skipped'; readonly count: number };

/** More than this is not compared line by line: the old goes, the new comes. */
const mostLines = 2_000;
/** Lines that are shown before and after a change. */
const around = 2;

export function lineDiff(before: string | null, after: string | null): readonly DiffLine[] {
  // Prose has long lines: each sentence is one, or a word that changed would mark all of it.
  const isProse = [before, after].some((text) => text?.split('\n').some((line) => line.length > 100) === true);
  return shortened(compared(linesOf(before, isProse), linesOf(after, isProse)));
}

function linesOf(text: string | null, isProse: boolean): readonly string[] {
  if (text === null) return [];
  return isProse ? text.split(/\n|(?<=[.!?;])[ \t]+/u) : text.split('\n');
}

type Whole = Exclude<DiffLine, { kind: 'skipped' }>;

function compared(before: readonly string[], after: readonly string[]): readonly Whole[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) {
    end += 1;
  }
  const went = before.slice(start, before.length - end);
  const came = after.slice(start, after.length - end);
  return [
    ...before.slice(0, start).map(same),
    ...(went.length * came.length > mostLines * mostLines
      ? [...went.map(removed), ...came.map(added)]
      : middle(went, came)),
    ...before.slice(before.length - end).map(same),
  ];
}

const same = (text: string): Whole => ({ kind: 'same', text });
const removed = (text: string): Whole => ({ kind: 'removed', text });
const added = (text: string): Whole => ({ kind: 'added', text });

/** By the longest common subsequence. */
function middle(before: readonly string[], after: readonly string[]): readonly Whole[] {
  const width = after.length + 1;
  const lengths = new Uint16Array((before.length + 1) * width);
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      lengths[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: Whole[] = [];
  let row = 0;
  let column = 0;
  while (row < before.length || column < after.length) {
    const old = before[row];
    const now = after[column];
    if (old !== undefined && old === now) {
      lines.push(same(old));
      row += 1;
      column += 1;
    } else if (old !== undefined && (now === undefined || at(row + 1, column) >= at(row, column + 1))) {
      lines.push(removed(old));
      row += 1;
    } else {
      lines.push(added(now ?? ''));
      column += 1;
    }
  }
  return lines;
}

/** Fewer are shown: a count would take their place. */
const fewest = 3;

/** Long stretches without a change become a count. */
function shortened(lines: readonly Whole[]): readonly DiffLine[] {
  const isNear = (index: number): boolean =>
    lines.slice(Math.max(0, index - around), index + around + 1).some(({ kind }) => kind !== 'same');
  const shown: DiffLine[] = [];
  for (let from = 0; from < lines.length;) {
    let to = from;
    while (to < lines.length && !isNear(to)) to += 1;
    if (to - from >= fewest) shown.push({ kind: 'skipped', count: to - from });
    else shown.push(...lines.slice(from, to));
    shown.push(...lines.slice(to, to + 1));
    from = to + 1;
  }
  return shown;
}
