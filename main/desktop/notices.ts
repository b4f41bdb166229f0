// Which notification is due: one for each thing that needs the person, never a second one for the same cause. Pure.
import { stateWords } from '../cli/words.ts';
import { grantOf, needsPerson } from './summary.ts';
import type { State, Summary } from './summary.ts';

/** A grant's label → the cause that the person was told of. */
export type Told = ReadonlyMap<string, string>;

export interface Notice {
  readonly title: string;
  readonly body: string;
  /** The server to show when it is clicked; null when it is about several. */
  readonly server: string | null;
  /** The question of an agent to show instead. */
  readonly prompt?: string;
}

export interface Due {
  readonly told: Told;
  readonly notice: Notice | null;
}

/**
 * What to say now. A cause lasts until its server is well again, so that one which comes back after a sign-in that the person
 * gave up is not said twice, and one which comes back after the server worked is. Paused or locked: nothing is said, and nothing is lost.
 */
export function due(told: Told, summary: Summary): Due {
  if (summary.paused || summary.locked) return { told, notice: null };
  const now = new Map<string, string>();
  const fresh: [string, State][] = [];
  for (const [server, state] of summary.servers) {
    const before = told.get(server);
    const cause = causeOf(state);
    if (cause !== null) {
      now.set(server, cause);
      if (cause !== before) fresh.push([server, state]);
    } else if (before !== undefined && isUnsettled(state)) {
      now.set(server, before);
    }
  }
  return { told: now, notice: notice(fresh) };
}

/** Null where nothing has to be said: somebody who has just added a server knows that they have not signed in yet. */
function causeOf(state: State): string | null {
  if (!needsPerson(state)) return null;
  // What is added to a step-up that waits is no new cause.
  if (state.kind === 'connected') return `step-up ${state.stepUp?.since ?? ''}`;
  return state.kind !== 'needs-sign-in' || state.because === 'never-signed-in'
    ? null
    : `${state.because} ${state.since ?? ''}`;
}

/** Neither well nor in need: what was said before still stands. */
const isUnsettled = (state: State): boolean => state.kind === 'signing-in' || state.kind === 'retrying';

function notice(fresh: readonly (readonly [string, State])[]): Notice | null {
  const [first] = fresh;
  if (first === undefined) return null;
  if (fresh.length === 1) {
    const [server, state] = first;
    return { title: `${server} needs you`, body: sentence(stateWords(state)), server: grantOf(server).server };
  }
  const names = fresh.slice(0, 3).map(([server]) => server);
  const more = fresh.length - names.length;
  return {
    title: `${fresh.length} servers need you`,
    body: `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}: sign in again.`,
    server: null,
  };
}

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
