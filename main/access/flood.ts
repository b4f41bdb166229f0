// How many questions agents may put to a person: beyond what anybody could answer they are refused unseen, counted and told.
import type { Flood } from '../../preload/contract-access.ts';
import { TokentrayError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { quote } from '../quote.ts';

export const newPromptsPerAgent = 5;
export const newPromptsWithinMs = 10 * 60_000;
export const openPromptsInAll = 20;

export interface FloodGuard {
  /** Before a new question is put. @throws overloaded */
  check(agent: { readonly id: string; readonly name: string }, openInAll: number): void;
  /** A new question was put. */
  put(agentId: string, promptId: string): void;
  /** The person said yes to it: it does not count against the agent. */
  welcomed(agentId: string, promptId: string): void;
  /** Those of the last ten minutes. */
  floods(): Flood[];
  forget(agentId: string): void;
}

interface Refused {
  readonly agent: string;
  readonly since: number;
  last: number;
  count: number;
}

/** @param onChange a flood began, went on or was over; `began` names the agent of a new one */
export function createFloodGuard(
  clock: Pick<Clock, 'now'>,
  onChange: (began: { readonly id: string; readonly name: string } | null) => void,
): FloodGuard {
  const put = new Map<string, { readonly id: string; readonly at: number }[]>();
  const refused = new Map<string, Refused>();

  /** What lies ahead was counted by a clock that has been set back since, and counts no more. */
  const isRecent = (at: number): boolean => {
    const ago = clock.now() - at;
    return ago >= 0 && ago < newPromptsWithinMs;
  };
  const recent = (agentId: string) => (put.get(agentId) ?? []).filter(({ at }) => isRecent(at));

  const current = (): [string, Refused][] => {
    for (const [agentId, { last }] of refused) if (!isRecent(last)) refused.delete(agentId);
    return [...refused];
  };

  const refuse = (agent: { readonly id: string; readonly name: string }, because: string): never => {
    const now = clock.now();
    const known = current().find(([agentId]) => agentId === agent.id)?.[1];
    if (known === undefined) refused.set(agent.id, { agent: agent.name, since: now, last: now, count: 1 });
    else {
      known.last = now;
      known.count += 1;
    }
    onChange(known === undefined ? agent : null);
    throw new TokentrayError('overloaded', because, {
      attempted: 'ask the person',
      subject: quote(agent.name, 64),
      advice: 'Answer the questions that are open, in Tokentray or with "tokentray approvals", then try again.',
      facts: { flood: true },
    });
  };

  return {
    check(agent, openInAll) {
      if (recent(agent.id).length >= newPromptsPerAgent) {
        refuse(agent, `${quote(agent.name, 64)} asks more often than a person could answer`);
      }
      if (openInAll >= openPromptsInAll) refuse(agent, 'more questions are open than a person could answer');
    },
    put: (agentId, id) => void put.set(agentId, [...recent(agentId), { id, at: clock.now() }]),
    welcomed(agentId, promptId) {
      put.set(
        agentId,
        recent(agentId).filter(({ id }) => id !== promptId),
      );
    },
    floods: () => current().map(([, { agent, since, count }]) => ({ agent, since, refused: count })),
    forget(agentId) {
      put.delete(agentId);
      if (refused.delete(agentId)) onChange(null);
    },
  };
}
