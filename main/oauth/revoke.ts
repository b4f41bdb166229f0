// Revocation (RFC 7009): asks the authorization server to end one token, and tells the truth about its answer.
import * as oauth from 'oauth4webapi';
import { TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import type { Fetch } from '../ports.ts';
import type { Secret } from '../secret.ts';
import { clientAuth } from './client-auth.ts';
import { readBody } from './token-answer.ts';
import { withoutSecrets } from './token-errors.ts';
import { endpointOf, keepToIssuer, readText, viaHttp } from './token-request.ts';
import type { AuthorizationServerMetadata, ClientAuthMethod, Registration } from './types.ts';

export interface Revocation {
  readonly as: AuthorizationServerMetadata;
  readonly registration: Registration;
  readonly profile?: { readonly plainBasic?: boolean | undefined } | undefined;
  readonly token: Secret;
  readonly hint: 'refresh_token' | 'access_token';
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** Assignable to the `outcome` of grants' `RevokedToken`. */
export type RevocationOutcome =
  | { readonly kind: 'revoked'; readonly status: number }
  /** The server answered and did not confirm: 400 or 401 the second time, or to public clients, are seen in the field. */
  | { readonly kind: 'refused'; readonly status: number; readonly error: string | null }
  | { readonly kind: 'unreachable'; readonly error: string }
  | { readonly kind: 'no-endpoint' };

/** Never throws for what the other side does. @throws issuer_mismatch, invalid_input when the client's secret is missing */
export async function revokeToken(http: Fetch, revocation: Revocation): Promise<RevocationOutcome> {
  const { as, registration, token, hint, signal, now, profile } = revocation;
  keepToIssuer(as, registration);
  if (as.revocation_endpoint === undefined) return { kind: 'no-endpoint' };
  const method = revocationMethod(as, registration);
  const authenticate = await clientAuth(as, registration, { now }, { plainBasic: profile?.plainBasic, method });
  try {
    const response = await oauth.revocationRequest(
      { issuer: as.issuer, revocation_endpoint: endpointOf(as, 'revocation_endpoint').href },
      { client_id: registration.client_id },
      authenticate,
      token.reveal(),
      {
        additionalParameters: { token_type_hint: hint },
        ...(signal === undefined ? {} : { signal }),
        ...viaHttp(http),
      },
    );
    const body = readBody({ status: response.status, headers: response.headers, body: await readText(response) });
    return outcome(response.status, body, [token, ...(registration.client_secret ? [registration.client_secret] : [])]);
  } catch (error) {
    return { kind: 'unreachable', error: error instanceof TokentrayError ? error.message : 'the connection failed' };
  }
}

function outcome(
  status: number,
  body: Readonly<Record<string, unknown>> | null,
  sent: readonly Secret[],
): RevocationOutcome {
  const named = body?.['error'];
  const error = typeof named === 'string' && named !== '' ? quote(withoutSecrets(named, sent), 100).slice(1, -1) : null;
  if (status >= 500 || status === 429)
    return { kind: 'unreachable', error: `the server answered with status ${status}` };
  // 200 is the RFC's; 204 is common. An error inside a 200 is still an error.
  return status >= 200 && status < 300 && error === null
    ? { kind: 'revoked', status }
    : { kind: 'refused', status, error };
}

/** The registration's own method, or the other secret-based one where the endpoint lists only that. */
function revocationMethod(as: AuthorizationServerMetadata, registration: Registration): ClientAuthMethod {
  const own = registration.token_endpoint_auth_method;
  const listed = as.revocation_endpoint_auth_methods_supported ?? [];
  if (listed.length === 0 || listed.includes(own) || registration.client_secret === undefined) return own;
  return (['client_secret_basic', 'client_secret_post'] as const).find((method) => listed.includes(method)) ?? own;
}
