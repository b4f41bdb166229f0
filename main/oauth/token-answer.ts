// Reads an answer of the token endpoint: tolerant of how servers write it, strict about what counts as a token.
import { z } from 'zod';
import { quote } from '../quote.ts';
import { Secret } from '../secret.ts';
import { normaliseScopes } from './scope.ts';
import { classifyTokenError, tokenError } from './token-errors.ts';
import type { FailedRequest, GrantType, TokenAnswer } from './token-errors.ts';
import type { TokenSet } from './types.ts';

export interface ExpectedToken {
  readonly grantType: GrantType;
  readonly request: FailedRequest;
  /** Whether a proof went with the request: without one, an answer that says DPoP cannot be used. */
  readonly dpop: boolean;
  /** Milliseconds since the epoch, taken before the request was sent, so that a slow answer never looks fresher than it is. */
  readonly sentAt: number;
}

// A token travels in a header: visible ASCII only.
const token = z
  .string()
  .min(1)
  .max(65_536)
  .regex(/^[\x21-\x7e]+$/);
const optionalToken = z
  .union([token, z.literal('')])
  .nullish()
  .catch(null);

const tokenAnswer = z.object({
  access_token: token,
  token_type: z.string().max(64).nullish().catch(null),
  // RFC 6749 makes it a number; strings are common
  expires_in: z
    .union([z.number(), z.string().max(32)])
    .nullish()
    .catch(null),
  refresh_token: optionalToken,
  id_token: optionalToken,
  scope: z.unknown().optional(),
});

const exchangeAnswer = z.object({
  access_token: token,
  issued_token_type: z.string().max(256).nullish().catch(null),
});

/** `token_type` values that mean Bearer, beside the registered one. */
const bearerAliases: Readonly<Record<string, string>> = {
  bearer: 'https://www.rfc-editor.org/rfc/rfc6750#section-4',
  bearertoken: 'https://cloud.google.com/apigee/docs/api-platform/reference/policies/oauthv2-policy',
  user: 'https://docs.slack.dev/reference/methods/oauth.v2.user.access',
  bot: 'https://docs.slack.dev/reference/methods/oauth.v2.access',
};

/** The body as an object: JSON whatever its content type says, a form where the content type says form; else null. */
export function readBody(answer: TokenAnswer): Readonly<Record<string, unknown>> | null {
  const contentType = answer.headers.get('content-type') ?? '';
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) {
    return Object.fromEntries(new URLSearchParams(answer.body));
  }
  try {
    const value: unknown = JSON.parse(answer.body.replace(/^\ufeff/, ''));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    // A JSON error would quote what it read, and that may be a token.
    return null;
  }
}

/** The tokens of an answer. @throws token_refused, client_unknown, token_unavailable with facts of `tokenError` */
export function checkTokenResponse(expected: ExpectedToken, answer: TokenAnswer): TokenSet {
  const body = successBody(expected, answer);
  const read = tokenAnswer.safeParse(body);
  if (!read.success) throw unusable(expected, answer, body);
  const { access_token, token_type, expires_in, refresh_token, id_token, scope } = read.data;
  const scopes = normaliseScopes(scope);
  return {
    access_token: new Secret(access_token),
    token_type: readType(expected, answer, token_type ?? ''),
    expires_at: expiry(expires_in ?? null, expected.sentAt),
    ...(refresh_token ? { refresh_token: new Secret(refresh_token) } : {}),
    scope: scopes.length === 0 ? null : scopes,
    ...(id_token ? { id_token: new Secret(id_token) } : {}),
  };
}

/** The token of an RFC 8693 exchange; its `token_type` (`N_A`) says nothing. @throws as `checkTokenResponse` */
export function checkExchangeResponse(expected: ExpectedToken, issuedTokenType: string, answer: TokenAnswer): Secret {
  const body = successBody(expected, answer);
  const read = exchangeAnswer.safeParse(body);
  if (!read.success) throw unusable(expected, answer, body);
  const { access_token, issued_token_type } = read.data;
  if (issued_token_type !== null && issued_token_type !== undefined && issued_token_type !== issuedTokenType) {
    throw refusal(expected, answer, `the identity provider issued a token of type ${quote(issued_token_type)}`);
  }
  return new Secret(access_token);
}

function successBody(expected: ExpectedToken, answer: TokenAnswer): Readonly<Record<string, unknown>> {
  const body = readBody(answer);
  if (answer.status < 200 || answer.status > 299 || body === null) {
    throw unusable(expected, answer, body);
  }
  return body;
}

function unusable(expected: ExpectedToken, answer: TokenAnswer, body: Readonly<Record<string, unknown>> | null): Error {
  return tokenError(expected.request, classifyTokenError(expected.grantType, answer, body, expected.sentAt));
}

function refusal({ request }: ExpectedToken, { status }: TokenAnswer, description: string): Error {
  return tokenError(request, {
    kind: 'refused',
    oauthError: null,
    description,
    status,
    retryAfterMs: null,
    mayHaveRotated: true,
  });
}

/** RFC 6749 section 7.1: a token of a type that we do not understand is not used. Missing means Bearer. */
function readType(expected: ExpectedToken, answer: TokenAnswer, type: string): 'bearer' | 'dpop' {
  const lower = type.toLowerCase();
  if (lower === '' || Object.hasOwn(bearerAliases, lower)) return 'bearer';
  if (lower === 'dpop' && expected.dpop) return 'dpop';
  throw refusal(expected, answer, `the token has the unknown type ${quote(type, 64)}`);
}

/** Zero and less are what servers write that do not want to say; taken at its word, every call would refresh. */
function expiry(expiresIn: number | string | null, sentAt: number): number | null {
  const seconds =
    typeof expiresIn === 'string' && expiresIn.trim() === '' ? Number.NaN : Number(expiresIn ?? Number.NaN);
  if (!Number.isFinite(seconds) || seconds <= 0) return null;
  return sentAt + Math.floor(Math.min(seconds, 10 * 365 * 86_400) * 1000);
}
