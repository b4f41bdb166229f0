// The guard of one connection of an agent to one server: each request is judged, or waits for the person, before it goes on.
import type { ToolOutcome } from '../audit/tool-call.ts';
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import type { ApprovalChange, EndedBecause, Standing } from './approvals.ts';
import type { GuardParts } from './guards.ts';
import { lockedNow } from './lock-refusal.ts';
import { memberOf } from './markings.ts';
import { reachOf } from './methods.ts';
import type { Question } from './questions.ts';
import type { Standing as PinStanding } from './pins.ts';
import type { Outcome } from './prompts.ts';
import { judge, restricts } from './rules.ts';
import { folded } from './tool-name.ts';
import { everything } from './types.ts';
import type { Admitted, ApprovalRow, Caller, Guard, GuardedRequest, JsonObject, ToolRules, Waiting } from './types.ts';

/** How things stand, the setting considered. */
type Access =
  | Exclude<Standing, { kind: 'allowed' }>
  | { readonly kind: 'allowed'; readonly approval: ApprovalRow | null };

const offRules: ToolRules = { ...everything, ask: 'never' };

export class LiveGuard implements Guard {
  readonly caller: Caller;
  readonly server: string;
  readonly account: string;
  readonly #parts: GuardParts;
  readonly #closed: () => void;
  readonly #gone = new AbortController();
  readonly #listeners = new Set<() => void>();
  #isClosed = false;
  /** As it was when somebody last looked; locked or not. */
  #wasAllowed: boolean;

  constructor(parts: GuardParts, caller: Caller, server: string, account: string, closed: () => void) {
    this.#parts = parts;
    this.caller = caller;
    this.server = server;
    this.account = account;
    this.#closed = closed;
    this.#wasAllowed = this.#isAllowed();
  }

  get ended(): AbortSignal {
    return this.#gone.signal;
  }

  open(): boolean {
    return this.#isAllowed() && !this.#isLocked();
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
    this.#gone.abort(because);
  }

