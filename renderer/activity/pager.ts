// Pages of a record, one at a time: the newest first, older ones as one scrolls; after a failure none until the person says so.
import { describeProblem, type Problem } from '../store/problem.ts';

export type Loading =
  | { readonly kind: 'first' }
  | { readonly kind: 'older' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly problem: Problem };

export interface PagerParts<P> {
  /** The page before that place; null: the newest. */
  readonly list: (before: number | null, signal: AbortSignal) => Promise<P>;
  /** Where the next page begins, as it is known now; null: there is none. */
  readonly next: () => number | null;
  /** `first`: it begins anew with this page. */
  readonly take: (page: P, what: 'first' | 'older') => void;
  readonly told: (loading: Loading) => void;
}

export interface Pager<P> {
  /** The newest page; what was there before gives way to it. */
  first(): void;
  /** The next page; nothing while one is under way, after a failure, or when there is none. */
  more(): void;
  /** What failed, once more. */
  again(): void;
  /** The newest page beside all that; null when it does not come, of which nobody is told. */
  peek(): Promise<P | null>;
  /** What is still to come is nobody's any more. */
  close(): void;
}

export function createPager<P>({ list, next, take, told }: PagerParts<P>): Pager<P> {
  const ended = new AbortController();
  const { signal } = ended;
  let busy = false;
  /** Before the first page there is none that would be older. */
  let missing: 'first' | 'older' | null = 'first';

  const load = async (what: 'first' | 'older'): Promise<void> => {
    const before = what === 'older' ? next() : null;
    if (busy || signal.aborted || (what === 'older' && before === null)) return;
    busy = true;
    told({ kind: what });
    try {
      const page = await list(before, signal);
      if (signal.aborted) return;
      take(page, what);
      missing = null;
      told({ kind: 'ready' });
    } catch (error) {
      if (signal.aborted) return;
      missing = what;
      told({ kind: 'failed', problem: describeProblem(error) });
    } finally {
      busy = false;
    }
  };

  return {
    first: () => void load('first'),
    more() {
      if (missing === null) void load('older');
    },
    again: () => void load(missing ?? 'older'),
    peek: () =>
      list(null, signal).then(
        (page) => (signal.aborted ? null : page),
        () => null,
      ),
    close: () => ended.abort(),
  };
}
