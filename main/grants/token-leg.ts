// What every leg to the token endpoint is given, put together from discovery, registration and the grant.
import type { Discovery } from '../oauth/discovery.ts';
import { createDpopKey, createDpopNonces, wantsDpop, type DpopBinding } from '../oauth/dpop.ts';
import type { TokenLeg } from '../oauth/token-request.ts';
import type { Fetch } from '../ports.ts';
import type { Secret } from '../secret.ts';
import type { GrantDeps } from './deps.ts';
import type { HeldRegistration } from './registrations.ts';

export function tokenLeg(
  deps: Pick<GrantDeps, 'clock'>,
  http: Fetch,
  discovery: Discovery,
  held: HeldRegistration,
  resource: string | null,
  dpop: DpopBinding | null,
): TokenLeg {
  return {
    http,
    clock: deps.clock,
    as: discovery.as,
    registration: held.registration,
    resource,
    plainBasic: discovery.profile.plainBasic,
    ...(dpop === null ? {} : { dpop }),
  };
}

/** A new key where the resource wants bound tokens and the authorization server can bind them; else null. */
export async function newDpopBinding(
  discovery: Discovery,
  challengeSchemes: readonly string[],
): Promise<DpopBinding | null> {
  if (!wantsDpop(discovery.as, discovery.resourceMetadata, challengeSchemes)) return null;
  return dpopBinding(await createDpopKey());
}

export const dpopBinding = (key: Secret): DpopBinding => ({ key, nonces: createDpopNonces() });
