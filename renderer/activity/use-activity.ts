// The record under a filter, as one scrolls: the newest page at once, older ones when asked for, live events from the stream.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Activity, ActivityFilter, Change } from '../../preload/contract.ts';
import { useChanges, useClient } from '../store/context.tsx';
import { describeProblem, type Problem } from '../store/problem.ts';
import { arrived, begun, caughtUp, continued, emptyFeed, matches, released, type Feed } from './feed.ts';

export type Loading =
  | { readonly kind: 'first' }
  | { readonly kind: 'older' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly problem: Problem };

export interface ActivityFeed {
  readonly feed: Feed;
  readonly loading: Loading;
  /** The next page; nothing while one is under way, after a failure, or when there is none. */
  readonly more: () => void;
  /** After a failure. */
  readonly again: () => void;
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
  const [loading, setLoading] = useState<Loading>({ kind: 'first' });
  const asked = useRef(filter);
  const hold = useRef(holds);
  const meanwhile = useRef<Activity[]>([]);
  const state = useRef({ feed, busy: false, begun: false });
  const ended = useRef(new AbortController());

  const show = useCallback((next: Feed) => {
    state.current.feed = next;
    setFeed(next);
  }, []);

  const load = useCallback(
    async (what: 'first' | 'older') => {
      const now = state.current;
      if (now.busy || (what === 'older' && now.feed.next === null)) return;
      now.busy = true;
      setLoading({ kind: what });
      const { signal } = ended.current;
      try {
        const before = what === 'older' ? now.feed.next : null;
        const query = { ...asked.current, limit: pageSize, ...(before === null ? {} : { before }) };
        const page = await client.activity.list(query, { signal });
        if (signal.aborted) return;
        show(what === 'first' ? begun(page, meanwhile.current) : continued(state.current.feed, page));
        now.begun = true;
        setLoading({ kind: 'ready' });
      } catch (error) {
        if (!signal.aborted) setLoading({ kind: 'failed', problem: describeProblem(error) });
      } finally {
        if (!signal.aborted) now.busy = false;
      }
    },
    [client, pageSize, show],
  );

  const catchUp = useCallback(async () => {
    const { signal } = ended.current;
    try {
      const page = await client.activity.list({ ...asked.current, limit: pageSize }, { signal });
      if (!signal.aborted) show(caughtUp(state.current.feed, page, hold.current()));
    } catch {
      // The connection went again: the snapshot that follows its return asks once more.
    }
  }, [client, pageSize, show]);

  useEffect(() => {
    hold.current = holds;
  });
  useEffect(() => {
    const own = new AbortController();
    ended.current = own;
    state.current.busy = false;
    void load('first');
    return () => own.abort();
  }, [load]);

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
    more: useCallback(() => {
      if (state.current.begun) void load('older');
    }, [load]),
    again: useCallback(() => void load(state.current.begun ? 'older' : 'first'), [load]),
    release: useCallback(() => show(released(state.current.feed)), [show]),
  };
}
