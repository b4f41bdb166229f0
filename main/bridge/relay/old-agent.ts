// The connection of one agent of the handshake eras: answered at once, signed in or not, and moved to the real
// server as soon as there is one to move to.
import { detectAfresh, detectAgain } from '../eras.ts';
import { isTokentrayError } from '../../errors.ts';
import { admitted } from './admission.ts';
import type { Batch } from './batch.ts';
import { contradicts, Refused } from './channel.ts';
import { Cancelled } from './exchange.ts';
import { listNotices } from './listening.ts';
import { beforeReached, describe, initializeResult, mapResult, showsLinks, toOldTools } from './mapping.ts';
import type { OldAgentPort, OldSide } from './old-side.ts';
import { oldToNew } from './old-to-new.ts';
import { oldToOld } from './old-to-old.ts';
import {
  answerFromMemory,
  askToSignIn,
  mayAsk,
  memoryFor,
  needsSignIn,
  rememberTools,
  untilReady,
  wordsBeforeSignIn,
} from './sign-in.ts';
import type { GuardedUpstream, JsonObject, RelayLimits } from './types.ts';
import { asObject, call, codes, fail, failureOf, isCall, isReply, notice, outcomeOf, reply } from './wire.ts';
import type { Call, Id, Message, Notice, Outcome, Reply } from './wire.ts';

/** Where messages for the agent go; `about` is its request that they belong to. */
export type ToAgent = (message: Message, about?: Id) => void;

const ours = 'tokentray:';

export class OldAgent {
  readonly #upstream: GuardedUpstream;
  readonly #limits: RelayLimits;
  readonly #toAgent: ToAgent;
  readonly #running = new Map<Id, AbortController>();
  readonly #asked = new Map<Id, (outcome: Outcome) => void>();
  readonly #off: () => void;
  #hello: JsonObject | null = null;
  #begun = false;
  #side: OldSide | null = null;
  #connecting: Promise<OldSide> | null = null;
  /** Something was answered without the server, so the agent is to be told when that changes. */
  #blind = false;
  #level: Call | null = null;
  #signingIn: Promise<boolean> | null = null;
  #closed = false;

  constructor(upstream: GuardedUpstream, limits: RelayLimits, toAgent: ToAgent) {
    this.#upstream = upstream;
    this.#limits = limits;
    this.#toAgent = toAgent;
    this.#off = upstream.access.onOpen(() => void this.#reachable());
  }

