// The authorization request (RFC 6749 section 4.1.1, PKCE S256, RFC 8707) and the check of what comes back (RFC 9207).
import { createHash, timingSafeEqual } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import { TokentrayError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { isLoopbackUrl, mayName, statedPlace } from '../net/address.ts';
import type { Clock, Fetch } from '../ports.ts';
import { quote } from '../quote.ts';
import { Secret } from '../secret.ts';
import { dpopThumbprint } from './dpop.ts';
import { pushAuthorization } from './pushed-authorization.ts';
import { keepToIssuer } from './token-request.ts';
import type { AuthorizationServerMetadata, Registration } from './types.ts';

export interface AuthorizationInput {
  readonly as: AuthorizationServerMetadata;
  readonly registration: Registration;
  readonly redirectUri: string;
  readonly resource: string | null;
  readonly scopes: readonly string[];
  /** For a provider that would otherwise answer from memory, or that ties `offline_access` to it (OIDC Core section 11). */
  readonly prompt?: 'consent';
  /** The key that the code, and later the tokens, are bound to (RFC 9449 section 10). */
  readonly dpopKey?: Secret;
  /** The user's word that plain http is acceptable for this server. */
  readonly allowHttp?: boolean;
  /** The MCP server: the browser is sent to no place that neither it nor the issuer may name. */
  readonly server?: URL;
  /** For servers that want the request pushed (RFC 9126); with `plainBasic` as in TokenLeg. */
  readonly http?: Fetch;
  readonly clock?: Pick<Clock, 'now'>;
  readonly plainBasic?: boolean | undefined;
}

/** One request and all that its answer is checked against. It lives in memory only, for one flow. */
export interface AuthorizationRequest {
  /** http or https, re-serialised: nothing in path or query that a shell or a launcher could take for its own. */
  readonly url: URL;
  readonly state: string;
  readonly code_verifier: Secret;
  readonly redirectUri: string;
  /** The validated issuer, kept from before the browser opened. */
  readonly issuer: string;
  /** The server promises `iss` in every answer. */
  readonly issPromised: boolean;
}

export interface AuthorizationResponse {
  readonly code: Secret;
}

/**
 * @throws unsafe_url, forbidden_address, insecure_url, discovery_failed without an authorization endpoint,
 * issuer_mismatch; what pushAuthorization throws
 */
export async function authorizationRequest(input: AuthorizationInput): Promise<AuthorizationRequest> {
  const { as, registration, redirectUri, resource, scopes, prompt, dpopKey } = input;
  keepToIssuer(as, registration);
  const url = authorizationEndpoint(input);
  const state = oauth.generateRandomState();
  const verifier = oauth.generateRandomCodeVerifier();
  const parameters = new URLSearchParams({
    response_type: 'code',
    client_id: registration.client_id,
    redirect_uri: redirectUri,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  if (scopes.length > 0) parameters.set('scope', scopes.join(' '));
  if (resource !== null) parameters.set('resource', resource);
  if (prompt !== undefined && as.prompt_values_supported?.includes(prompt) !== false) parameters.set('prompt', prompt);
  if (dpopKey !== undefined) parameters.set('dpop_jkt', await dpopThumbprint(dpopKey));
  const shown = as.require_pushed_authorization_requests === true ? await pushed(input, parameters) : parameters;
  // What is not shown must not be said by the endpoint's own query either (RFC 6749 section 3.1 lets it have one).
  for (const name of [...parameters.keys(), 'request', 'request_uri']) url.searchParams.delete(name);
  for (const [name, value] of shown) url.searchParams.set(name, value);
  return {
    url,
    state,
    code_verifier: new Secret(verifier),
    redirectUri,
    issuer: as.issuer,
    issPromised: as.authorization_response_iss_parameter_supported === true,
  };
}

async function pushed(input: AuthorizationInput, parameters: URLSearchParams): Promise<URLSearchParams> {
  const { as, registration, http, clock = { now: Date.now }, plainBasic } = input;
  if (http === undefined) {
    throw new TokentrayError('discovery_failed', `${quote(as.issuer)} takes pushed authorization requests only`, {
      attempted: 'open the sign-in page',
      subject: quote(as.issuer),
    });
  }
  const request_uri = await pushAuthorization({ http, clock, as, registration, plainBasic }, parameters);
  return new URLSearchParams({ client_id: registration.client_id, request_uri });
}

/** The host of the sign-in page when it is not the issuer's; people should hear of it before they sign in there. */
export function otherSignInHost(as: AuthorizationServerMetadata): string | null {
  const endpoint = as.authorization_endpoint === undefined ? null : URL.parse(as.authorization_endpoint);
  return endpoint === null || endpoint.host === URL.parse(as.issuer)?.host ? null : endpoint.host;
}

/**
 * Whether the browser may be sent to a page that these two name. Its requests come from inside: an address of this
 * machine or of the private network in them would have the person press a button there. Where an issuer says itself to
 * be, discovery was let through to, so it may name what a server in that place may. Names are the browser's business.
 */
export function maySend(namedBy: { readonly server: URL | undefined; readonly issuer: string }, page: URL): boolean {
  const place = statedPlace(page);
  if (place === null) return true;
  const sources = [namedBy.server, URL.parse(namedBy.issuer)].filter((url) => url !== undefined && url !== null);
  return [...sources.map(statedPlace), 'public' as const].some(
    (source) => source !== null && mayName(source).has(place),
  );
}

function authorizationEndpoint({ as, server, allowHttp }: AuthorizationInput): URL {
  const subject = quote(as.issuer);
  const url = as.authorization_endpoint === undefined ? null : URL.parse(as.authorization_endpoint);
  if (url === null) {
    throw new TokentrayError('discovery_failed', `the metadata of ${subject} has no usable authorization_endpoint`, {
      subject,
    });
  }
  if ((url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '' || url.password !== '') {
    throw new TokentrayError(
      'unsafe_url',
      `${subject} names an authorization endpoint that is not a plain web address`,
      {
        attempted: 'open the sign-in page',
        subject,
        facts: { scheme: url.protocol.slice(0, 32) },
        advice: 'Do not trust this server; tell whoever runs it.',
      },
    );
  }
  if (!maySend({ server, issuer: as.issuer }, url)) {
    throw new TokentrayError(
      'forbidden_address',
      `${subject} wants the browser sent to ${quote(url.host)}, in a place that this server may not name`,
      {
        attempted: 'open the sign-in page',
        subject,
        advice: 'Do not trust this server; if it is your own, add it by its address there or as localhost.',
        facts: { host: url.host },
      },
    );
  }
  if (url.protocol === 'http:' && allowHttp !== true && !isLoopbackUrl(url)) {
    throw new TokentrayError('insecure_url', `${subject} wants the sign-in without encryption`, {
      attempted: 'open the sign-in page',
      subject,
      advice: 'Use https, or allow http for this server if its network is your own.',
    });
  }
  url.hash = '';
  // Legal in a path, but never needed there, and the stuff of which command injections through URL openers were made.
  url.pathname = url.pathname.replaceAll(/[^\w.~%/:@+,=&-]/g, percentEncoded);
  // Touching the query has it serialised anew, with everything but letters, digits and `*-._+&=` escaped.
  url.searchParams.delete('state');
  return url;
}

function percentEncoded(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

/**
 * The code of an answer, after `state` and `iss` (RFC 9207 section 2.4, all four rows of the MCP table) were found right;
 * until then nothing of it, no error either, is believed or shown.
 * @throws callback_mismatch, authorization_denied, authorization_failed, client_unknown
 */
export function checkAuthorizationResponse(
  expected: { readonly request: AuthorizationRequest },
  callback: URL,
): AuthorizationResponse {
  const { request } = expected;
  const parameters = callback.searchParams;
  const state = single(parameters, 'state');
  if (state === null || !sameText(request.state, state))
    throw mismatch(request, 'its state is not the one that was sent');
  const iss = single(parameters, 'iss');
  // Simple string comparison (RFC 3986 section 6.2.1): no case folding, no slash added or taken away.
  if (iss === null ? request.issPromised : iss !== request.issuer) {
    throw mismatch(
      request,
      iss === null ? 'it lacks the issuer that the server promises' : `it names the issuer ${quote(iss)}`,
    );
  }
  const error = single(parameters, 'error');
  if (error !== null) throw refusal(request, error, single(parameters, 'error_description'));
  const code = single(parameters, 'code');
  if (code === null || code === '') throw mismatch(request, 'it has neither a code nor an error');
  return { code: new Secret(code) };

  // RFC 6749 section 3.1: no parameter more than once; twice means that somebody added one.
  function single(from: URLSearchParams, name: string): string | null {
    const values = from.getAll(name);
    if (values.length > 1) throw mismatch(request, `it has more than one ${name}`);
    return values[0] ?? null;
  }
}

/** Whether two texts are the same, in a time that says nothing about where they differ. */
export function sameText(expected: string, given: string): boolean {
  return timingSafeEqual(digest(expected), digest(given));
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function mismatch(request: AuthorizationRequest, why: string): TokentrayError {
  const subject = quote(request.issuer);
  return new TokentrayError(
    'callback_mismatch',
    `an answer that claims to be from ${subject} was not accepted: ${why}`,
    {
      attempted: 'finish the sign-in',
      subject,
      advice: 'Start the sign-in again. If it repeats, the server is set up wrongly, or somebody interferes.',
    },
  );
}

// Registered codes: RFC 6749 section 4.1.2.1, OIDC Core section 3.1.2.6, RFC 8707 section 2.
const codes: Readonly<Record<string, ErrorCode>> = {
  access_denied: 'authorization_denied',
  invalid_client: 'client_unknown',
  unauthorized_client: 'client_unknown',
};

function refusal(request: AuthorizationRequest, error: string, description: string | null): TokentrayError {
  const code = Object.hasOwn(codes, error) ? (codes[error] ?? 'authorization_failed') : 'authorization_failed';
  const subject = quote(request.issuer);
  const said =
    description === null || description === '' ? quote(error, 100) : `${quote(error, 100)}, ${quote(description)}`;
  const what = code === 'authorization_denied' ? 'access was denied at' : 'the sign-in was refused by';
  return new TokentrayError(code, `${what} ${subject}: ${said}`, {
    attempted: 'sign in',
    subject,
    facts: { oauthError: error.slice(0, 100) },
    ...(code === 'client_unknown' ? { advice: 'Register the client again, then sign in.' } : {}),
  });
}
