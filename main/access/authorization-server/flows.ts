// Sign-ins that wait for the person: each has a prompt of its own, and only the answer to that one lets it go on.
import type { Clock } from '../../ports.ts';
import { isTokentrayError } from '../../errors.ts';
import { cleanName } from '../agent-name.ts';
import type { Agents } from '../agents.ts';
import type { Approvals } from '../approvals.ts';
import { promptLivesMs, type Prompts } from '../prompts.ts';
import type { Caller } from '../types.ts';

/** Who wants what, as the request says it and was checked. */
export interface Wish {
  readonly clientId: string;
  readonly clientName: string | null;
  readonly redirectUri: string;
  readonly server: string;
}

export type FlowState =
  /** `called`: by its own word; `agent`: as Tokentray lists it, where another one may have had that name first. */
  | { readonly kind: 'waiting'; readonly promptId: string; readonly called: string; readonly agent: string }
  | { readonly kind: 'allowed' }
  | { readonly kind: 'denied'; readonly why: string };

export interface Flows {
  /** Asks the person at the first call for a sign-in, and says how it stands at each. */
  look(id: string, wish: Wish): FlowState;
  /** It went on, or has ended. */
  done(id: string): void;
  /** How many wait. */
  size(): number;
  close(): void;
}

export interface FlowParts {
  readonly clock: Clock;
  readonly agents: Pick<Agents, 'oauth'>;
  readonly approvals: Pick<Approvals, 'standing'>;
  readonly prompts: Pick<Prompts, 'raise' | 'wait' | 'get'>;
  /** As the guards have it. @throws unknown_server, account_missing */
  readonly accountOf: (caller: Caller, server: string) => string;
  /** What "for this session" is bound to, for this agent on HTTP. */
  readonly callerOf: (agent: Caller['agent']) => Caller;
}

interface Refused {
  readonly refused: string;
  readonly until: number;
}

interface Flow {
  /** As long as its prompt: a tab that was closed holds no place for longer. */
  readonly until: number;
  readonly promptId: string;
  readonly called: string;
  readonly asking: {
    readonly agent: Caller['agent'];
    readonly server: string;
    readonly account: string;
    readonly session: string;
  };
  /** Ends the waiting for an answer; the prompt stays for as long as it would. */
  readonly gone: AbortController;
}

/** Whose tab is open hears within seconds that nobody answered; a sign-in is not kept for longer than this beyond its question. */
const toldWithinMs = 60_000;

export function createFlows(parts: FlowParts): Flows {
  const { clock, agents, approvals, prompts } = parts;
  const flows = new Map<string, Flow | Refused>();

  const begin = (id: string, wish: Wish): Flow | Refused => {
    const until = clock.now() + promptLivesMs;
    const { clientId, redirectUri, server } = wish;
    const called = cleanName(wish.clientName ?? hostOf(clientId)) ?? 'unnamed agent';
    try {
      const agent = agents.oauth(clientId, {
        name: called,
        // Where its document was read: that much is proven. What the document says of its home is not.
        claimed: { name: wish.clientName, client: null, clientUri: hostOf(clientId) === null ? null : clientId },
      });
      const caller = parts.callerOf(agent);
      const account = parts.accountOf(caller, server);
      const asking = { agent, server, account, session: caller.session };
      const standing = approvals.standing(asking);
      if (standing.kind === 'denied')
        return { refused: 'The person has denied this agent the use of the server.', until };
      // What stands already is no answer: a client id is public, and so is whoever presents it on this machine
      // (RFC 8252 section 8.6). Only who holds what was issued before is known not to be somebody else.
      const question = { ...asking, kind: 'use', via: 'http', tool: null, redirectUri, signIn: id } as const;
      const promptId = prompts.raise(question);
      const gone = new AbortController();
      // So that it counts as one that waits; how it ends is looked up by whoever asks.
      void prompts.wait(question, until, { signal: gone.signal }).catch(() => undefined);
      return { promptId, called, asking, gone, until };
    } catch (error) {
      if (!isTokentrayError(error)) throw error;
      return { refused: error.message, until };
    }
  };

  const flowOf = (id: string, wish: Wish): Flow | Refused => {
    const known = flows.get(id);
    if (known !== undefined) return known;
    const flow = begin(id, wish);
    flows.set(id, flow);
    return flow;
  };

  const done = (id: string): void => {
    const flow = flows.get(id);
    flows.delete(id);
    if (flow !== undefined && 'gone' in flow) flow.gone.abort();
  };

  return {
    look(id, wish) {
      const flow = flowOf(id, wish);
      if ('refused' in flow) return { kind: 'denied', why: flow.refused };
      const found = prompts.get(flow.promptId);
      if (found?.kind === 'open') {
        const { promptId, called, asking } = flow;
        return { kind: 'waiting', promptId, called, agent: asking.agent.name };
      }
      if (found?.kind === 'denied') return { kind: 'denied', why: 'The person said no.' };
      if (found?.kind !== 'allowed') return { kind: 'denied', why: 'Nobody answered in time.' };
      // It may have been taken back between the answer and this look.
      const { kind } = approvals.standing(flow.asking);
      return kind === 'allowed' ? { kind } : { kind: 'denied', why: 'The approval has ended already.' };
    },
    done,
    size() {
      const now = clock.now();
      // Further ahead than that, it is of a clock that was set back since.
      const waits = ({ until }: Flow | Refused): boolean => now < until && until - now <= promptLivesMs;
      // One that has just run out is still to be told of; forgotten, it would be asked about once more.
      for (const [id, flow] of flows) if (!waits(flow) && Math.abs(now - flow.until) > toldWithinMs) done(id);
      return [...flows.values()].filter(waits).length;
    },
    close: () => [...flows.keys()].forEach(done),
  };
}

/** Of a client id that is the address of a document. */
function hostOf(clientId: string): string | null {
  return clientId.startsWith('https://') && URL.canParse(clientId) ? new URL(clientId).host : null;
}
