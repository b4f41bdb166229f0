// What a sign-in would ask for: worked out from discovery, the challenge and the user's own choices; nothing is opened.
import type { Challenge } from '../oauth/challenge.ts';
import type { Discovery } from '../oauth/discovery.ts';
import { chooseRegistration } from '../oauth/registration.ts';
import { otherSignInHost } from '../oauth/authorize.ts';
import { selectScopes } from '../oauth/scope.ts';
import type { ServerRow } from '../store/types.ts';
import type { GrantDeps } from './deps.ts';
import type { SignInOptions, SignInPlan } from './types.ts';

export interface PlannedScopes {
  readonly scopes: readonly string[];
  readonly from: SignInPlan['scopesFrom'];
}

/** The scopes to ask for. `options.scopes` (the person's own list) replaces what was discovered. */
export function plannedScopes(
  server: ServerRow,
  discovery: Discovery,
  challenge: Challenge | null,
  options: Pick<SignInOptions, 'scopes'>,
  stepUp: { readonly scopes: readonly string[] } | null = null,
): PlannedScopes {
  // The person's own list goes before everything; a step-up adds to what was held.
  if (options.scopes === undefined && stepUp !== null) return { scopes: stepUp.scopes, from: 'step-up' };
  return selectScopes({
    challenge: challenge?.scope ?? null,
    scopesSupported: discovery.scopesSupported,
    asScopesSupported: discovery.as.scopes_supported ?? null,
    pinned: options.scopes ?? server.settings.pinnedScopes,
    removed: server.settings.removedScopes,
  });
}

export function signInPlan(
  deps: GrantDeps,
  server: ServerRow,
  discovery: Discovery,
  planned: PlannedScopes,
  redirectUri: string,
): SignInPlan {
  const held = deps.store.registrations.forIssuer(discovery.as.issuer);
  const choice =
    held === null
      ? chooseRegistration({ as: discovery.as, preRegistered: null, cimdUrl: deps.config.cimdUrl }).kind
      : held.kind === 'pre-registered'
        ? 'pre-registered'
        : 'existing';
  return {
    server: server.name,
    issuer: discovery.as.issuer,
    issuers: discovery.authorizationServers,
    resource: discovery.resource,
    registration: choice === 'ask' ? 'needed' : choice,
    redirectUri,
    scopes: planned.scopes,
    scopesFrom: planned.from,
    audienceAsked: discovery.resource !== null,
    otherHost: otherSignInHost(discovery.as),
  };
}
