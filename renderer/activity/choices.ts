// What the filters offer: every name that some event has, in order, none twice; and what is chosen even if no event has it. Pure.
import type { ActivityFilter, ContractOutputs } from '../../preload/contract.ts';

type Choices = ContractOutputs['activity']['choices'];

/** The same object when nothing is new. */
export function withNamed(known: Choices, found: Choices): Choices {
  const servers = united(known.servers, found.servers);
  const agents = united(known.agents, found.agents);
  const kinds = united(known.kinds, found.kinds);
  if (servers === known.servers && agents === known.agents && kinds === known.kinds) return known;
  return { servers, agents, kinds };
}

/** A link may name what is not there; the list must show what is chosen all the same. */
export function withChoices(choices: Choices, { server, agent, kind }: ActivityFilter): Choices {
  return withNamed(choices, {
    servers: server === undefined ? [] : [server],
    agents: agent === undefined ? [] : [agent],
    kinds: kind === undefined ? [] : [kind],
  });
}

function united(known: string[], found: readonly string[]): string[] {
  const all = new Set([...known, ...found]);
  return all.size === known.length ? known : [...all].toSorted((a, b) => a.localeCompare(b));
}
