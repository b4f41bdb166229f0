// Revoking a grant: ask the authorization server for each token, forget it here, and say truthfully which of the two happened.
import type { Discovery } from '../oauth/discovery.ts';
import { revokeToken } from '../oauth/revoke.ts';
import type { Fetch } from '../ports.ts';
import { secret, type Secret } from '../secret.ts';
import type { GrantRow, ServerRow } from '../store/types.ts';
import type { GrantDeps } from './deps.ts';
import { record } from './history.ts';
import { endGrant } from './keep-grant.ts';
import { registrationById } from './registrations.ts';
import type { RevocationReceipt, RevokedToken } from './types.ts';
import { decodeGrant } from './vault-items.ts';

export async function revokeGrant(
  deps: GrantDeps,
  http: Fetch,
  server: ServerRow,
  row: GrantRow | null,
  accessToken: Secret | null,
  discover: () => Promise<Discovery>,
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
  const refreshToken = await heldRefreshToken(deps, row, server);
  const tokens: RevokedToken[] = [];
  // The refresh token first: a server that ends the whole grant with it leaves nothing to race with (RFC 7009 section 2.1).
  for (const [kind, token] of [
    ['refresh_token', refreshToken],
    ['access_token', accessToken],
  ] as const) {
    tokens.push(token === null ? notHeld(kind) : { token: kind, outcome: await ask(kind, token) });
  }
  const held = tokens.filter((entry) => entry.outcome.kind !== 'not-held');
  await endGrant(deps, row, 'revoked-here');
  const receipt: RevocationReceipt = {
    server: server.name,
    issuer: row.issuer,
    tokens,
    confirmed: held.length > 0 && held.every((entry) => entry.outcome.kind === 'revoked'),
    forgottenHere: true,
  };
  record(deps, 'revoked', server.name, row.id, {
    confirmed: receipt.confirmed,
    answers: tokens.map((entry) => `${entry.token}: ${entry.outcome.kind}`),
  });
  return receipt;

  async function ask(kind: RevokedToken['token'], token: Secret): Promise<RevokedToken['outcome']> {
    if (row === null) return { kind: 'not-held' };
    try {
      const discovery = await discover();
      const held = await registrationById(deps, row.registrationId);
      if (discovery.as.issuer !== row.issuer || held === null) return { kind: 'no-endpoint' };
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
