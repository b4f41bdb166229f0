// What only a person may do: agents run commands, and `tokentray` is one. A command of theirs that is refused is told in the activity.
import { restricts } from '../access/rules.ts';
import { serverRules } from '../access/server-rules.ts';
import type { ToolRules } from '../access/types.ts';
import { TokentrayError } from '../errors.ts';
import type { ControlDeps } from './deps.ts';
import type { CallContext } from './implement.ts';

export interface PersonOnly {
  /**
   * It stops a program that does as it is told; whoever runs as the person and means to deceive can find other ways.
   * @param attempted a phrase after "could not" and after "tried to"
   * @throws agent_refused
   */
  always(context: CallContext, attempted: string, of?: Of): Promise<void>;
  /**
   * Where the person is asked about agents, or has set rules for the servers that it is about: whatever takes those away, or gets
   * around them, would decide in their place. @throws agent_refused
   */
  whereItCounts(
    context: CallContext,
    attempted: string,
    of?: Of & { readonly rulesOf?: readonly string[] },
  ): Promise<void>;
}

interface Of {
  /** The server that it is about, for the record. */
  readonly server?: string;
  /** Whether a process may whose starter is gone, as one that a timer of the system starts. */
  readonly orphans?: 'may' | 'may-not';
}

/** The same, tried again and again, is told once in this time. */
const tellEveryMs = 60_000;
const mostRemembered = 200;

export function createPersonOnly({
  agents,
  settings,
  store,
  clock,
}: Pick<ControlDeps, 'agents' | 'settings' | 'store' | 'clock'>): PersonOnly {
  const told = new Map<string, number>();

  const tell = (
    startedBy: 'agent' | 'orphan',
    agent: string | null,
    attempted: string,
    server: string | null,
  ): void => {
    const now = clock.now();
    const key = JSON.stringify([agent, attempted, server]);
    if (now - (told.get(key) ?? -Infinity) < tellEveryMs) return;
    if (told.size >= mostRemembered) told.clear();
    told.set(key, now);
    const detail = { ...(agent === null ? {} : { agent }), attempted, startedBy };
    store.events.append({ at: now, server, grantId: null, kind: 'command-refused', detail });
  };

  const always: PersonOnly['always'] = async ({ startedBy }, attempted, { server, orphans = 'may-not' } = {}) => {
    const by = await startedBy?.();
    if (by?.kind !== 'agent' && (by?.kind !== 'orphan' || orphans === 'may')) return;
    tell(
      by.kind,
      by.kind === 'agent' ? (agents.view(by.agent.agentId)?.name ?? null) : null,
      attempted,
      server ?? null,
    );
    const who = by.kind === 'agent' ? 'an agent started this command' : 'whoever started this command has gone';
    throw new TokentrayError('agent_refused', `${who}, and this is for a person to decide`, {
      attempted,
      advice: 'Do it in Tokentray’s window, or in a terminal that no agent started.',
      facts: { startedBy: by.kind },
    });
  };

  return {
    always,
    async whereItCounts(context, attempted, { rulesOf = [], ...of } = {}) {
      const isRuled = rulesOf.some((server) => isBound(serverRules(store, server).rules));
      if (settings.approvals() === 'ask' || isRuled) await always(context, attempted, of);
    },
  };
}

/** Where nobody is asked, nobody is asked about single calls either; everything else of the rules holds. */
const isBound = (rules: ToolRules): boolean => restricts({ ...rules, ask: 'never' });
