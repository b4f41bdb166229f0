// What rules and pinned tools say of one request of an agent that is allowed, and which tools they let it see.
import type { ApprovalRow, Caller, GuardedRequest, JsonObject, ToolRules } from './types.ts';
import type { Standing } from './approvals.ts';
import { held, refusedTool, unknownMethod } from './guard-refusals.ts';
import type { ToolsRead } from './listings.ts';
import { memberOf } from './markings.ts';
import { reachOf } from './methods.ts';
import type { Pins, Standing as PinStanding } from './pins.ts';
import type { Question } from './questions.ts';
import { goesByMarks, judge, restricts } from './rules.ts';
import { folded } from './tool-name.ts';
import { everything } from './types.ts';

/** How things stand, the setting considered: without an approval where nobody is asked. */
export type Access =
  | Exclude<Standing, { kind: 'allowed' }>
  | { readonly kind: 'allowed'; readonly approval: ApprovalRow | null };

export interface JudgeParts {
  readonly pins: Pick<Pins, 'standing' | 'seen' | 'filter'>;
  /** What holds for every agent of the server. */
  readonly serverRules: (server: string) => ToolRules;
}

const offRules: ToolRules = { ...everything, ask: 'never' };

/** For one agent's connection to one account of one server. */
export class RequestJudge {
  readonly #parts: JudgeParts;
  readonly #caller: Caller;
  readonly #server: string;
  readonly #account: string;

  constructor(parts: JudgeParts, caller: Caller, server: string, account: string) {
    this.#parts = parts;
    this.#caller = caller;
    this.#server = server;
    this.#account = account;
  }

  /**
   * The question that this call is about; null: it may go on. @param listed what came of reading the list for a tool that
   * nobody had seen @throws tool_refused, tool_held
   */
  call(
    { params }: GuardedRequest,
    access: Access,
    listed: ToolsRead['kind'] = 'listed',
  ): (Question & { kind: 'call' }) | null {
    const { name } = params;
    const pin = this.#standing(name);
    if (pin.state === 'held' && isDecided(access)) throw held(this.#server, name, pin.because);
    const rules = this.#rules(access);
    if (!rules.some(restricts)) return null;
    const unread = listed === 'unreadable' && !pin.listed;
    const verdict = judge(rules, { name, marked: pin.marked, known: pin.known, unread });
    if (verdict.kind === 'allowed') return null;
    if (verdict.kind === 'refused') throw refusedTool(name, verdict.because);
    const { agent, via, session } = this.#caller;
    return {
      kind: 'call',
      agent,
      via,
      session,
      server: this.#server,
      account: this.#account,
      tool: String(name),
      title: null,
      marked: unread ? 'unknown' : pin.marked,
      arguments: objectOf(params['arguments']),
    };
  }

  /** Reading goes on; what nobody knows does not, where it could get around a rule. @throws tool_refused */
  other({ method }: GuardedRequest, reach: 'read' | null, access: Access): null {
    if (reach === 'read') return null;
    const rules = this.#rules(access);
    // Spelt as a careless server might still understand it.
    const isLookAlike = reachOf(folded(method)) !== null;
    if (rules.some((one) => one.tools === 'read-only') || (isLookAlike && rules.some(restricts))) {
      throw unknownMethod(method);
    }
    return null;
  }

  /** Whether a rule goes by what the tool is marked as, and nobody knows that. */
  isUnseen({ params: { name } }: GuardedRequest, access: Access): boolean {
    const pin = this.#standing(name);
    return !pin.listed && pin.state !== 'held' && this.#rules(access).some(goesByMarks);
  }

  /** Off is nobody's agreement; only a rule about what tools say of themselves needs something to go by. */
  agreesTo(access: Access): boolean {
    const isNeeded = isDecided(access) || this.#parts.serverRules(this.#server).tools === 'read-only';
    return isNeeded && access.kind === 'allowed';
  }

  /** Takes note of a page of `tools/list`. */
  seen({ params }: GuardedRequest, { tools, nextCursor }: JsonObject, access: Access): void {
    if (!Array.isArray(tools)) return;
    const page = { cursor: params['cursor'], next: nextCursor };
    this.#parts.pins.seen(this.#server, this.#account, tools, { agreed: this.agreesTo(access), page });
  }

  /** Without the tools that this agent could not call. The same object where there is nothing to hide. */
  visible(result: JsonObject, access: Access): JsonObject {
    const tools: unknown = result['tools'];
    if (!Array.isArray(tools)) return result;
    const isOff = access.kind === 'allowed' && access.approval === null;
    const unheld = isOff ? tools : this.#parts.pins.filter(this.#server, this.#account, tools);
    const rules = this.#rules(access);
    const left = rules.some(restricts) ? unheld.filter((tool) => this.#isCallable(tool, rules)) : unheld;
    return left.length === tools.length ? result : { ...result, tools: left };
  }

  #rules(access: Access): readonly ToolRules[] {
    const ofServer = this.#parts.serverRules(this.#server);
    if (access.kind !== 'allowed') return [ofServer];
    // Off asks nobody, about single calls neither.
    return access.approval === null ? [offRules, { ...ofServer, ask: 'never' }] : [access.approval.rules, ofServer];
  }

  #standing(tool: unknown): PinStanding {
    return this.#parts.pins.standing(this.#server, this.#account, tool);
  }

  #isCallable(tool: unknown, rules: readonly ToolRules[]): boolean {
    const name = memberOf(tool, 'name');
    const { marked, known } = this.#standing(name);
    return judge(rules, { name, marked, known }).kind !== 'refused';
  }
}

/** A person or their trust stands behind it, not the setting that asks nobody. */
const isDecided = (access: Access): boolean => access.kind === 'allowed' && access.approval !== null;

const objectOf = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
