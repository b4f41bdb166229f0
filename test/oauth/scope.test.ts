// The scopes that are asked for are the ones that the task needs and the user allows, and stepping up never loops.
import { anything, assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { missingScopes, normaliseScopes, selectScopes, stepUpScopes, union } from '../../main/oauth/scope.ts';

const nothing = { challenge: null, scopesSupported: null, asScopesSupported: null };

describe('reading scopes', () => {
  it.each([
    ['a b  c', ['a', 'b', 'c']],
    ['a,b, a', ['a', 'b']],
    [
      ['a', ['b', 'c d']],
      ['a', 'b', 'c', 'd'],
    ],
    [
      ['https://as.example/auth/x.read', 'a:b/c'],
      ['https://as.example/auth/x.read', 'a:b/c'],
    ],
    ['', []],
    [null, []],
    [undefined, []],
    [{ scope: 'a' }, []],
    [[1, true, null, 'a'], ['a']],
    ['a "b" c\\d \u00e9 e', ['a', 'e']],
  ])('makes %j into %j', (value, expected) => {
    expect(normaliseScopes(value)).toEqual(expected);
  });

  it('takes anything at all without failing, and gives only what may stand in a request', () => {
    assert(
      property(anything(), (value) => {
        for (const scope of normaliseScopes(value)) expect(scope).toMatch(/^[\x21-\x7e]{1,512}$/);
      }),
    );
    expect(normaliseScopes(Array.from({ length: 1000 }, (_, index) => `s${index}`))).toHaveLength(200);
  });
});

describe('choosing scopes', () => {
  it('takes the challenge first, then what the resource supports, else none', () => {
    const both = { ...nothing, challenge: 'a', scopesSupported: ['b', 'c'] };
    expect(selectScopes(both)).toEqual({ scopes: ['a'], from: 'challenge' });
    expect(selectScopes({ ...both, challenge: null })).toEqual({ scopes: ['b', 'c'], from: 'scopes_supported' });
    expect(selectScopes({ ...both, challenge: '' })).toEqual({ scopes: ['b', 'c'], from: 'scopes_supported' });
    expect(selectScopes({ ...nothing, asScopesSupported: ['x'] })).toEqual({ scopes: [], from: 'none' });
  });

  it('adds offline_access where the authorization server offers it, never alone and never elsewhere', () => {
    const offered = { ...nothing, asScopesSupported: ['a', 'offline_access'] };
    expect(selectScopes({ ...offered, challenge: 'a' }).scopes).toEqual(['a', 'offline_access']);
    expect(selectScopes({ ...nothing, challenge: 'a', asScopesSupported: ['a'] }).scopes).toEqual(['a']);
    expect(selectScopes(offered).scopes).toEqual([]);
    expect(selectScopes({ ...offered, challenge: 'a', offlineAccess: false }).scopes).toEqual(['a']);
  });

  it('does what the user pinned or removed', () => {
    const server = { challenge: 'a b', scopesSupported: ['c'], asScopesSupported: ['offline_access'] };
    expect(selectScopes({ ...server, pinned: ['x'] })).toEqual({ scopes: ['x'], from: 'pinned' });
    expect(selectScopes({ ...server, pinned: [] })).toEqual({ scopes: [], from: 'pinned' });
    expect(selectScopes({ ...server, removed: ['b', 'offline_access'] }).scopes).toEqual(['a']);
    expect(selectScopes({ ...server, pinned: ['x', 'y'], removed: ['y'] }).scopes).toEqual(['x']);
  });
});

describe('stepping up', () => {
  it('asks for the union of everything asked, held and challenged', () => {
    expect(stepUpScopes({ requested: ['a', 'b'], granted: ['a', 'c'] }, ['w'])).toEqual({
      kind: 'ask',
      scopes: ['a', 'b', 'c', 'w'],
      missing: ['w'],
      freshConsent: false,
    });
    expect(union(['a'], ['b', 'a'], ['c'])).toEqual(['a', 'b', 'c']);
    expect(missingScopes(['a', 'b'], ['b'])).toEqual(['a']);
  });

  it.each([
    [
      'answered the challenged scope with the old ones',
      { requested: ['a', 'w'], granted: ['a'] },
      ['w'],
      'not-granted',
    ],
    ['challenges with what is held already', { requested: ['a'], granted: ['a'] }, ['a'], 'already-held'],
    ['names no scope', { requested: ['a'], granted: ['a'] }, [], 'nothing-named'],
  ])('asks once more with fresh consent, then stops, when the server %s', (_name, held, challenged, because) => {
    const first = stepUpScopes(held, challenged);
    expect(first).toMatchObject({ kind: 'ask', freshConsent: true, scopes: union(held.requested, challenged) });
    expect(stepUpScopes({ ...held, freshConsentTried: true }, challenged)).toMatchObject({ kind: 'hopeless', because });
  });

  it('does not ask for what the user removed', () => {
    expect(stepUpScopes({ requested: ['a'], granted: ['a'], removed: ['w'] }, ['w'])).toEqual({
      kind: 'hopeless',
      scopes: ['a'],
      missing: ['w'],
      because: 'removed-by-user',
    });
  });
});