  receive(message: Message, batch: Batch | null = null): void {
    if (isReply(message)) this.#answered(message);
    else if (isCall(message)) void this.#serve(message, batch);
    else this.#noticed(message);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#off();
    for (const controller of this.#running.values()) controller.abort();
    for (const settle of this.#asked.values()) settle(fail(codes.internal, 'The agent has gone.'));
    await this.#side?.close();
  }

  #noticed(message: Notice): void {
    if (message.method === 'notifications/initialized') {
      this.#begin();
      return;
    }
    if (this.#upstream.admissions.passNotices) this.#side?.notice(message);
    if (message.method !== 'notifications/cancelled') return;
    const id = message.params?.['requestId'];
    if (typeof id === 'string' || typeof id === 'number') this.#running.get(id)?.abort();
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#side?.begin();
  }

  #answered(message: Reply): void {
    const settle = this.#asked.get(message.id);
    if (settle !== undefined) settle(outcomeOf(message));
    else if (this.#upstream.admissions.passNotices) this.#side?.answer(message);
  }

  async #serve(request: Call, batch: Batch | null): Promise<void> {
    if (this.#running.size >= this.#limits.pendingRequests) {
      batch?.refuse();
      this.#toAgent(reply(request.id, fail(codes.internal, 'Too many requests are waiting for their answers.')));
      return;
    }
    const controller = new AbortController();
    this.#running.set(request.id, controller);
    try {
      const outcome = await this.#outcome(request, controller.signal, batch);
      const told = request.method === 'tools/list' ? mapResult(outcome, toOldTools) : outcome;
      if (!controller.signal.aborted) this.#toAgent(reply(request.id, told), request.id);
    } finally {
      if (this.#running.get(request.id) === controller) this.#running.delete(request.id);
    }
  }

  async #outcome(request: Call, signal: AbortSignal, batch: Batch | null): Promise<Outcome> {
    const asking = {
      signal,
      modern: false,
      batch,
      send: (message: Notice): void => this.#toAgent(message, request.id),
    };
    try {
      const greets = request.method === 'initialize';
      if (!greets && this.#hello === null) {
        batch?.letThrough().catch(() => {});
        if (request.method === 'ping') return { result: {} };
        return fail(codes.methodNotFound, 'This connection has to be opened with `initialize`.');
      }
      if (request.method === 'logging/setLevel') this.#level = request;
      if (!this.#upstream.access.open()) {
        const known = greets ? await this.#greetUnreached(request.params ?? {}) : this.#fromMemory(request);
        if (known !== null) {
          batch?.letThrough().catch(() => {});
          return known;
        }
      }
      const go = (): Promise<Outcome> =>
        admitted(this.#upstream, request, asking, (either) =>
          greets ? this.#greet(request.params ?? {}) : this.#answer(request, either),
        );
      return await go().catch((error: unknown) => {
        if (!needsSignIn(error)) throw error;
        return this.#withoutServer(request, signal, go);
      });
    } catch (error) {
      if (!(error instanceof Cancelled)) this.#report(request.method, error);
      return failureOf(error);
    }
  }

  /** Of a request that was let through. */
  async #answer(request: Call, signal: AbortSignal): Promise<Outcome> {
    try {
      if (this.#upstream.signIn.ready()) return await this.#ask(request, signal);
    } catch (error) {
      if (!needsSignIn(error)) throw error;
    }
    return this.#withoutServer(request, signal, () => this.#ask(request, signal));
  }

  async #greet(hello: JsonObject): Promise<Outcome> {
    await this.#startOver(hello);
    try {
      return { result: (await this.#connect()).opened };
    } catch (error) {
      if (error instanceof Refused) return outcomeOf(error.reply);
      // Who is paused is greeted too: an agent that fails to start is not started again when the pause ends.
      if (!needsSignIn(error) && !isTokentrayError(error, 'paused', 'locked')) throw error;
    }
    return this.#greetFromMemory(hello);
  }

  async #greetUnreached(hello: JsonObject): Promise<Outcome> {
    await this.#startOver(hello);
    this.#wantAccess('initialize', hello);
    return this.#greetFromMemory(hello);
  }

  async #startOver(hello: JsonObject): Promise<void> {
    await this.#side?.close();
    this.#side = null;
    this.#connecting = null;
    this.#begun = false;
    this.#hello = hello;
  }

