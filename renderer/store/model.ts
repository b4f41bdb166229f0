// Everything the window knows, as one value: what the last snapshot said and every change after it.
import type {
  AccountPin,
  AppSettings,
  Approval,
  BrowserSession,
  ContractOutputs,
  Demo,
  Flood,
  LockState,
  Prompt,
  Use,
} from '../../preload/contract.ts';
import type { Problem } from './problem.ts';

export type ServerView = ContractOutputs['servers']['show'];
export type GrantState = ServerView['state'];
export type WaitingStepUp = NonNullable<Extract<GrantState, { kind: 'connected' }>['stepUp']>;
export type Status = ContractOutputs['status'];
export type Agent = ContractOutputs['agents']['list'][number];

/** How the stream of changes stands. */
export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** The broker went away; what is shown is what was last known. */
  | { readonly kind: 'lost'; readonly problem: Problem; readonly retryAt: number }
  /** The browser's session is over: trying again is of no use. */
  | { readonly kind: 'shut-out'; readonly problem: Problem };

export interface Known {
  /** Each server by the account that agents use who are pinned to none. */
  readonly servers: ReadonlyMap<string, ServerView>;
  /** By server, every account of it by its name. */
  readonly accounts: ReadonlyMap<string, ReadonlyMap<string, ServerView>>;
  /** By server, the latest first. */
  readonly uses: ReadonlyMap<string, readonly Use[]>;
  readonly agents: readonly Agent[];
  /** Questions that wait for the person, the oldest first. */
  readonly prompts: readonly Prompt[];
  readonly floods: readonly Flood[];
  /** What the person decided and what still holds. */
  readonly approvals: readonly Approval[];
  /** By server, how many of its tools are held; only where there are any. */
  readonly held: ReadonlyMap<string, number>;
  readonly accountPins: readonly AccountPin[];
  readonly lock: LockState;
  readonly settings: AppSettings;
  readonly sessions: readonly BrowserSession[];
  readonly demo: Demo;
  /** Null while agents' requests are let through. */
  readonly pausedSince: number | null;
}

export interface Model {
  readonly link: Link;
  /** Null until the first snapshot: nothing known is not the same as no servers. */
  readonly known: Known | null;
  /** What no change carries: version, folder, vault, the bridge's address. Asked for once per connection. */
  readonly status: Status | null;
}

export const emptyModel: Model = { link: { kind: 'connecting' }, known: null, status: null };
