// The guard's word on each request, once: a call that comes back with the input that was asked for is not a new one. And how
// long what was allowed is under way: so long its agent hears what the server says besides.
import type { Admitted, Finished, Guard, GuardedRequest, JsonObject, Waiting } from '../access/types.ts';
import type { Clock } from '../ports.ts';
import { aboutOf } from './about.ts';
import { withoutLookAlikes } from './look-alikes.ts';

/** One request that was let through, on its way. */
export interface Admission {
  readonly reads: boolean;
  /** The result as the agent may see it. */
  result(result: JsonObject): JsonObject;
  /** For what is worth remembering of an answer that passes without being changed; told afterwards. */
  readonly learn?: (result: JsonObject) => void;
  /** The answer asks for input (2026-07-28 mrtr): the next try belongs to this request. */
  goesOn(): void;
  /** It goes another way, on which it will ask again: that is no other request. */
  again(): void;
  finished(how: Finished): void;
}

interface Held {
  readonly admitted: Admitted;
  readonly giveUp: () => void;
  /** It is no longer to be given up when its time is over. */
  readonly release: () => void;
}

/** As long as a call of an old server is kept open for it. */
const inputWaitMs = 10 * 60_000;
const mostHeld = 64;

/** It does nothing but hear: as long as it is open it keeps nothing else open. */
export const onlyListens = (method: string): boolean => method === 'subscriptions/listen';

export class Admissions {
  readonly #guard: Guard;
  readonly #clock: Clock;
  readonly #held = new Map<string, Held>();
  readonly #listening = new Set<() => void>();
  #underWay = 0;
  #looking = false;

  constructor(guard: Guard, clock: Clock) {
    this.#guard = guard;
    this.#clock = clock;
    guard.onChange(() => this.#lookSoon());
  }

  /** @throws what `Guard.admit` throws */
  async admit(request: GuardedRequest, waiting: Waiting): Promise<Admission> {
    const admitted = this.#goOn(request) ?? (await this.#guard.admit(request, waiting));
    let told = false;
    const counts = onlyListens(request.method) ? 0 : 1;
    this.#underWay += counts;
    const once = (tell: () => void): void => {
      if (told) return;
      told = true;
      this.#underWay -= counts;
      this.#lookSoon();
      tell();
    };
    return {
      reads: admitted.reads,
      result: (result) =>
        admitted.reads ? asOneSees(result, admitted.result(withoutLookAlikes(result, 'tools'))) : result,
      goesOn: () => once(() => this.#hold(aboutOf(request.method, request.params), admitted)),
      again: () => once(() => this.#hold(againOf(request), admitted)),
      finished: (how) => once(() => admitted.finished(how)),
    };
  }

  /** Notifications and answers belong to what was let through: while nothing is, they are of no use to the server. */
  get passNotices(): boolean {
    return this.#underWay > 0 || this.#guard.open();
  }

  /**
   * Whether what the server says of itself is for this agent: it is allowed, or something that was allowed is under way. That
   * it is locked changes nothing about it; whether streams go on then is the person's choice.
   */
  get hears(): boolean {
    return this.#underWay > 0 || this.#guard.allowed();
  }

  /**
   * Calls `end` once this is no longer so, or is not so now; the returned function ends that. Not for whoever is shut out:
   * all that they have ends by `Guard.ended`.
   */
  whenDeaf(end: () => void): () => void {
    const listening = (): void => end();
    this.#listening.add(listening);
    this.#lookSoon();
    return () => void this.#listening.delete(listening);
  }

  /** A request uses up its approval before it is counted here, in the same turn: one turn later both are there to be seen. */
  #lookSoon(): void {
    if (this.#looking || this.#listening.size === 0) return;
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      if (this.hears || this.#guard.ended.aborted) return;
      for (const end of this.#listening) {
        this.#listening.delete(end);
        end();
      }
    });
  }

  close(): void {
    for (const { giveUp } of this.#held.values()) giveUp();
  }

  #goOn(request: GuardedRequest): Admitted | null {
    if (this.#held.size === 0 || this.#guard.ended.aborted) return null;
    const { method, params } = request;
    const hasInput = params['inputResponses'] !== undefined || params['requestState'] !== undefined;
    for (const about of [againOf(request), ...(hasInput ? [aboutOf(method, params)] : [])]) {
      const held = this.#held.get(about);
      if (held === undefined) continue;
      this.#held.delete(about);
      held.release();
      if (held.admitted.stands()) return held.admitted;
      held.admitted.finished({ outcome: 'cancelled', bytes: 0 });
    }
    return null;
  }

  #hold(about: string, admitted: Admitted): void {
    this.#held.get(about)?.giveUp();
    const [oldest] = this.#held.values();
    if (this.#held.size >= mostHeld) oldest?.giveUp();
    const giveUp = (): void => {
      if (this.#held.get(about)?.admitted !== admitted) return;
      this.#held.delete(about);
      release();
      admitted.finished({ outcome: 'cancelled', bytes: 0 });
    };
    const release = this.#clock.after(inputWaitMs, giveUp);
    this.#held.set(about, { admitted, giveUp, release });
  }
}

const againOf = ({ method, params }: GuardedRequest): string => `again ${aboutOf(method, params)}`;

/** What was made for one agent is nothing that others may be given out of a cache (2026-07-28 caching). */
function asOneSees(before: JsonObject, after: JsonObject): JsonObject {
  return after === before || !('cacheScope' in after) ? after : { ...after, cacheScope: 'private' };
}
