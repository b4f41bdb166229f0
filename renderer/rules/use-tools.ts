// The known tools of a server and its own rules, asked for when they are shown and again whenever they change.
import { useCallback } from 'react';
import type { Change, PinnedTool, ServerRules } from '../../preload/contract.ts';
import { useClient } from '../store/context.tsx';
import { useAsked, type Asked } from '../store/use-asked.ts';

export type ToolsState = Asked<{ readonly tools: readonly PinnedTool[]; readonly rules: ServerRules }>;

/** @param account its name; null: the default one */
export function useTools(
  server: string,
  account: string | null = null,
): { readonly state: ToolsState; readonly again: () => void } {
  const client = useClient();
  const ask = useCallback(
    async (signal: AbortSignal) => {
      const [tools, rules] = await Promise.all([
        client.tools.list({ server, ...(account !== null && { account }) }, { signal }),
        client.tools.rules({ server }, { signal }),
      ]);
      return { tools, rules };
    },
    [client, server, account],
  );
  return useAsked(
    ask,
    useCallback((change: Change) => concerns(change, server), [server]),
  );
}

/** A first list, that was accepted as it came, changes nothing that is held: the record tells of it. */
const aboutTools: ReadonlySet<string> = new Set(['tools-accepted', 'tool-changed', 'tool-new']);

function concerns(change: Change, server: string): boolean {
  switch (change.kind) {
    case 'snapshot':
      return true;
    case 'tools':
      return change.server === server;
    case 'activity':
      return change.item.server === server && aboutTools.has(change.item.kind);
    default:
      return false;
  }
}
