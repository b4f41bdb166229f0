// One refresh of one grant: read, ask, write down, and say what a failure means for the grant.
import { isTokentrayError, TokentrayError } from '../errors.ts';
import type { Discovery } from '../oauth/discovery.ts';
import { refresh } from '../oauth/token.ts';
import type { TokenSet } from '../oauth/types.ts';
import type { Fetch } from '../ports.ts';
import type { DpopBinding } from '../oauth/dpop.ts';
import { secret } from '../secret.ts';
import type { GrantRow, ServerRow } from '../store/types.ts';
import type { GrantDeps } from './deps.ts';
import { record } from './history.ts';
import { endGrant, keepRefreshed } from './keep-grant.ts';
import { registrationById } from './registrations.ts';
import type { NeedsSignInReason } from './types.ts';
import { dpopBinding, tokenLeg } from './token-leg.ts';
import { decodeGrant, type GrantItem } from './vault-items.ts';

/** What an authorization server answered to a refresh: the old refresh token may be spent, this is the only copy. */
export interface Refreshed {
  readonly item: GrantItem;
  readonly tokens: TokenSet;
  readonly dpop: DpopBinding | null;
}

export type RefreshOutcome =
  | { readonly kind: 'refreshed'; readonly row: GrantRow; readonly tokens: TokenSet; readonly dpop: DpopBinding | null }
  /** The vault would not take it: to be kept with `keepAnswer` before anything else is tried. */
  | { readonly kind: 'unwritten'; readonly refreshed: Refreshed; readonly error: TokentrayError }
  /** Only a person can go on. Whether the grant is over is `because`; nothing but `ended-by-provider` removed anything. */
  | { readonly kind: 'needs-sign-in'; readonly because: NeedsSignInReason }
  /** It may pass: the grant is kept and tried again. */
  | { readonly kind: 'try-later'; readonly error: TokentrayError; readonly retryAfterMs: number | null };

export async function refreshGrant(
  deps: GrantDeps,
  http: Fetch,
  row: GrantRow,
  server: ServerRow,
  discover: () => Promise<Discovery>,
): Promise<RefreshOutcome> {
  try {
    const stored = await deps.vault.read({ kind: 'grant', id: row.id });
    const held = await registrationById(deps, row.registrationId);
    const item = stored === null ? null : decodeGrant(stored, server.name);
    if (item === null || item.refresh_token === null) {
      // Memory never held what an earlier broker kept: it is where that one kept it, and nobody has lost it.
      if (deps.vault.persistent) await endGrant(deps, row, 'lost-from-vault');
      return { kind: 'needs-sign-in', because: 'lost-from-vault' };
    }
    if (held === null) return { kind: 'needs-sign-in', because: 'client-unknown' };
    const discovery = await discover();
    // A refresh token goes to the authorization server that issued it and to no other (SEP-2352).
    if (discovery.as.issuer !== row.issuer) return { kind: 'needs-sign-in', because: 'authorization-server-changed' };
    const dpop = item.dpop_key === null ? null : dpopBinding(secret(item.dpop_key));
    const leg = tokenLeg(deps, http, discovery, held, row.resource, dpop);
    const refreshToken = secret(item.refresh_token);
    const mayRepeat = discovery.profile.refreshRetryAllowed === true || item.rotates === false;
    const tokens = await refresh(leg, refreshToken).catch((error: unknown) => {
      if (answerLost(error) && mayRepeat) return refresh(leg, refreshToken);
      throw error;
    });
    return await keepAnswer(deps, row, server, { item, tokens, dpop });
  } catch (error) {
    if (!(error instanceof TokentrayError)) throw error;
    return failed(deps, row, error);
  }
}

/** Makes the answer durable, then usable. May be called again with the same answer until it succeeds. */
export async function keepAnswer(
  deps: GrantDeps,
  row: GrantRow,
  server: ServerRow,
  refreshed: Refreshed,
): Promise<RefreshOutcome> {
  const { item, tokens, dpop } = refreshed;
  try {
    const next = await keepRefreshed(deps, row, server, item, tokens);
    if (next === null) return { kind: 'needs-sign-in', because: 'revoked-here' };
    const rotated = tokens.refresh_token !== undefined;
    record(deps, 'refreshed', row, row.id, { rotated, expiresAt: tokens.expires_at });
    return { kind: 'refreshed', row: next, tokens, dpop };
  } catch (error) {
    if (!(error instanceof TokentrayError)) throw error;
    return { kind: 'unwritten', refreshed, error };
  }
}

const answerLost = (error: unknown): boolean =>
  isTokentrayError(error, 'token_unavailable') && error.facts['kind'] === 'lost';

async function failed(deps: GrantDeps, row: GrantRow, error: TokentrayError): Promise<RefreshOutcome> {
  record(deps, 'refresh-failed', row, row.id, { error: error.code, why: error.message });
  if (error.code === 'token_refused' && error.facts['kind'] === 'ended') {
    await endGrant(deps, row, 'ended-by-provider');
    record(deps, 'grant-ended', row, row.id, { because: 'ended-by-provider' });
    return { kind: 'needs-sign-in', because: 'ended-by-provider' };
  }
  if (error.code === 'client_unknown') return { kind: 'needs-sign-in', because: 'client-unknown' };
  // Where the server rotates, the old token may be spent: using it again could look like theft. The person is told.
  if (answerLost(error)) return { kind: 'needs-sign-in', because: 'refresh-answer-lost' };
  const retryAfter = error.facts['retryAfterMs'];
  return { kind: 'try-later', error, retryAfterMs: typeof retryAfter === 'number' ? retryAfter : null };
}
