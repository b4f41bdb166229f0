// Everything the window knows, as one value: what the last snapshot said and every change after it.
import type { AppSettings, BrowserSession, ContractOutputs, Demo, Use } from '../../preload/contract.ts';
import type { Problem } from './problem.ts';

export type ServerView = ContractOutputs['servers']['show'];
export type GrantState = ServerView['state'];
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
  readonly servers: ReadonlyMap<string, ServerView>;
  /** By server, the latest first. */
  readonly uses: ReadonlyMap<string, readonly Use[]>;
  readonly agents: readonly Agent[];
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
