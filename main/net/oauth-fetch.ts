// Fetch for metadata, registration, token and revocation: small answers, short waits, and only places that may be named.
import { fetch as undiciFetch, type Dispatcher, type Response as UndiciResponse } from 'undici';
import { TokentrayError } from '../errors.ts';
import type { Fetch, Log } from '../ports.ts';
import { quote } from '../quote.ts';
import { isLoopbackUrl, mayName, statedPlace, type Place } from './address.ts';
import { failure, timedOut } from './failure.ts';
import { forbidden } from './lookup.ts';
import { plainRequest, type PlainRequest } from './request.ts';

/** On whose behalf: what this server's answers name is fetched under its rules. */
export interface OauthScope {
  readonly server: URL;
  /** The user's word that plain http is acceptable for this server. */
  readonly allowHttp: boolean;
}

export interface OauthFetchParts {
  readonly log: Log;
  /** Where the server itself is, now. */
  place(scope: OauthScope): Promise<Place>;
  /** Connections that reach only what a server in that place may name. */
  dispatcher(place: Place): Dispatcher;
  readonly connectMs: number;
  readonly headersMs: number;
  readonly bodyMs: number;
}

const mostBytes = 1024 * 1024;
const mostRedirects = 5;
const credentials = ['authorization', 'cookie', 'dpop', 'proxy-authorization'];

/**
 * Answers come complete, decoded and at most 1 MiB long. GET follows up to five redirects, each checked like the first
 * address and without credentials across origins; everything else gets the redirect itself as its answer.
 * @throws insecure_url, forbidden_address, unreachable (facts.sent: whether it can have arrived), response_too_large,
 * unreadable_answer
 */
export function oauthFetch(parts: OauthFetchParts, scope: OauthScope): Fetch {
  return async (input, init) => {
    const request = await plainRequest(input, init);
    let { url, headers } = request;
    for (let redirects = 0; ; redirects += 1) {
      // Asked every time: the connection just made may have shown that the server is not where it seemed to be.
      const place = await parts.place(scope);
      checkAddress(url, scope, mayName(place));
      const answer = await exchange(parts, parts.dispatcher(place), { ...request, url, headers });
      const next = request.method === 'GET' || request.method === 'HEAD' ? redirectTarget(answer, url) : null;
      if (next === null) return answer;
      if (redirects >= mostRedirects) {
        throw new TokentrayError('unreadable_answer', `${quote(request.url.origin)} redirects without an end`, {
          attempted: 'follow its redirects',
          subject: quote(request.url.origin),
        });
      }
      if (next.origin !== url.origin) {
        headers = new Headers(headers);
        for (const name of credentials) headers.delete(name);
      }
      url = next;
    }
  };
}

/** What can be said without a look-up; names are checked when they are looked up, in lookup.ts. */
function checkAddress(url: URL, scope: OauthScope, allowed: ReadonlySet<Place>): void {
  const http = url.protocol === 'http:';
  if (!http && url.protocol !== 'https:') {
    throw new TokentrayError('unsafe_url', `${quote(url.href)} is no http(s) address`, { subject: quote(url.href) });
  }
  const place = statedPlace(url);
  if (place !== null && !allowed.has(place)) throw forbidden(url.hostname, null);
  if (http && !scope.allowHttp && !isLoopbackUrl(url)) {
    throw new TokentrayError('insecure_url', `${quote(url.origin)} is plain http, so anyone on the way can read it`, {
      attempted: 'reach an address that a server named',
      subject: quote(url.origin),
      advice: 'Use its https address; for a server in a network that you trust, allow http for it.',
      facts: { sent: false },
    });
  }
}

async function exchange(parts: OauthFetchParts, dispatcher: Dispatcher, request: PlainRequest): Promise<Response> {
  const { url, method, headers, body, signal } = request;
  const controller = new AbortController();
  const giveUp = (): void => controller.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener('abort', giveUp, { once: true });
  let timer = limit(controller, url, 'headers', parts.connectMs + parts.headersMs);
  const begun = performance.now();
  try {
    const answer = await undiciFetch(url, {
      method,
      headers: [...headers],
      body,
      dispatcher,
      redirect: 'manual',
      signal: controller.signal,
    });
    clearTimeout(timer);
    timer = limit(controller, url, 'body', parts.bodyMs);
    const complete = await buffered(answer, url);
    parts.log.debug('request answered', {
      method,
      url: `${url.origin}${url.pathname}`,
      status: answer.status,
      ms: Math.round(performance.now() - begun),
    });
    return complete;
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw failure(url, error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
}

function limit(controller: AbortController, url: URL, what: 'headers' | 'body', ms: number): NodeJS.Timeout {
  return setTimeout(() => controller.abort(timedOut(url, what)), ms).unref();
}

/** The answer with its whole body in memory, counted after decompression. */
async function buffered(answer: UndiciResponse, url: URL): Promise<Response> {
  const headers = new Headers([...answer.headers]);
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding', 'set-cookie']) headers.delete(name);
  const bytes = await readBody(answer, url);
  const empty = [101, 204, 205, 304].includes(answer.status);
  const response = new Response(empty ? null : bytes, {
    status: answer.status,
    statusText: answer.statusText,
    headers,
  });
  Object.defineProperty(response, 'url', { value: url.href });
  return response;
}

async function readBody(answer: UndiciResponse, url: URL): Promise<Uint8Array<ArrayBuffer>> {
  if (answer.body === null) return new Uint8Array();
  // An event stream is never metadata and need never end.
  if (/^text\/event-stream\b/i.test(answer.headers.get('content-type') ?? '')) {
    await answer.body.cancel();
    return new Uint8Array();
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > mostBytes) {
      // Leaving the loop cancels the stream.
      throw new TokentrayError('response_too_large', `${quote(url.origin)} sent more than 1 MiB`, {
        attempted: 'read the answer',
        subject: quote(url.origin),
        facts: { limit: mostBytes },
      });
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function redirectTarget(answer: Response, from: URL): URL | null {
  if (![301, 302, 303, 307, 308].includes(answer.status)) return null;
  const location = answer.headers.get('location');
  if (location === null || !URL.canParse(location, from)) return null;
  const next = new URL(location, from);
  next.username = '';
  next.password = '';
  next.hash = '';
  return next;
}