  #greetFromMemory(hello: JsonObject): Outcome {
    this.#blind = true;
    const known = beforeReached(memoryFor(this.#upstream));
    return { result: initializeResult(this.#upstream, known, hello['protocolVersion']) };
  }

  /** An agent that may not reach the server yet hears what is known of it; where nothing is, the person is asked now. */
  #fromMemory(request: Call): Outcome | null {
    if (request.method === 'logging/setLevel') return { result: {} };
    const remembered = answerFromMemory(this.#upstream, request.method);
    if (remembered === null) return null;
    this.#blind = true;
    if (request.method === 'tools/list') this.#wantAccess(request.method, request.params ?? {});
    return remembered;
  }

  #wantAccess(method: string, params: JsonObject): void {
    const { tools, capabilities } = this.#upstream.known.get() ?? {};
    if (this.#upstream.guard.open() || (method === 'initialize' ? capabilities : tools) !== undefined) return;
    this.#upstream.access.want(method, params);
  }

  async #ask(request: Call, signal: AbortSignal): Promise<Outcome> {
    const side = await this.#connect();
    // A shim that comes back after a restart of the broker repeats `initialize` only.
    if (!this.#begun) this.#begin();
    const outcome = await side.request(request, signal);
    if (request.method === 'tools/list' && request.params?.['cursor'] === undefined && 'result' in outcome) {
      rememberTools(this.#upstream, outcome.result['tools']);
    }
    if ('error' in outcome && outcome.error.code === codes.methodNotFound && this.#promisedMore(request.method)) {
      return answerFromMemory(this.#upstream, request.method) ?? outcome;
    }
    return outcome;
  }

  /** `initialize` was answered without the server, which turned out to have no such list: then it is an empty one. */
  #promisedMore(method: string): boolean {
    return this.#blind && method.endsWith('/list') && method !== 'tools/list';
  }

  #connect(): Promise<OldSide> {
    if (this.#side !== null) return Promise.resolve(this.#side);
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  async #open(): Promise<OldSide> {
    const agent: OldAgentPort = {
      hello: this.#hello ?? {},
      capabilities: asObject(this.#hello?.['capabilities']),
      send: this.#toAgent,
      ask: (method, params, about, signal) => this.#askAgent(method, params, about, signal),
    };
    const side = await this.#openWith(agent);
    if (this.#closed) {
      await side.close();
      throw new Cancelled();
    }
    this.#side = side;
    if (this.#begun) side.begin();
    if (this.#begun && this.#level !== null) {
      const level = { ...this.#level, id: `${ours}${crypto.randomUUID()}` };
      await side.request(level, new AbortController().signal).catch(() => {});
    }
    return side;
  }

  async #openWith(agent: OldAgentPort): Promise<OldSide> {
    const detected = await detectAfresh(this.#upstream);
    const open = async ({ era, discover }: typeof detected): Promise<OldSide> => {
      if (era !== 'modern') {
        const side = await oldToOld(this.#upstream, this.#limits, era, agent);
        this.#upstream.known.set({ ...this.#upstream.known.get(), ...describe(side.opened) });
        return side;
      }
      const known = describe(discover ?? {});
      this.#upstream.known.set({ ...this.#upstream.known.get(), ...known });
      return oldToNew(this.#upstream, this.#limits, known, agent);
    };
    try {
      return await open(detected);
    } catch (error) {
      if (!contradicts(error)) throw error;
      // A verdict of an earlier day may be wrong by now: the server is asked once more before the agent is.
      const again = await detectAgain(this.#upstream);
      if (again.era === detected.era) throw error;
      return open(again);
    }
  }

  /** @param then once the person has signed in */
  async #withoutServer(request: Call, signal: AbortSignal, then: () => Promise<Outcome>): Promise<Outcome> {
    this.#blind = true;
    const remembered = this.#fromMemory(request);
    if (remembered !== null) return remembered;
    const capabilities = asObject(this.#hello?.['capabilities']);
    if (mayAsk(request.method) && showsLinks(capabilities) && (await this.#showLink(request.id, signal))) {
      return then();
    }
    return askToSignIn(this.#upstream, request.method);
  }

  /** One question to the person however many calls wait for it; true once they have signed in. */
  #showLink(about: Id, signal: AbortSignal): Promise<boolean> {
    this.#signingIn ??= this.#askForSignIn(about, signal).finally(() => {
      this.#signingIn = null;
    });
    return this.#signingIn;
  }

  async #askForSignIn(about: Id, signal: AbortSignal): Promise<boolean> {
    const elicitationId = crypto.randomUUID();
    const url = await this.#upstream.signIn.link();
    const message = wordsBeforeSignIn(this.#upstream);
    const params = { mode: 'url', message, url, elicitationId };
    const answer = await this.#askAgent('elicitation/create', params, about, signal);
    if (!('result' in answer) || answer.result['action'] !== 'accept') return false;
    const ready = await untilReady(this.#upstream, this.#limits.signInWait, signal);
    if (ready) this.#toAgent(notice('notifications/elicitation/complete', { elicitationId }));
    return ready;
  }

  async #reachable(): Promise<void> {
    if (this.#closed || this.#hello === null) return;
    this.#side?.mend();
    if (!this.#blind) return;
    try {
      await this.#connect();
    } catch (error) {
      this.#report('initialize', error);
    }
    if (this.#closed || !this.#begun) return;
    for (const method of Object.values(listNotices)) this.#toAgent(notice(method));
  }

  #askAgent(method: string, params: JsonObject, about: Id, signal: AbortSignal): Promise<Outcome> {
    const id = `${ours}${crypto.randomUUID()}`;
    return new Promise<Outcome>((resolve) => {
      const gone = (): void => {
        this.#toAgent(notice('notifications/cancelled', { requestId: id }), about);
        resolve(fail(codes.internal, 'The request that this was about was cancelled.'));
      };
      if (signal.aborted) return resolve(fail(codes.internal, 'The request that this was about was cancelled.'));
      signal.addEventListener('abort', gone, { once: true });
      const cancel = this.#upstream.clock.after(this.#limits.inputWait, gone);
      this.#asked.set(id, (outcome) => {
        cancel();
        signal.removeEventListener('abort', gone);
        resolve(outcome);
      });
      this.#toAgent(call(id, method, params), about);
    }).finally(() => this.#asked.delete(id));
  }

  #report(method: string, error: unknown): void {
    this.#upstream.log.warn('a request of an agent failed', {
      server: this.#upstream.name,
      method,
      error: isTokentrayError(error) ? error.code : 'internal',
    });
  }
}
