// What the rest of the broker may ask of grants, and the states that a grant can be in.
import type { UpstreamAuth } from '../bridge/upstream-auth.ts';
import type { ClientAuthMethod, Flow } from '../oauth/types.ts';
import type { Secret } from '../secret.ts';
import type { ServerSettings } from '../store/types.ts';

/** Why only a person can bring a grant back. */
export type NeedsSignInReason =
  | 'never-signed-in'
  | 'ended-by-provider'
  | 'revoked-here'
  | 'no-refresh-token'
  | 'lost-from-vault'
  | 'refresh-answer-lost'
  | 'registration-needed'
  /** The authorization server no longer knows our client; the next sign-in registers again. */
  | 'client-unknown'
  /** The server now names another authorization server than the grant's. */
  | 'authorization-server-changed'
  /** The server refuses tokens that its authorization server has just issued. */
  | 'token-refused-by-server'
  /** A step-up: the server wants scopes that were not granted. */
  | 'more-scopes-wanted';

export type GrantState =
  /** The server asks for no authorization, as far as is known. */
  | { readonly kind: 'open' }
  | {
      readonly kind: 'connected';
      readonly accessTokenExpiresAt: number | null;
      readonly refreshesAt: number | null;
      readonly refreshable: boolean;
    }
  | { readonly kind: 'signing-in'; readonly url: string; readonly since: number }
  | { readonly kind: 'retrying'; readonly at: number; readonly because: string }
  | { readonly kind: 'needs-sign-in'; readonly because: NeedsSignInReason; readonly since: number | null };

/** What the person is asked to agree to before the browser opens. */
export interface SignInPlan {
  readonly server: string;
  readonly issuer: string;
  /** Every authorization server that the resource names; the person may choose another one. */
  readonly issuers: readonly string[];
  readonly resource: string | null;
  readonly registration: 'pre-registered' | 'cimd' | 'dcr' | 'existing' | 'needed';
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly scopesFrom: 'challenge' | 'scopes_supported' | 'pinned' | 'step-up' | 'none';
  /** Whether a token for this one server is asked for (RFC 8707); that it is bound, no metadata says. */
  readonly audienceAsked: boolean;
  /** Host of the page that opens, where that is not the issuer's own. */
  readonly otherHost: string | null;
}

export interface SignInOptions {
  /** Open the system browser (default); false: only hand out the address. */
  readonly openBrowser?: boolean;
  readonly scopes?: readonly string[];
  readonly issuer?: string;
  /** Register a new client even though one is held: the provider has probably forgotten it. */
  readonly registerAgain?: boolean;
  /** Take any sign-in that is under way: for links and automatic ones, which must not displace what a person started. */
  readonly joinAny?: boolean;
  /** Extra `prompt=consent`, for a provider that would answer from memory. */
  readonly freshConsent?: boolean;
  readonly signal?: AbortSignal;
}

/** A sign-in under way. There is at most one per server; asking again gives the same one. */
export interface SignIn {
  /** The authorization address; null for flows without a browser. */
  readonly url: string | null;
  readonly redirectUri: string | null;
  /** Resolves when the tokens are stored; rejects with the reason. */
  readonly done: Promise<SignInResult>;
  /** The callback address that the user copied out of a browser on another machine. @throws callback_mismatch */
  complete(pastedUrl: string): Promise<void>;
  cancel(): void;
}

export interface SignInResult {
  readonly server: string;
  readonly issuer: string;
  readonly requestedScopes: readonly string[];
  readonly grantedScopes: readonly string[];
  readonly accessTokenExpiresAt: number | null;
  readonly refreshable: boolean;
  /** Said after every sign-in when the vault does not survive the process. */
  readonly warning: string | null;
}

/** One token of a revocation, and the truth about it. */
export interface RevokedToken {
  readonly token: 'refresh_token' | 'access_token';
  readonly outcome:
    | { readonly kind: 'revoked'; readonly status: number }
    | { readonly kind: 'refused'; readonly status: number; readonly error: string | null }
    | { readonly kind: 'unreachable'; readonly error: string }
    | { readonly kind: 'no-endpoint' }
    | { readonly kind: 'not-held' };
}

export interface RevocationReceipt {
  readonly server: string;
  readonly issuer: string | null;
  readonly tokens: readonly RevokedToken[];
  /** True when the authorization server confirmed every token that was held; else what was only forgotten here. */
  readonly confirmed: boolean;
  readonly forgottenHere: boolean;
}

export interface PreRegisteredClient {
  readonly client_id: string;
  readonly client_secret?: Secret;
  readonly private_key?: Secret;
  readonly signing_alg?: string;
  readonly token_endpoint_auth_method?: ClientAuthMethod;
}

export interface NewServer {
  readonly name: string;
  readonly url: string;
  readonly settings?: Partial<ServerSettings>;
  readonly flow?: Flow;
  readonly client?: PreRegisteredClient;
}

export interface GrantView {
  readonly server: string;
  readonly url: string;
  readonly account: string;
  readonly state: GrantState;
  readonly issuer: string | null;
  readonly resource: string | null;
  readonly registration: 'pre-registered' | 'cimd' | 'dcr' | null;
  readonly requestedScopes: readonly string[];
  readonly grantedScopes: readonly string[];
  readonly settings: ServerSettings;
}

export type GrantChange = { readonly server: string; readonly state: GrantState };

export interface Grants {
  addServer(server: NewServer): Promise<GrantView>;
  /** Drops server, grant and secrets here; tells no one. Revoke first to end it at the provider. */
  forgetServer(name: string): Promise<{ forgotten: readonly string[] }>;
  updateSettings(name: string, settings: Partial<ServerSettings>): void;
  view(name: string): GrantView;
  /** Only the state: what every bridged request asks for. @throws unknown_server */
  state(name: string): GrantState;
  list(): GrantView[];

  /** Discovers, but opens nothing: what a sign-in would do. */
  plan(name: string, options?: SignInOptions): Promise<SignInPlan>;
  /** Starts the sign-in or joins the one under way. */
  signIn(name: string, options?: SignInOptions): Promise<SignIn>;
  /** A fresh access token for scripts. @throws needs_sign_in, token_unavailable */
  accessToken(
    name: string,
    options?: { minTtlMs?: number; signal?: AbortSignal },
  ): Promise<{
    access_token: Secret;
    token_type: 'bearer' | 'dpop';
    expires_at: number | null;
  }>;
  upstreamAuth(name: string): UpstreamAuth;
  revoke(name: string): Promise<RevocationReceipt>;
  clearCache(name?: string): Promise<{ documents: number; accessTokens: number; registrations: number }>;
  /** After wake or unlock: checks every grant's clock. */
  woke(): void;
  /** Tells of every change of state until the returned function is called. */
  onChange(listener: (change: GrantChange) => void): () => void;
  close(): Promise<void>;
}
