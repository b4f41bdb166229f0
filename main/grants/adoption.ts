// Taking up grants that the vault still holds when the database has lost them: offered, never done silently.
import type { ServerRow } from '../store/types.ts';
import type { GrantDeps } from './deps.ts';
import { record } from './history.ts';
import { decodeGrant, type GrantItem } from './vault-items.ts';
import { defaultServerSettings } from './server-settings.ts';
import type { OfAccount } from './types.ts';

export interface AdoptableGrant {
  readonly id: string;
  readonly server: string;
  readonly account: string;
  readonly url: string;
  readonly issuer: string;
  readonly scopes: readonly string[];
}

/** The vault's grants that no row knows. Unreadable items are left where they are and said in the log. */
export async function adoptableGrants(deps: GrantDeps): Promise<AdoptableGrant[]> {
  const found: AdoptableGrant[] = [];
  for (const { id, item } of await orphans(deps)) {
    found.push({
      id,
      server: item.server,
      account: item.account,
      url: item.url,
      issuer: item.issuer,
      scopes: item.scopes,
    });
  }
  return found;
}

/** The registrations that such grants were issued to: without them they could not be taken up. */
export async function orphanedRegistrations(deps: GrantDeps): Promise<ReadonlySet<string>> {
  return new Set((await orphans(deps)).map(({ item }) => item.registrationId));
}

/** Re-creates the rows of one such grant; its server's settings start over. Returns whose it is, null if gone. */
export async function adoptGrant(deps: GrantDeps, id: string): Promise<OfAccount | null> {
  const orphan = (await orphans(deps)).find((candidate) => candidate.id === id);
  if (orphan === undefined) return null;
  const { item } = orphan;
  const now = deps.clock.now();
  const known = deps.store.servers.get(item.server);
  const server: ServerRow = known ?? {
    name: item.server,
    url: item.url,
    addedAt: now,
    settings: defaultServerSettings,
  };
  deps.store.transaction(() => {
    if (known === null) deps.store.servers.add(server);
    if (deps.store.registrations.get(item.registrationId) === null) {
      const current = deps.store.registrations.forIssuer(item.issuer);
      deps.store.registrations.put({
        id: item.registrationId,
        issuer: item.issuer,
        kind: item.registrationKind,
        client_id: item.client_id,
        token_endpoint_auth_method: item.token_endpoint_auth_method,
        signing_alg: null,
        redirect_uris: item.redirect_uris,
        client_secret_expires_at: null,
        registered_at: now,
        replaced_at: current === null ? null : now,
        hasSecret: item.token_endpoint_auth_method !== 'none',
      });
    }
    deps.store.grants.put({
      id,
      server: server.name,
      account: item.account,
      resource: item.resource,
      issuer: item.issuer,
      registrationId: item.registrationId,
      requestedScopes: item.scopes,
      grantedScopes: item.scopes,
      createdAt: now,
      refreshedAt: null,
      accessTokenExpiresAt: null,
      hasRefreshToken: item.refresh_token !== null,
      endedAt: null,
      endedBecause: null,
      identity: null,
      endsAt: item.ends_at,
    });
  });
  record(deps, 'adopted', { server: server.name, account: item.account }, id, { issuer: item.issuer });
  return { server: server.name, account: item.account };
}

async function orphans(deps: GrantDeps): Promise<{ id: string; item: GrantItem }[]> {
  const found: { id: string; item: GrantItem }[] = [];
  for (const ref of await deps.vault.list()) {
    if (ref.kind !== 'grant' || deps.store.grants.get(ref.id) !== null) continue;
    const value = await deps.vault.read(ref);
    if (value === null) continue;
    try {
      const item = decodeGrant(value, ref.label);
      const living = deps.store.grants.forServer(item.server, item.account);
      const taken = deps.store.servers.get(item.server);
      if ((living === null || living.endedAt !== null) && (taken === null || taken.url === item.url))
        found.push({ id: ref.id, item });
    } catch (error) {
      deps.log.warn('an item of the vault is not readable', { label: ref.label, error });
    }
  }
  return found;
}
