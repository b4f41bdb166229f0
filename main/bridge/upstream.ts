// The relay's fetch: it carries one server's token to that server and nowhere else, and answers its challenges.
import { TokentrayError } from '../errors.ts';
import { plainRequest, type PlainRequest } from '../net/request.ts';
import type { Fetch, Log } from '../ports.ts';
import { quote } from '../quote.ts';
import { watchForEndpoint } from './endpoint-event.ts';
import type { UpstreamAuth, UpstreamChallenge } from './upstream-auth.ts';
import { challengeKind, isRedirect, redirected, refusal, Repeats } from './upstream-repeat.ts';

export interface UpstreamFetchParts {
  readonly auth: UpstreamAuth;
  /** The server's own address: the token belongs to its origin and path. */
  readonly url: URL;
  readonly fetch: Fetch;
  readonly log: Log;
}

/**
 * A fetch for the SDK's transports. A challenge that nothing helps against is thrown, so that the SDK does not mistake
 * it for one of its own; every other answer passes.
 * @throws forbidden_address for other addresses, protocol_error for redirects, token_refused, insufficient_scope, and
 * what `UpstreamAuth` throws
 */
export function upstreamFetch(parts: UpstreamFetchParts): Fetch {
  return tokenFetch(parts, () => false);
}

/**
 * A fetch for one session over HTTP+SSE (2024-11-05), whose first event names another address of the same origin:
 * POST goes to that very address too, for as long as this session's stream is the one that named it.
 * @throws as `upstreamFetch`
 */
export function eventStreamFetch(parts: UpstreamFetchParts): Fetch {
  let messages: string | null = null;
  const send = tokenFetch(parts, (url, method) => method === 'POST' && addressOf(url) === messages);
  return async (input, init) => {
    const response = await send(input, init);
    const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
    if (method.toUpperCase() !== 'GET' || response.body === null || !isEventStream(response)) return response;
    messages = null;
    const watched = watchForEndpoint(response.body, (address) => {
      if (URL.canParse(address, parts.url)) messages = addressOf(new URL(address, parts.url));
    });
    const { status, statusText, headers } = response;
    return new Response(watched, { status, statusText, headers });
  };
}

const addressOf = (url: URL): string => `${url.origin}${url.pathname}${url.search}`;

function tokenFetch(parts: UpstreamFetchParts, alsoTo: (url: URL, method: string) => boolean): Fetch {
  const { auth, url: own, fetch, log } = parts;
  const belongs = (url: URL, method: string): boolean =>
    url.origin === own.origin && (url.pathname === own.pathname || alsoTo(url, method));

  return async (input, init) => {
    const { url, method, signal, body, headers: given } = await repeatable(input, init);
    if (!belongs(url, method)) {
      throw new TokentrayError(
        'forbidden_address',
        `${quote(`${url.origin}${url.pathname}`)} is not the server's own`,
        {
          attempted: 'send the request',
          subject: quote(own.href),
        },
      );
    }
    const asked = { method, url, ...(signal === null ? {} : { signal }) };
    const repeats = new Repeats();
    let used = await auth.authorize(asked);
    for (;;) {
      const headers = new Headers(given);
      for (const [name, value] of Object.entries(used.headers)) headers.set(name, value);
      const response = await fetch(url, {
        method,
        headers,
        body,
        signal,
        redirect: 'manual',
        ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
      });
      auth.answered({ status: response.status, headers: response.headers });
      if (isRedirect(response.status)) {
        await discard(response);
        throw redirected(response.status, response.headers.get('location'), url);
      }
      const challenge: UpstreamChallenge = {
        status: response.status,
        wwwAuthenticate: response.headers.get('www-authenticate'),
        dpopNonce: response.headers.get('dpop-nonce'),
      };
      const kind = challengeKind(challenge);
      if (kind === null) return response;
      const next = repeats.allows(kind) ? await judged(response, () => auth.challenged(used, challenge, asked)) : null;
      if (next === null) {
        const error = refusal(kind, challenge, url);
        if (error === null) return response;
        await discard(response);
        throw error;
      }
      await discard(response);
      if (body instanceof ReadableStream) throw repeatPlease(own);
      log.debug('repeating a challenged request', { status: challenge.status, kind });
      repeats.count(kind);
      used = next;
    }
  };
}

/** The grant was brought up to date, but the body is gone: only the sender has it. */
export function repeatPlease(url: URL): TokentrayError {
  return new TokentrayError(
    'token_unavailable',
    'the access token was replaced while a large request was on its way: send the request again',
    {
      attempted: 'send the request',
      subject: quote(`${url.origin}${url.pathname}`),
      advice: 'Send the request again.',
    },
  );
}

/** A Request's own body is read into memory; a stream that was given as such belongs to the sender. */
async function repeatable(input: string | URL | Request, init: RequestInit | undefined): Promise<PlainRequest> {
  const request = await plainRequest(input, init);
  if (!(input instanceof Request) || init?.body !== undefined || request.body === null) return request;
  return { ...request, body: new Uint8Array(await new Response(request.body).arrayBuffer()) };
}

/** When the grant cannot help, the answer's connection must not stay open behind the error. */
async function judged<T>(response: Response, decide: () => Promise<T>): Promise<T> {
  try {
    return await decide();
  } catch (error) {
    await discard(response);
    throw error;
  }
}

async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}

const isEventStream = (response: Response): boolean =>
  response.ok && (response.headers.get('content-type') ?? '').toLowerCase().startsWith('text/event-stream');