  /** It was locked or unlocked: who looks whether it is open sees it. */
  lockChanged(): void {
    for (const listener of this.#listeners) listener();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closed();
    this.#listeners.clear();
  }

  filterTools(result: JsonObject): JsonObject {
    const access = this.#gone.signal.aborted ? ({ kind: 'unasked' } as const) : this.#access();
    return this.#visible(result, access);
  }

  async admit(request: GuardedRequest, waiting: Waiting): Promise<Admitted> {
    const { approvals, clock } = this.#parts;
    const since = clock.now();
    if (this.caller.via === 'http') approvals.heard(this.caller.agent.id, this.caller.session);
    try {
      return await this.#admit(request, waiting, since);
    } catch (error) {
      if (error instanceof TokentrayError) this.#report(request, since, outcomes[error.code] ?? null, ruleOf(error));
      throw error;
    }
  }

  async #admit(request: GuardedRequest, waiting: Waiting, since: number): Promise<Admitted> {
    const { approvals, prompts } = this.#parts;
    const reach = reachOf(request.method);
    // Whatever was waited for, everything may have changed meanwhile: each turn looks at all of it anew, in one go.
    for (;;) {
      if (this.#isLocked()) throw lockedNow('send the request');
      if (this.#gone.signal.aborted) throw shutOut(this.server);
      const access = this.#access();
      if (access.kind === 'denied') {
        if (access.approval.lasts === 'once') approvals.spend(access.approval.id);
        throw this.#denied();
      }
      if (access.kind === 'unasked') {
        if (reach === 'idle' || (reach === 'first' && this.#knows(request.method))) throw this.#notYet();
        const outcome = await this.#ask(this.#mayUse(request), since, waiting);
        if (outcome !== 'again') throw this.#denied();
        continue;
      }
      const once = access.approval?.lasts === 'once' ? access.approval.id : null;
      if (reach === 'idle' || reach === 'first') return this.#through(request, since, { access, asked: false });
      const question = reach === 'call' ? this.#judge(request, access) : this.#judgeOther(request, reach, access);
      if (question !== null) {
        const answer = prompts.take(question);
        const outcome = answer === null ? await this.#ask(question, since, waiting) : null;
        if (answer === null && outcome === 'again') continue;
        if (answer !== 'allow') {
          if (once !== null) approvals.spend(once);
          throw declined(question);
        }
      }
      // Somebody else may have been faster with the one request that was allowed.
      if (once !== null && !approvals.spend(once)) continue;
      return this.#through(request, since, { access, asked: question !== null });
    }
  }

  async #ask(question: Question, since: number, waiting: Waiting): Promise<Outcome> {
    const { prompts, wait } = this.#parts;
    // Whoever is shut out waits for nobody.
    const signal = AbortSignal.any([waiting.signal, this.#gone.signal]);
    try {
      return await prompts.wait(question, since + wait(), { ...waiting, signal });
    } catch (error) {
      throw this.#gone.signal.aborted ? shutOut(this.server) : error;
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
    const { approvals, mode } = this.#parts;
    if (mode() === 'off') return { kind: 'allowed', approval: null };
    const { agent, session } = this.caller;
    return approvals.standing({ agent, server: this.server, account: this.account, session });
  }

  #rules(access: Access): readonly ToolRules[] {
    const ofServer = this.#parts.serverRules(this.server);
    if (access.kind !== 'allowed') return [ofServer];
    // Off asks nobody, about single calls neither.
    return access.approval === null ? [offRules, { ...ofServer, ask: 'never' }] : [access.approval.rules, ofServer];
  }

  /** The question that this call is about; null: it may go on. @throws tool_refused, tool_held */
  #judge({ params }: GuardedRequest, access: Access): (Question & { kind: 'call' }) | null {
    const { name } = params;
    const pin = this.#standing(name);
    if (pin.state === 'held' && isDecided(access)) throw held(name, pin.because);
    const rules = this.#rules(access);
    if (!rules.some(restricts)) return null;
    const verdict = judge(rules, { name, marked: pin.marked, known: pin.known });
    if (verdict.kind === 'allowed') return null;
    if (verdict.kind === 'refused') throw refusedTool(name, verdict.because);
    const { agent, via, session } = this.caller;
    return {
      kind: 'call',
      agent,
      via,
      session,
      server: this.server,
      account: this.account,
      tool: String(name),
      title: null,
      marked: pin.marked,
      arguments: objectOf(params['arguments']),
    };
  }

  /** Reading goes on; what nobody knows does not, where it could get around a rule. @throws tool_refused */
  #judgeOther({ method }: GuardedRequest, reach: 'read' | null, access: Access): null {
    if (reach === 'read') return null;
    const rules = this.#rules(access);
    // Spelt as a careless server might still understand it.
    const isLookAlike = reachOf(folded(method)) !== null;
    if (rules.some((one) => one.tools === 'read-only') || (isLookAlike && rules.some(restricts))) {
      const because = `it is not known what the method ${quote(method, 80)} does`;
      throw new TokentrayError('tool_refused', `A rule of the person stands against this request: ${because}`, {
        attempted: 'send the request',
        facts: { rule: because },
      });
    }
    return null;
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
      if (reach === 'call') return this.#judge(request, access) === null || then.asked;
      if (reach === 'read' || reach === null) this.#judgeOther(request, reach, access);
      return true;
    } catch {
      return false;
    }
  }

  #standing(tool: unknown): PinStanding {
    return this.#parts.pins.standing(this.server, this.account, tool);
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

  #through(request: GuardedRequest, since: number, then: { access: Access; asked: boolean }): Admitted {
    let told = false;
    return {
      reads: request.method === 'tools/list',
      result: (result) => {
        if (request.method !== 'tools/list') return result;
        const access = this.#access();
        const { tools, nextCursor } = result;
        if (Array.isArray(tools)) {
          // Off is nobody's agreement; only a rule about what tools say of themselves needs something to go by.
          const agreed = isDecided(access) || this.#parts.serverRules(this.server).tools === 'read-only';
          const page = { cursor: request.params['cursor'], next: nextCursor };
          this.#parts.pins.seen(this.server, this.account, tools, {
            agreed: agreed && access.kind === 'allowed',
            page,
          });
        }
        return this.#visible(result, access);
      },
      stands: () => this.#stands(request, then),
      finished: ({ outcome, bytes }) => {
        if (told) return;
        told = true;
        this.#report(request, since, outcome, undefined, bytes);
      },
    };
  }

  /** Without the tools that this agent could not call. The same object where there is nothing to hide. */
  #visible(result: JsonObject, access: Access): JsonObject {
    const tools: unknown = result['tools'];
    if (!Array.isArray(tools)) return result;
    const isOff = access.kind === 'allowed' && access.approval === null;
    const unheld = isOff ? tools : this.#parts.pins.filter(this.server, this.account, tools);
    const rules = this.#rules(access);
    const left = rules.some(restricts) ? unheld.filter((tool) => this.#isCallable(tool, rules)) : unheld;
    return left.length === tools.length ? result : { ...result, tools: left };
  }

  #isCallable(tool: unknown, rules: readonly ToolRules[]): boolean {
    const name = memberOf(tool, 'name');
    const { marked, known } = this.#standing(name);
    return judge(rules, { name, marked, known }).kind !== 'refused';
  }

  #report(
    { method, params, bytes }: GuardedRequest,
    since: number,
    outcome: ToolOutcome | null,
    rule?: string,
    answerBytes = 0,
  ): void {
    if (method !== 'tools/call' || outcome === null) return;
    const { name } = params;
    this.#parts.audit.toolCall({
      agent: this.caller.agent.name,
      server: this.server,
      account: this.account,
      tool: typeof name === 'string' ? name : '',
      outcome,
      ms: this.#parts.clock.now() - since,
      requestBytes: bytes,
      answerBytes,
      rule,
      arguments: params['arguments'],
    });
  }

  #denied(): TokentrayError {
    return new TokentrayError(
      'approval_denied',
      `A person has denied ${quote(this.caller.agent.name, 64)} the use of "${this.server}"`,
      { attempted: 'send the request', advice: 'They can allow it in Tokentray: tokentray approvals' },
    );
  }

  #notYet(): TokentrayError {
    return new TokentrayError(
      'approval_needed',
      `No person has allowed ${quote(this.caller.agent.name, 64)} to use "${this.server}" yet`,
      { attempted: 'send the request', advice: 'The first request that needs the server asks them' },
    );
  }
}

