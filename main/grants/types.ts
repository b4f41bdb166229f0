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
  | 'more-scopes-wanted'
  /** The person gave it an end, and that has come. */
  | 'lifetime-over';

/** Which grant is meant, or was: one server's, of one account. */
export interface OfAccount {
  readonly server: string;
  readonly account: string;
}

/** What a call lacked, and when that was first said. Kept in memory: after a restart the next refusal says it again. */
export interface WaitingStepUp {
  /** What is wanted beyond what is granted; empty where the server did not name it. */
  readonly scopes: readonly string[];
  readonly since: number;
}

export type GrantState =
  /** Nobody signed in, and the server asked for no authorization so far. */
  | {
      readonly kind: 'open';
      /** When it was first seen to answer without a token; absent: it was asked for nothing so far. */
      readonly answersSince?: number | undefined;
    }
  | {
      readonly kind: 'connected';
      readonly accessTokenExpiresAt: number | null;
      readonly refreshesAt: number | null;
      readonly refreshable: boolean;
      /** Works, but a call was refused for want of these scopes: only the person can agree to them. */
      readonly stepUp?: WaitingStepUp | undefined;
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
  /** Of several accounts at one server; absent: the server's default one. A new name makes a new account. */
  readonly account?: string;
  /**
   * When the grant ends here, by the machine's clock; null: as the provider has it. Absent: the end of the grant that this one
   * takes the place of, so that no step-up and no second sign-in lengthens what the person bounded.
   */
  readonly endsAt?: number | null;
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

/** A sign-in under way. There is at most one per server and account; asking again gives the same one. */
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
  readonly account: string;
  /** Who signed in, to be shown; null: the provider did not say, or it could not be checked. */
  readonly identity: string | null;
  /** When the grant ends here, by the machine's clock. */
  readonly endsAt: number | null;
  /** That the vault does not survive the process; that it was another person than before. */
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

/** How many registrations a cleared cache left, and why. */
export interface KeptRegistrations {
  /** A grant's tokens are bound to it. */
  readonly neededByGrant: number;
  readonly signInUnderWay: number;
  /** The user's own clients. */
  readonly preRegistered: number;
}

export interface ClearedCache {
  readonly documents: number;
  readonly accessTokens: number;
  /** Those that were dropped. */
  readonly registrations: number;
  readonly registrationsKept: KeptRegistrations;
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

/** One grant of one server and account: a server has one view for each of its accounts. */
export interface GrantView {
  readonly server: string;
  readonly url: string;
  readonly account: string;
  /** Whether agents that are pinned to no account use this one. */
  readonly isDefault: boolean;
  /** Who that is at the provider, as it said; to be shown, never to be compared. */
  readonly identity: string | null;
  /** When it ends here, by the machine's clock; null: as the provider has it. */
  readonly endsAt: number | null;
  readonly state: GrantState;
  readonly issuer: string | null;
  readonly resource: string | null;
  readonly registration: 'pre-registered' | 'cimd' | 'dcr' | null;
  readonly requestedScopes: readonly string[];
  readonly grantedScopes: readonly string[];
  readonly settings: ServerSettings;
}

export interface GrantChange extends OfAccount {
  readonly state: GrantState;
}

/** `account`, wherever it may be left out: the server's default account then. */
export interface Grants {
  addServer(server: NewServer): Promise<GrantView>;
  /** Drops server, grants and secrets here; tells no one. Revoke first to end them at the provider. */
  forgetServer(name: string): Promise<{ forgotten: readonly string[] }>;
  updateSettings(name: string, settings: Partial<ServerSettings>): void;
  view(name: string, account?: string): GrantView;
  /** Only the state: what every bridged request asks for. @throws unknown_server */
  state(name: string, account?: string): GrantState;
  /** One for each server and account; a server's default account comes first. */
  list(): GrantView[];

  /** The accounts of a server, the default one first: those that somebody signed in to, or is about to. @throws unknown_server */
  accounts(name: string): string[];
  defaultAccount(name: string): string;
  /** @throws account_missing */
  setDefaultAccount(name: string, account: string): void;
  /** Drops one account here; tells no one. The default one can be signed in to again, any other is gone. @throws account_missing */
  forgetAccount(name: string, account: string): Promise<{ forgotten: readonly string[] }>;
  /** When a living grant ends here, by the machine's clock; null: as the provider has it. @throws needs_sign_in, invalid_input */
  setEnd(name: string, endsAt: number | null, account?: string): GrantView;

  /** Discovers, but opens nothing: what a sign-in would do. */
  plan(name: string, options?: SignInOptions): Promise<SignInPlan>;
  /** Starts the sign-in or joins the one under way. */
  signIn(name: string, options?: SignInOptions): Promise<SignIn>;
  /** A fresh access token for scripts. @throws needs_sign_in, token_unavailable, account_missing */
  accessToken(
    name: string,
    options?: { minTtlMs?: number; signal?: AbortSignal; account?: string },
  ): Promise<{
    access_token: Secret;
    token_type: 'bearer' | 'dpop';
    expires_at: number | null;
  }>;
  upstreamAuth(name: string, account?: string): UpstreamAuth;
  /**
   * Once `within` is aborted nobody is asked any more: it is forgotten here, and the receipt says so.
   * @throws account_missing, locked
   */
  revoke(name: string, account?: string, within?: AbortSignal): Promise<RevocationReceipt>;
  /** Of one server, or of all, with every account. Grants stay, and so does every registration that one of them depends on. */
  clearCache(name?: string): Promise<ClearedCache>;
  /** After wake or unlock: checks every grant's clock. */
  woke(): void;
  /** Tells of every change of state until the returned function is called. */
  onChange(listener: (change: GrantChange) => void): () => void;
  close(): Promise<void>;
}
