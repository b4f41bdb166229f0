// The audit under a filter, as one scrolls. It grows with every call, so nothing is streamed: newer rows come when asked for.
import { useCallback, useRef, useState } from 'react';
import type { AuditEntry } from '../../preload/contract.ts';
import { useClient } from '../store/context.tsx';
import type { ActivityFilter } from '../store/route.ts';
import { usePages, type Pages } from './use-pages.ts';

interface Page {
  /** Newest first. */
  readonly items: readonly AuditEntry[];
  /** Where the next page begins; null on the last one. */
  readonly next: number | null;
}

export interface AuditRows extends Pick<Pages<Page>, 'loading' | 'more' | 'again'> {
  readonly rows: Page['items'];
  readonly next: Page['next'];
  /** Begins anew with the newest page. */
  readonly newest: () => void;
}

/** A component that uses it is given a `key` of the filter: another filter is another list. */
export function useAudit(filter: ActivityFilter, pageSize: number): AuditRows {
  const client = useClient();
  const asked = useRef(filter);
  const [{ items, next }, setPages] = useState<Page>({ items: [], next: null });
  const known = useRef<Page>({ items, next });
  const list = useCallback(
    (before: number | null, signal: AbortSignal): Promise<Page> =>
      client.audit.list({ ...asked.current, limit: pageSize, ...(before === null ? {} : { before }) }, { signal }),
    [client, pageSize],
  );
  const nextOf = useCallback(() => known.current.next, []);
  const take = useCallback((page: Page, what: 'first' | 'older') => {
    const items = what === 'first' ? page.items : [...known.current.items, ...page.items];
    known.current = { items, next: page.next };
    setPages(known.current);
  }, []);
  const { loading, more, again, first } = usePages(list, nextOf, take);
  return { rows: items, next, loading, more, again, newest: first };
}
