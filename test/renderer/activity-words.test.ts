// Every kind of event that the broker notes has words, and a kind that this window does not know stays readable.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { describeEvent, eventFacts, kindTitle } from '../../renderer/activity/event-words.ts';
import { counted } from '../../renderer/words/counted.ts';

const words = (kind: string, detail: Record<string, unknown> = {}) => describeEvent({ kind, detail });

test('every kind of the flight recorder has words, not only its spelling', () => {
  const source = readFileSync(new URL('../../main/grants/history.ts', import.meta.url), 'utf8');
  const union = /HistoryKind =([^;]+);/u.exec(source)?.[1] ?? '';
  const kinds = [...union.matchAll(/'([a-z-]+)'/gu)].map(([, kind]) => kind ?? '');
  expect(kinds.length).toBeGreaterThan(10);
  // A kind without words says nothing of its detail.
  const detail = {
    url: 'u',
    issuer: 'i',
    kind: 'dcr',
    why: 'w',
    because: 'b',
    scopes: ['s'],
    granted: [],
    rotated: true,
  };
  expect(kinds.filter((kind) => words(kind, detail).detail === null)).toEqual([]);
  expect(words('unheard-of', detail).detail).toBeNull();
});

describe('what an event says', () => {
  test('a failure says why, in the words that were noted', () => {
    expect(words('refresh-failed', { error: 'unreachable', why: 'the provider answered 503' })).toEqual({
      title: 'Refresh failed',
      tone: 'danger',
      detail: 'the provider answered 503',
    });
    expect(words('sign-in-failed', { error: 'cancelled' }).detail).toBe('cancelled');
  });

  test('a revocation that was not confirmed is not told as one that was', () => {
    expect(words('revoked', { confirmed: true }).detail).toBe('the provider confirmed it');
    expect(words('revoked', { confirmed: false }).detail).toContain('did not confirm');
    expect(words('revoked').detail).toContain('did not confirm');
  });

  test('a sign-in without a refresh token says so', () => {
    expect(words('signed-in', { granted: ['a'], refreshable: true }).detail).toBe('1 scope');
    expect(words('signed-in', { granted: ['a', 'b'], refreshable: false }).detail).toBe(
      '2 scopes, without a refresh token',
    );
  });

  test('a use names the agent and the way', () => {
    expect(words('used', { agent: 'cursor', via: 'http' }).detail).toBe('cursor, over HTTP');
    expect(words('used', { agent: 'cursor', via: 'stdio' }).detail).toBe('cursor, over stdio');
  });

  test('a command that was refused says whose it was and what it tried', () => {
    expect(words('command-refused', { agent: 'cursor', attempted: 'unlock', startedBy: 'agent' })).toEqual({
      title: 'Command refused',
      tone: 'needs-you',
      detail: 'a command of cursor tried to unlock',
    });
    expect(words('command-refused', { attempted: 'forget the server', startedBy: 'orphan' }).detail).toBe(
      'a command whose starter had gone tried to forget the server',
    );
  });

  test('details of a shape that nobody expects break nothing', () => {
    for (const value of [null, 7, {}, [], [1, {}], '']) {
      for (const kind of ['signed-in', 'step-up-asked', 'registered', 'cache-cleared', 'used', 'grant-ended']) {
        const detail = {
          scopes: value,
          granted: value,
          why: value,
          kind: value,
          documents: value,
          agent: value,
          because: value,
        };
        expect(typeof words(kind, detail).title).toBe('string');
      }
    }
  });

  test('an unknown kind is spelled out', () => {
    expect(words('moon_phase-changed')).toEqual({ title: 'Moon phase changed', tone: 'idle', detail: null });
    expect(kindTitle('moon_phase-changed')).toBe('Moon phase changed');
  });
});

test('the facts of one event show every value as text', () => {
  const facts = eventFacts({
    detail: { expiresAt: null, rotated: true, requested: ['a', 'b'], none: [], client_id: 'x', odd: { deep: 1 } },
  });
  expect(facts).toEqual([
    ['Expires at', 'none'],
    ['Rotated', 'yes'],
    ['Requested', 'a, b'],
    ['None', 'none'],
    ['Client id', 'x'],
    ['Odd', '{"deep":1}'],
  ]);
});

test('a count of one is singular, and of none is not', () => {
  expect([0, 1, 2].map((count) => counted(count, 'event'))).toEqual(['0 events', '1 event', '2 events']);
});