const outcomes: Readonly<Partial<Record<TokentrayError['code'], ToolOutcome>>> = {
  approval_needed: 'approval-needed',
  approval_denied: 'denied',
  tool_refused: 'refused',
  tool_held: 'held',
  call_declined: 'declined',
  overloaded: 'approval-needed',
  locked: 'refused',
};

const ruleOf = ({ facts: { rule } }: TokentrayError): string | undefined =>
  typeof rule === 'string' ? rule : undefined;

const shutOut = (server: string): TokentrayError =>
  new TokentrayError('approval_denied', `This agent's use of "${server}" has been ended`, {
    attempted: 'send the request',
  });

const held = (tool: unknown, because: string | null): TokentrayError => {
  const why = because === null ? '' : `: ${because}`;
  return new TokentrayError('tool_held', `The tool ${quote(tool, 80)} is held until a person has looked at it${why}`, {
    attempted: 'call the tool',
    advice: 'They can look at it and accept it in Tokentray',
    facts: { rule: because ?? 'held' },
  });
};

const refusedTool = (tool: unknown, because: string): TokentrayError =>
  new TokentrayError('tool_refused', `A rule of the person stands against the tool ${quote(tool, 80)}: ${because}`, {
    attempted: 'call the tool',
    facts: { rule: because.slice(0, 1_024) },
  });

const declined = ({ tool }: Question): TokentrayError =>
  new TokentrayError('call_declined', `A person saw this call of ${quote(tool, 80)}, and said no`, {
    attempted: 'call the tool',
  });

/** A person or their trust stands behind it, not the setting that asks nobody. */
const isDecided = (access: Access): boolean => access.kind === 'allowed' && access.approval !== null;

const objectOf = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
