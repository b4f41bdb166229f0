// Globs over the names of tools: `*` for any run of characters, `?` for exactly one, and nothing else is special.

/** A glob ready to be compared: between stars stand runs of characters, null among them for any one. */
export interface Glob {
  readonly runs: ReadonlyArray<ReadonlyArray<string | null>>;
}

const wildcards = /[*?]/u;

/** `spell` rewrites what stands literally, never a wildcard; what it makes of it is literal too. */
export function glob(pattern: string, spell: (text: string) => string = (text) => text): Glob {
  return { runs: pattern.split('*').map((run) => compileRun(run, spell)) };
}

function compileRun(run: string, spell: (text: string) => string): ReadonlyArray<string | null> {
  if (!wildcards.test(run)) return Array.from(spell(run));
  return run.split('?').flatMap((part, at) => [...(at === 0 ? [] : [null]), ...Array.from(spell(part))]);
}

/**
 * Whether the whole text is of that shape, by code points. No guess is ever taken back: the leftmost place of a run leaves
 * most room to those after it, so the steps are at most the length of the text times that of the longest run.
 */
export function matches({ runs }: Glob, text: readonly string[]): boolean {
  const [first = []] = runs;
  const last = runs.at(-1) ?? [];
  if (runs.length === 1) return text.length === first.length && isAt(first, text, 0);
  const end = text.length - last.length;
  if (end < first.length || !isAt(first, text, 0) || !isAt(last, text, end)) return false;
  let from = first.length;
  for (const run of runs.slice(1, -1)) {
    while (from + run.length <= end && !isAt(run, text, from)) from += 1;
    if (from + run.length > end) return false;
    from += run.length;
  }
  return true;
}

function isAt(run: ReadonlyArray<string | null>, text: readonly string[], from: number): boolean {
  for (let at = 0; at < run.length; at += 1) {
    const wanted = run[at];
    if (wanted !== null && wanted !== text[from + at]) return false;
  }
  return true;
}
