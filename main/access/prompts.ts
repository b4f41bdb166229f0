// The questions that are open to a person: one for each agent and grant however many requests wait, each answered once.
import type { AgentView } from '../../preload/contract.ts';
import type { Flood, Prompt } from '../../preload/contract-access.ts';
import { TokentrayError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { quote } from '../quote.ts';
import { unknownApproval } from './approvals.ts';
import type { AccessEvent, Approvals, Decision } from './approvals.ts';
import { askerOf, createFloodGuard } from './flood.ts';
import type { Asker } from './flood.ts';
import { bindsProgram, certainProgram } from './program-denials.ts';
import { keyOf, shownAgent, shownQuestion, shownTool, useKey } from './questions.ts';
import type { About, Question } from './questions.ts';
import { shortId } from './short-id.ts';
import type { ApprovalRow, Waiting } from './types.ts';

/** For so long an answer counts, whether somebody still waits for it or comes again. */
export const promptLivesMs = 15 * 60_000;
/** How often an agent that waits hears that it does. */
export const wordsEveryMs = 5_000;
/** What was answered is remembered for its page. */
const mostAnswered = 200;

/** What came of one wait: `again` means that things have changed and are to be looked at anew. */
export type Outcome =
  | 'again'
  | { readonly kind: 'denied'; readonly approvalId: string }
  | { readonly kind: 'declined' };

export type Answered =
  | { readonly kind: 'allowed' | 'denied'; readonly at: number; readonly prompt: Prompt }
  /** Nobody answered in time, or there is nothing to answer any more. */
  | { readonly kind: 'over'; readonly at: number; readonly prompt: Prompt };

export interface Prompts {
  /** Puts the question, or joins it where it is open. @throws overloaded, unknown_agent */
  raise(question: Question): string;
  /**
   * Puts or joins the question and waits for what comes of it.
   * @param until when the request can wait no longer, in milliseconds since the epoch
   * @throws approval_needed when that has come, or `waiting.signal` aborted; overloaded, unknown_agent
   */
  wait(question: Question, until: number, waiting: Waiting): Promise<Outcome>;
  /** The answer to exactly this call, for one request; null: the person has given none. */
  take(question: Question): 'allow' | 'deny' | null;
  /** Answers a prompt of kind `use`. @throws unknown_approval, invalid_input */
  decide(id: string, decision: Decision, by: string): ApprovalRow;
  /** Answers a prompt of kind `call`. @throws unknown_approval */
  answer(id: string, allow: boolean, by: string): void;
  /** Oldest first. */
  list(): Prompt[];
  floods(): Flood[];
  get(id: string): { readonly kind: 'open'; readonly prompt: Prompt } | Answered | null;
  /** The open question of an agent for a grant. */
  openFor(agentId: string, server: string, account: string): string | null;
  /** Nobody is to be asked about it any more; requests that wait look at how things stand now. */
  withdraw(about: { agentId: string } | { server: string; account?: string | undefined } | 'all'): void;
  /**
   * What an agent was allowed has ended: its calls that no connection could make any more are nothing to answer.
   * @param mayCall whether that connection may use the grant still
   */
  withdrawCalls(
    about: { readonly agentId: string; readonly server: string; readonly account: string },
    mayCall: (session: string) => boolean,
  ): void;
  /** Some agent is called something else, or says something else of itself. */
  agentsChanged(): void;
  onChange(listener: () => void): () => void;
  close(): void;
}

export interface PromptParts {
  readonly clock: Clock;
  readonly approvals: Pick<Approvals, 'decide' | 'spend'>;
  readonly agentView: (id: string) => AgentView | null;
  /** @throws unknown_server */
  readonly about: (server: string, account: string) => About;
  /** The page that says where to answer. */
  readonly linkFor: (id: string) => string;
  readonly tell: (event: AccessEvent) => void;
}

interface Open {
  readonly id: string;
  readonly key: string;
  readonly question: Question;
  readonly asker: Asker;
  shown: ReturnType<typeof shownQuestion>;
  readonly at: number;
  readonly expiresAt: number;
  readonly waiters: Set<(outcome: Outcome) => void>;
  /** Of the connections that asked: a decision for the session is one for each of them. */
  readonly sessions: Set<string>;
  readonly stopTimer: () => void;
}

const none = (): void => {};

export function createPrompts(parts: PromptParts): Prompts {
  const { clock, approvals, linkFor, tell } = parts;
  const open = new Map<string, Open>();
  const byKey = new Map<string, Open>();
  const answered = new Map<string, Answered>();
  /** Answers to single calls that no request has taken yet. */
  const calls = new Map<string, { readonly answer: 'allow' | 'deny'; readonly until: number; readonly one: Open }>();
  const listeners = new Set<() => void>();
  const changed = (): void => listeners.forEach((listener) => listener());
  /** Now: a connection, and a question, can be older than the agent's name. */
  const nameOf = ({ id, name }: { readonly id: string; readonly name: string }): string =>
    parts.agentView(id)?.name ?? name;
  const flood = createFloodGuard(clock, nameOf, (began) => {
    if (began !== null) {
      const { agent, program = null } = began;
      tell({ kind: 'approval-flood', server: '', account: '', agent, detail: { program } });
    }
    changed();
  });

  /** Further ahead than a question can be open, it is of a clock that was set back since. */
  const isPast = (until: number): boolean => clock.now() >= until || until - clock.now() > promptLivesMs;

  const view = ({ id, at, expiresAt, shown, waiters, question }: Open): Prompt => {
    const agent = parts.agentView(question.agent.id);
    const base = { id, at, expiresAt, waiting: waiters.size };
    return { ...shown, ...base, agent: agent === null ? shown.agent : shownAgent(agent) };
  };

  const told = (kind: string, { question }: Pick<Open, 'question'>, detail: AccessEvent['detail'] = {}): void => {
    const { server, account, agent, via, tool } = question;
    const more = { via, tool: tool?.slice(0, 256) ?? null };
    tell({ kind, server, account, agent: nameOf(agent), detail: { ...detail, ...more } });
  };

  /** Takes it off the list and tells everybody who waits. */
  const settle = (one: Open, kind: Answered['kind'], outcome: Outcome): void => {
    const prompt = view(one);
    one.stopTimer();
    open.delete(one.id);
    byKey.delete(one.key);
    answered.set(one.id, { kind, at: clock.now(), prompt });
    for (const id of answered.keys()) {
      if (answered.size <= mostAnswered) break;
      answered.delete(id);
    }
    for (const tellWaiter of one.waiters) tellWaiter(outcome);
    changed();
  };

  const find = (id: string, kind: Question['kind']): Open => {
    const one = open.get(id);
    // By the clock as well: a machine that slept may not have run the timer yet.
    if (one === undefined || one.question.kind !== kind || clock.now() >= one.expiresAt) throw unknownApproval(id);
    return one;
  };

  const put = (key: string, question: Question): Open => {
    const agent = parts.agentView(question.agent.id);
    if (agent === null || agent.revokedAt !== null) {
      throw new TokentrayError('unknown_agent', `${quote(nameOf(question.agent), 64)} may no longer use the bridge`, {
        attempted: 'ask the person',
      });
    }
    const about = parts.about(question.server, question.account);
    const asker = askerOf(agent);
    const crowded = open.get(flood.check(asker, [...open.values()]) ?? '');
    if (crowded !== undefined) {
      told('approval-unanswered', crowded, { about: crowded.question.kind, because: 'flood' });
      // Whoever waited looks anew, has as many as before, and is refused unless there is room again.
      settle(crowded, 'over', 'again');
    }
    const id = shortId();
    const at = clock.now();
    const one: Open = {
      id,
      key,
      question,
      asker,
      shown: shownQuestion(question, agent, about),
      at,
      expiresAt: at + promptLivesMs,
      waiters: new Set(),
      sessions: new Set(),
      stopTimer: clock.after(promptLivesMs, () => expire(one)),
    };
    open.set(id, one);
    byKey.set(key, one);
    flood.put(asker, id);
    told('approval-asked', one, { about: question.kind });
    return one;
  };

  const expire = (one: Open): void => {
    if (!open.has(one.id)) return;
    told('approval-unanswered', one, { about: one.question.kind });
    settle(one, 'over', 'again');
  };

  const join = (question: Question): Open => {
    const key = keyOf(question);
    const known = byKey.get(key);
    if (known !== undefined && clock.now() >= known.expiresAt) expire(known);
    const one = byKey.get(key) ?? put(key, question);
    const { shown } = one;
    const names = shown.kind === 'use' && shown.tool === null && question.tool !== null;
    // It began with looking around, and now it calls something: that tells the person more.
    if (names) one.shown = { ...shown, tool: shownTool(question.tool) };
    if (names || !one.sessions.has(question.session)) {
      one.sessions.add(question.session);
      changed();
    }
    return one;
  };

  /** The same program asked under other names: the answer is theirs too, as they find when they look. */
  const withdrawOthers = ({ question: { agent, server, account } }: Open): void => {
    const program = certainProgram(parts.agentView(agent.id));
    if (program === null) return;
    for (const other of open.values()) {
      const { question } = other;
      const isSame = question.kind === 'use' && question.server === server && question.account === account;
      if (isSame && certainProgram(parts.agentView(question.agent.id)) === program) settle(other, 'over', 'again');
    }
  };

  const needed = ({ id, question }: Open): TokentrayError => {
    const url = linkFor(id);
    const { agent, server } = question;
    const what =
      question.kind === 'use'
        ? `A person has to allow ${quote(nameOf(agent), 64)} to use "${server}"`
        : `A person has to allow this call of ${quote(question.tool, 80)} on "${server}"`;
    return new TokentrayError('approval_needed', `${what}, and has not answered yet`, {
      attempted: 'send the request',
      advice: `Ask them to answer in Tokentray (${url} says where), then send the request again`,
      facts: { id, url },
    });
  };

  return {
    raise: (question) => join(question).id,

    wait(question, until, { signal, onWait }) {
      const one = join(question);
      return new Promise<Outcome>((resolve, reject) => {
        const over = (): void => {
          one.waiters.delete(answer);
          stopDeadline();
          stopWords();
          signal.removeEventListener('abort', giveUp);
        };
        const answer = (outcome: Outcome): void => {
          over();
          resolve(outcome);
        };
        const giveUp = (): void => {
          over();
          changed();
          reject(needed(one));
        };
        const say = (): void => {
          stopWords = clock.after(wordsEveryMs, say);
          onWait?.(`Waiting for a person to answer in Tokentray: ${linkFor(one.id)}`);
        };
        let stopWords = none;
        const stopDeadline = clock.after(Math.max(0, until - clock.now()), giveUp);
        one.waiters.add(answer);
        signal.addEventListener('abort', giveUp, { once: true });
        if (signal.aborted) {
          giveUp();
          return;
        }
        say();
        changed();
      });
    },

    take(question) {
      const key = keyOf(question);
      const found = calls.get(key);
      // One answer, one call: it was about these arguments this once.
      calls.delete(key);
      return found === undefined || isPast(found.until) ? null : found.answer;
    },

    decide(id, decision, by) {
      const one = find(id, 'use');
      const waited = one.waiters.size > 0;
      const row = approvals.decide(one.question, [...one.sessions], decision, by);
      if (decision.decision === 'allow') {
        flood.welcomed(id);
        settle(one, 'allowed', 'again');
      } else {
        // A denial for once is for those who wait; where nobody does, it waits for the one that comes again.
        if (decision.lasts === 'once' && waited) approvals.spend(row.id);
        settle(one, 'denied', { kind: 'denied', approvalId: row.id });
        if (bindsProgram(row)) withdrawOthers(one);
      }
      return row;
    },

    answer(id, allow, by) {
      const one = find(id, 'call');
      for (const [key, { until }] of calls) if (isPast(until)) calls.delete(key);
      // A no is for those who wait; where nobody does, it waits for the one that comes again. A yes is for one of them.
      if (allow || one.waiters.size === 0) {
        calls.set(one.key, { answer: allow ? 'allow' : 'deny', until: one.expiresAt, one });
      }
      if (allow) flood.welcomed(id);
      told(allow ? 'call-allowed' : 'call-declined', one, { by });
      settle(one, allow ? 'allowed' : 'denied', allow ? 'again' : { kind: 'declined' });
    },

    list: () => [...open.values()].filter(({ expiresAt }) => clock.now() < expiresAt).map(view),
    floods: () => flood.floods(),
    get(id) {
      const one = open.get(id);
      return one === undefined ? (answered.get(id) ?? null) : { kind: 'open', prompt: view(one) };
    },
    openFor: (agentId, server, account) => byKey.get(useKey(agentId, server, account))?.id ?? null,

    withdraw(about) {
      for (const one of open.values()) {
        if (isAbout(one.question, about)) settle(one, 'over', 'again');
      }
      if (about !== 'all' && 'agentId' in about) flood.forget(about.agentId);
    },

    withdrawCalls({ agentId, server, account }, mayCall) {
      const isOver = ({ question, sessions }: Open): boolean =>
        question.kind === 'call' &&
        question.agent.id === agentId &&
        question.server === server &&
        question.account === account &&
        ![...sessions].some(mayCall);
      for (const one of [...open.values()].filter(isOver)) if (open.has(one.id)) settle(one, 'over', 'again');
      // A yes that nobody took was to a call under what has ended.
      for (const [key, { one }] of calls) if (isOver(one)) calls.delete(key);
    },

    agentsChanged() {
      if (open.size > 0) changed();
    },

    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      for (const one of open.values()) settle(one, 'over', 'again');
    },
  };
}

function isAbout({ agent, server, account }: Question, about: Parameters<Prompts['withdraw']>[0]): boolean {
  if (about === 'all') return true;
  if ('agentId' in about) return agent.id === about.agentId;
  return server === about.server && (about.account === undefined || account === about.account);
}
