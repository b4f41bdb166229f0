// What a failed token request means, decided in one place: did the grant end, is the client unknown, or is it weather.
import { z } from 'zod';
import { TokentrayError, assertNever } from '../errors.ts';
import type { ErrorCode, ErrorFacts } from '../errors.ts';
import { quote } from '../quote.ts';
import type { Secret } from '../secret.ts';

/**
 * - `ended`: the refresh token is dead, by a definite `invalid_grant` or a documented disguise of it; only a person helps.
 * - `client-unknown`: the server does not know this client (any more).
 * - `refused`: this request will not be granted; the refresh token, if any, is not judged. Repeating it is useless.
 * - `weather`: nothing was decided (5xx, rate limits, time-outs, unreadable answers); try again later.
 * - `lost`: the request went out and the connection broke; the server may have answered, and rotated.
 */
type TokenFailureKind = 'ended' | 'client-unknown' | 'refused' | 'weather' | 'lost';

export interface TokenFailure {
  readonly kind: TokenFailureKind;
  /** As the server wrote it. */
  readonly oauthError: string | null;
  readonly description: string | null;
  /** HTTP status; null when there was no answer. */
  readonly status: number | null;
  readonly retryAfterMs: number | null;
  /** Whether the server may have carried out the request, and so retired the refresh token that was sent. */
  readonly mayHaveRotated: boolean;
}

/** An answer of the token endpoint, read to its end. */
export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export type GrantType =
  | 'authorization_code'
  | 'refresh_token'
  | 'client_credentials'
  | 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  | 'urn:ietf:params:oauth:grant-type:token-exchange';

/** Other words for `invalid_grant` on a refresh, compared in lower case with underscores. Each from its provider's documents. */
export const deadRefreshTokens: Readonly<Record<string, string>> = {
  invalid_grant: 'https://www.rfc-editor.org/rfc/rfc6749#section-5.2',
  // GitHub, with status 200
  bad_refresh_token:
    'https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens',
  // Slack, with status 200 and `ok: false`; Twitch in `message`
  invalid_refresh_token: 'https://docs.slack.dev/reference/methods/tooling.tokens.rotate',
  expired_refresh_token: 'https://docs.slack.dev/authentication/using-token-rotation',
  token_expired: 'https://docs.slack.dev/authentication/using-token-rotation',
  token_revoked: 'https://docs.slack.dev/reference/methods/auth.revoke',
  // Microsoft Entra ID: a policy now wants the person
  interaction_required: 'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow',
  // HubSpot in `message`, with `status: BAD_REFRESH_TOKEN`
  missing_or_invalid_refresh_token: 'https://developers.hubspot.com/docs/api/oauth/tokens',
};

/** Other words for `invalid_client`. */
const unknownClients: Readonly<Record<string, string>> = {
  invalid_client: 'https://www.rfc-editor.org/rfc/rfc6749#section-5.2',
  // RFC 7591 section 3.2.2 has no such word; seen where a dynamic registration was dropped
  invalid_client_id: 'https://docs.slack.dev/reference/methods/oauth.v2.access',
  incorrect_client_credentials:
    'https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors',
};

/** OAuth errors (and Slack's, which come with 200) that say nothing about the grant. */
const passing = new Set([
  'server_error',
  'temporarily_unavailable',
  'slow_down',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'ratelimited',
  'rate_limited',
  'rate_limit_exceeded',
  'too_many_requests',
]);

const text = z.string().max(8192);
const errorBody = z.object({
  error: z
    .union([text, z.looseObject({ code: text.nullish().catch(null), type: text.nullish().catch(null) })])
    .nullish()
    .catch(null),
  error_description: text.nullish().catch(null),
  message: text.nullish().catch(null),
  code: text.nullish().catch(null),
  status: text.nullish().catch(null),
});

/** The error that a body names, if it names one; a `status` or `message` alone counts only where the table knows it. */
function readError(body: Readonly<Record<string, unknown>> | null): {
  words: string[];
  error: string | null;
  description: string | null;
} {
  const read = errorBody.safeParse(body ?? {});
  if (!read.success) return { words: [], error: null, description: null };
  const { error, error_description, message, code, status } = read.data;
  const named = typeof error === 'string' ? error : (error?.code ?? error?.type ?? null);
  const candidates = [named, code, status, message].filter(
    (word) => word !== null && word !== undefined && word !== '',
  );
  return {
    words: candidates.map((word) =>
      String(word)
        .trim()
        .toLowerCase()
        .replaceAll(/[\s-]+/g, '_'),
    ),
    error: named === '' ? null : (named ?? null),
    description: error_description ?? message ?? null,
  };
}

