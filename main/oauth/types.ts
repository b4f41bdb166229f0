// The values that pass between the protocol legs. Wire names keep their RFC spelling.
import type { Secret } from '../secret.ts';

/** How a registered client proves itself at the token endpoint (RFC 7591 section 2, OIDC Core section 9). */
export type ClientAuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';

/** Our client id at one issuer. Key: `issuer`. Credentials never cross issuers (SEP-2352). */
export interface Registration {
  readonly issuer: string;
  readonly kind: 'pre-registered' | 'cimd' | 'dcr';
  readonly client_id: string;
  readonly token_endpoint_auth_method: ClientAuthMethod;
  readonly client_secret?: Secret;
  /** PKCS#8 PEM, for `private_key_jwt`. */
  readonly private_key?: Secret;
  /** JWS `alg` for `private_key_jwt`; absent means: by the key's type. */
  readonly signing_alg?: string;
  readonly redirect_uris: readonly string[];
  /** Milliseconds since the epoch; null when the secret does not expire (RFC 7591: 0). */
  readonly client_secret_expires_at: number | null;
  readonly registered_at: number;
}

/** How access tokens are obtained. Everything but the first needs no browser. */
export type Flow =
  | { readonly kind: 'authorization_code' }
  | { readonly kind: 'client_credentials' }
  /** Enterprise-managed authorization: ID token -> ID-JAG (RFC 8693) -> access token (RFC 7523). */
  | {
      readonly kind: 'id_jag';
      readonly idp_token_endpoint: string;
      readonly idp_client_id: string;
      readonly id_token: Secret;
    }
  /** Workload identity: a JWT from the platform is the assertion (RFC 7523 section 2.1). */
  | { readonly kind: 'jwt_bearer'; readonly assertion: Secret };

/** A checked answer of the token endpoint. */
export interface TokenSet {
  readonly access_token: Secret;
  readonly token_type: 'bearer' | 'dpop';
  /** Milliseconds since the epoch; null when the server did not say. */
  readonly expires_at: number | null;
  readonly refresh_token?: Secret;
  /** What was granted; null when the answer named no scope (RFC 6749 section 5.1: then as requested). */
  readonly scope: readonly string[] | null;
  readonly id_token?: Secret;
}

/** What the legs after discovery read of an authorization server's metadata (RFC 8414 section 2, RFC 9126, RFC 9207, RFC 9449). */
export interface AuthorizationServerMetadata {
  readonly issuer: string;
  readonly authorization_endpoint?: string | undefined;
  readonly token_endpoint?: string | undefined;
  readonly revocation_endpoint?: string | undefined;
  readonly revocation_endpoint_auth_methods_supported?: readonly string[] | undefined;
  readonly token_endpoint_auth_signing_alg_values_supported?: readonly string[] | undefined;
  readonly authorization_response_iss_parameter_supported?: boolean | undefined;
  readonly dpop_signing_alg_values_supported?: readonly string[] | undefined;
  readonly prompt_values_supported?: readonly string[] | undefined;
  readonly pushed_authorization_request_endpoint?: string | undefined;
  readonly require_pushed_authorization_requests?: boolean | undefined;
}
