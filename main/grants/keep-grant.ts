// Writing a grant down: vault first, then store, and only then may its access token be used (DESIGN.md rule 3).
import { randomUUID } from 'node:crypto';
import type { DpopBinding } from '../oauth/dpop.ts';
import type { TokenSet } from '../oauth/types.ts';
import type { GrantIdentity, GrantRow, ServerRow } from '../store/types.ts';
import type { GrantDeps } from './deps.ts';
import type { HeldRegistration } from './registrations.ts';
import { encodeGrant, grantRef, type GrantItem } from './vault-items.ts';

export interface NewGrant extends Granted {
  /** By the clock that never goes back; absent: as the living grant has it that this one takes the place of. */
  readonly endsAt?: number | null;
  /** Found out between the vault and the store: the refresh token is safe by then, and nobody uses the grant yet. */
  readonly identify: () => Promise<GrantIdentity | null>;
  /** Called in the moment in which the grant is there, before anybody can use it. */
  readonly taken: (row: GrantRow) => void;
  /** Throws when the sign-in was called off or the server forgotten meanwhile. */
  readonly stillWanted: () => void;
}

export interface Granted {
  readonly server: ServerRow;
  readonly account: string;
  readonly resource: string | null;
  readonly held: HeldRegistration;
  readonly requestedScopes: readonly string[];
  readonly tokens: TokenSet;
  readonly dpop: DpopBinding | null;
}

/**
 * Keeps what a sign-in gave. The earlier grant of the same server and account ends with it; its secret is removed last, so that a
 * crash at any point leaves a grant that still works.
 */
export async function keepNewGrant(deps: GrantDeps, grant: NewGrant): Promise<GrantRow> {
  grant.stillWanted();
  const { server, account, held, tokens } = grant;
  const id = randomUUID();
  const granted = tokens.scope ?? grant.requestedScopes;
  const earlierEnd = (): number | null => {
    const earlier = deps.store.grants.forServer(server.name, account);
    return earlier === null || earlier.endedAt !== null ? null : earlier.endsAt;
  };
  const endsAt = grant.endsAt === undefined ? earlierEnd() : grant.endsAt;
  if (tokens.refresh_token !== undefined) {
    await deps.vault.write(
      grantRef(id, server.name, server.url, account),
      encodeGrant({
        v: 1,
        server: server.name,
        url: server.url,
        account,
        resource: grant.resource,
        issuer: held.registration.issuer,
        registrationId: held.id,
        client_id: held.registration.client_id,
        registrationKind: held.registration.kind,
        token_endpoint_auth_method: held.registration.token_endpoint_auth_method,
        redirect_uris: [...held.registration.redirect_uris],
        scopes: [...granted],
        refresh_token: tokens.refresh_token.reveal(),
        dpop_key: grant.dpop?.key.reveal() ?? null,
        rotates: null,
        ends_at: endsAt,
      }),
    );
  }
  let identity: GrantIdentity | null;
  try {
    identity = await grant.identify();
    grant.stillWanted();
  } catch (error) {
    await deps.vault.delete({ kind: 'grant', id });
    throw error;
  }
  const now = deps.clock.now();
  const earlier = deps.store.grants.forServer(server.name, account);
  const row: GrantRow = {
    id,
    server: server.name,
    account,
    resource: grant.resource,
    issuer: held.registration.issuer,
    registrationId: held.id,
    requestedScopes: grant.requestedScopes,
    grantedScopes: granted,
    createdAt: now,
    refreshedAt: null,
    accessTokenExpiresAt: tokens.expires_at,
    hasRefreshToken: tokens.refresh_token !== undefined,
    endedAt: null,
    endedBecause: null,
    identity,
    endsAt,
  };
  deps.store.transaction(() => {
    if (earlier !== null && earlier.endedAt === null) {
      deps.store.grants.put({ ...earlier, endedAt: now, endedBecause: 'superseded' });
    }
    deps.store.grants.put(row);
  });
  grant.taken(row);
  if (earlier !== null && earlier.hasRefreshToken) await deps.vault.delete({ kind: 'grant', id: earlier.id });
  return row;
}

/**
 * Keeps what a refresh gave: a rotated refresh token is durable before this resolves. Null when the grant was ended or
 * forgotten while the answer was on its way: then nothing of it stays.
 */
export async function keepRefreshed(
  deps: GrantDeps,
  row: GrantRow,
  server: ServerRow,
  item: GrantItem,
  tokens: TokenSet,
): Promise<GrantRow | null> {
  const isOver = (): boolean => deps.store.grants.get(row.id)?.endedAt !== null;
  if (isOver()) return null;
  const rotated = tokens.refresh_token !== undefined && tokens.refresh_token.reveal() !== item.refresh_token;
  const granted = tokens.scope ?? row.grantedScopes;
  if (rotated || item.rotates === null) {
    await deps.vault.write(
      grantRef(row.id, server.name, server.url, row.account),
      encodeGrant({
        ...item,
        ends_at: deps.store.grants.get(row.id)?.endsAt ?? null,
        scopes: [...granted],
        refresh_token: tokens.refresh_token?.reveal() ?? item.refresh_token,
        rotates: rotated || item.rotates === true,
      }),
    );
  }
  if (isOver()) {
    await deps.vault.delete({ kind: 'grant', id: row.id });
    return null;
  }
  const next: GrantRow = {
    // An end may have been set, or taken away, while the answer was on its way.
    ...(deps.store.grants.get(row.id) ?? row),
    grantedScopes: granted,
    refreshedAt: deps.clock.now(),
    accessTokenExpiresAt: tokens.expires_at,
  };
  deps.store.grants.put(next);
  return next;
}

/** Keeps what a flow without a browser gave: one row per server and account, brought up to date with every token. */
export function keepMinted(deps: GrantDeps, earlier: GrantRow | null, grant: Granted): GrantRow {
  const now = deps.clock.now();
  const same = earlier !== null && earlier.registrationId === grant.held.id && earlier.resource === grant.resource;
  const row: GrantRow = {
    id: same ? earlier.id : randomUUID(),
    server: grant.server.name,
    account: grant.account,
    resource: grant.resource,
    issuer: grant.held.registration.issuer,
    registrationId: grant.held.id,
    requestedScopes: grant.requestedScopes,
    grantedScopes: grant.tokens.scope ?? grant.requestedScopes,
    createdAt: same ? earlier.createdAt : now,
    refreshedAt: same ? now : null,
    accessTokenExpiresAt: grant.tokens.expires_at,
    hasRefreshToken: false,
    endedAt: null,
    endedBecause: null,
    identity: null,
    endsAt: earlier?.endsAt ?? null,
  };
  deps.store.transaction(() => {
    if (earlier !== null && !same) deps.store.grants.put({ ...earlier, endedAt: now, endedBecause: 'superseded' });
    deps.store.grants.put(row);
  });
  return row;
}

/** Ends a grant here: its secret is removed, its row stays as history. */
export async function endGrant(deps: GrantDeps, row: GrantRow, because: string): Promise<void> {
  deps.store.grants.put({ ...row, hasRefreshToken: false, endedAt: deps.clock.now(), endedBecause: because });
  await deps.vault.delete({ kind: 'grant', id: row.id });
}
