// The grants without a browser that MCP's extensions add: workload identity (RFC 7523), and enterprise-managed
// authorization, where an ID token becomes an ID-JAG at the identity provider (RFC 8693) and that an access token.
import type { Secret } from '../secret.ts';
import { checkExchangeResponse } from './token-answer.ts';
import { requestToken } from './token-request.ts';
import type { TokenLeg } from './token-request.ts';
import { obtain, scopeParameter, secretsOf } from './token.ts';
import type { Registration, TokenSet } from './types.ts';

const jwtBearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const idJagType = 'urn:ietf:params:oauth:token-type:id-jag';

/**
 * The platform's JWT for an access token (RFC 7523 section 2.1). One request: a refusal is final, neither repeated nor
 * followed by another kind of grant. @throws token_refused, client_unknown, token_unavailable
 */
export async function jwtBearer(leg: TokenLeg, assertion: Secret, scopes: readonly string[]): Promise<TokenSet> {
  return obtain(leg, jwtBearerGrant, "obtain a token with the workload's assertion", {
    assertion,
    ...scopeParameter(scopes),
  });
}

/** What the identity provider needs to know (draft-ietf-oauth-identity-assertion-authz-grant, section 4.3). */
export interface IdJagRequest extends Pick<TokenLeg, 'http' | 'clock' | 'signal'> {
  readonly idp_token_endpoint: string;
  readonly idp_client_id: string;
  readonly id_token: Secret;
  /** The issuer of the authorization server that is to take the ID-JAG. */
  readonly audience: string;
  readonly resource: string | null;
  readonly scopes: readonly string[];
}

/** RFC 8693: an ID-JAG for one authorization server and resource. @throws as `jwtBearer` */
export async function exchangeForIdJag(request: IdJagRequest): Promise<Secret> {
  const leg = identityProviderLeg(request);
  const parameters = {
    requested_token_type: idJagType,
    audience: request.audience,
    ...(request.resource === null ? {} : { resource: request.resource }),
    ...scopeParameter(request.scopes),
    subject_token: request.id_token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
  };
  const failed = {
    attempted: 'exchange the ID token at the identity provider',
    issuer: leg.as.issuer,
    sent: secretsOf(leg, parameters),
  };
  const sentAt = leg.clock.now();
  const answer = await requestToken(leg, { grantType: exchangeGrant, parameters, failed });
  return checkExchangeResponse({ grantType: exchangeGrant, request: failed, dpop: false, sentAt }, idJagType, answer);
}

/** RFC 7523 at the resource's authorization server: the ID-JAG for an access token. @throws as `jwtBearer` */
export async function redeemIdJag(leg: TokenLeg, idJag: Secret, scopes: readonly string[]): Promise<TokenSet> {
  return obtain(leg, jwtBearerGrant, "redeem the identity provider's assertion", {
    assertion: idJag,
    ...scopeParameter(scopes),
  });
}

// Only its token endpoint is configured, so its origin stands for the issuer; our client there is a public one.
function identityProviderLeg(request: IdJagRequest): TokenLeg {
  const issuer = URL.parse(request.idp_token_endpoint)?.origin ?? request.idp_token_endpoint;
  const registration: Registration = {
    issuer,
    kind: 'pre-registered',
    client_id: request.idp_client_id,
    token_endpoint_auth_method: 'none',
    redirect_uris: [],
    client_secret_expires_at: null,
    registered_at: 0,
  };
  return {
    http: request.http,
    clock: request.clock,
    signal: request.signal,
    as: { issuer, token_endpoint: request.idp_token_endpoint },
    registration,
    resource: null,
  };
}
