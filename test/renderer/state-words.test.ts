// A server's state is said in words that are true at this moment, and who needs the person is never missed.
import { describe, expect, it } from 'vitest';
import type { GrantState } from '../../renderer/store/model.ts';
import {
  pastStateWords,
  stateAction,
  stateDetail,
  stateStepMs,
  stateTone,
  stateWords,
} from '../../renderer/words/state.ts';

const now = 1_800_000_000_000;
const minutes = (count: number) => count * 60_000;

const connected = (state: Partial<Extract<GrantState, { kind: 'connected' }>> = {}): GrantState => ({
  kind: 'connected',
  accessTokenExpiresAt: now + minutes(44),
  refreshesAt: now + minutes(43),
  refreshable: true,
  ...state,
});

describe('the words of a state', () => {
  it.each<[string, GrantState]>([
    ['connected, refreshes in 43 min', connected()],
    ['connected, refreshes in 20 s', connected({ refreshesAt: now + 20_000 })],
    ['connected, refreshes now', connected({ refreshesAt: now - 5_000 })],
    ['connected, refreshes when it is used', connected({ refreshesAt: null })],
    ['connected for 44 min, then sign in again', connected({ refreshable: false, refreshesAt: null })],
    [
      'connected until the server ends it',
      connected({ refreshable: false, refreshesAt: null, accessTokenExpiresAt: null }),
    ],
    ['connected, but its token has run out', connected({ refreshable: false, accessTokenExpiresAt: now - 1 })],
    ['provider unreachable, retrying in 20 s', { kind: 'retrying', at: now + 20_400, because: 'ECONNREFUSED' }],
    ['provider unreachable, retrying now', { kind: 'retrying', at: now - 1, because: 'ECONNREFUSED' }],
    ['needs sign-in: the provider ended the grant', needs('ended-by-provider')],
    ['needs sign-in: nobody has signed in yet', needs('never-signed-in')],
    ['signing in, waiting for you', { kind: 'signing-in', url: 'https://as.example/', since: now }],
    ['not signed in yet', { kind: 'open' }],
    ['needs no sign-in', { kind: 'open', answersSince: 1 }],
    ['connected; wants more: repo:write', connected({ stepUp: { scopes: ['repo:write'], since: now } })],
    ['connected; wants more: a and 2 more', connected({ stepUp: { scopes: ['a', 'b', 'c'], since: now } })],
  ])('%s', (words, state) => expect(stateWords(state, now)).toBe(words));

  it('keeps why a retry is needed for those who look closer', () => {
    expect(stateDetail({ kind: 'retrying', at: now, because: 'connect ECONNREFUSED' })).toBe('connect ECONNREFUSED');
    expect(stateDetail(connected())).toBeNull();
  });
});

describe('the tone of a state', () => {
  it('says who needs the person, and nobody else', () => {
    expect(stateTone(needs('revoked-here'))).toBe('needs-you');
    expect(stateTone({ kind: 'retrying', at: now, because: '' })).toBe('waiting');
    expect(stateTone({ kind: 'signing-in', url: 'https://as.example/', since: now })).toBe('busy');
    expect(stateTone(connected())).toBe('fine');
    expect(stateTone(connected({ stepUp: { scopes: ['a'], since: now } }))).toBe('needs-you');
    expect(stateTone({ kind: 'open' })).toBe('idle');
    expect(stateTone({ kind: 'open', answersSince: 1 })).toBe('fine');
  });
});

describe('what a person does about a state', () => {
  it.each<[string | null, GrantState]>([
    ['Sign in', { kind: 'open' }],
    [null, { kind: 'open', answersSince: 1 }],
    ['Sign in', needs('ended-by-provider')],
    ['Go on', { kind: 'signing-in', url: 'https://as.example/', since: now }],
    ['Allow more…', connected({ stepUp: { scopes: ['a'], since: now } })],
    [null, connected()],
    [null, { kind: 'retrying', at: now, because: '' }],
  ])('%s', (action, state) => expect(stateAction(state)).toBe(action));
});

describe('the words of a state that is no longer live', () => {
  it('are of the past and promise no time', () => {
    const states: GrantState[] = [
      { kind: 'open' },
      connected(),
      needs('revoked-here'),
      { kind: 'retrying', at: now + 20_000, because: '' },
      { kind: 'signing-in', url: 'https://as.example/', since: now },
    ];
    for (const state of states) {
      expect(pastStateWords(state)).toMatch(/\b(was|needed)\b/u);
      expect(pastStateWords(state)).not.toMatch(/ in \d/u);
    }
  });
});

describe('how often the words are drawn again', () => {
  it('every second near the moment, else seldom', () => {
    expect(stateStepMs({ kind: 'retrying', at: now + 20_000, because: '' }, now)).toBe(1_000);
    expect(stateStepMs(connected({ refreshesAt: now + 30_000 }), now)).toBe(1_000);
    expect(stateStepMs(connected(), now)).toBeGreaterThan(1_000);
    expect(stateStepMs({ kind: 'open' }, now)).toBeGreaterThan(1_000);
  });
});

function needs(because: Extract<GrantState, { kind: 'needs-sign-in' }>['because']): GrantState {
  return { kind: 'needs-sign-in', because, since: null };
}
