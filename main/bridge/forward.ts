// One request through to the server and its answer back, as raw streams: only credentials and connection headers change.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Dispatcher } from 'undici';
import { failure, timedOut } from '../net/failure.ts';
import type { Clock, Log } from '../ports.ts';
import { isTokentrayError } from '../errors.ts';
import { explain, requestIds, sendFailure } from './answers.ts';
import type { ReplayBody } from './forward-body.ts';
import { agentHeaders, hasBody, upstreamHeaders } from './hop-by-hop.ts';
import type { Authorization, UpstreamAuth, UpstreamChallenge } from './upstream-auth.ts';
import { challengeKind, isRedirect, redirected, refusal, Repeats } from './upstream-repeat.ts';
import { repeatPlease } from './upstream.ts';

/** The server that a request goes to. */
export interface ForwardTarget {
  readonly server: string;
  readonly url: URL;
  readonly auth: UpstreamAuth;
  readonly dispatcher: Dispatcher;
  /** Makes a sign-in link for this server. */
  readonly link: () => string;
  readonly log: Log;
  readonly clock: Clock;
}

/** Up to this size a request body is read for its id when the bridge has to answer by itself. */
export const readableBytes = 256 * 1024;

/** A call may take long, and its agent decides how long; this only ends what everybody has forgotten. */
const answerWithinMs = 60 * 60_000;

/** Forwards one request. Never rejects: a failure becomes an answer, or ends the connection when one has begun. */
/** @throws needs_sign_in as long as the request can still be served in another way */
export async function forward(
  req: IncomingMessage,
  res: ServerResponse,
  body: ReplayBody,
  target: ForwardTarget,
): Promise<void> {
  // An agent that hangs up takes its request to the server with it.
  const gone = new AbortController();
  res.once('close', () => {
    if (!res.writableFinished) gone.abort();
  });
  if (res.destroyed) gone.abort();
  try {
    const answer = await ask(req, body, target, gone.signal);
    body.release();
    res.writeHead(answer.statusCode, agentHeaders(answer.headers));
    // Headers of an event stream must not wait for its first event.
    res.flushHeaders();
    await pipeline(answer.body, res);
  } catch (error) {
    if (gone.signal.aborted) {
      target.log.debug('the agent hung up', { server: target.server });
      return;
    }
    // Outside a session the relay has a better answer than an error: what is known of the server, and a link to sign in.
    const relayable = !res.headersSent && body.replayable && req.headers['mcp-session-id'] === undefined;
    if (relayable && isTokentrayError(error, 'needs_sign_in')) throw error;
    const told = explain(error, target.server, target.link);
    target.log.warn('a forwarded request failed', { server: target.server, told: told.code, error });
    if (res.headersSent) {
      // The answer had begun: only a broken connection tells the agent that it is not whole.
      res.destroy();
      return;
    }
    const read = req.method === 'POST' ? await body.peek(readableBytes).catch(() => null) : null;
    sendFailure(res, told, requestIds(read));
  }
}

/** Sends the request as often as challenges and their limits allow, and gives the answer that stands. */
async function ask(
  req: IncomingMessage,
  body: ReplayBody,
  target: ForwardTarget,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const { auth, url } = target;
  const asked = { method: req.method ?? 'GET', url, signal };
  const repeats = new Repeats();
  let used = await auth.authorize(asked);
  for (;;) {
    const answer = await send(req, body, target, used, signal);
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
      const error = next === null ? refusal(kind, challenge, url) : body.replayable ? null : repeatPlease(url);
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

async function send(
  req: IncomingMessage,
  body: ReplayBody,
  target: ForwardTarget,
  used: Authorization,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const late = new AbortController();
  const stop = target.clock.after(answerWithinMs, () => late.abort());
  try {
    return await target.dispatcher.request({
      origin: target.url.origin,
      path: `${target.url.pathname}${target.url.search}`,
      method: req.method ?? 'GET',
      headers: upstreamHeaders(req.rawHeaders, used.headers),
      body: hasBody(req.headers) ? body.open() : null,
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
