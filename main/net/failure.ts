// What went wrong on the wire, in one of our codes, and whether the request can have reached the other side.
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import { failureWords } from './failure-words.ts';

/**
 * The error for a failed request. `facts.sent` is false when the request certainly never left: a refresh may then be
 * repeated with the same token. Errors that are ours already pass as they are.
 */
export function failure(url: URL, error: unknown): TokentrayError {
  const chain = causes(error);
  const ours = chain.find((item) => item instanceof TokentrayError);
  if (ours !== undefined) return ours;
  const codes = chain.map(codeOf).filter((item) => item !== null && item !== 'UND_ERR');
  // A proxy's refusal is wrapped in what it meant for the connection.
  const cause = codes.find((item) => item === 'PROXY_REFUSED') ?? codes[0] ?? null;
  const { code, happened, advice, sent } = failureWords(cause);
  const subject = quote(url.origin);
  return new TokentrayError(code, `${subject} ${happened}`, {
    attempted: code === 'unreadable_answer' ? 'read the answer' : 'reach the server',
    subject,
    advice,
    facts: { cause: cause ?? 'unknown', sent },
    // That one quotes the address, password and all.
    ...(cause === 'WITH_CREDENTIALS' ? {} : { cause: error }),
  });
}

export function timedOut(url: URL, what: 'headers' | 'body'): TokentrayError {
  const code = what === 'headers' ? 'UND_ERR_HEADERS_TIMEOUT' : 'UND_ERR_BODY_TIMEOUT';
  return failure(url, Object.assign(new Error('time-out'), { code }));
}

/** An error, its causes, and the parts of an AggregateError (one per address that was tried). */
function causes(error: unknown): unknown[] {
  const found: unknown[] = [];
  const queue: unknown[] = [error];
  while (queue.length > 0 && found.length < 20) {
    const next = queue.shift();
    if (!(next instanceof Error)) continue;
    found.push(next);
    queue.push(next.cause);
    if (next instanceof AggregateError) queue.push(...(next.errors as unknown[]));
  }
  return found;
}

/** What undici says in words only gets a code of ours. */
function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const code: unknown = 'code' in error ? error.code : null;
  // A proxy that answers CONNECT with anything but 200; its code says only that the connection was given up.
  if (error.message.startsWith('Proxy response (')) return 'PROXY_REFUSED';
  if (typeof code === 'string') return code.slice(0, 64);
  if (error.message === 'bad port') return 'BAD_PORT';
  if (error.message.startsWith('Request cannot be constructed from a URL that includes credentials')) {
    return 'WITH_CREDENTIALS';
  }
  return error.name === 'HTTPParserError' ? 'NO_HTTP' : null;
}
