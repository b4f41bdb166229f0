// Scopes: reading them in whatever form a server writes them, choosing what to ask for, and stepping up without a loop.

/** RFC 6749 section 3.3, less the comma: no server is known to use one inside a scope, several separate with it. */
const scopeToken = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,512}$/;
const most = 200;

/**
 * The scopes in `value`: a string separated by spaces (RFC 6749) or commas, a list of such, nested at will. Unknown
 * shapes and impossible characters are left out, repetitions too; the order stays.
 */
export function normaliseScopes(value: unknown): string[] {
  const found = new Set<string>();
  collect(value, found, 0);
  return [...found];
}

function collect(value: unknown, found: Set<string>, depth: number): void {
  if (typeof value === 'string') {
    for (const scope of value.slice(0, 65_536).split(/[\s,]+/)) {
      if (found.size < most && scopeToken.test(scope)) found.add(scope);
    }
  } else if (Array.isArray(value) && depth < 4) {
    for (const item of value.slice(0, most)) collect(item, found, depth + 1);
  }
}

/** Every scope of the lists, once, in the order of first mention. */
export function union(...lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())];
}

/** What of `wanted` is not in `granted`. */
export function missingScopes(wanted: readonly string[], granted: readonly string[]): string[] {
  return wanted.filter((scope) => !granted.includes(scope));
}

export interface ScopeChoice {
  readonly scopes: readonly string[];
  readonly from: 'challenge' | 'scopes_supported' | 'pinned' | 'none';
}

export interface ScopeSources {
  /** `scope` of the challenge; null when it named none. */
  readonly challenge: unknown;
  /** `scopes_supported` of the resource's metadata (RFC 9728). */
  readonly scopesSupported: unknown;
  /** `scopes_supported` of the authorization server's metadata (RFC 8414). */
  readonly asScopesSupported: unknown;
  /** The user's word: exactly these, whatever the server says. */
  readonly pinned?: readonly string[] | null;
  readonly removed?: readonly string[];
  /** Whether a refresh token is wanted; true unless the flow has no use for one. */
  readonly offlineAccess?: boolean;
}

/**
 * What to ask for at a sign-in, in the order of the MCP specification's scope selection: the challenge, else all of
 * `scopes_supported`, else no `scope` at all. `offline_access` joins when the authorization server lists it, but never
 * alone: a request that names only it would lose the server's default scopes.
 */
export function selectScopes(sources: ScopeSources): ScopeChoice {
  const removed = sources.removed ?? [];
  const chosen = choose(sources);
  const scopes = chosen.scopes.filter((scope) => !removed.includes(scope));
  const wantsOffline =
    (sources.offlineAccess ?? true) &&
    chosen.from !== 'pinned' &&
    scopes.length > 0 &&
    !removed.includes('offline_access') &&
    normaliseScopes(sources.asScopesSupported).includes('offline_access');
  return { scopes: wantsOffline ? union(scopes, ['offline_access']) : scopes, from: chosen.from };
}

function choose({ pinned, challenge, scopesSupported }: ScopeSources): ScopeChoice {
  if (pinned !== undefined && pinned !== null) return { scopes: normaliseScopes(pinned), from: 'pinned' };
  const challenged = normaliseScopes(challenge);
  if (challenged.length > 0) return { scopes: challenged, from: 'challenge' };
  const supported = normaliseScopes(scopesSupported);
  if (supported.length > 0) return { scopes: supported, from: 'scopes_supported' };
  return { scopes: [], from: 'none' };
}

/** What a grant was asked for and given so far, and what has been tried for the challenge at hand. */
export interface HeldScopes {
  readonly requested: readonly string[];
  readonly granted: readonly string[];
  readonly removed?: readonly string[];
  /** A sign-in with the union and `prompt=consent` already happened for this challenge. */
  readonly freshConsentTried?: boolean;
}

export type StepUp =
  /** Ask the person, then sign in with these; `freshConsent` because the server would otherwise answer from memory. */
  | {
      readonly kind: 'ask';
      readonly scopes: readonly string[];
      readonly missing: readonly string[];
      readonly freshConsent: boolean;
    }
  /** Signing in again will not help: tell the person why and stop. */
  | {
      readonly kind: 'hopeless';
      readonly scopes: readonly string[];
      readonly missing: readonly string[];
      readonly because: 'not-granted' | 'already-held' | 'nothing-named' | 'removed-by-user';
    };

/**
 * What to do about `insufficient_scope`. The scopes are always the union of everything asked for, held and challenged
 * (MCP specification, step-up flow). Where the challenge names nothing that was not asked for before (the server gave
 * the old scopes again, or names what is held already), one more sign-in with fresh consent is the last that can help.
 */
export function stepUpScopes(held: HeldScopes, challenged: readonly string[]): StepUp {
  const removed = held.removed ?? [];
  const scopes = missingScopes(union(held.requested, held.granted, challenged), removed);
  const missing = missingScopes(challenged, held.granted);
  const refused = missing.filter((scope) => removed.includes(scope));
  if (refused.length > 0) return { kind: 'hopeless', scopes, missing: refused, because: 'removed-by-user' };
  const neverAsked = missingScopes(missing, held.requested);
  if (neverAsked.length > 0) return { kind: 'ask', scopes, missing, freshConsent: false };
  if (held.freshConsentTried !== true) return { kind: 'ask', scopes, missing, freshConsent: true };
  if (challenged.length === 0) return { kind: 'hopeless', scopes, missing, because: 'nothing-named' };
  return { kind: 'hopeless', scopes, missing, because: missing.length === 0 ? 'already-held' : 'not-granted' };
}
