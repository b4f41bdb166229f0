// Requests of agents of the stateless era: each is answered on its own, signed in or not, whatever the server speaks.
import { detect, detectAgain, isModern } from '../eras.ts';
import { admitted } from './admission.ts';
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
  memoryFor,
  needsSignIn,
  rememberTools,
  untilOpen,
  untilReady,
  wordsBeforeSignIn,
} from './sign-in.ts';
import type { GuardedUpstream, RelayLimits } from './types.ts';
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
  readonly #limits: RelayLimits;
  readonly #old: NewToOld;

  constructor(limits: RelayLimits) {
    this.#limits = limits;
    this.#old = new NewToOld(limits);
  }

  /** The outcome in the new era's words; never rejects. */
  async answer(request: Call, port: NewAgentPort): Promise<Outcome> {
    try {
      if (!port.upstream.access.open()) {
        const known = misstated(request) ?? (await this.#beforeAccess(request, port));
        if (known !== null) {
          port.batch?.letThrough().catch(() => {});
          return known;
        }
      }
      const go = (asked: Call): Promise<Outcome> =>
        admitted(port.upstream, asked, { ...port, modern: true }, (signal) => this.#reach(asked, { ...port, signal }));
      return await go(request).catch((error: unknown) => {
        if (!needsSignIn(error)) throw error;
        return this.#withoutServer(request, port, go);
      });
    } catch (error) {
      return failureOf(error);
    }
  }

  /** Ends what is held for one view of the server. */
  end(upstream: GuardedUpstream): Promise<void> {
    return this.#old.end(upstream);
  }

  close(): Promise<void> {
    return this.#old.close();
  }

  /** Of a request that was let through. */
  async #reach(request: Call, port: NewAgentPort): Promise<Outcome> {
    try {
      if (port.upstream.signIn.ready()) return await this.#ask(withoutSignIn(request), port, false);
    } catch (error) {
      if (error instanceof Refused) return outcomeOf(error.reply);
      if (!needsSignIn(error)) throw error;
    }
    return this.#withoutServer(request, port, (asked) => this.#ask(asked, port, false));
  }

  async #ask(request: Call, port: NewAgentPort, acknowledged: boolean): Promise<Outcome> {
    const detected = await detect(port.upstream);
    if (detected.era === 'modern') return this.#askModern(request, port, acknowledged);
    const wrong = misstated(request);
    if (wrong !== null) return wrong;
    try {
      return await this.#old.answer(request, port, detected.era, acknowledged);
    } catch (error) {
      if (!contradicts(error) || (await detectAgain(port.upstream)).era !== 'modern') throw error;
      return this.#askModern(request, port, acknowledged);
    }
  }

  /** The same era on both sides: the message passes as it is, with the headers that HTTP wants. */
  async #askModern(request: Call, port: NewAgentPort, acknowledged: boolean): Promise<Outcome> {
    const { upstream } = port;
    const server = new ModernServer(upstream, this.#limits);
    const listens = request.method === 'subscriptions/listen';
    const onMessage = (message: Message): void => {
      if (!isNotice(message)) return;
      if (message.method === listNotices.toolsListChanged) server.toolsChanged();
      if (acknowledged && message.method === 'notifications/subscriptions/acknowledged') return;
      port.send(message);
    };
    const outcome = outcomeOf(await server.request(request, { signal: port.signal, onMessage, patient: listens }));
    if ('error' in outcome) return outcome;
    if (request.method === 'server/discover') {
      upstream.known.set({ ...upstream.known.get(), ...describe(outcome.result) });
    } else if (request.method === 'tools/list' && request.params?.['cursor'] === undefined) {
      rememberTools(upstream, outcome.result['tools']);
    }
    // basic, ResultType: what is absent means `complete`, but not every agent of the new era takes it so.
    return mapResult(outcome, (result) => ('resultType' in result ? result : { resultType: 'complete', ...result }));
  }

  /** What needs no server, as this agent may see it; where nothing is known yet, the person is asked now. */
  async #beforeAccess(request: Call, port: NewAgentPort): Promise<Outcome | null> {
    const { upstream } = port;
    const { method, params = {} } = request;
    if (method === 'subscriptions/listen') return this.#listenLater(request, port);
    const known = upstream.known.get();
    const missing = method === 'server/discover' ? known?.capabilities : method === 'tools/list' ? known?.tools : known;
    const looks = method === 'server/discover' || method === 'tools/list';
    if (looks && missing === undefined && !upstream.guard.open()) upstream.access.want(method, params);
    if (method === 'server/discover') return { result: discoverResult(upstream, beforeReached(memoryFor(upstream))) };
    const remembered = answerFromMemory(upstream, method);
    return remembered === null ? null : mapResult(remembered, (result) => toModernResult(method, result));
  }

  /** @param then once the person has signed in */
  async #withoutServer(request: Call, port: NewAgentPort, then: (request: Call) => Promise<Outcome>): Promise<Outcome> {
    const { upstream } = port;
    const known = misstated(request) ?? (await this.#beforeAccess(request, port));
    if (known !== null) return known;
    const modern = (outcome: Outcome): Outcome =>
      mapResult(outcome, (result) => toModernResult(request.method, result));
    const capabilities = asObject(metaOf(request)[meta.clientCapabilities]);
    if (!mayAsk(request.method) || !showsLinks(capabilities))
      return modern(await askToSignIn(upstream, request.method));

    const answer = asObject(request.params?.['inputResponses'])[signInKey];
    if (answer === undefined) return this.#showLink(upstream);
    const accepted = asObject(answer)['action'] === 'accept';
    if (accepted && (await untilReady(upstream, this.#limits.signInWait, port.signal))) {
      return then(withoutSignIn(request));
    }
    return modern(await askToSignIn(upstream, request.method));
  }

  async #showLink(upstream: GuardedUpstream): Promise<Outcome> {
    const url = await upstream.signIn.link();
    const params = { mode: 'url', message: wordsBeforeSignIn(upstream), url };
    return {
      result: {
        resultType: 'input_required',
        inputRequests: { [signInKey]: { method: 'elicitation/create', params } },
      },
    };
  }

  /** A subscription that begins before there is a server: acknowledged now, told of every list once there is. */
  async #listenLater(request: Call, port: NewAgentPort): Promise<Outcome> {
    const filter = asObject(request.params?.['notifications']);
    port.send(acknowledgement(request.id, filter));
    if (!(await untilOpen(port.upstream, port.signal))) return closing(request.id);
    for (const method of noticesOf(filter)) port.send(notice(method, subscribed(request.id)));
    return admitted(port.upstream, request, { ...port, modern: true, batch: null }, (signal) =>
      this.#ask(request, { ...port, signal }, true),
    );
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
