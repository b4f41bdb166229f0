// One server with all that may be shown of its grant, asked for again whenever something about it changed.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Change, ContractOutputs } from '../../preload/contract.ts';
import { useChanges, useClient } from '../store/context.tsx';
import { describeProblem, type Problem } from '../store/problem.ts';

export type Details = ContractOutputs['servers']['details'];

export type DetailsState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'shown'; readonly details: Details }
  | { readonly kind: 'failed'; readonly problem: Problem };

export function useDetails(server: string): { readonly state: DetailsState; readonly again: () => void } {
  const client = useClient();
  const [state, setState] = useState<DetailsState>({ kind: 'loading' });
  const current = useRef<AbortController | null>(null);

  const load = useCallback(() => {
    current.current?.abort();
    const own = new AbortController();
    current.current = own;
    const ask = async () => {
      try {
        const details = await client.servers.details({ server }, { signal: own.signal });
        if (!own.signal.aborted) setState({ kind: 'shown', details });
      } catch (error) {
        // What was shown stays: the banner tells of a broker that is gone.
        if (own.signal.aborted) return;
        setState((known) => (known.kind === 'shown' ? known : { kind: 'failed', problem: describeProblem(error) }));
      }
    };
    void ask();
  }, [client, server]);

  useEffect(() => {
    load();
    return () => current.current?.abort();
  }, [load]);
  useChanges(
    useCallback(
      (change: Change) => {
        if (concerns(change, server)) load();
      },
      [load, server],
    ),
  );
  return { state, again: load };
}

function concerns(change: Change, server: string): boolean {
  switch (change.kind) {
    case 'snapshot':
      return true;
    case 'state':
      return change.server === server;
    case 'settings':
      return change.view.server === server;
    // Uses come through the model by themselves, and often.
    case 'activity':
      return change.item.server === server && change.item.kind !== 'used';
    default:
      return false;
  }
}
