// Which pages of a list of tools belong to the first one that a person's approval is about.
import type { Clock } from '../ports.ts';

/** An agent that lists asks for the next page at once; a server cannot keep its first list open for longer. */
const patience = 10 * 60_000;
const mostPages = 100;
const longestCursor = 4_096;

interface Open {
  readonly until: number;
  /** Cursors that were given out with pages of this list; several agents may list at once. */
  readonly cursors: Set<string>;
}

export interface Baseline {
  /** Whether what a page says is agreed to. @param begun something was agreed to before */
  takes(key: string, page: { readonly cursor: unknown; readonly next: unknown }, begun: boolean): boolean;
  forget(server: string): void;
}

/** `key`: JSON of server and account. Kept in memory: after a restart, what was not listed before is new. */
export function pagesOfBaseline(clock: Clock): Baseline {
  const all = new Map<string, Open>();

  return {
    takes(key, { cursor, next }, begun) {
      const first = cursor === undefined || cursor === null;
      const open = all.get(key);
      if (open !== undefined && (clock.now() > open.until || open.cursors.size >= mostPages)) all.delete(key);
      if (first && !begun) all.set(key, { until: clock.now() + patience, cursors: new Set() });
      const now = all.get(key);
      if (now === undefined) return false;
      const belongs = first ? !begun : typeof cursor === 'string' && now.cursors.has(cursor);
      if ((belongs || first) && typeof next === 'string' && next.length <= longestCursor) now.cursors.add(next);
      return belongs;
    },
    forget(server) {
      for (const key of all.keys()) if ((JSON.parse(key) as string[])[0] === server) all.delete(key);
    },
  };
}
