// The audit under a filter, as one scrolls: the newest page at once, older ones when asked for. It grows with every call, so nothing is streamed.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { AuditEntry } from '../../preload/contract.ts';
import { useClient } from '../store/context.tsx';
import { describeProblem } from '../store/problem.ts';
import type { ActivityFilter } from '../store/route.ts';
import type { Loading } from './use-activity.ts';

export interface AuditRows {
  /** Newest first. */
  readonly rows: readonly AuditEntry[];
  /** Where the next page begins; null on the last one. */
  readonly next: number | null;
  readonly loading: Loading;
  /** The next page; nothing while one is under way, after a failure, or when there is none. */
  readonly more: () => void;
  /** After a failure. */
  readonly again: () => void;
  /** Begins anew with the newest page. */
  readonly newest: () => void;
}

/** A component that uses it is given a `key` of the filter: another filter is another list. */
export function useAudit(filter: ActivityFilter, pageSize: number): AuditRows {
  const client = useClient();
  const asked = useRef(filter);
  const [pages, setPages] = useState<{ readonly rows: readonly AuditEntry[]; readonly next: number | null }>({
    rows: [],
    next: null,
  });
  const [loading, setLoading] = useState<Loading>({ kind: 'first' });
  const state = useRef({ pages, busy: false, failed: null as 'first' | 'older' | null });
  const ended = useRef(new AbortController());

  const load = useCallback(
    async (what: 'first' | 'older') => {
      const now = state.current;
      if (now.busy || (what === 'older' && now.pages.next === null)) return;
      now.busy = true;
      setLoading({ kind: what });
      const { signal } = ended.current;
      try {
        const before = what === 'older' ? now.pages.next : null;
        const query = { ...asked.current, limit: pageSize, ...(before === null ? {} : { before }) };
        const page = await client.audit.list(query, { signal });
        if (signal.aborted) return;
        now.pages = { rows: what === 'first' ? page.items : [...now.pages.rows, ...page.items], next: page.next };
        now.failed = null;
        setPages(now.pages);
        setLoading({ kind: 'ready' });
      } catch (error) {
        if (signal.aborted) return;
        now.failed = what;
        setLoading({ kind: 'failed', problem: describeProblem(error) });
      } finally {
        if (!signal.aborted) now.busy = false;
      }
    },
    [client, pageSize],
  );
  useEffect(() => {
    const own = new AbortController();
    ended.current = own;
    state.current.busy = false;
    void load('first');
    return () => own.abort();
  }, [load]);
  return {
    ...pages,
    loading,
    more: useCallback(() => {
      if (state.current.failed === null) void load('older');
    }, [load]),
    again: useCallback(() => void load(state.current.failed ?? 'first'), [load]),
    newest: useCallback(() => void load('first'), [load]),
  };
}
