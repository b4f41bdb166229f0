// When a request that was challenged is sent again, how often, and what is said when that did not help.
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import type { UpstreamChallenge } from './upstream-auth.ts';

/** What a challenge asks for: a fresh token, more scope, or a proof with the server's nonce (RFC 9449 section 9). */
export type ChallengeKind = 'unauthorized' | 'forbidden' | 'nonce';

/** Null: an ordinary answer, not for the grant to judge. */
export function challengeKind(challenge: UpstreamChallenge): ChallengeKind | null {
  const nonce = /\berror\s*=\s*"?use_dpop_nonce\b/iu.test(challenge.wwwAuthenticate ?? '');
  if (challenge.status === 400) return nonce ? 'nonce' : null;
  if (challenge.status === 401) return nonce ? 'nonce' : 'unauthorized';
  return challenge.status === 403 ? 'forbidden' : null;
}

// A fresh token that is refused stays refused. A step-up may take two: servers are known to name one scope at a time.
const limits: Readonly<Record<ChallengeKind, number>> = { unauthorized: 1, forbidden: 2, nonce: 2 };

/** Counts the repetitions of one request. */
export class Repeats {
  readonly #used: Record<ChallengeKind, number> = { unauthorized: 0, forbidden: 0, nonce: 0 };

  allows(kind: ChallengeKind): boolean {
    return this.#used[kind] < limits[kind];
  }

  count(kind: ChallengeKind): void {
    this.#used[kind] += 1;
  }
}

/** The error that stands for a challenge which nothing helped against; null for a plain 403 or 400, which passes. */
export function refusal(kind: ChallengeKind, challenge: UpstreamChallenge, url: URL): TokentrayError | null {
  const subject = quote(`${url.origin}${url.pathname}`);
  const facts = { status: challenge.status };
  const attempted = 'send the request';
  if (kind === 'forbidden') {
    if (challenge.wwwAuthenticate === null) return null;
    if (/\berror\s*=\s*"?insufficient_scope\b/iu.test(challenge.wwwAuthenticate)) {
      return new TokentrayError('insufficient_scope', `${subject} still asks for more permissions than were granted`, {
        attempted,
        subject,
        facts,
        advice: 'Sign in again and agree to every permission, or ask the owner of the server for access.',
      });
    }
    return new TokentrayError('token_refused', `${subject} does not allow this request with the permissions granted`, {
      attempted,
      subject,
      facts,
      advice: 'Ask the owner of the server for access.',
    });
  }
  if (challenge.status === 400) return null;
  const what = kind === 'nonce' ? 'every proof of possession' : 'a fresh access token';
  return new TokentrayError('token_refused', `${subject} refused ${what}`, {
    attempted,
    subject,
    facts,
    advice: `Run "tokentray doctor ${url.origin}${url.pathname}" to see what the server expects.`,
  });
}

/** A redirect with a token on it would hand the token to whoever the server names: it is told, never followed. */
export function redirected(status: number, location: string | null, url: URL): TokentrayError {
  const subject = quote(`${url.origin}${url.pathname}`);
  return new TokentrayError(
    'protocol_error',
    location === null
      ? `${subject} answered with redirect ${status}`
      : `${subject} answered with redirect ${status} to ${quote(location)}`,
    {
      attempted: 'send the request',
      subject,
      facts: { status },
      advice: 'If the server has moved, add it again with its new address.',
    },
  );
}

export const isRedirect = (status: number): boolean => status >= 300 && status < 400 && status !== 304;
