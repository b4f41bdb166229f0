// What the tray has to know of the broker: every server's state and whether it is paused, kept from the stream of changes. Pure.
import type { z } from 'zod';
import type { Change, grantStateSchema, Prompt } from '../../preload/contract.ts';
import { assertNever } from '../errors.ts';

export type State = z.output<typeof grantStateSchema>;

export interface Summary {
  /** Each account's grant by its label, in their order. */
  readonly servers: ReadonlyMap<string, State>;
  readonly paused: boolean;
  /** Only the person opens it again. */
  readonly locked: boolean;
  /** What agents ask the person, oldest first. */
  readonly questions: readonly Question[];
}

export interface Question {
  readonly id: string;
  /** `claude asks to use linear`. */
  readonly words: string;
}

export const nothingYet: Summary = { servers: new Map(), paused: false, locked: false, questions: [] };

/** The same object where the change is none of the tray's business. */
export function withChange(summary: Summary, change: Change): Summary {
  switch (change.kind) {
    case 'snapshot': {
      const servers = change.servers.map((view): [string, State] => [labelOf(view), view.state]);
      return {
        servers: sorted(servers),
        paused: change.pausedSince !== null,
        locked: change.lock.kind === 'locked',
        questions: change.prompts.map(questionOf),
      };
    }
    case 'state':
      // The default account's; the others' come as `settings`.
      if (!summary.servers.has(change.server)) return summary;
      return { ...summary, servers: sorted([...summary.servers, [change.server, change.state]]) };
    case 'added':
    case 'settings':
      return { ...summary, servers: sorted([...summary.servers, [labelOf(change.view), change.view.state]]) };
    case 'forgotten':
      return {
        ...summary,
        servers: sorted([...summary.servers].filter(([label]) => grantOf(label).server !== change.server)),
      };
    case 'prompts':
      return { ...summary, questions: change.prompts.map(questionOf) };
    case 'lock':
      return { ...summary, locked: change.lock.kind === 'locked' };
    case 'paused':
      return { ...summary, paused: change.pausedSince !== null };
    case 'activity':
    case 'used':
    case 'agents':
    case 'account-pins':
    case 'tools':
    case 'app-settings':
    case 'sessions':
    case 'demo':
    case 'approvals':
      return summary;
    default:
      return assertNever(change);
  }
}

const between = ' · ';

/** The server's name, and for all but its default account which one it is. */
const labelOf = (view: { readonly server: string; readonly account: string; readonly isDefault: boolean }): string =>
  view.isDefault ? view.server : `${view.server}${between}${view.account}`;

/** Whose label it is: no server's name has a space in it. */
export function grantOf(label: string): { readonly server: string; readonly account?: string } {
  const [server = label, ...account] = label.split(between);
  return account.length === 0 ? { server } : { server, account: account.join(between) };
}

/** The broker has made the names harmless. */
const questionOf = (prompt: Prompt): Question => ({
  id: prompt.id,
  words:
    prompt.kind === 'use'
      ? `${cut(prompt.agent.name)} asks to use ${prompt.server}`
      : `${cut(prompt.agent.name)} asks to call ${cut(prompt.tool)} on ${prompt.server}`,
});

const cut = (name: string): string => (name.length > 40 ? `${name.slice(0, 39)}…` : name);

const sorted = (servers: [string, State][]): ReadonlyMap<string, State> =>
  new Map([...new Map(servers)].sort(([one], [other]) => one.localeCompare(other)));

export type TrayState = 'fine' | 'needs-you' | 'paused';

/** Locked and paused cover the rest: while nothing reaches a server, nothing is waiting for the person. */
export function trayState({ servers, paused, locked, questions }: Summary): TrayState {
  if (locked || paused) return 'paused';
  if (questions.length > 0) return 'needs-you';
  return [...servers.values()].some(needsPerson) ? 'needs-you' : 'fine';
}

/** A grant that the person revoked is as they want it; one that works may still wait for them to allow more. */
export function needsPerson(state: State): boolean {
  return state.kind === 'connected'
    ? state.stepUp !== undefined
    : state.kind === 'needs-sign-in' && state.because !== 'revoked-here';
}
