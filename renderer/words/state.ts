// What the state of a grant is called in front of a person, and whether it needs them.
import { plainText } from './names.ts';
import { span, until } from './time.ts';
import type { GrantState } from '../store/model.ts';

type NeedsSignIn = Extract<GrantState, { kind: 'needs-sign-in' }>['because'];

const reasons: Readonly<Record<NeedsSignIn, string>> = {
  'never-signed-in': 'nobody has signed in yet',
  'ended-by-provider': 'the provider ended the grant',
  'revoked-here': 'you revoked it',
  'no-refresh-token': 'the token ran out and there is no refresh token',
  'lost-from-vault': 'the vault no longer has its secrets',
  'refresh-answer-lost': 'the answer to a refresh was lost and the old token is used up',
  'registration-needed': 'the provider wants a client that you register by hand',
  'client-unknown': 'the provider no longer knows our client',
  'authorization-server-changed': 'the server now names another authorization server',
  'token-refused-by-server': 'the server refuses the tokens that its provider issues',
  'more-scopes-wanted': 'the server wants more than was granted',
  'lifetime-over': 'the end that you set has come',
};

/** How a state is coloured and sorted; the words always stand beside the colour. */
export type Tone = 'fine' | 'busy' | 'waiting' | 'needs-you' | 'idle';

export function stateTone(state: GrantState): Tone {
  switch (state.kind) {
    case 'connected':
      return state.stepUp === undefined ? 'fine' : 'needs-you';
    case 'signing-in':
      return 'busy';
    case 'retrying':
      return 'waiting';
    case 'needs-sign-in':
      return 'needs-you';
    case 'open':
      return answersOpenly(state) ? 'fine' : 'idle';
  }
}

/** "connected, refreshes in 43 min", "provider unreachable, retrying in 20 s". */
export function stateWords(state: GrantState, now: number): string {
  switch (state.kind) {
    case 'open':
      return answersOpenly(state) ? 'needs no sign-in' : 'not signed in yet';
    case 'connected':
      return connectedWords(state, now);
    case 'signing-in':
      return 'signing in, waiting for you';
    case 'retrying':
      return state.at - now < 1_000
        ? 'provider unreachable, retrying now'
        : `provider unreachable, retrying ${until(state.at, now)}`;
    case 'needs-sign-in':
      return `needs sign-in: ${reasons[state.because]}`;
  }
}

/** What was last known of a state when the broker no longer answers: in the past, and without a time that would run on. */
export function pastStateWords(state: GrantState): string {
  switch (state.kind) {
    case 'open':
      return answersOpenly(state) ? 'needed no sign-in' : 'was not signed in yet';
    case 'connected':
      return 'was connected';
    case 'signing-in':
      return 'was waiting for you to sign in';
    case 'retrying':
      return 'its provider was unreachable';
    case 'needs-sign-in':
      return `needed sign-in: ${reasons[state.because]}`;
  }
}

/** What the person does about a state, on a button that leads to the sign-in; null when nothing is called for. */
export function stateAction(state: GrantState): string | null {
  switch (state.kind) {
    case 'open':
      return answersOpenly(state) ? null : 'Sign in';
    case 'needs-sign-in':
      return 'Sign in';
    case 'signing-in':
      return 'Go on';
    case 'connected':
      return state.stepUp === undefined ? null : 'Allow more…';
    case 'retrying':
      return null;
  }
}

function connectedWords(state: Extract<GrantState, { kind: 'connected' }>, now: number): string {
  const { refreshesAt, accessTokenExpiresAt, refreshable, stepUp } = state;
  if (stepUp !== undefined) return `connected; wants more: ${wantedWords(stepUp.scopes)}`;
  if (!refreshable) {
    if (accessTokenExpiresAt === null) return 'connected until the server ends it';
    const left = accessTokenExpiresAt - now;
    return left < 1_000 ? 'connected, but its token has run out' : `connected for ${span(left)}, then sign in again`;
  }
  if (refreshesAt === null) return 'connected, refreshes when it is used';
  return refreshesAt - now < 1_000 ? 'connected, refreshes now' : `connected, refreshes ${until(refreshesAt, now)}`;
}

/** "repo:write", "repo:write and 3 more": the rest is on the server's page. */
function wantedWords([first = 'a scope', ...others]: readonly string[]): string {
  const name = plainText(first, 100);
  return others.length === 0 ? name : `${name} and ${others.length} more`;
}

/** The step in which the words above can change: seconds near the end, else not worth waking the page for. */
export function stateStepMs(state: GrantState, now: number): number {
  const at =
    state.kind === 'retrying'
      ? state.at
      : state.kind === 'connected'
        ? (state.refreshesAt ?? state.accessTokenExpiresAt)
        : null;
  return at !== null && Math.abs(at - now) < 2 * 60_000 ? 1_000 : 15_000;
}

/** More of what the state knows, for a title or a second line; null when the words say it all. */
export function stateDetail(state: GrantState): string | null {
  if (state.kind === 'retrying') return state.because;
  return answersOpenly(state) ? 'it answers requests that carry no token' : null;
}

/** Whether it was seen to need none; a server that nobody used so far may need one. */
export const answersOpenly = (state: GrantState): boolean => state.kind === 'open' && state.answersSince !== undefined;
