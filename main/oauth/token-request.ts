// Sends one request to a token endpoint: authenticated, with a DPoP proof where one is due, read whole, failures told apart.
import * as oauth from 'oauth4webapi';
import { TokentrayError, isTokentrayError } from '../errors.ts';
import type { Clock, Fetch } from '../ports.ts';
import { quote } from '../quote.ts';
import type { Secret } from '../secret.ts';
import { clientAuth } from './client-auth.ts';
import { dpopProof } from './dpop.ts';
import type { DpopBinding } from './dpop.ts';
import { readBody } from './token-answer.ts';
import { tokenError } from './token-errors.ts';
import type { FailedRequest, GrantType, TokenAnswer } from './token-errors.ts';
import type { AuthorizationServerMetadata, Registration } from './types.ts';

/** What every token leg needs. One value serves all legs of a grant. */
export interface TokenLeg {
  readonly http: Fetch;
  readonly clock: Pick<Clock, 'now'>;
  readonly as: AuthorizationServerMetadata;
  readonly registration: Registration;
  /** The exact string of the resource's metadata (RFC 8707); null where there is none (2025-03-26 servers). */
  readonly resource: string | null;
  /** Present when the tokens are to be bound to a key. */
  readonly dpop?: DpopBinding | undefined;
  /** Per-issuer switch: this server does not form-decode Basic credentials. */
  readonly plainBasic?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TokenRequest {
  readonly grantType: GrantType;
  readonly parameters: Readonly<Record<string, string | Secret>>;
  readonly failed: FailedRequest;
}

const largest = 1024 * 1024;

/**
 * The endpoint's answer, read to its end. A `use_dpop_nonce` is answered once, with the nonce (RFC 9449 section 8).
 * @throws token_unavailable (kinds weather and lost), discovery_failed without a token endpoint, issuer_mismatch
 */
export async function requestToken(leg: TokenLeg, request: TokenRequest): Promise<TokenAnswer> {
  const endpoint = endpointOf(leg.as, 'token_endpoint');
  keepToIssuer(leg.as, leg.registration);
  const { answer, newNonce } = await send(leg, request, endpoint);
  const asksForNonce = newNonce && answer.status < 500 && readBody(answer)?.['error'] === 'use_dpop_nonce';
  return asksForNonce ? (await send(leg, request, endpoint)).answer : answer;
}

async function send(
  leg: TokenLeg,
  { grantType, parameters, failed }: TokenRequest,
  endpoint: URL,
): Promise<{ answer: TokenAnswer; newNonce: boolean }> {
  const authenticate = await clientAuth(leg.as, leg.registration, leg.clock, { plainBasic: leg.plainBasic });
  const headers = await proofHeader(leg, endpoint);
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    form.set(name, typeof value === 'string' ? value : value.reveal());
  }
  try {
    const response = await oauth.genericTokenEndpointRequest(
      { issuer: leg.as.issuer, token_endpoint: endpoint.href },
      { client_id: leg.registration.client_id },
      authenticate,
      grantType,
      form,
      { headers, ...(leg.signal === undefined ? {} : { signal: leg.signal }), ...viaHttp(leg.http) },
    );
    const newNonce = leg.dpop?.nonces.remember(endpoint, response.headers) ?? false;
    const body = await readText(response);
    return { answer: { status: response.status, headers: response.headers, body }, newNonce };
  } catch (cause) {
    throw networkError(failed, cause);
  }
}

async function proofHeader({ dpop, clock }: TokenLeg, endpoint: URL): Promise<Record<string, string>> {
  if (dpop === undefined) return {};
  const nonce = dpop.nonces.get(endpoint.origin);
  return { dpop: await dpopProof({ key: dpop.key, htm: 'POST', htu: endpoint, nonce }, clock) };
}

/** Which addresses and schemes are fit is the given Fetch's business; it knows the user's switches, the library does not. */
export function viaHttp(http: Fetch): {
  [oauth.customFetch]: (url: string, options: oauth.CustomFetchOptions<'POST', URLSearchParams>) => Promise<Response>;
  [oauth.allowInsecureRequests]: true;
} {
  return { [oauth.customFetch]: (url, options) => http(url, options), [oauth.allowInsecureRequests]: true };
}

/** An endpoint of the metadata as a URL. @throws discovery_failed, unsafe_url */
export function endpointOf(
  as: AuthorizationServerMetadata,
  name: 'token_endpoint' | 'revocation_endpoint' | 'pushed_authorization_request_endpoint',
): URL {
  const url = as[name] === undefined ? null : URL.parse(as[name]);
  if (url === null) {
    throw new TokentrayError('discovery_failed', `the metadata of ${quote(as.issuer)} has no usable ${name}`, {
      subject: quote(as.issuer),
    });
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new TokentrayError('unsafe_url', `the ${name} of ${quote(as.issuer)} is not a web address`, {
      subject: quote(as.issuer),
    });
  }
  return url;
}

/** Credentials never cross issuers. @throws issuer_mismatch */
export function keepToIssuer(as: AuthorizationServerMetadata, registration: Registration): void {
  if (registration.issuer === as.issuer) return;
  throw new TokentrayError(
    'issuer_mismatch',
    `a client registered at ${quote(registration.issuer)} is not used at ${quote(as.issuer)}`,
    { subject: quote(as.issuer) },
  );
}

/** The whole body as text. @throws response_too_large beyond 1 MiB, and what the connection throws */
export async function readText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > largest) throw new TokentrayError('response_too_large', 'the answer is larger than 1 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Codes of failures in which no byte of the request left; any other failure is taken as sent, the careful guess. */
const neverSent =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOST\w+|ENET(?:UNREACH|DOWN)|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|EPROTO|ERR_SSL_\w+|ERR_TLS_\w+|CERT_\w+|\w*SELF_SIGNED_CERT\w*|UNABLE_TO_\w+)$/;
const timeOut = /^(?:UND_ERR_HEADERS_TIMEOUT|UND_ERR_BODY_TIMEOUT|ETIMEDOUT|TimeoutError|AbortError)$/;

/**
 * A broken connection is `lost`: something went out and the answer did not come back. Time-outs and answers that cannot be
 * read are `weather`, with `mayHaveRotated` telling that they are not certainly harmless. Our own refusals to send pass.
 */
export function networkError(failed: FailedRequest, cause: unknown): unknown {
  const chain = causes(cause);
  const ours = chain.find((error) => error instanceof TokentrayError);
  if (ours !== undefined && !isTokentrayError(ours, 'unreachable', 'response_too_large', 'unreadable_answer'))
    return ours;
  const marks = chain.flatMap((error) => ('code' in error ? [String(error.code), error.name] : [error.name]));
  const unsent = ours?.facts['sent'] === false || marks.some((mark) => neverSent.test(mark));
  const undecided =
    isTokentrayError(ours, 'response_too_large', 'unreadable_answer') || marks.some((mark) => timeOut.test(mark));
  const kind = unsent || undecided ? 'weather' : 'lost';
  return tokenError(failed, { ...noAnswer, kind, mayHaveRotated: !unsent }, cause);
}

const noAnswer = { oauthError: null, description: null, status: null, retryAfterMs: null };

/** An error and everything that caused it. */
function causes(error: unknown, depth = 0): Error[] {
  if (!(error instanceof Error) || depth > 8) return [];
  const parts: unknown[] = error instanceof AggregateError ? error.errors.slice(0, 8) : [];
  return [error, ...[error.cause, ...parts].flatMap((next) => causes(next, depth + 1))];
}
