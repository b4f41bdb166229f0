// A grant's flight recorder: what happened, when, and why, in the store's events. Names and numbers, never a token.
import type { GrantDeps } from './deps.ts';

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
  | 'adopted';

export function record(
  deps: Pick<GrantDeps, 'store' | 'clock' | 'log'>,
  kind: HistoryKind,
  server: string,
  grantId: string | null,
  detail: Readonly<Record<string, string | number | boolean | null | readonly string[]>> = {},
): void {
  deps.store.events.append({ at: deps.clock.now(), server, grantId, kind, detail });
  deps.log.info(kind, { server, ...detail });
}
