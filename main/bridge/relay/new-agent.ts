// Requests of agents of the stateless era: each is answered on its own, signed in or not, whatever the server speaks.
import { detect, detectAgain, isModern } from '../eras.ts';
import { contradicts, Refused } from './channel.ts';
import { listNotices, noticesOf } from './listening.ts';
import { beforeReached, describe, discoverResult, mapResult, showsLinks, toModernResult } from './mapping.ts';
import { ModernServer } from './modern-server.ts';
import { acknowledgement, closing, subscribed } from './new-side.ts';
import type { NewAgentPort } from './new-side.ts';
import { NewToOld } from './new-to-old.ts';
import {
  answerFromMemory,
  askToSignIn,
  mayAsk,
  needsSignIn,
  rememberTools,
  untilReady,
  wordsBeforeSignIn,
} from './sign-in.ts';
import type { RelayLimits, Upstream } from './types.ts';
import {
  asObject,
  codes,
  fail,
  failureOf,
  isNotice,
  meta,
  metaOf,
  modernVersion,
  notice,
  outcomeOf,
  without,
} from './wire.ts';
import type { Call, Message, Outcome } from './wire.ts';

const signInKey = 'tokentray-sign-in';

export class NewAgents {
  readonly #upstream: Upstream;
  readonly #limits: RelayLimits;
  readonly #modern: ModernServer;
  readonly #old: NewToOld;

  constructor(upstream: Upstream, limits: RelayLimits) {
    this.#upstream = upstream;
    this.#limits = limits;
    this.#modern = new ModernServer(upstream, limits);
    this.#old = new NewToOld(upstream, limits);
  }

  /** The outcome in the new era's words; never rejects. */
  async answer(request: Call, port: NewAgentPort): Promise<Outcome> {
    try {
      if (!this.#upstream.signIn.ready()) return await this.#withoutServer(request, port);
      return await this.#ask(withoutSignIn(request), port, false);
    } catch (error) {
      if (error instanceof Refused) return outcomeOf(error.reply);
      if (!needsSignIn(error)) return failureOf(error);
      return this.#withoutServer(request, port).catch(failureOf);
    }
  }

  close(): Promise<void> {
    return this.#old.close();
  }

  async #ask(request: Call, port: NewAgentPort, acknowledged: boolean): Promise<Outcome> {
    const detected = await detect(this.#upstream);
    if (detected.era === 'modern') return this.#askModern(request, port, acknowledged);
    const wrong = misstated(request);
    if (wrong !== null) return wrong;
    try {
      return await this.#old.answer(request, port, detected.era, acknowledged);
    } catch (error) {
      if (!contradicts(error) || (await detectAgain(this.#upstream)).era !== 'modern') throw error;
      return this.#askModern(request, port, acknowledged);
    }
  }

  /** The same era on both sides: the message passes as it is, with the headers that HTTP wants. */
  async #askModern(request: Call, port: NewAgentPort, acknowledged: boolean): Promise<Outcome> {
    const listens = request.method === 'subscriptions/listen';
    const onMessage = (message: Message): void => {
      if (!isNotice(message)) return;
      if (message.method === listNotices.toolsListChanged) this.#modern.toolsChanged();
      if (acknowledged && message.method === 'notifications/subscriptions/acknowledged') return;
      port.send(message);
    };
    const outcome = outcomeOf(
      await this.#modern.request(request, { signal: port.signal, onMessage, patient: listens }),
    );
    if ('error' in outcome) return outcome;
    if (request.method === 'server/discover') {
      this.#upstream.known.set({ ...this.#upstream.known.get(), ...describe(outcome.result) });
    } else if (request.method === 'tools/list' && request.params?.['cursor'] === undefined) {
      rememberTools(this.#upstream, outcome.result['tools']);
    }
    // basic, ResultType: what is absent means `complete`, but not every agent of the new era takes it so.
    return mapResult(outcome, (result) => ('resultType' in result ? result : { resultType: 'complete', ...result }));
  }

  async #withoutServer(request: Call, port: NewAgentPort): Promise<Outcome> {
    const wrong = misstated(request);
    if (wrong !== null) return wrong;
    if (request.method === 'server/discover') {
      return { result: discoverResult(this.#upstream, beforeReached(this.#upstream.known.get())) };
    }
    if (request.method === 'subscriptions/listen') return this.#listenLater(request, port);
    const modern = (outcome: Outcome): Outcome =>
      mapResult(outcome, (result) => toModernResult(request.method, result));
    const remembered = answerFromMemory(this.#upstream, request.method);
    if (remembered !== null) return modern(remembered);
    const capabilities = asObject(metaOf(request)[meta.clientCapabilities]);
    if (!mayAsk(request.method) || !showsLinks(capabilities))
      return modern(await askToSignIn(this.#upstream, request.method));

    const answer = asObject(request.params?.['inputResponses'])[signInKey];
    if (answer === undefined) return this.#showLink();
    const accepted = asObject(answer)['action'] === 'accept';
    if (accepted && (await untilReady(this.#upstream, this.#limits.signInWait, port.signal))) {
      return this.#ask(withoutSignIn(request), port, false);
    }
    return modern(await askToSignIn(this.#upstream, request.method));
  }

  async #showLink(): Promise<Outcome> {
    const url = await this.#upstream.signIn.link();
    const params = { mode: 'url', message: wordsBeforeSignIn(this.#upstream), url };
    return {
      result: {
        resultType: 'input_required',
        inputRequests: { [signInKey]: { method: 'elicitation/create', params } },
      },
    };
  }

  /** A subscription that begins before there is a server: acknowledged now, told of every list after the sign-in. */
  async #listenLater(request: Call, port: NewAgentPort): Promise<Outcome> {
    const filter = asObject(request.params?.['notifications']);
    port.send(acknowledgement(request.id, filter));
    if (!(await untilReady(this.#upstream, null, port.signal))) return closing(request.id);
    for (const method of noticesOf(filter)) port.send(notice(method, subscribed(request.id)));
    return this.#ask(request, port, true);
  }
}

/** What is wrong with a request that we have to answer ourselves (basic, Per-request protocol fields). */
function misstated(request: Call): Outcome | null {
  const stated = metaOf(request);
  const version = stated[meta.protocolVersion];
  if (typeof version !== 'string' || typeof stated[meta.clientCapabilities] !== 'object') {
    return fail(codes.invalidParams, 'The request lacks its protocol version or the capabilities of its client.');
  }
  if (version === modernVersion) return null;
  return fail(codes.unsupportedVersion, 'Unsupported protocol version', {
    supported: [modernVersion],
    requested: isModern(version) ? version.slice(0, 32) : version,
  });
}

/** The request without the answer to our own question, which no server would know what to do with. */
function withoutSignIn(request: Call): Call {
  const responses = asObject(request.params?.['inputResponses']);
  if (responses[signInKey] === undefined) return request;
  const rest = without(responses, signInKey);
  const params = without(request.params ?? {}, 'inputResponses');
  return { ...request, params: Object.keys(rest).length === 0 ? params : { ...params, inputResponses: rest } };
}