/** Judges an answer that brought no token. `body` is what `readBody` made of it. */
export function classifyTokenError(
  grantType: GrantType,
  answer: TokenAnswer,
  body: Readonly<Record<string, unknown>> | null,
  now: number,
): TokenFailure {
  const { status } = answer;
  const { words, error, description } = readError(body);
  const known = (table: Readonly<Record<string, string>>) => words.some((word) => Object.hasOwn(table, word));
  const failure = (kind: TokenFailureKind, mayHaveRotated = false): TokenFailure => ({
    kind,
    oauthError: error ?? words.find((word) => Object.hasOwn(deadRefreshTokens, word)) ?? null,
    description,
    status,
    retryAfterMs: retryAfter(answer.headers, now),
    mayHaveRotated,
  });
  const refreshing = grantType === 'refresh_token';

  // A gateway's words are not the authorization server's, whatever they say.
  if (status >= 500 || status === 429 || words.some((word) => passing.has(word))) return failure('weather');
  if (refreshing && known(deadRefreshTokens)) return failure('ended');
  if (known(unknownClients)) return failure('client-unknown');
  if (error === 'unauthorized_client') {
    // RFC 6749 means "not for this grant type"; for the two grants that every client has, servers say it of unknown clients.
    const everyClients = refreshing || grantType === 'authorization_code';
    return failure(everyClients && (status === 400 || status === 401) ? 'client-unknown' : 'refused');
  }
  if (error !== null) return failure('refused');
  // Seen in the field: a refresh token that is gone is answered by a bare 400.
  if (refreshing && status === 400 && body === null) return failure('ended');
  if (status === 400 || status === 401) return failure('refused');
  // Redirects, captive portals, firewalls and half-deployed servers. A 2xx that cannot be read may have been a rotation.
  return failure('weather', status >= 200 && status < 300);
}

/** `Retry-After` in milliseconds (RFC 9110 section 10.2.3), at most a day; null when absent or unreadable. */
function retryAfter(headers: Headers, now: number): number | null {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return null;
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 86_400_000) : null;
}

export interface FailedRequest {
  /** As a phrase after "could not". */
  readonly attempted: string;
  readonly issuer: string;
  /** What was sent and must not come back in a message, should the server echo it. */
  readonly sent: readonly Secret[];
}

/** The failure as the error that callers see. Facts: kind, oauthError, status, retryAfterMs, mayHaveRotated. */
export function tokenError(request: FailedRequest, failure: TokenFailure, cause?: unknown): TokentrayError {
  const { code, because, advice } = wording(failure);
  const oauthError =
    failure.oauthError === null ? null : withoutSecrets(failure.oauthError, request.sent).slice(0, 100);
  const said = [oauthError, failure.description === null ? null : withoutSecrets(failure.description, request.sent)]
    .filter((part) => part !== null && part !== '')
    .map((part) => quote(part));
  const facts: ErrorFacts = {
    kind: failure.kind,
    oauthError,
    status: failure.status,
    retryAfterMs: failure.retryAfterMs,
    mayHaveRotated: failure.mayHaveRotated,
  };
  const status = failure.status === null ? '' : ` (status ${failure.status})`;
  const words = said.length === 0 ? '' : `: ${said.join(', ')}`;
  return new TokentrayError(code, `could not ${request.attempted}: ${because}${status}${words}`, {
    attempted: request.attempted,
    subject: quote(request.issuer),
    facts,
    ...(advice === null ? {} : { advice }),
    ...(cause === undefined ? {} : { cause }),
  });
}

function wording(failure: TokenFailure): { code: ErrorCode; because: string; advice: string | null } {
  switch (failure.kind) {
    case 'ended':
      return {
        code: 'token_refused',
        because: 'the authorization server has ended this grant',
        advice: 'Sign in again.',
      };
    case 'refused':
      return { code: 'token_refused', because: 'the authorization server refused', advice: null };
    case 'client-unknown':
      return {
        code: 'client_unknown',
        because: 'the authorization server does not know this client',
        advice: 'Register the client again, then sign in.',
      };
    case 'weather':
      return {
        code: 'token_unavailable',
        because:
          failure.status === null
            ? 'the authorization server did not answer'
            : 'the authorization server gave no usable answer',
        advice: 'Nothing was lost; it is tried again later.',
      };
    case 'lost':
      return {
        code: 'token_unavailable',
        because: 'the connection broke before the answer was complete',
        advice: 'If it keeps failing, sign in again: the server may have replaced the refresh token.',
      };
    default:
      return assertNever(failure.kind);
  }
}

/** `value` without any of the secrets that were sent, in case the other side repeats them. */
export function withoutSecrets(value: string, sent: readonly Secret[]): string {
  return sent.reduce((kept, secret) => {
    const revealed = secret.reveal();
    return revealed.length < 4 ? kept : kept.replaceAll(revealed, '[secret]');
  }, value);
}
