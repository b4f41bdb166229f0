// Something asked of the broker when it is shown, and again whenever a change concerns it; what was shown stays until then.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Change } from '../../preload/contract.ts';
import { useChanges } from './context.tsx';
import { describeProblem, type Problem } from './problem.ts';

export type Asked<T extends object> =
  | { readonly kind: 'loading' }
  | ({ readonly kind: 'shown' } & T)
  | { readonly kind: 'failed'; readonly problem: Problem };

/** Both functions are kept between renderings (`useCallback`): another `ask` is asked at once. */
export function useAsked<T extends object>(
  ask: (signal: AbortSignal) => Promise<T>,
  concerns: (change: Change) => boolean,
): { readonly state: Asked<T>; readonly again: () => void } {
  const [state, setState] = useState<Asked<T>>({ kind: 'loading' });
  const current = useRef<AbortController | null>(null);
  const load = useCallback(() => {
    current.current?.abort();
    const own = new AbortController();
    current.current = own;
    const answered = async () => {
      try {
        const answer = await ask(own.signal);
        if (!own.signal.aborted) setState({ kind: 'shown', ...answer });
      } catch (error) {
        // What was shown stays: the banner tells of a broker that is gone.
        if (own.signal.aborted) return;
        setState((known) => (known.kind === 'shown' ? known : { kind: 'failed', problem: describeProblem(error) }));
      }
    };
    void answered();
  }, [ask]);
  useEffect(() => {
    load();
    return () => current.current?.abort();
  }, [load]);
  useChanges(
    useCallback(
      (change: Change) => {
        if (concerns(change)) load();
      },
      [concerns, load],
    ),
  );
  return { state, again: load };
}
