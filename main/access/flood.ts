// How many questions programs may put to a person: beyond what anybody could answer they are refused unseen, counted and told.
import type { AgentView } from '../../preload/contract.ts';
import type { Flood } from '../../preload/contract-access.ts';
import { TokentrayError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { quote } from '../quote.ts';
import { programOf } from './program.ts';

/** Of one program, under however many names; of one agent where its program is not known. */
export const newPromptsPerAgent = 5;
/** Of all agents together that cost nothing to make up: those that signed in, and those of which nothing could be checked. */
export const newPromptsOfMadeUp = 10;
export const newPromptsWithinMs = 10 * 60_000;
export const openPromptsInAll = 20;

type Agent = Pick<AgentView, 'id' | 'name' | 'kind' | 'checked' | 'createdAt'>;

/** Who answers for a question. */
export interface Asker {
  readonly agent: Agent;
  /** Who is told to flood: its program, all agents of its kind, or it alone. */
  readonly key: string;
  /** The file of its program, where that was checked. */
  readonly program: string | null;
  readonly bounds: readonly { readonly key: string; readonly most: number }[];
}

export interface OpenQuestion {
  readonly id: string;
  readonly asker: Asker;
}

export interface FloodGuard {
  /**
   * Before a new question is put: whoever has most of them open makes room, and is told to flood.
   * @param open oldest first
   * @returns the question that has to go for it; null: there is room
   * @throws overloaded where it is this asker that floods
   */
  check(asker: Asker, open: readonly OpenQuestion[]): string | null;
  /** A new question was put. */
  put(asker: Asker, promptId: string): void;
  /** The person said yes to it: it does not count against whoever asked. */
  welcomed(promptId: string): void;
  /** Those of the last ten minutes. */
  floods(): Flood[];
  /** The agent asks no more. What counts against its program goes on counting. */
  forget(agentId: string): void;
}

interface Refused {
  /** By id, whoever is to be named first last. */
  readonly agents: Map<string, Agent>;
  readonly program: string | null;
  readonly since: number;
  last: number;
  count: number;
}

/** Whoever reads it wants to know who it is, not all that it calls itself. */
const mostNamed = 20;

const aloneKey = (agentId: string): string => JSON.stringify(['agent', agentId]);

export function askerOf(agent: Agent): Asker {
  const alone = { key: aloneKey(agent.id), most: newPromptsPerAgent };
  // A person made it, and nobody else can.
  if (agent.kind === 'key') return { agent, key: alone.key, program: null, bounds: [alone] };
  const program = agent.kind === 'stdio' ? programOf(agent.checked) : null;
  if (program !== null) {
    const key = JSON.stringify(['program', program.key]);
    return { agent, key, program: program.file, bounds: [{ key, most: newPromptsPerAgent }] };
  }
  const key = JSON.stringify(['all', agent.kind]);
  return { agent, key, program: null, bounds: [alone, { key, most: newPromptsOfMadeUp }] };
}

/** @param nameOf what an agent is called now @param onChange a flood began, went on or was over; `began` is a new one */
export function createFloodGuard(
  clock: Pick<Clock, 'now'>,
  nameOf: (agent: Agent) => string,
  onChange: (began: Flood | null) => void,
): FloodGuard {
  const put = new Map<string, { readonly id: string; readonly at: number; readonly agent: Agent }[]>();
  const refused = new Map<string, Refused>();

  /** What lies ahead was counted by a clock that has been set back since, and counts no more. */
  const isRecent = (at: number): boolean => {
    const ago = clock.now() - at;
    return ago >= 0 && ago < newPromptsWithinMs;
  };
  const recent = (key: string) => (put.get(key) ?? []).filter(({ at }) => isRecent(at));

  const shown = ({ agents, program, since, count }: Refused): Flood => {
    const names = Array.from(agents.values(), nameOf);
    return { agent: names.at(-1) ?? '', since, refused: count, program, agents: names };
  };
  const current = (): Refused[] => {
    for (const [key, { last }] of refused) if (!isRecent(last)) refused.delete(key);
    return [...refused.values()];
  };

  /** @param key what was used up, by whoever is to be named */
  const blame = ({ agent, program }: Asker, key: string): void => {
    const now = clock.now();
    current();
    const known = refused.get(key);
    const one = known ?? { agents: new Map<string, Agent>(), program, since: now, last: now, count: 0 };
    one.last = now;
    one.count += 1;
    const asked = mostLast(recent(key).map((each) => each.agent));
    // Of many that have nothing to do with one another, it is not the one who came too late that floods.
    const isOne = program !== null || asked.length === 0 || key === aloneKey(agent.id);
    for (const each of isOne ? [...asked, agent] : asked) {
      one.agents.delete(each.id);
      one.agents.set(each.id, each);
    }
    for (const id of [...one.agents.keys()].slice(0, -mostNamed)) one.agents.delete(id);
    refused.set(key, one);
    onChange(known === undefined ? shown(one) : null);
  };

  const refuse = (asker: Asker, key: string, because: string): never => {
    blame(asker, key);
    throw new TokentrayError('overloaded', because, {
      attempted: 'ask the person',
      subject: quote(nameOf(asker.agent), 64),
      advice: 'Answer the questions that are open, in Tokentray or with "tokentray approvals", then try again.',
      facts: { flood: true },
    });
  };

  return {
    check(asker, open) {
      const name = quote(nameOf(asker.agent), 64);
      for (const { key, most } of asker.bounds) {
        if (recent(key).length < most) continue;
        const who = key === asker.key && asker.program !== null ? `the program of ${name}` : name;
        const others = most === newPromptsOfMadeUp ? `${name} and others like it ask` : `${who} asks`;
        refuse(asker, key, `${others} more often than a person could answer`);
      }
      if (open.length < openPromptsInAll) return null;
      const loser = whoYields(asker, open);
      if (loser === null) return refuse(asker, asker.key, 'more questions are open than a person could answer');
      blame(loser.asker, loser.asker.key);
      return loser.id;
    },
    put({ bounds, agent }, id) {
      for (const key of put.keys()) if (recent(key).length === 0) put.delete(key);
      for (const { key } of bounds) put.set(key, [...recent(key), { id, at: clock.now(), agent }]);
    },
    welcomed(promptId) {
      for (const key of put.keys()) {
        put.set(
          key,
          recent(key).filter(({ id }) => id !== promptId),
        );
      }
    },
    floods: () => current().map(shown),
    forget(agentId) {
      put.delete(aloneKey(agentId));
      let isGone = false;
      for (const [key, { agents }] of refused) {
        if (!agents.delete(agentId)) continue;
        isGone = true;
        if (agents.size === 0) refused.delete(key);
      }
      if (isGone) onChange(null);
    },
  };
}

/** Each of them once, whoever asked most often last. */
function mostLast(asked: readonly Agent[]): Agent[] {
  const often = new Map<string, { readonly agent: Agent; count: number }>();
  for (const agent of asked) {
    const one = often.get(agent.id) ?? { agent, count: 0 };
    one.count += 1;
    often.set(agent.id, one);
  }
  return [...often.values()].toSorted((one, other) => one.count - other.count).map(({ agent }) => agent);
}

/**
 * Whose question goes: of whoever has most of them open, or would have; among equals not that of an agent which a person made,
 * and of the others that of the one which came here last. Names and files can be made up by the dozen, having been here cannot.
 */
function whoYields(asker: Asker, open: readonly OpenQuestion[]): OpenQuestion | null {
  const counts = new Map<string, number>([[asker.key, 1]]);
  for (const { asker: one } of open) counts.set(one.key, (counts.get(one.key) ?? 0) + 1);
  const rank = ({ key, agent }: Asker): readonly number[] => [
    counts.get(key) ?? 0,
    agent.kind === 'key' ? 0 : 1,
    agent.createdAt,
  ];
  let loser: { readonly asker: Asker; readonly question: OpenQuestion | null } | null = null;
  for (const one of [...open, null]) {
    const candidate = { asker: one?.asker ?? asker, question: one };
    // The newest of equals: what has been there for longest is what the person is reading.
    if (loser === null || !isBefore(rank(candidate.asker), rank(loser.asker))) loser = candidate;
  }
  return loser?.question ?? null;
}

function isBefore(one: readonly number[], other: readonly number[]): boolean {
  const at = one.findIndex((figure, index) => figure !== other[index]);
  return at >= 0 && (one[at] ?? 0) < (other[at] ?? 0);
}
