// Dropping our client ids, so that the next sign-in registers anew: only those that nothing depends on, their secrets with them.
import type { RegistrationRow } from '../store/types.ts';
import { orphanedRegistrations } from './adoption.ts';
import type { GrantDeps } from './deps.ts';
import type { GrantState, KeptRegistrations, OfAccount } from './types.ts';

/** What an account's grant and sign-in say about the registrations that they use. */
export interface RegistrationUse {
  readonly state: GrantState;
  /** The registration's id that a sign-in under way goes on with; `any` while that is not known yet, null without one. */
  readonly signingInWith: string | null;
}

export interface DroppedRegistrations {
  readonly dropped: ReadonlySet<string>;
  readonly kept: KeptRegistrations;
}

/** Those that one server has to do with: its grants', and those at the issuers where it signed in or began to. */
export function registrationsOf({ store }: Pick<GrantDeps, 'store'>, server: string): RegistrationRow[] {
  const grants = store.grants.list().filter((grant) => grant.server === server);
  const registered = (['registered', 'registration-replaced'] as const).flatMap((kind) =>
    store.events.list({ server, kind }).map(({ detail }) => detail['issuer']),
  );
  const chosen = store.servers.get(server)?.settings.chosenIssuer;
  const issuers = new Set<unknown>([...grants.map(({ issuer }) => issuer), ...registered, chosen]);
  return store.registrations.list().filter(({ issuer }) => issuers.has(issuer));
}

/**
 * Drops each of `rows` unless a grant, a sign-in or the user needs it. The authorization server is not told (RFC 7592): what it
 * would take to tell it is not kept.
 * @throws vault_* when a secret cannot be deleted: its registration is then out of use, and goes with the next attempt
 */
export async function dropRegistrations(
  deps: GrantDeps,
  rows: readonly RegistrationRow[],
  all: () => readonly OfAccount[],
  use: (of: OfAccount) => RegistrationUse,
): Promise<DroppedRegistrations> {
  const orphaned = rows.some(isOurs) ? await orphanedRegistrations(deps) : new Set<string>();
  const kept = { neededByGrant: 0, signInUnderWay: 0, preRegistered: 0 };
  // From here to the end of the transaction nothing else runs: no sign-in can take up what is being dropped.
  const dropped = deps.store.transaction(() => {
    const needed = neededByGrants(deps, use);
    const signingIn = new Set(all().map((of) => use(of).signingInWith));
    return rows.filter((row) => {
      if (!isOurs(row)) kept.preRegistered += 1;
      else if (orphaned.has(row.id) || needed.has(row.id)) kept.neededByGrant += 1;
      else if (signingIn.has('any') || signingIn.has(row.id)) kept.signInUnderWay += 1;
      else return deps.store.registrations.remove(row.id);
      return false;
    });
  });
  for (const row of dropped) await deleteSecret(deps, row);
  return { dropped: new Set(dropped.map(({ id }) => id)), kept };
}

const isOurs = ({ kind }: RegistrationRow): boolean => kind !== 'pre-registered';

/**
 * A refresh token is bound to the client that it was issued to (RFC 6749 section 6), and only that client may revoke it. Where the
 * authorization server no longer knows the client, nothing is lost with it.
 */
function neededByGrants({ store }: GrantDeps, use: (of: OfAccount) => RegistrationUse): ReadonlySet<string> {
  const needing = store.grants.list().filter((grant) => {
    if (grant.endedAt !== null) return false;
    const { state } = use(grant);
    if (state.kind !== 'needs-sign-in') return true;
    return grant.hasRefreshToken && state.because !== 'client-unknown';
  });
  return new Set(needing.map(({ registrationId }) => registrationId));
}

async function deleteSecret({ vault, store, clock }: GrantDeps, row: RegistrationRow): Promise<void> {
  if (!row.hasSecret) return;
  try {
    await vault.delete({ kind: 'registration', id: row.id });
  } catch (error) {
    // Its secret must not be forgotten in the vault: as a replaced one it is used by nobody, and found again.
    store.registrations.put({ ...row, replaced_at: row.replaced_at ?? clock.now() });
    throw error;
  }
}
