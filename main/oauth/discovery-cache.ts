// How long a discovery document may be believed, and a fetch that remembers it that long: HTTP caching between bounds.
import type { Clock, Fetch } from '../ports.ts';
import type { Store } from '../store/types.ts';

const shortest = 60_000;
const longest = 24 * 60 * 60_000;
/** For answers that say nothing about it. */
const unsaid = 5 * 60_000;

/** A fetch that can be told that what it got was wrong after all: a document that fails its checks is not kept. */
export type DocumentFetch = Fetch & { forget?(url: string): void };

/** Milliseconds from now, at least one minute and at most a day (RFC 9111 sections 4.2 and 5.2.2). */
export function freshFor(headers: Headers, now: number | null = null): number {
  const control = headers.get('cache-control') ?? '';
  if (/(?:^|[,\s])(?:no-store|no-cache)(?=$|[,\s=])/i.test(control)) return shortest;
  const maxAge = /(?:^|[,\s])max-age\s*=\s*"?(\d{1,10})/i.exec(control)?.[1];
  const age = Number(/^\s*(\d{1,10})/.exec(headers.get('age') ?? '')?.[1] ?? 0) * 1000;
  if (maxAge !== undefined) return within(Number(maxAge) * 1000 - age);
  const expires = headers.get('expires');
  if (expires === null) return unsaid;
  // RFC 9111 section 5.3: what is no date, `0` above all, is in the past.
  const until = Date.parse(expires);
  const sent = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(until)) return shortest;
  const since = Number.isNaN(sent) ? now : sent;
  return since === null ? unsaid : within(until - since - age);
}

function within(ms: number): number {
  return Math.min(longest, Math.max(shortest, ms));
}

/**
 * On whose behalf documents are kept: what one server may fetch, another may not, and is not told from memory either.
 * The user's word about http counts as part of who asks.
 */
export function documentScope(server: URL, allowHttp: boolean): string {
  return `${server.origin}${allowHttp ? '+http' : ''}`;
}

/**
 * GET through the cache. Only a 200 with a JSON object is kept; every failure is asked for anew the next time.
 * `cache: 'reload'` asks the server and keeps its answer; `no-store` leaves the cache alone.
 * @param scope asked at every request, as the user may change it; documents of one scope are not seen in another
 */
export function cachedFetch(
  http: Fetch,
  cache: Pick<Store['documents'], 'get' | 'put'>,
  clock: Pick<Clock, 'now'>,
  scope: () => string = () => '',
): DocumentFetch {
  // The store finds the address behind the last blank: an address has none, it would be escaped.
  const keyOf = (url: string): string => [scope(), new URL(url).href].filter((part) => part !== '').join(' ');
  const fetch: Fetch = async (input, init) => {
    const request = input instanceof Request ? input : null;
    const method = init?.method ?? request?.method ?? 'GET';
    const mode = init?.cache ?? request?.cache ?? 'default';
    const authorized = new Headers(init?.headers ?? request?.headers).has('authorization');
    if (method.toUpperCase() !== 'GET' || mode === 'no-store' || authorized) return http(input, init);
    const key = keyOf(input instanceof Request ? input.url : String(input));
    const kept = mode === 'reload' ? null : cache.get(key);
    if (kept !== null && kept.expiresAt > clock.now()) {
      const seconds = Math.floor((kept.expiresAt - clock.now()) / 1000);
      return new Response(kept.body, {
        headers: { 'content-type': 'application/json', 'cache-control': `max-age=${seconds}` },
      });
    }
    const answer = await http(input, init);
    if (answer.status !== 200) return answer;
    const body = await answer.text();
    if (isJsonObject(body)) {
      const now = clock.now();
      cache.put({ url: key, body, fetchedAt: now, expiresAt: now + freshFor(answer.headers, now) });
    }
    return new Response(body, { status: 200, headers: answer.headers });
  };
  return Object.assign(fetch, {
    forget(url: string) {
      const key = keyOf(url);
      if (cache.get(key) !== null) cache.put({ url: key, body: '', fetchedAt: 0, expiresAt: 0 });
    },
  });
}

function isJsonObject(body: string): boolean {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
