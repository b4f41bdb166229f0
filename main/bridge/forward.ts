// One request through to the server and its answer back, as raw streams: only credentials and connection headers change.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { isTokentrayError, TokentrayError } from '../errors.ts';
import { failure, timedOut } from '../net/failure.ts';
import type { Clock, Log } from '../ports.ts';
import { onlyListens } from './admissions.ts';
import type { Admission } from './admissions.ts';
import { explain, failureMessage, requestIdsOf, sendFailure, sendJson } from './answers.ts';
import { readableCodings } from './content-coding.ts';
import { eventOf } from './event-blocks.ts';
import { deliver, hasToBeRead, type Answering } from './forward-answer.ts';
import { letThrough } from './forward-guard.ts';
import { paramFault } from './forward-params.ts';
import { WaitingStream } from './forward-wait.ts';
import { upstreamHeaders } from './hop-by-hop.ts';
import type { ReadMessages } from './incoming.ts';
import { goneAway } from './outcomes.ts';
import type { GuardedUpstream } from './relay/types.ts';
import { isCall, nothing } from './relay/wire.ts';
import type { Id } from './relay/wire.ts';
import type { Authorization, UpstreamAuth, UpstreamChallenge } from './upstream-auth.ts';
import { challengeKind, isRedirect, redirected, refusal, Repeats } from './upstream-repeat.ts';

/** The server that a request goes to. */
export interface ForwardTarget {
  readonly server: string;
  readonly url: URL;
  readonly auth: UpstreamAuth;
  readonly dispatcher: Dispatcher;
  /** As this agent may use it. */
  readonly upstream: GuardedUpstream;
  /** Makes a sign-in link for this server. */
  readonly link: () => string;
  /** @throws locked */
  readonly checkUnlocked?: () => void;
  /** Told of a session that the server opened. */
  readonly onSession: (id: string) => void;
  readonly log: Log;
  readonly clock: Clock;
}

/** What a POST carries: its bytes go to the server as they came. */
export interface ForwardBody {
  readonly bytes: Buffer;
  readonly read: ReadMessages;
}

/** A call may take long, and its agent decides how long; this only ends what everybody has forgotten. */
const answerWithinMs = 60 * 60_000;

/**
 * Forwards one request once the guard has let it through. A failure becomes an answer, or ends the connection when one has
 * begun. @throws needs_sign_in as long as the request can still be served in another way
 */
export async function forward(
  req: IncomingMessage,
  res: ServerResponse,
  body: ForwardBody | null,
  target: ForwardTarget,
): Promise<void> {
  const { guard } = target.upstream;
  // An agent that hangs up takes its request to the server with it, and so does a person who shuts it out.
  const gone = new AbortController();
  const hungUp = (): void => {
    if (!res.writableFinished) gone.abort();
  };
  res.once('close', hungUp);
  if (res.destroyed) gone.abort();
  // What was allowed for once is over with its answer, and with it whatever only listens.
  const deaf = new AbortController();
  const offDeaf = listens(req, body) ? target.upstream.admissions.whenDeaf(() => deaf.abort()) : nothing;
  const signal = AbortSignal.any([gone.signal, guard.ended, deaf.signal]);
  const waiting = new WaitingStream(res, req.headers.accept);
  let admissions: ReadonlyMap<Id, Admission> = new Map();
  const end = (outcome: 'cancelled' | 'failed'): void => {
    for (const admission of admissions.values()) admission.finished({ outcome, bytes: 0 });
  };
  try {
    const isAsked = body?.read.messages.some(isCall) ?? false;
    if (!isAsked && req.method !== 'DELETE') checkNotices(req, target);
    const fault = await paramFault(req, body?.read ?? null, target.upstream, signal);
    if (fault !== null) return sendJson(res, fault.status, fault.answer);
    if (body !== null) {
      const passed = await letThrough(body.read, target.upstream, gone.signal, (call, words) =>
        waiting.tell(call, words),
      );
      if (passed.kind === 'refused') return waiting.answer(passed.answer);
      admissions = passed.admissions;
    }
    const answering: Answering = {
      server: target.server,
      log: target.log,
      guard,
      admissions,
      method: req.method ?? 'GET',
      lastWords: (unanswered) => (guard.ended.aborted ? lastWords(target, body, unanswered) : null),
    };
    const answer = await ask(req, body?.bytes ?? null, target, signal, hasToBeRead(answering));
    const session = single(answer.headers['mcp-session-id']);
    if (session !== null) target.onSession(session);
    await (waiting.begun ? waiting.deliver(answer, answering) : deliver(answer, res, answering));
  } catch (error) {
    if (gone.signal.aborted) {
      end('cancelled');
      target.log.debug('the agent hung up', { server: target.server });
      return;
    }
    if (deaf.signal.aborted && res.headersSent) {
      end('cancelled');
      target.log.debug('a stream ended with what was allowed', { server: target.server });
      res.destroy();
      return;
    }
    // Outside a session the relay has a better answer than an error: what is known of the server, and a link to sign in.
    const relayable = !res.headersSent && req.headers['mcp-session-id'] === undefined;
    if (relayable && isTokentrayError(error, 'needs_sign_in')) {
      for (const admission of admissions.values()) admission.again();
      throw error;
    }
    end('failed');
    const over = deaf.signal.aborted ? notAllowed(target.server) : error;
    const ended = guard.ended.aborted ? goneAway(target.server, guard.ended) : over;
    const told = explain(ended, target.server, target.link);
    target.log.warn('a forwarded request failed', { server: target.server, told: told.code, error: ended });
    const ids = body === null ? ({ kind: 'none' } as const) : requestIdsOf(body.read);
    if (waiting.begun) waiting.fail(told, ids);
    // The answer had begun: without last words only a broken connection tells the agent that it is not whole.
    else if (res.headersSent) {
      if (!res.writableEnded) res.destroy();
    } else sendFailure(res, told, ids);
  } finally {
    offDeaf();
    // The next way that the request may take has an end of its own to look for.
    res.off('close', hungUp);
  }
}

