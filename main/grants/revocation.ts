// Revoking a grant: ask the authorization server for each token, forget it here, and say truthfully which of the two happened.
import { isTokentrayError } from '../errors.ts';
import type { Discovery } from '../oauth/discovery.ts';
import { revokeToken } from '../oauth/revoke.ts';
import type { Fetch } from '../ports.ts';
import { secret, type Secret } from '../secret.ts';
import type { GrantRow, ServerRow } from '../store/types.ts';
import type { GrantDeps } from './deps.ts';
import { record } from './history.ts';
import { endGrant } from './keep-grant.ts';
import { lifetimeOver } from './lifetime.ts';
import { registrationById } from './registrations.ts';
import type { RevocationReceipt, RevokedToken } from './types.ts';
import { untilAborted } from './waiting.ts';
import { decodeGrant } from './vault-items.ts';

/** By the person's word: asked first, forgotten whatever the answer is. */
export async function revokeGrant(
  deps: GrantDeps,
  http: Fetch,
  server: ServerRow,
  row: GrantRow | null,
  accessToken: Secret | null,
  discover: () => Promise<Discovery>,
  within?: AbortSignal,
): Promise<RevocationReceipt> {
  if (row === null || row.endedAt !== null) {
    return {
      server: server.name,
      issuer: row?.issuer ?? null,
      tokens: [notHeld('refresh_token'), notHeld('access_token')],
      confirmed: false,
      forgottenHere: false,
    };
  }
  const tokens = await askForEach(deps, http, server, row, accessToken, discover, within);
  await endGrant(deps, row, 'revoked-here');
  return written(deps, row, tokens, {});
}

/**
 * By the end that the person set. Over first, so that nothing that goes wrong afterwards brings it back; as long as its refresh
 * token could not be removed, the row says that one is held. Does nothing when nothing of it is left.
 * @throws vault_*
 */
export async function endLifetime(
  deps: GrantDeps,
  http: Fetch,
  server: ServerRow,
  row: GrantRow | null,
  accessToken: Secret | null,
  discover: () => Promise<Discovery>,
): Promise<void> {
  if (row === null) return;
  const ended: GrantRow =
    row.endedAt === null ? { ...row, endedAt: deps.clock.now(), endedBecause: lifetimeOver } : row;
  if (row.endedAt === null) {
    deps.store.grants.put(ended);
    record(deps, 'grant-ended', row, row.id, { because: lifetimeOver });
  } else if (!row.hasRefreshToken) {
    return;
  }
  const tokens = await askForEach(deps, http, server, ended, accessToken, discover).catch((error: unknown) => {
    // What cannot be read cannot be given back, and is removed all the same.
    if (isTokentrayError(error, 'vault_damaged')) return [];
    throw error;
  });
  await deps.vault.delete({ kind: 'grant', id: row.id });
  deps.store.grants.put({ ...ended, hasRefreshToken: false });
  if (tokens.some(({ outcome }) => outcome.kind !== 'not-held')) {
    written(deps, ended, tokens, { because: lifetimeOver });
  }
}

function written(
  deps: GrantDeps,
  row: GrantRow,
  tokens: readonly RevokedToken[],
  more: Readonly<Record<string, string>>,
): RevocationReceipt {
  const held = tokens.filter((entry) => entry.outcome.kind !== 'not-held');
  const receipt: RevocationReceipt = {
    server: row.server,
    issuer: row.issuer,
    tokens,
    confirmed: held.length > 0 && held.every((entry) => entry.outcome.kind === 'revoked'),
    forgottenHere: true,
  };
  record(deps, 'revoked', row, row.id, {
    confirmed: receipt.confirmed,
    answers: tokens.map((entry) => `${entry.token}: ${entry.outcome.kind}`),
    ...more,
  });
  return receipt;
}

/** The refresh token first: a server that ends the whole grant with it leaves nothing to race with (RFC 7009 section 2.1). */
async function askForEach(
  deps: GrantDeps,
  http: Fetch,
  server: ServerRow,
  row: GrantRow,
  accessToken: Secret | null,
  discover: () => Promise<Discovery>,
  within?: AbortSignal,
): Promise<RevokedToken[]> {
  const refreshToken = await heldRefreshToken(deps, row, server);
  const tokens: RevokedToken[] = [];
  for (const [kind, token] of [
    ['refresh_token', refreshToken],
    ['access_token', accessToken],
  ] as const) {
    tokens.push(token === null ? notHeld(kind) : { token: kind, outcome: await askWithin(kind, token) });
  }
  return tokens;

  async function askWithin(kind: RevokedToken['token'], token: Secret): Promise<RevokedToken['outcome']> {
    const late = { kind: 'unreachable', error: 'it did not answer in the time that there was' } as const;
    return untilAborted(ask(kind, token), within).catch(() => late);
  }

  /** Never rejects. */
  async function ask(kind: RevokedToken['token'], token: Secret): Promise<RevokedToken['outcome']> {
    try {
      const discovery = await discover();
      const held = await registrationById(deps, row.registrationId);
      if (held === null)
        return { kind: 'unreachable', error: 'the client that it was given to is no longer held here' };
      if (discovery.as.issuer !== row.issuer) return { kind: 'no-endpoint' };
      return await revokeToken(http, {
        as: discovery.as,
        registration: held.registration,
        profile: discovery.profile,
        token,
        hint: kind,
        now: deps.clock.now,
      });
    } catch (error) {
      return { kind: 'unreachable', error: error instanceof Error ? error.message : 'unknown failure' };
    }
  }
}

const notHeld = (token: RevokedToken['token']): RevokedToken => ({ token, outcome: { kind: 'not-held' } });

async function heldRefreshToken(deps: GrantDeps, row: GrantRow, server: ServerRow): Promise<Secret | null> {
  const item = await deps.vault.read({ kind: 'grant', id: row.id });
  const token = item === null ? null : decodeGrant(item, server.name).refresh_token;
  return token === null ? null : secret(token);
}
