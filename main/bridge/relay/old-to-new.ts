// An old agent and a new server: a session is played to the agent, and every request goes out standing on its own.
import { initializeResult, mapResult, toOldResult } from './mapping.ts';
import { Listening } from './listening.ts';
import type { Filter } from './listening.ts';
import { ModernServer } from './modern-server.ts';
import type { OldAgentPort, OldSide } from './old-side.ts';
import { toolFailure } from './sign-in.ts';
import type { GuardedUpstream, JsonObject, KnownServer, RelayLimits, Upstream } from './types.ts';
import { asObject, asText, codes, fail, isNotice, meta, modernVersion, outcomeOf, withMeta } from './wire.ts';
import type { Call, Message, Outcome } from './wire.ts';

/** A server that keeps asking is stopped at some point. */
const mostRounds = 32;
const pauseWithoutQuestions = 250;
const mostSubscriptions = 1000;

export function oldToNew(
  upstream: GuardedUpstream,
  limits: RelayLimits,
  known: KnownServer,
  agent: OldAgentPort,
): OldSide {
  const server = new ModernServer(upstream, limits);
  const capabilities: JsonObject = known.capabilities ?? {};
  const uris = new Set<string>();
  let level: string | undefined;

  const stamp = (request: Call): Call =>
    withMeta(request, {
      [meta.protocolVersion]: modernVersion,
      [meta.clientInfo]: agent.hello['clientInfo'],
      [meta.clientCapabilities]: agent.capabilities,
      [meta.logLevel]: level,
    });
  const listening = new Listening({ upstream, server, stamp, deliver: (message) => agent.send(message) });

  const wanted = (): Filter => {
    const { tools, prompts, resources } = capabilities;
    return {
      ...(changes(tools) ? { toolsListChanged: true } : {}),
      ...(changes(prompts) ? { promptsListChanged: true } : {}),
      ...(changes(resources) ? { resourcesListChanged: true } : {}),
      ...(uris.size > 0 ? { resourceSubscriptions: [...uris] } : {}),
    };
  };

  const subscribe = async (request: Call): Promise<Outcome> => {
    const uri = asText(request.params?.['uri']);
    if (uri === undefined) return fail(codes.invalidParams, 'A subscription needs the `uri` of a resource.');
    const had = uris.has(uri);
    if (request.method === 'resources/unsubscribe') uris.delete(uri);
    else if (uris.size >= mostSubscriptions) return fail(codes.internal, 'There are too many subscriptions already.');
    else uris.add(uri);
    if (uris.has(uri) === had) return { result: {} };
    const opened = await listening.change(wanted());
    const honoured = 'honoured' in opened ? opened.honoured['resourceSubscriptions'] : undefined;
    if (had || (Array.isArray(honoured) && honoured.includes(uri))) return { result: {} };
    uris.delete(uri);
    if ('refused' in opened && 'error' in opened.refused) return { error: opened.refused.error };
    return fail(codes.invalidParams, 'The server takes no subscription to this resource.');
  };

  /** mrtr, Client Requirements: gather what was asked for, then try again with a new id and the exact state. */
  const converse = async (request: Call, signal: AbortSignal): Promise<Outcome> => {
    const onMessage = (message: Message): void => {
      if (isNotice(message)) agent.send(message, request.id);
    };
    let next = stamp(request);
    for (let round = 0; round < mostRounds; round += 1) {
      const outcome = outcomeOf(await server.request(next, { signal, onMessage }));
      if (!('result' in outcome) || outcome.result['resultType'] !== 'input_required') {
        return mapResult(outcome, (result) => toOldResult(request.method, result));
      }
      const { inputRequests, requestState } = outcome.result;
      const gathered = await gather(asObject(inputRequests), request, signal);
      if ('outcome' in gathered) return gathered.outcome;
      if (inputRequests === undefined) await pause(upstream, pauseWithoutQuestions * Math.min(round + 1, 8), signal);
      next = {
        ...stamp(request),
        id: `tokentray-${crypto.randomUUID()}`,
        params: {
          ...stamp(request).params,
          ...(inputRequests === undefined ? {} : { inputResponses: gathered.responses }),
          ...(requestState === undefined ? {} : { requestState }),
        },
      };
    }
    return toolFailure(request.method, `The server still asked for input after ${mostRounds} rounds.`);
  };

  const gather = async (
    asked: JsonObject,
    request: Call,
    signal: AbortSignal,
  ): Promise<{ responses: JsonObject } | { outcome: Outcome }> => {
    const questions = Object.entries(asked).map(([key, value]) => ({ key, ...question(value) }));
    const unable = questions.find(({ method }) => !canAnswer(agent.capabilities, method));
    if (unable !== undefined) {
      return { outcome: toolFailure(request.method, `The server asked for input that this agent cannot give.`) };
    }
    const answers = await Promise.all(
      questions.map(
        async ({ key, method, params }) => [key, await agent.ask(method, params, request.id, signal)] as const,
      ),
    );
    const refused = answers.find(([, answer]) => 'error' in answer)?.[1];
    if (refused !== undefined && 'error' in refused) {
      const text = `The agent did not give the input that the server asked for: ${refused.error.message}`;
      return { outcome: toolFailure(request.method, text) };
    }
    return {
      responses: Object.fromEntries(answers.map(([key, answer]) => [key, 'result' in answer ? answer.result : {}])),
    };
  };

  return {
    opened: initializeResult(upstream, known, agent.hello['protocolVersion']),
    begin() {
      if (Object.keys(wanted()).length > 0) listening.change(wanted()).catch(() => {});
    },
    async request(request, signal) {
      switch (request.method) {
        case 'ping':
          return { result: {} };
        case 'logging/setLevel':
          level = asText(request.params?.['level']);
          return { result: {} };
        case 'resources/subscribe':
        case 'resources/unsubscribe':
          return subscribe(request);
        default:
          return converse(request, signal);
      }
    },
    // The new revision has no notification from the agent's side over HTTP (streamable-http, Sending Messages).
    notice() {},
    answer() {},
    mend: () => listening.mend(),
    async close() {
      listening.close();
    },
  };
}

const changes = (capability: unknown): boolean => asObject(capability)['listChanged'] === true;

/** One entry of `inputRequests` as a request to an old agent; a link needs an id there and has none here. */
function question(value: unknown): { method: string; params: JsonObject } {
  const { method, params } = asObject(value);
  const given = asObject(params);
  const named =
    given['mode'] === 'url' && given['elicitationId'] === undefined
      ? { ...given, elicitationId: crypto.randomUUID() }
      : given;
  return { method: asText(method) ?? '', params: named };
}

const needed: Readonly<Record<string, string>> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
};

function canAnswer(capabilities: JsonObject, method: string): boolean {
  const name = needed[method];
  return name !== undefined && capabilities[name] !== undefined;
}

function pause(upstream: Upstream, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = upstream.clock.after(ms, resolve);
    signal.addEventListener('abort', () => (cancel(), resolve()), { once: true });
  });
}
