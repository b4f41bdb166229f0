// One server with all that may be shown of its grant, asked for again whenever something about it changed.
import { useCallback } from 'react';
import type { Change, ContractOutputs } from '../../preload/contract.ts';
import { useClient } from '../store/context.tsx';
import { useAsked, type Asked } from '../store/use-asked.ts';

export type Details = ContractOutputs['servers']['details'];

export type DetailsState = Asked<{ readonly details: Details }>;

export function useDetails(server: string): { readonly state: DetailsState; readonly again: () => void } {
  const client = useClient();
  const ask = useCallback(
    async (signal: AbortSignal) => ({ details: await client.servers.details({ server }, { signal }) }),
    [client, server],
  );
  return useAsked(
    ask,
    useCallback((change: Change) => concerns(change, server), [server]),
  );
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
