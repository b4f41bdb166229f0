// The record of activity under a filter, as one scrolls: pages from below, live events from the stream above.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Activity, ActivityFilter, Change } from '../../preload/contract.ts';
import { useChanges, useClient } from '../store/context.tsx';
import { arrived, begun, caughtUp, continued, emptyFeed, matches, released, type Feed, type Page } from './feed.ts';
import { usePages, type Pages } from './use-pages.ts';

export interface ActivityFeed extends Pick<Pages<Page>, 'loading' | 'more' | 'again'> {
  readonly feed: Feed;
  /** Shows what was held back. */
  readonly release: () => void;
}

/**
 * A component that uses it is given a `key` of the filter: another filter is another record.
 * @param holds whether live events wait for the person's word at this moment
 */
export function useActivity(filter: ActivityFilter, pageSize: number, holds: () => boolean): ActivityFeed {
  const client = useClient();
  const [feed, setFeed] = useState<Feed>(emptyFeed);
  const asked = useRef(filter);
  const hold = useRef(holds);
  const meanwhile = useRef<Activity[]>([]);
  const state = useRef({ feed, begun: false });
  useEffect(() => {
    hold.current = holds;
  });

  const show = useCallback((next: Feed) => {
    state.current.feed = next;
    setFeed(next);
  }, []);
  const list = useCallback(
    (before: number | null, signal: AbortSignal): Promise<Page> =>
      client.activity.list({ ...asked.current, limit: pageSize, ...(before === null ? {} : { before }) }, { signal }),
    [client, pageSize],
  );
  const next = useCallback(() => state.current.feed.next, []);
  const take = useCallback(
    (page: Page, what: 'first' | 'older') => {
      show(what === 'first' ? begun(page, meanwhile.current) : continued(state.current.feed, page));
      state.current.begun = true;
    },
    [show],
  );
  const { loading, more, again, peek } = usePages(list, next, take);

  const catchUp = useCallback(async () => {
    // Without an answer the connection went again: the snapshot that follows its return asks once more.
    const page = await peek();
    if (page !== null) show(caughtUp(state.current.feed, page, hold.current()));
  }, [peek, show]);
  useChanges(
    useCallback(
      (change: Change) => {
        if (change.kind === 'snapshot' && state.current.begun) void catchUp();
        if (change.kind !== 'activity' || !matches(asked.current, change.item)) return;
        if (!state.current.begun) meanwhile.current.push(change.item);
        else show(arrived(state.current.feed, change.item, hold.current()));
      },
      [catchUp, show],
    ),
  );

  return {
    feed,
    loading,
    more,
    again,
    release: useCallback(() => show(released(state.current.feed)), [show]),
  };
}
