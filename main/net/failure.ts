// What went wrong on the wire, in one of our codes, and whether the request can have reached the other side.
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';

/** Before these the request was not sent: nothing changed on the other side, it is safe to send it again. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_PRX_TLS',
]);

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host name cannot be looked up now',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ECONNRESET: 'the connection broke off',
  UND_ERR_SOCKET: 'the connection broke off',
  UND_ERR_CONNECT_TIMEOUT: 'it does not accept connections in time',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer in time',
  UND_ERR_BODY_TIMEOUT: 'its answer does not end in time',
  UND_ERR_ABORTED: 'the proxy refused the connection',
};

/**
 * The error for a failed request. `facts.sent` is false when the request certainly never left: a refresh may then be
 * repeated with the same token. Errors that are ours already pass as they are.
 */
export function failure(url: URL, error: unknown): TokentrayError {
  const chain = causes(error);
  const ours = chain.find((item) => item instanceof TokentrayError);
  if (ours !== undefined) return ours;
  const code = chain.map(codeOf).find((item) => item !== null && item !== 'UND_ERR') ?? 'unknown';
  const subject = quote(url.origin);
  if (isCertificateProblem(code)) {
    return new TokentrayError('unreachable', `the certificate of ${subject} is not trusted (${code})`, {
      attempted: 'reach the server',
      subject,
      advice: 'If your network uses its own certificate authority, name its PEM file as an extra CA.',
      facts: { cause: code, sent: false },
      cause: error,
    });
  }
  if (code.startsWith('HPE_')) {
    return new TokentrayError('unreadable_answer', `${subject} does not speak HTTP (${code})`, {
      attempted: 'read the answer',
      subject,
      facts: { cause: code },
      cause: error,
    });
  }
  return new TokentrayError('unreachable', `${subject} cannot be reached: ${words[code] ?? code}`, {
    attempted: 'reach the server',
    subject,
    advice: 'Check the address, your network and the proxy settings.',
    facts: { cause: code, sent: !(neverSent.has(code) || chain.some(proxyRefused)) },
    cause: error,
  });
}

export function timedOut(url: URL, what: 'headers' | 'body'): TokentrayError {
  const code = what === 'headers' ? 'UND_ERR_HEADERS_TIMEOUT' : 'UND_ERR_BODY_TIMEOUT';
  return failure(url, Object.assign(new Error('time-out'), { code }));
}

function isCertificateProblem(code: string): boolean {
  return /^(?:CERT_|ERR_TLS_CERT|ERR_SSL|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/.test(
    code,
  );
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

// undici has no code of its own for a proxy that answers CONNECT with anything but 200.
function proxyRefused(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Proxy response (');
}

function codeOf(error: unknown): string | null {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : null;
}
