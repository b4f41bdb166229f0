// New agents and an old server: sessions are held for agents that know of none, and a question in the middle of a
// call becomes its result while the call itself stays open.
import { TokentrayError } from '../../errors.ts';
import { aboutOf } from '../about.ts';
import { describe, discoverResult, mapResult, toModernError, toModernResult } from './mapping.ts';
import { HeldSession } from './held-session.ts';
import { acknowledgement, closing, subscribed } from './new-side.ts';
import type { NewAgentPort } from './new-side.ts';
import { OpenCall } from './open-call.ts';
import { roomFor } from './room.ts';
import { mayAsk, rememberTools, toolFailure } from './sign-in.ts';
import type { GuardedUpstream, JsonObject, RelayLimits, ServerEra } from './types.ts';
import { asObject, asText, call, codes, fail, meta, metaOf, notice, withMeta, without } from './wire.ts';
import type { Call, Outcome } from './wire.ts';

/** Methods of the old eras that the new one has not (2026-07-28 changelog). */
const retired = new Set(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe']);

/** A result that waits for the agent's next try: the open call, or nothing where the server wants a fresh one. */
interface Parked {
  readonly agent: string;
  readonly upstream: GuardedUpstream;
  /** A digest: what was asked may be large, and a call can wait for long. */
  readonly about: string;
  readonly open: OpenCall | null;
  readonly forget: () => void;
}

interface Held {
  readonly agent: string;
  readonly upstream: GuardedUpstream;
  readonly opening: Promise<HeldSession>;
  /** Null until the server has answered `initialize`. */
  session: HeldSession | null;
}

/** What an agent says of itself is kept for as long as its session. */
const mostAboutItself = 64 * 1024;

export class NewToOld {
  readonly #limits: RelayLimits;
  /** By who they are for; those that were used last come last. */
  readonly #sessions = new Map<string, Held>();
  readonly #parked = new Map<string, Parked>();

  constructor(limits: RelayLimits) {
    this.#limits = limits;
  }

  /** @throws what opening a session throws */
  async answer(request: Call, port: NewAgentPort, era: ServerEra, acknowledged: boolean): Promise<Outcome> {
    if (retired.has(request.method)) return fail(codes.methodNotFound, 'Method not found');
    const state = request.params?.['requestState'];
    if (state !== undefined) return this.#goOn(request, port, era, state);
    const session = await this.#session(request, port, era);
    if (request.method === 'server/discover') {
      return { result: discoverResult(port.upstream, describe(session.opened)) };
    }
    if (request.method === 'subscriptions/listen') return this.#listen(request, port, session, acknowledged);
    return this.#follow(request, port, await this.#begin(request, session, port));
  }

  /** Ends what is held for one view of the server. */
  async end(upstream: GuardedUpstream): Promise<void> {
    for (const [state, parked] of this.#parked) if (parked.upstream === upstream) this.#giveUp(state);
    const ending = [...this.#sessions].filter(([, held]) => held.upstream === upstream);
    for (const [key] of ending) this.#sessions.delete(key);
    await Promise.all(ending.map(([, held]) => held.opening.then((session) => session.close()).catch(() => {})));
  }

  async close(): Promise<void> {
    for (const { open, forget } of this.#parked.values()) {
      forget();
      open?.cancel();
    }
    this.#parked.clear();
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.all(sessions.map(({ opening }) => opening.then((session) => session.close()).catch(() => {})));
  }

  /** An old server learns who its client is once, so agents that say different things get sessions of their own. */
  async #session(request: Call, port: NewAgentPort, era: ServerEra): Promise<HeldSession> {
    const stated = metaOf(request);
    const clientInfo = stated[meta.clientInfo] ?? { name: 'unknown', version: 'unknown' };
    const capabilities = stated[meta.clientCapabilities] ?? {};
    const about = JSON.stringify([clientInfo, capabilities]);
    if (about.length > mostAboutItself) {
      throw new TokentrayError('invalid_input', 'what the agent says of itself and of its capabilities is too large');
    }
    const key = JSON.stringify([port.agent, about]);
    const known = this.#sessions.get(key);
    // What was opened for an approval that has ended is not gone on with under the next one.
    if (known !== undefined && known.upstream !== port.upstream) this.#drop(key, known);
    else if (known !== undefined) {
      this.#sessions.delete(key);
      this.#sessions.set(key, known);
      return known.opening;
    }
    this.#makeRoom(port.agent);
    const opening = HeldSession.open({
      upstream: port.upstream,
      limits: this.#limits,
      era,
      initialize: { protocolVersion: '2025-11-25', capabilities, clientInfo },
      onIdle: () => this.#drop(key, held),
    });
    const held: Held = { agent: port.agent, upstream: port.upstream, opening, session: null };
    this.#sessions.set(key, held);
    try {
      const session = await opening;
      held.session = session;
      port.upstream.known.set({ ...port.upstream.known.get(), ...describe(session.opened) });
      return session;
    } catch (error) {
      if (this.#sessions.get(key) === held) this.#sessions.delete(key);
      throw error;
    }
  }

  /** @throws overloaded when every session that could make room is in use */
  #makeRoom(agent: string): void {
    const limits = { all: this.#limits.sessions, perAgent: this.#limits.sessionsPerAgent };
    const room = roomFor([...this.#sessions], agent, limits, ({ session }) => session?.busy === false);
    if (room.kind === 'free') return;
    if (room.kind === 'full') {
      throw new TokentrayError('overloaded', 'too many sessions with the server are in use', {
        advice: 'Try again when other calls have ended.',
      });
    }
    const leaving = this.#sessions.get(room.of);
    if (leaving !== undefined) this.#drop(room.of, leaving);
  }

  #drop(key: string, held: Held): void {
    if (this.#sessions.get(key) === held) this.#sessions.delete(key);
    held.opening.then((session) => session.close()).catch(() => {});
  }

  async #begin(request: Call, session: HeldSession, port: NewAgentPort): Promise<OpenCall> {
    const { [meta.logLevel]: logLevel, progressToken } = metaOf(request);
    const open = new OpenCall({
      upstream: port.upstream,
      session,
      mayAsk: mayAsk(request.method),
      logLevel: asText(logLevel),
    });
    open.attach(port, progressToken);
    const bare = withMeta(request, {
      [meta.protocolVersion]: undefined,
      [meta.clientInfo]: undefined,
      [meta.clientCapabilities]: undefined,
      [meta.logLevel]: undefined,
      progressToken: progressToken === undefined ? undefined : open.id,
    });
    const params = bare.params === undefined ? undefined : without(bare.params, 'inputResponses', 'requestState');
    open.start(call(open.id, request.method, params));
    return open;
  }

  async #follow(request: Call, port: NewAgentPort, open: OpenCall): Promise<Outcome> {
    const cancelled = (): void => open.cancel();
    port.signal.addEventListener('abort', cancelled, { once: true });
    try {
      const event = await open.next();
      if (event.kind === 'asked') return this.#park(request, port, event.questions, open);
      return this.#ended(request, port, event.outcome);
    } finally {
      port.signal.removeEventListener('abort', cancelled);
    }
  }

  #ended(request: Call, port: NewAgentPort, outcome: Outcome): Outcome {
    if ('result' in outcome) {
      if (request.method === 'tools/list' && request.params?.['cursor'] === undefined) {
        rememberTools(port.upstream, outcome.result['tools']);
      }
      return mapResult(outcome, (result) => toModernResult(request.method, result));
    }
    if (outcome.error.code !== codes.urlElicitationRequired) return { error: toModernError(outcome.error) };
    // 2025-11-25 elicitation, URL Elicitation Required Error: the links are to be shown, then the call made anew.
    const { elicitations } = asObject(outcome.error.data);
    const links = Array.isArray(elicitations) ? elicitations.map((params: unknown) => asObject(params)) : [];
    const able = asObject(asObject(metaOf(request)[meta.clientCapabilities])['elicitation'])['url'] !== undefined;
    if (!able || links.length === 0 || !mayAsk(request.method)) {
      const listed = links.map((link) => asText(link['url']) ?? '').join(' ');
      return mapResult(toolFailure(request.method, `${outcome.error.message} ${listed}`.trim()), (result) =>
        toModernResult(request.method, result),
      );
    }
    const questions = links.map((params, index) => [
      `link-${index + 1}`,
      { method: 'elicitation/create', params: { ...without(params, 'elicitationId'), mode: 'url' } },
    ]);
    return this.#park(request, port, Object.fromEntries(questions), null);
  }

  #park(request: Call, port: NewAgentPort, questions: JsonObject, open: OpenCall | null): Outcome {
    // The state is all that leads back to the open call: random, of one agent, for one call, for a while, once.
    const state = crypto.randomUUID() + crypto.randomUUID();
    open?.detach();
    const room = roomFor([...this.#parked], port.agent, { all: Infinity, perAgent: this.#limits.parkedCalls });
    if (room.kind === 'instead') this.#giveUp(room.of);
    const expire = port.upstream.clock.after(this.#limits.inputWait, () => this.#giveUp(state));
    const about = aboutOf(request.method, request.params);
    this.#parked.set(state, { agent: port.agent, upstream: port.upstream, about, open, forget: expire });
    return { result: { resultType: 'input_required', inputRequests: questions, requestState: state } };
  }

  #giveUp(state: string): void {
    const parked = this.#parked.get(state);
    this.#parked.delete(state);
    parked?.forget();
    parked?.open?.cancel();
  }

  async #goOn(request: Call, port: NewAgentPort, era: ServerEra, state: unknown): Promise<Outcome> {
    const parked = typeof state === 'string' ? this.#parked.get(state) : undefined;
    const about = aboutOf(request.method, request.params);
    if (
      parked === undefined ||
      parked.upstream !== port.upstream ||
      parked.agent !== port.agent ||
      parked.about !== about
    ) {
      return fail(
        codes.invalidParams,
        'This `requestState` is unknown here, has expired or belongs to another request.',
      );
    }
    this.#parked.delete(String(state));
    parked.forget();
    const { open } = parked;
    if (open === null) {
      return this.#follow(request, port, await this.#begin(request, await this.#session(request, port, era), port));
    }
    open.attach(port, metaOf(request)['progressToken']);
    open.answer(asObject(request.params?.['inputResponses']));
    return this.#follow(request, port, open);
  }

  async #listen(request: Call, port: NewAgentPort, session: HeldSession, acknowledged: boolean): Promise<Outcome> {
    const listener = await session.listen(asObject(request.params?.['notifications']), (method, params) => {
      const { _meta, ...rest } = params;
      port.send(
        notice(method, { ...rest, _meta: { ...asObject(_meta), ...asObject(subscribed(request.id)['_meta']) } }),
      );
    });
    if (!acknowledged) port.send(acknowledgement(request.id, listener.honoured));
    listener.start();
    const deaf = Promise.withResolvers<void>();
    const off = port.upstream.admissions.whenDeaf(deaf.resolve);
    await Promise.race([session.ended, aborted(port.signal), deaf.promise]);
    off();
    await listener.stop();
    return closing(request.id);
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
