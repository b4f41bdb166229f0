// What the control socket needs of the broker: the composition root supplies it, nothing else is reachable from outside.
import type { z } from 'zod';
import type { diagnosisSchema } from '../../preload/contract.ts';
import type { Agents } from '../access/agents.ts';
import type { GrantsOfUser } from '../grants/grants.ts';
import type { Log, SecretStore } from '../ports.ts';
import type { Store } from '../store/types.ts';

/** A walk over a server's discovery, registration, PKCE, resource, refresh and revocation support, step by step. */
type Diagnosis = z.output<typeof diagnosisSchema>;

export interface ControlDeps {
  readonly grants: GrantsOfUser;
  readonly store: Store;
  readonly agents: Pick<Agents, 'add' | 'list' | 'revoke' | 'rotate'>;
  /** `reason`: why it is not the keychain, in words. */
  readonly vault: Pick<SecretStore, 'kind' | 'persistent'> & { readonly reason?: string | null };
  /** Null when no HTTP bridge is up. */
  readonly bridge: { readonly url: string; readonly port: number } | null;
  diagnose(url: string, options: { allowHttp: boolean; signal?: AbortSignal }): Promise<Diagnosis>;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly dataFolder: string;
  /** Where a damaged database was put when this broker started; null when it was sound. */
  readonly databaseSetAside: string | null;
  readonly log: Log;
}
