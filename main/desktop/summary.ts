// What the tray has to know of the broker: every server's state and whether it is paused, kept from the stream of changes. Pure.
import type { z } from 'zod';
import type { Change, grantStateSchema } from '../../preload/contract.ts';
import { assertNever } from '../errors.ts';

export type State = z.output<typeof grantStateSchema>;
type NeedsSignIn = Extract<State, { kind: 'needs-sign-in' }>;

export interface Summary {
  /** By name; in the order of their names. */
  readonly servers: ReadonlyMap<string, State>;
  readonly paused: boolean;
}

export const nothingYet: Summary = { servers: new Map(), paused: false };

/** The same object where the change is none of the tray's business. */
export function withChange(summary: Summary, change: Change): Summary {
  switch (change.kind) {
    case 'snapshot': {
      const servers = change.servers.map((view): [string, State] => [view.server, view.state]);
      return { servers: sorted(servers), paused: change.pausedSince !== null };
    }
    case 'state':
      if (!summary.servers.has(change.server)) return summary;
      return { ...summary, servers: sorted([...summary.servers, [change.server, change.state]]) };
    case 'added':
    case 'settings':
      return { ...summary, servers: sorted([...summary.servers, [change.view.server, change.view.state]]) };
    case 'forgotten':
      return { ...summary, servers: sorted([...summary.servers].filter(([name]) => name !== change.server)) };
    case 'paused':
      return { ...summary, paused: change.pausedSince !== null };
    case 'activity':
    case 'used':
    case 'agents':
    case 'app-settings':
    case 'sessions':
    case 'demo':
      return summary;
    default:
      return assertNever(change);
  }
}

const sorted = (servers: [string, State][]): ReadonlyMap<string, State> =>
  new Map([...new Map(servers)].sort(([one], [other]) => one.localeCompare(other)));

export type TrayState = 'fine' | 'needs-you' | 'paused';

/** Paused covers the rest: while nothing reaches a server, nothing is waiting for the person. */
export function trayState({ servers, paused }: Summary): TrayState {
  if (paused) return 'paused';
  return [...servers.values()].some(needsPerson) ? 'needs-you' : 'fine';
}

/** A grant that the person revoked is as they want it. */
export function needsPerson(state: State): state is NeedsSignIn {
  return state.kind === 'needs-sign-in' && state.because !== 'revoked-here';
}
