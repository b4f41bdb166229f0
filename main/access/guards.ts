// What stands between an agent's connections and the servers: nothing goes on before a person allowed it, and what ends, ends at once.
import type { AgentView } from '../../preload/contract.ts';
import type { KnownServer } from '../bridge/relay/types.ts';
import type { Audit } from '../audit/types.ts';
import type { TokentrayError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { ApprovalChange, Approvals } from './approvals.ts';
import type { Listings } from './listings.ts';
import { LiveGuard } from './live-guard.ts';
import { lockedNow } from './lock-refusal.ts';
import { createProgramDenials } from './program-denials.ts';
import type { ProgramDenials } from './program-denials.ts';
import type { Prompts } from './prompts.ts';
import type { JudgeParts } from './request-judge.ts';
import type { Caller, Guard, Guards } from './types.ts';

export interface GuardParts extends JudgeParts {
  readonly clock: Clock;
  readonly approvals: Approvals;
  readonly prompts: Prompts;
  /** `off`: nobody is asked; what a person set for a server holds all the same. */
  readonly mode: () => 'ask' | 'off';
  /** Whether the person has locked everything; absent: nobody can. */
  readonly isLocked?: () => boolean;
  /** How long a request waits for the person, in milliseconds. */
  readonly wait: () => number;
  /** Which account of the server this caller uses. @throws unknown_server, account_missing */
  readonly accountOf: (caller: Caller, server: string) => string;
  /** What can be answered without the server; null: nothing. */
  readonly known: (server: string, account: string) => KnownServer | null;
  readonly listings: Listings;
  /** As it is called now; null: there is none any more. */
  readonly agentView: (id: string) => AgentView | null;
  readonly audit: Pick<Audit, 'toolCall'>;
}

/** As one guard has them. */
export interface LiveParts extends GuardParts {
  readonly denials: Pick<ProgramDenials, 'of'>;
}

export interface LiveGuards extends Guards {
  /** The agent may no longer use the bridge. */
  agentEnded(agentId: string): void;
  serverForgotten(server: string, account?: string): void;
  /** What is open with a grant ends with it, and is told why. */
  grantEnded(server: string, account: string, because: TokentrayError): void;
  /** A setting or an account may have changed: whoever is not allowed any more, or not with that account, is shut out. */
  look(): void;
  /** From here on `isLocked` says so. With `end`, whatever is open ends; else it goes on, and nothing new begins. */
  locked(end: boolean): void;
  unlocked(): void;
  close(): void;
}

export function createGuards(parts: GuardParts): LiveGuards {
  const live = new Set<LiveGuard>();
  const connections = new Map<string, number>();
  const { approvals, prompts, mode } = parts;
  // Before anything else that looks when an approval changes.
  const denials = createProgramDenials(approvals, parts.agentView);

  const onApproval = (change: ApprovalChange): void => {
    // Another decision takes its place in the same breath, and tells of itself.
    if (change.ended?.because === 'replaced') return;
    for (const guard of live) if (guard.isAbout(change)) guard.look(change.ended);
    if (mode() === 'off') return;
    const { agentId, server, account } = change;
    const agent = { id: agentId, name: '' };
    prompts.withdrawCalls(
      change,
      (session) => approvals.standing({ agent, server, account, session }).kind === 'allowed',
    );
  };
  const offApprovals = approvals.onChange(onApproval);

  const closed = (guard: LiveGuard, { agent, via, session }: Caller): void => {
    live.delete(guard);
    const key = JSON.stringify([agent.id, session]);
    const left = (connections.get(key) ?? 1) - 1;
    if (left > 0) connections.set(key, left);
    else connections.delete(key);
    // An agent on HTTP has no connection that could end: it is silence that ends its session.
    if (via === 'stdio' && left <= 0) approvals.sessionOver(agent.id, session);
  };

  return {
    guard(caller, server): Guard {
      const account = parts.accountOf(caller, server);
      const guard = new LiveGuard({ ...parts, denials }, caller, server, account, () => closed(guard, caller));
      const key = JSON.stringify([caller.agent.id, caller.session]);
      connections.set(key, (connections.get(key) ?? 0) + 1);
      live.add(guard);
      return guard;
    },
    agentEnded(agentId) {
      for (const guard of live) if (guard.caller.agent.id === agentId) guard.end();
    },
    serverForgotten(server, account) {
      for (const guard of live) {
        if (guard.server === server && (account === undefined || guard.account === account)) guard.end();
      }
    },
    grantEnded(server, account, because) {
      for (const guard of live) if (guard.server === server && guard.account === account) guard.end(because);
    },
    look() {
      for (const guard of live) guard.look(null);
    },
    locked(end) {
      for (const guard of live) {
        if (end) guard.end(lockedNow('pass a request to the server'));
        guard.lockChanged();
      }
    },
    unlocked() {
      for (const guard of live) guard.lockChanged();
    },
    close() {
      offApprovals();
      denials.close();
      for (const guard of live) guard.end();
    },
  };
}
