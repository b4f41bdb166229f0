// The legs that turn a code, a refresh token or the client's own credentials into an access token for one resource.
import type { Secret } from '../secret.ts';
import type { AuthorizationRequest, AuthorizationResponse } from './authorize.ts';
import { checkTokenResponse } from './token-answer.ts';
import type { GrantType } from './token-errors.ts';
import { requestToken } from './token-request.ts';
import type { TokenLeg } from './token-request.ts';
import type { TokenSet } from './types.ts';

export type { TokenLeg } from './token-request.ts';

/** RFC 6749 section 4.1.3 with PKCE (RFC 7636 section 4.5). @throws token_refused, client_unknown, token_unavailable */
export async function exchangeCode(
  leg: TokenLeg,
  request: Pick<AuthorizationRequest, 'redirectUri' | 'code_verifier'>,
  response: AuthorizationResponse,
): Promise<TokenSet> {
  return obtain(leg, 'authorization_code', 'exchange the code for tokens', {
    code: response.code,
    redirect_uri: request.redirectUri,
    code_verifier: request.code_verifier,
  });
}

/**
 * RFC 6749 section 6. An answer without a `refresh_token` means that the one sent stays good. `scope` is not sent: the
 * new token then has what was granted, and no server can take offence at the list.
 * @throws token_refused (facts.kind `ended`: the grant is over), client_unknown, token_unavailable
 */
export async function refresh(leg: TokenLeg, refreshToken: Secret): Promise<TokenSet> {
  return obtain(leg, 'refresh_token', 'refresh the access token', { refresh_token: refreshToken });
}

/** RFC 6749 section 4.4. @throws token_refused, client_unknown, token_unavailable */
export async function clientCredentials(leg: TokenLeg, scopes: readonly string[]): Promise<TokenSet> {
  return obtain(leg, 'client_credentials', 'obtain a token with the client credentials', scopeParameter(scopes));
}

/** One token request with the leg's `resource`, checked. The extension grants use it too. */
export async function obtain(
  leg: TokenLeg,
  grantType: GrantType,
  attempted: string,
  parameters: Readonly<Record<string, string | Secret>>,
): Promise<TokenSet> {
  const failed = { attempted, issuer: leg.as.issuer, sent: secretsOf(leg, parameters) };
  const sentAt = leg.clock.now();
  const resource = leg.resource === null ? {} : { resource: leg.resource };
  const answer = await requestToken(leg, { grantType, parameters: { ...parameters, ...resource }, failed });
  return checkTokenResponse({ grantType, request: failed, dpop: leg.dpop !== undefined, sentAt }, answer);
}

/** Every secret that a request carries, so that no error repeats one. */
export function secretsOf(
  { registration }: Pick<TokenLeg, 'registration'>,
  parameters: Readonly<Record<string, string | Secret>>,
): Secret[] {
  const sent = Object.values(parameters).filter((value) => typeof value !== 'string');
  return registration.client_secret === undefined ? sent : [...sent, registration.client_secret];
}

/** `scope` is left out when there is nothing to ask for: the server's default then applies (RFC 6749 section 3.3). */
export function scopeParameter(scopes: readonly string[]): Record<string, string> {
  return scopes.length === 0 ? {} : { scope: scopes.join(' ') };
}
