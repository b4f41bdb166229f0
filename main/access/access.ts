// All that decides who may use what, put together: decisions, open questions, guards, and what ends them.
import type { AgentView } from '../../preload/contract.ts';
import type { Clock } from '../ports.ts';
import type { Store } from '../store/types.ts';
import type { EndedBecause as AgentEnded } from './agents.ts';
import { createApprovals } from './approvals.ts';
import type { AccessEvent, Approvals } from './approvals.ts';
import { createGuards } from './guards.ts';
import type { GuardParts, LiveGuards } from './guards.ts';
import { createListings } from './listings.ts';
import type { ListingParts } from './listings.ts';
import { createPrompts } from './prompts.ts';
import type { Prompts } from './prompts.ts';
import type { About } from './questions.ts';
import type { SteadyClock } from './steady-clock.ts';

export interface AccessParts extends Omit<GuardParts, 'approvals' | 'prompts' | 'listings'> {
  readonly store: Pick<Store, 'approvals' | 'agents' | 'transaction'>;
  readonly steady: SteadyClock;
  readonly clock: Clock;
  readonly readTools: ListingParts['readTools'];
  readonly agentView: (id: string) => AgentView | null;
  /** @throws unknown_server */
  readonly about: (server: string, account: string) => About;
  /** The page of a prompt on the bridge. */
  readonly linkFor: (promptId: string) => string;
  /** For activity and audit. */
  readonly tell: (event: AccessEvent) => void;
}

export interface Access {
  readonly approvals: Approvals;
  readonly prompts: Prompts;
  readonly guards: LiveGuards;
  /** As `Agents.onEnd` tells: whatever it has open ends at once, and so does what was decided, unless only its key is another. */
  agentEnded(agentId: string, because: AgentEnded): void;
  /** The person said that it need not be asked about, or took that back. */
  agentTrusted(agentId: string, trusted: boolean): void;
  /** A server, or one account of it: what is added under that name again is asked about anew. */
  serverForgotten(server: string, account?: string): void;
  /** The setting, or which account somebody uses, may have changed. */
  settingChanged(): void;
  /** Nobody is asked any more, and nothing is let through. With `end`, what is open to agents ends. */
  locked(end: boolean): void;
  unlocked(): void;
  close(): void;
}

export function createAccess(parts: AccessParts): Access {
  const approvals = createApprovals(parts);
  const prompts = createPrompts({ ...parts, approvals });
  const listings = createListings(parts);
  const guards = createGuards({ ...parts, approvals, prompts, listings });
  return {
    approvals,
    prompts,
    guards,
    agentEnded(agentId, because) {
      // The guards first: a request that is waiting must find itself shut out, not asked about anew.
      guards.agentEnded(agentId);
      if (because === 'rotated') return;
      approvals.agentEnded(agentId);
      prompts.withdraw({ agentId });
    },
    agentTrusted(agentId, trusted) {
      if (trusted) prompts.withdraw({ agentId });
      else approvals.agentUntrusted(agentId);
    },
    serverForgotten(server, account) {
      guards.serverForgotten(server, account);
      approvals.serverForgotten(server, account);
      prompts.withdraw({ server, account });
      listings.forget(server, account);
    },
    settingChanged() {
      guards.look();
      // Nobody is to be asked any more: what waits looks again, and goes on.
      if (parts.mode() === 'off') prompts.withdraw('all');
    },
    locked(end) {
      // The guards first: a request that is waiting must find it locked, not ask anew.
      guards.locked(end);
      prompts.withdraw('all');
    },
    unlocked() {
      guards.unlocked();
    },
    close() {
      guards.close();
      prompts.close();
      approvals.close();
    },
  };
}
