// The guard of one connection of an agent to one server: each request is judged, or waits for the person, before it goes on.
import type { ToolOutcome } from '../audit/tool-call.ts';
import { TokentrayError } from '../errors.ts';
import type { ApprovalChange, EndedBecause } from './approvals.ts';
import { declined, deniedProgram, deniedUse, ended, gaveUp, notYet, outcomes, ruleOf } from './guard-refusals.ts';
import type { LiveParts } from './guards.ts';
import type { ToolsRead } from './listings.ts';
import { lockedNow } from './lock-refusal.ts';
import { reachOf } from './methods.ts';
import type { Question } from './questions.ts';
import type { Outcome } from './prompts.ts';
import { RequestJudge, type Access } from './request-judge.ts';
import type { Admitted, ApprovalRow, Caller, Guard, GuardedRequest, JsonObject, Waiting } from './types.ts';

/** Of one request: when it came, and how long a person was waited for since; milliseconds. */
interface Arrival {
  readonly since: number;
  waited: number;
}

export class LiveGuard implements Guard {
  readonly caller: Caller;
  readonly server: string;
  readonly account: string;
  readonly #parts: LiveParts;
  readonly #judge: RequestJudge;
  readonly #closed: () => void;
  readonly #gone = new AbortController();
  readonly #listeners = new Set<() => void>();
  #isClosed = false;
  /** What it was called when its time was over: what is told afterwards may find no database any more. */
  #lastName: string | null = null;
  /** As it was when somebody last looked; locked or not. */
  #wasAllowed: boolean;

  constructor(parts: LiveParts, caller: Caller, server: string, account: string, closed: () => void) {
    this.#parts = parts;
    this.caller = caller;
    this.server = server;
    this.account = account;
    this.#judge = new RequestJudge(parts, caller, server, account);
    this.#closed = closed;
    this.#wasAllowed = this.#isAllowed();
  }

  get ended(): AbortSignal {
    return this.#gone.signal;
  }

  open(): boolean {
    return this.#isAllowed() && !this.#isLocked();
  }

  allowed(): boolean {
    return this.#isAllowed();
  }

