// One call to the broker on a person's word: idle, working (and cancellable), done or failed, never two at a time.
import { useCallback, useEffect, useRef, useState } from 'react';
import { describeProblem, type Problem } from './problem.ts';

export type CallState<T> =
  | { readonly kind: 'idle' }
  | { readonly kind: 'working'; readonly since: number }
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly problem: Problem };

export interface Call<A extends readonly unknown[], T> {
  readonly state: CallState<T>;
  /** Starts it, and ends one that is still under way. Gives the value, or null when it failed or was cancelled. */
  readonly run: (...args: A) => Promise<T | null>;
  /** Lets go of what is under way; the broker hears of it through the aborted request. */
  readonly cancel: () => void;
  /** Back to idle. */
  readonly reset: () => void;
}

/** @param work gets a signal that aborts on cancel, on a newer run, and when the component goes away */
export function useCall<A extends readonly unknown[], T>(
  work: (signal: AbortSignal, ...args: A) => Promise<T>,
): Call<A, T> {
  const [state, setState] = useState<CallState<T>>({ kind: 'idle' });
  const current = useRef<AbortController | null>(null);
  const latest = useRef(work);
  useEffect(() => {
    latest.current = work;
  });

  const cancel = useCallback(() => {
    current.current?.abort();
    current.current = null;
    setState({ kind: 'idle' });
  }, []);

  const run = useCallback(async (...args: A): Promise<T | null> => {
    current.current?.abort();
    const own = new AbortController();
    current.current = own;
    setState({ kind: 'working', since: Date.now() });
    try {
      const value = await latest.current(own.signal, ...args);
      if (own.signal.aborted) return null;
      setState({ kind: 'done', value });
      return value;
    } catch (error) {
      if (!own.signal.aborted) setState({ kind: 'failed', problem: describeProblem(error) });
      return null;
    }
  }, []);

  useEffect(
    () => () => {
      current.current?.abort();
    },
    [],
  );
  return { state, run, cancel, reset: cancel };
}
