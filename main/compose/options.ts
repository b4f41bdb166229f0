// What a host gives its broker: its folders, its vault, its clock, and what it can do that another host cannot.
import type { SystemCheck } from '../access/lock.ts';
import type { Paths } from '../config/paths.ts';
import type { GrantConfig } from '../grants/deps.ts';
import type { Clock, Log, LoginItem, OpenUrl } from '../ports.ts';
import type { Vault } from '../vault/open.ts';

export interface BrokerOptions {
  readonly paths: Pick<Paths, 'data' | 'database'>;
  readonly vault: Vault;
  readonly log: Log;
  readonly clock: Clock;
  readonly openUrl: OpenUrl;
  readonly env: NodeJS.ProcessEnv;
  /** Decides over the port that the person chose in the settings. */
  readonly bridgePort?: number;
  /** Decides over what the person chose: `off` lets every agent use everything without asking. */
  readonly approvals?: 'ask' | 'off';
  /** Preferred ports of the browser host and of the demo. */
  readonly uiPort?: number;
  readonly demoPort?: number;
  readonly extraCaFiles?: readonly string[];
  readonly grants?: Partial<GrantConfig>;
  /** A desktop's; without it, starting at login is not offered. */
  readonly loginItem?: LoginItem;
  /** Whether the host tells of the screen's lock (`screenLocked`); without, locking with the screen is not offered. */
  readonly seesScreenLock?: boolean;
  /** The system's own check that its person is there; without it a click unlocks what no passphrase opens. */
  readonly systemCheck?: SystemCheck;
  /** Brings the app's own window up, at a question where one is named; without it the UI is a browser's. */
  readonly showWindow?: (prompt?: string) => void | Promise<void>;
  /** Where the built window is; by default beside this program. */
  readonly rendererFolder?: string;
  /** The program and the words that start the stdio shim; by default `tokentray stdio`. */
  readonly shim?: readonly string[];
}
