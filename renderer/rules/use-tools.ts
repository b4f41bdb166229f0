// The known tools of a server and its own rules, asked for when they are shown and again whenever they change.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Change, PinnedTool, ServerRules } from '../../preload/contract.ts';
import { useChanges, useClient } from '../store/context.tsx';
import { describeProblem, type Problem } from '../store/problem.ts';

export type ToolsState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'shown'; readonly tools: readonly PinnedTool[]; readonly rules: ServerRules }
  | { readonly kind: 'failed'; readonly problem: Problem };

/** @param account its name; null: the default one */
export function useTools(
  server: string,
  account: string | null = null,
): { readonly state: ToolsState; readonly again: () => void } {
  const client = useClient();
  const [state, setState] = useState<ToolsState>({ kind: 'loading' });
  const current = useRef<AbortController | null>(null);
  const load = useCallback(() => {
    current.current?.abort();
    const own = new AbortController();
    current.current = own;
    const { signal } = own;
    const ask = async () => {
      try {
        const [tools, rules] = await Promise.all([
          client.tools.list({ server, ...(account !== null && { account }) }, { signal }),
          client.tools.rules({ server }, { signal }),
        ]);
        if (!signal.aborted) setState({ kind: 'shown', tools, rules });
      } catch (error) {
        // What was shown stays: the banner tells of a broker that is gone.
        if (signal.aborted) return;
        setState((known) => (known.kind === 'shown' ? known : { kind: 'failed', problem: describeProblem(error) }));
      }
    };
    void ask();
  }, [client, server, account]);
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