/** In place of the answers that a person's word has cut off: one event each. */
function lastWords(target: ForwardTarget, body: ForwardBody | null, unanswered: readonly Id[]): string {
  const { server, link, upstream } = target;
  const told = explain(goneAway(server, upstream.guard.ended), server, link);
  // Requests in a batch are answered one by one on a stream.
  const asked = body === null ? [] : unanswered;
  return asked.map((id) => eventOf(failureMessage(told, { kind: 'one', id }))).join('');
}

/** Whether it brings the agent nothing but what the server says of itself. */
function listens({ method }: IncomingMessage, body: ForwardBody | null): boolean {
  const calls = body?.read.messages.filter(isCall) ?? [];
  return method === 'GET' || (calls.length > 0 && calls.every((call) => onlyListens(call.method)));
}

/** What no guard is asked about still needs an agent that is allowed. @throws approval_needed, locked */
function checkNotices(
  req: IncomingMessage,
  { upstream: { guard, admissions }, checkUnlocked, server }: ForwardTarget,
): void {
  if (req.method === 'GET' ? guard.open() : admissions.passNotices) return;
  checkUnlocked?.();
  // The call that was allowed for once may be asked something on a stream that its agent opens meanwhile.
  if (admissions.passNotices) return;
  throw notAllowed(server);
}

const notAllowed = (server: string): TokentrayError =>
  new TokentrayError('approval_needed', `no person has allowed this agent to use "${server}" yet`, {
    attempted: 'use its session',
    advice: 'The next request that needs the server asks them',
  });

/** Sends the request as often as challenges and their limits allow, and gives the answer that stands. */
async function ask(
  req: IncomingMessage,
  body: Buffer | null,
  target: ForwardTarget,
  signal: AbortSignal,
  readable: boolean,
): Promise<Dispatcher.ResponseData> {
  const { auth, url } = target;
  const asked = { method: req.method ?? 'GET', url, signal };
  const repeats = new Repeats();
  let used = await auth.authorize(asked);
  for (;;) {
    const answer = await send(req, body, target, used, signal, readable);
    auth.answered({ status: answer.statusCode, headers: webHeaders(answer.headers) });
    if (isRedirect(answer.statusCode)) {
      await discard(answer);
      throw redirected(answer.statusCode, single(answer.headers.location), url);
    }
    const challenge: UpstreamChallenge = {
      status: answer.statusCode,
      wwwAuthenticate: single(answer.headers['www-authenticate']),
      dpopNonce: single(answer.headers['dpop-nonce']),
    };
    const kind = challengeKind(challenge);
    if (kind === null) return answer;
    let next: Authorization | null = null;
    try {
      if (repeats.allows(kind)) next = await auth.challenged(used, challenge, asked);
      const error = next === null ? refusal(kind, challenge, url) : null;
      if (error !== null) throw error;
    } catch (error) {
      await discard(answer);
      throw error;
    }
    if (next === null) return answer;
    await discard(answer);
    target.log.debug('repeating a challenged request', { server: target.server, status: challenge.status, kind });
    repeats.count(kind);
    used = next;
  }
}

/** What the answer may come in: plain where it has to be read, and in no coding that hides what passes. */
function codings(req: IncomingMessage, readable: boolean): Readonly<Record<string, string>> {
  const accepted = readable ? 'identity' : readableCodings(req.headers['accept-encoding']);
  return accepted === undefined ? {} : { 'accept-encoding': accepted };
}

async function send(
  req: IncomingMessage,
  body: Buffer | null,
  target: ForwardTarget,
  used: Authorization,
  signal: AbortSignal,
  readable: boolean,
): Promise<Dispatcher.ResponseData> {
  const late = new AbortController();
  const stop = target.clock.after(answerWithinMs, () => late.abort());
  try {
    return await target.dispatcher.request({
      origin: target.url.origin,
      path: `${target.url.pathname}${target.url.search}`,
      method: req.method ?? 'GET',
      headers: upstreamHeaders(req.rawHeaders, { ...used.headers, ...codings(req, readable) }),
      body,
      signal: AbortSignal.any([signal, late.signal]),
      // An event stream may be silent for hours; whoever waits for it decides when to stop.
      bodyTimeout: 0,
    });
  } catch (error) {
    throw late.signal.aborted ? timedOut(target.url, 'headers') : failure(target.url, error);
  } finally {
    stop();
  }
}

/** Lets go of an answer that nobody will read; a short one is read so that its connection can serve again. */
async function discard(answer: Dispatcher.ResponseData): Promise<void> {
  await answer.body.dump({ limit: 64 * 1024 }).catch(() => undefined);
}

const single = (value: string | string[] | undefined): string | null =>
  value === undefined ? null : [value].flat().join(', ');

function webHeaders(headers: Dispatcher.ResponseData['headers']): Headers {
  const result = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const one of [value ?? []].flat()) result.append(name, one);
  }
  return result;
}