  denied(): boolean {
    return this.#access().kind === 'denied';
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  isAbout(change: Pick<ApprovalChange, 'agentId' | 'server' | 'account'>): boolean {
    const { agentId, server, account } = change;
    return agentId === this.caller.agent.id && server === this.server && account === this.account;
  }

  /** Something was decided or has ended: an agent that was allowed and is no more is shut out. */
  look(ended: { readonly because: EndedBecause } | null): void {
    const was = this.#wasAllowed;
    this.#wasAllowed = this.#isAllowed();
    // The one request that was allowed is under way, and may finish.
    if (was && !this.#wasAllowed && ended?.because !== 'used') this.end();
    if (!this.#isItsAccount()) this.end();
    for (const listener of this.#listeners) listener();
  }

  /** @param because what is under way is told; by default that the agent was shut out */
  end(because?: TokentrayError): void {
    this.#lastName ??= this.#agent().name;
    this.#gone.abort(because);
  }

  /** It was locked or unlocked: who looks whether it is open sees it. */
  lockChanged(): void {
    for (const listener of this.#listeners) listener();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#lastName ??= this.#agent().name;
    this.#closed();
    this.#listeners.clear();
  }

  filterTools(result: JsonObject): JsonObject {
    const access = this.#gone.signal.aborted ? ({ kind: 'unasked' } as const) : this.#access();
    return this.#judge.visible(result, access);
  }

  async admit(request: GuardedRequest, waiting: Waiting): Promise<Admitted> {
    const { approvals, clock } = this.#parts;
    const arrival: Arrival = { since: clock.now(), waited: 0 };
    if (this.caller.via === 'http') approvals.heard(this.caller.agent.id, this.caller.session);
    try {
      return await this.#admit(request, waiting, arrival);
    } catch (error) {
      if (error instanceof TokentrayError)
        this.#report(request, arrival, outcomes[error.code] ?? 'failed', ruleOf(error));
      throw error;
    }
  }

  async #admit(request: GuardedRequest, waiting: Waiting, arrival: Arrival): Promise<Admitted> {
    const { approvals, prompts } = this.#parts;
    let listed: ToolsRead['kind'] = 'listed';
    const reach = reachOf(request.method);
    // Whatever was waited for, everything may have changed meanwhile: each turn looks at all of it anew, in one go.
    for (;;) {
      if (this.#isLocked()) throw lockedNow('send the request');
      if (this.#gone.signal.aborted) throw this.#hasEnded();
      const access = this.#access();
      if (access.kind === 'denied') {
        if (access.approval.lasts === 'once') approvals.spend(access.approval.id);
        throw this.#denied(access.approval);
      }
      if (access.kind === 'unasked') {
        if (reach === 'idle' || (reach === 'first' && this.#knows(request.method)))
          throw notYet(this.#agent().name, this.server);
        const outcome = await this.#ask(this.#mayUse(request), arrival, waiting);
        if (outcome !== 'again') throw deniedUse(this.#agent().name, this.server);
        continue;
      }
      const once = access.approval?.lasts === 'once' ? access.approval.id : null;
      if (reach === 'idle' || reach === 'first') return this.#through(request, arrival, { access, asked: false });
      if (reach === 'call' && listed === 'listed' && this.#mustRead(request, access)) {
        listed = await this.#readTools(arrival, waiting);
        continue;
      }
      const question =
        reach === 'call' ? this.#judge.call(request, access, listed) : this.#judge.other(request, reach, access);
      if (question !== null) {
        const answer = prompts.take(question);
        const outcome = answer === null ? await this.#ask(question, arrival, waiting) : null;
        if (answer === null && outcome === 'again') continue;
        if (answer !== 'allow') {
          if (once !== null) approvals.spend(once);
          throw declined(question.tool);
        }
      }
      // Somebody else may have been faster with the one request that was allowed.
      if (once !== null && !approvals.spend(once)) continue;
      return this.#through(request, arrival, { access, asked: question !== null });
    }
  }

  async #ask(question: Question, arrival: Arrival, waiting: Waiting): Promise<Outcome> {
    const { clock, prompts, wait } = this.#parts;
    // Whoever is shut out waits for nobody.
    const signal = AbortSignal.any([waiting.signal, this.#gone.signal]);
    const asked = clock.now();
    try {
      return await prompts.wait(question, arrival.since + wait(), { ...waiting, signal });
    } catch (error) {
      throw this.#gone.signal.aborted ? this.#hasEnded() : error;
    } finally {
      // A clock that was set back meanwhile tells nothing.
      arrival.waited += Math.max(0, clock.now() - asked);
    }
  }

  /** As it is called now: a connection begins before the agent has said a name, and a person may give it another one. */
  #agent(): { readonly id: string; readonly name: string } {
    const { id, name } = this.caller.agent;
    return { id, name: this.#lastName ?? this.#parts.agentView(id)?.name ?? name };
  }

  #hasEnded(): TokentrayError {
    return ended(this.server, this.#gone.signal.reason, this.#isLocked());
  }

  #denied({ agentId }: ApprovalRow): TokentrayError {
    const { id, name } = this.#agent();
    if (agentId === id) return deniedUse(name, this.server);
    return deniedProgram(name, this.#parts.agentView(agentId)?.name ?? '', this.server);
  }

  /** Whether nobody knows what a rule goes by, and the server was not asked just now. */
  #mustRead(request: GuardedRequest, access: Access): boolean {
    return this.#judge.isUnseen(request, access) && !this.#parts.listings.isFresh(this.server, this.account);
  }

  /** @throws as `Listings.read`; approval_denied, unreachable when the agent was shut out or gave up */
  async #readTools({ since }: Arrival, waiting: Waiting): Promise<ToolsRead['kind']> {
    const { clock, listings, wait } = this.#parts;
    const gone = AbortSignal.any([waiting.signal, this.#gone.signal]);
    const { promise: over, resolve } = Promise.withResolvers<ToolsRead['kind']>();
    const end = (): void => resolve('unreadable');
    const stop = clock.after(Math.max(0, since + wait() - clock.now()), end);
    gone.addEventListener('abort', end, { once: true });
    if (gone.aborted) end();
    try {
      const read = listings.read(this.server, this.account, () => this.#judge.agreesTo(this.#access()));
      const outcome = await Promise.race([read, over]);
      if (this.#gone.signal.aborted) throw this.#hasEnded();
      if (waiting.signal.aborted) throw gaveUp(this.server);
      return outcome;
    } finally {
      stop();
      gone.removeEventListener('abort', end);
    }
  }

  /** A connection stays with the account that it began with, or ends. */
  #isItsAccount(): boolean {
    try {
      return this.#parts.accountOf(this.caller, this.server) === this.account;
    } catch {
      return false;
    }
  }

  #isAllowed(): boolean {
    return !this.#gone.signal.aborted && this.#access().kind === 'allowed';
  }

  #isLocked(): boolean {
    return this.#parts.isLocked?.() === true;
  }

  #access(): Access {
    const { approvals, denials, mode } = this.#parts;
    if (mode() === 'off') return { kind: 'allowed', approval: null };
    const { agent, session } = this.caller;
    const standing = approvals.standing({ agent, server: this.server, account: this.account, session });
    if (standing.kind !== 'unasked') return standing;
    const approval = denials.of(agent.id, this.server, this.account);
    return approval === null ? standing : { kind: 'denied', approval };
  }

  /** What was allowed for once is used up by the request itself: that does not stand against it. */
  #stands(request: GuardedRequest, then: { access: Access; asked: boolean }): boolean {
    if (this.#isLocked() || this.#gone.signal.aborted) return false;
    const now = this.#access();
    const isUsed = then.access.kind === 'allowed' && then.access.approval?.lasts === 'once';
    if (now.kind !== 'allowed' && !(now.kind === 'unasked' && isUsed)) return false;
    const access = now.kind === 'allowed' ? now : then.access;
    const reach = reachOf(request.method);
    try {
      if (reach === 'call') return this.#judge.call(request, access) === null || then.asked;
      if (reach === 'read' || reach === null) this.#judge.other(request, reach, access);
      return true;
    } catch {
      return false;
    }
  }

  #knows(method: string): boolean {
    const known = this.#parts.known(this.server, this.account);
    return (method === 'tools/list' ? known?.tools : known?.capabilities) !== undefined;
  }

  #mayUse({ method, params }: GuardedRequest): Question {
    const { agent, via, session } = this.caller;
    const { name } = params;
    const tool = method === 'tools/call' && typeof name === 'string' ? name : null;
    return { kind: 'use', agent, via, session, server: this.server, account: this.account, tool };
  }

  #through(request: GuardedRequest, arrival: Arrival, then: { access: Access; asked: boolean }): Admitted {
    let told = false;
    return {
      reads: request.method === 'tools/list',
      result: (result) => {
        if (request.method !== 'tools/list') return result;
        const access = this.#access();
        this.#judge.seen(request, result, access);
        return this.#judge.visible(result, access);
      },
      stands: () => this.#stands(request, then),
      finished: ({ outcome, bytes }) => {
        if (told) return;
        told = true;
        this.#report(request, arrival, outcome, undefined, bytes);
      },
    };
  }

  #report(
    { method, params, bytes }: GuardedRequest,
    { since, waited }: Arrival,
    outcome: ToolOutcome | null,
    rule?: string,
    answerBytes = 0,
  ): void {
    if (method !== 'tools/call' || outcome === null) return;
    const { name } = params;
    this.#parts.audit.toolCall({
      agent: this.#agent().name,
      server: this.server,
      account: this.account,
      tool: typeof name === 'string' ? name : '',
      outcome,
      ms: Math.max(0, this.#parts.clock.now() - since - waited),
      waited,
      requestBytes: bytes,
      answerBytes,
      rule,
      arguments: params['arguments'],
    });
  }
}
