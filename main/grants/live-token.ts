// The access token in use, in memory only, and when it is due for a refresh.
import type { DpopBinding } from '../oauth/dpop.ts';
import type { TokenSet } from '../oauth/types.ts';
import type { Random } from '../ports.ts';
import type { Secret } from '../secret.ts';
import { refreshSchedule, type Schedule } from './refresh-schedule.ts';

export interface LiveToken {
  readonly access_token: Secret;
  readonly token_type: 'bearer' | 'dpop';
  /** Milliseconds since the epoch; null: the server did not say. */
  readonly expiresAt: number | null;
  readonly schedule: Schedule | null;
  /** Counts up with every token of this server: a 401 about an older one needs no refresh. */
  readonly generation: number;
  readonly dpop: DpopBinding | null;
  /** Whether the server has accepted it: a token that was never accepted is not refreshed again on a 401. */
  accepted: boolean;
}

export function liveToken(
  tokens: TokenSet,
  issuedAt: number,
  generation: number,
  dpop: DpopBinding | null,
  random: Random,
): LiveToken {
  return {
    access_token: tokens.access_token,
    token_type: tokens.token_type,
    expiresAt: tokens.expires_at,
    schedule: refreshSchedule(issuedAt, tokens.expires_at, random),
    generation,
    dpop,
    accepted: false,
  };
}
