// The difference between two texts, line by line, as a person reads it: what went, what came, and a little of what stayed.

export interface DiffLine {
  readonly kind: 'same' | 'old' | 'new' | 'left-out';
  readonly text: string;
}

/** Lines that stayed, shown around those that changed. */
const around = 2;
/** Pairs of lines that are compared at most; beyond that all of the old stands before all of the new. */
const mostPairs = 1_000_000;

export function lineDiff(before: string, after: string): DiffLine[] {
  const old = before.split('\n');
  const now = after.split('\n');
  const shorter = Math.min(old.length, now.length);
  let head = 0;
  while (head < shorter && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  return shortened([
    ...old.slice(0, head).map(line('same')),
    ...middle(old.slice(head, old.length - tail), now.slice(head, now.length - tail)),
    ...old.slice(old.length - tail).map(line('same')),
  ]);
}

const line =
  (kind: DiffLine['kind']) =>
  (text: string): DiffLine => ({ kind, text });

/** By the longest common subsequence. */
function middle(old: readonly string[], now: readonly string[]): DiffLine[] {
  if (old.length * now.length > mostPairs) return [...old.map(line('old')), ...now.map(line('new'))];
  const width = now.length + 1;
  // How many lines the rests of both have in common, from each pair of places on.
  const common = new Uint32Array((old.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push({ kind: 'same', text: old[i] ?? '' });
      i += 1;
      j += 1;
    } else if (i < old.length && (j === now.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ kind: 'old', text: old[i] ?? '' });
      i += 1;
    } else {
      lines.push({ kind: 'new', text: now[j] ?? '' });
      j += 1;
    }
  }
  return lines;
}

function shortened(lines: readonly DiffLine[]): DiffLine[] {
  const isNear = lines.map((_, at) =>
    lines.slice(Math.max(0, at - around), at + around + 1).some(({ kind }) => kind !== 'same'),
  );
  return lines.flatMap((one, at): DiffLine[] => {
    if (isNear[at] === true) return [one];
    return at === 0 || isNear[at - 1] === true ? [{ kind: 'left-out', text: '…' }] : [];
  });
}
