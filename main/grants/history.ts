// A grant's flight recorder: what happened, when, and why, in the store's events. Names and numbers, never a token.
import type { GrantDeps } from './deps.ts';
import type { OfAccount } from './types.ts';

export type HistoryKind =
  | 'server-added'
  | 'signed-in'
  | 'sign-in-failed'
  | 'refreshed'
  | 'refresh-failed'
  | 'grant-ended'
  | 'step-up-asked'
  | 'step-up-failed'
  | 'registered'
  | 'registration-replaced'
  | 'revoked'
  | 'forgotten'
  | 'cache-cleared'
  | 'adopted'
  /** Another person signed in to the account than before. */
  | 'account-changed'
  /** The provider's word about who signed in was not believed. */
  | 'identity-not-known'
  | 'account-forgotten'
  | 'default-account-set'
  | 'end-set';

/** What an event leaves out: it is of the account with this name where it names none. */
export const usualAccount = 'default';

export function record(
  deps: Pick<GrantDeps, 'store' | 'clock' | 'log'>,
  kind: HistoryKind,
  of: string | OfAccount,
  grantId: string | null,
  detail: Readonly<Record<string, string | number | boolean | null | readonly string[]>> = {},
): void {
  const { server, account } = typeof of === 'string' ? { server: of, account: usualAccount } : of;
  const full = account === usualAccount ? detail : { ...detail, account };
  deps.store.events.append({ at: deps.clock.now(), server, grantId, kind, detail: full });
  deps.log.info(kind, { server, ...full });
}
