// What every part of grants/ is given: the ports, the store, and the few settings that are not per server.
import type { SteadyClock } from '../access/steady-clock.ts';
import type { Clock, Fetch, Log, OpenUrl, Random, SecretStore } from '../ports.ts';
import type { Store } from '../store/types.ts';

export interface GrantConfig {
  /** Shown on the provider's consent page. */
  readonly clientName: string;
  readonly clientUri: string;
  /** Where our Client ID Metadata Document is published; null: CIMD is not offered. */
  readonly cimdUrl: string | null;
  /** The loopback redirect's preferred port. */
  readonly callbackPort: number;
  readonly signInTimeoutMs: number;
  /** How long no callback may come before the person is told what probably happened. */
  readonly silenceMs: number;
}

export interface GrantDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: Store;
  readonly vault: SecretStore;
  readonly openUrl: OpenUrl;
  /** Metadata, registration, token and revocation requests under the limits of net/. */
  readonly oauthFetch: (scope: { server: URL; allowHttp: boolean }) => Fetch;
  readonly config: GrantConfig;
  /** What the ends of grants are measured by. */
  readonly steady: SteadyClock;
  /** Told before the new person's token is used for anything: what was allowed for the one before ends with them. */
  readonly onIdentityChanged?: (server: string, account: string) => void;
}

/** Without a steady clock the grants have their own one, over the same store. */
export type GrantOptions = Omit<GrantDeps, 'steady'> & Partial<Pick<GrantDeps, 'steady'>>;

export const defaultGrantConfig: GrantConfig = {
  clientName: 'Tokentray',
  clientUri: 'https://github.com/tokentray/tokentray',
  cimdUrl: null,
  callbackPort: 8428,
  signInTimeoutMs: 5 * 60_000,
  silenceMs: 90_000,
};
