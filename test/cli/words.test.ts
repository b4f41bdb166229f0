// What the command line says of a state and of a cleared cache is one line a person understands, whatever a server named.
import { describe, expect, it } from 'vitest';
import { clearedWords, stateWords } from '../../main/cli/words.ts';

describe('the words for a server that works', () => {
  const connected = { kind: 'connected', accessTokenExpiresAt: null, refreshesAt: null, refreshable: true } as const;
  const wanting = (...scopes: string[]) => stateWords({ ...connected, stepUp: { scopes, since: 1 } });

  it('name what a call was refused for', () => {
    expect(stateWords(connected)).toBe('connected');
    expect(wanting('files:write')).toBe('connected, but a call wants more: files:write');
    expect(wanting()).toBe('connected, but a call wants more than was granted');
  });

  it('stay one line with many scopes, and quote what is no plain text', () => {
    expect(wanting('a', 'b', 'c', 'd', 'e')).toBe('connected, but a call wants more: a, b, c and 2 more');
    expect(wanting('a\u001b[2J\nb')).not.toMatch(/[\n\u001b]/u);
  });
});

describe('the words for a server that nobody signed in to', () => {
  it('tell one that answers without a token from one that was never asked', () => {
    expect(stateWords({ kind: 'open' })).toBe('not signed in yet');
    expect(stateWords({ kind: 'open', answersSince: 1 })).toBe('needs no sign-in');
  });
});

describe('the words for a cleared cache', () => {
  it('say what was thrown away and why each kept registration stays', () => {
    const kept = { neededByGrant: 1, signInUnderWay: 0, preRegistered: 2 };
    expect(clearedWords({ documents: 3, accessTokens: 1, registrations: 0, registrationsKept: kept })).toEqual([
      'Thrown away: 3 documents, 1 access token, 0 registrations.',
      'Kept: 1 registration, because a grant depends on it: revoke the grant first to have it dropped.',
      'Kept: 2 registrations, because you brought it.',
    ]);
  });
});
