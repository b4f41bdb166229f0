// What the control contract needs of the broker: the composition root supplies it, nothing else is reachable from outside.
import type { z } from 'zod';
import type { CatalogueEntry, Demo, diagnosisSchema, Licence } from '../../preload/contract.ts';
import type { Access } from '../access/access.ts';
import type { Accounts } from '../access/accounts.ts';
import type { Agents } from '../access/agents.ts';
import type { Lock } from '../access/lock.ts';
import type { Pins } from '../access/pins.ts';
import type { Peer } from '../access/evidence/peer.ts';
import type { StartedBy } from '../access/evidence/started-by.ts';
import type { AgentProcess } from '../access/stdio-agents.ts';
import type { Audit } from '../audit/types.ts';
import type { GrantsOfUser } from '../grants/grants.ts';
import type { Clock, Log, SecretStore } from '../ports.ts';
import type { Settings } from '../settings/settings.ts';
import type { Store } from '../store/types.ts';
import type { Sessions } from '../ui/sessions.ts';
import type { ChangeFeed } from './changes.ts';
import type { Pause } from './pause.ts';
import type { Servers } from './servers.ts';
import type { SignIns } from './sign-ins.ts';

/** A walk over a server's discovery, registration, PKCE, resource, refresh and revocation support, step by step. */
type Diagnosis = z.output<typeof diagnosisSchema>;

/** The built-in server to try things out with. */
export interface DemoHost {
  state(): Demo;
  start(): Promise<Demo>;
  stop(): Promise<Demo>;
}

export interface ControlDeps {
  readonly grants: GrantsOfUser;
  /** Which agents and folders use which account. */
  readonly accounts: Pick<Accounts, 'pins' | 'pin' | 'unpin'>;
  /** Adds, changes and forgets, and tells whoever watches. */
  readonly servers: Servers;
  readonly store: Store;
  readonly audit: Pick<Audit, 'append' | 'page' | 'choices' | 'verify'>;
  /** What the person decided, and what they are asked. */
  readonly access: Pick<Access, 'approvals' | 'prompts' | 'settingChanged' | 'agentTrusted' | 'serverForgotten'>;
  readonly agents: Pick<Agents, 'add' | 'list' | 'rename' | 'revoke' | 'rotate' | 'trust' | 'view'>;
  /** Whether an agent started the process at the other end of a connection of the control socket. */
  startedBy(peer: Peer | null): Promise<StartedBy<AgentProcess>>;
  /** `reason`: why it is not the keychain, in words. */
  readonly vault: Pick<SecretStore, 'kind' | 'persistent' | 'list' | 'delete'> & { readonly reason?: string | null };
  /** Null when no HTTP bridge is up. */
  readonly bridge: { readonly url: string; readonly port: number; readonly onPreferredPort: boolean } | null;
  diagnose(url: string, options: { allowHttp: boolean; signal?: AbortSignal }): Promise<Diagnosis>;
  /** What every observer is told beside the states of grants. One for all ways in, and so are the sign-ins. */
  readonly changes: ChangeFeed;
  readonly signIns: SignIns;
  readonly pause: Pause;
  /** What only the person opens again. */
  readonly lock: Lock;
  readonly settings: Settings;
  /** Definitions of tools that the person agreed to. */
  readonly pins: Pins;
  readonly sessions: Sessions;
  readonly demo: DemoHost;
  readonly catalogue: readonly CatalogueEntry[];
  readonly licences: () => Licence[];
  /** The program and the words that start the stdio shim; the server's name follows. */
  readonly shim: readonly string[];
  /** A way into the UI for a person at this machine. */
  openUi(options: { linkOnly: boolean }): Promise<{ kind: 'window' } | { kind: 'link'; link: string }>;
  readonly clock: Clock;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly dataFolder: string;
  /** Where a damaged database was put when this broker started; null when it was sound. */
  readonly databaseSetAside: string | null;
  readonly log: Log;
}
