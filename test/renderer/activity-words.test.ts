// Every kind of event that the broker notes has words, and a kind that this window does not know stays readable.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { describeEvent, eventFacts, kindTitle } from '../../renderer/activity/event-words.ts';
import { counted } from '../../renderer/words/counted.ts';

const words = (kind: string, detail: Record<string, unknown> = {}) => describeEvent({ kind, detail });
const detailOf = (kind: string, detail: Record<string, unknown>) => words(kind, detail).detail;

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
      agent: null,
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
    expect(words('used', { agent: 'cursor', via: 'http' })).toMatchObject({ agent: 'cursor', detail: 'over HTTP' });
    expect(words('used', { agent: 'cursor', via: 'stdio' })).toMatchObject({ agent: 'cursor', detail: 'over stdio' });
  });

  test('whatever an agent had a part in names it, as its own part, whether or not there is more to say', () => {
    for (const kind of [
      'approval-asked',
      'approval-unanswered',
      'approved',
      'denied',
      'approval-changed',
      'approval-revoked',
      'approval-ended',
      'call-allowed',
      'call-declined',
      'agent-added',
      'agent-renamed',
      'account-pinned',
      'token-lent',
      'local-token-issued',
      'command-refused',
      'a-kind-of-a-newer-broker',
    ]) {
      const detail = { agent: 'cursor', tool: 't', by: 'window', was: 'x', account: 'work' };
      expect(words(kind, detail).agent, kind).toBe('cursor');
      expect(words(kind, detail).detail ?? '', kind).not.toContain('cursor');
    }
    // In the audit it stands beside the detail.
    expect(describeEvent({ kind: 'approved', agent: 'cursor', detail: { by: 'window' } }).agent).toBe('cursor');
    const refused = { kind: 'command-refused', agent: 'cursor', detail: { attempted: 'unlock' } };
    expect(describeEvent(refused).detail).toBe('its command tried to unlock');
    expect(words('agent-renamed', { agent: 'Claude', was: 'node' }).detail).toBe('it was node');
  });

  test('a command that was refused says whose it was and what it tried', () => {
    expect(words('command-refused', { agent: 'cursor', attempted: 'unlock', startedBy: 'agent' })).toEqual({
      title: 'Command refused',
      tone: 'needs-you',
      agent: 'cursor',
      detail: 'its command tried to unlock',
    });
    expect(words('command-refused', { attempted: 'unlock', startedBy: 'agent' }).detail).toBe(
      'a command of an agent tried to unlock',
    );
    expect(words('command-refused', { attempted: 'forget the server', startedBy: 'orphan' }).detail).toBe(
      'a command whose starter had gone tried to forget the server',
    );
  });

  test('details of a shape that nobody expects break nothing', () => {
    for (const value of [null, 7, {}, [], [1, {}], '']) {
      for (const kind of [
        'signed-in',
        'step-up-asked',
        'registered',
        'cache-cleared',
        'used',
        'grant-ended',
        'approved',
        'denied',
        'approval-changed',
        'approval-ended',
        'approval-asked',
      ]) {
        const detail = {
          scopes: value,
          granted: value,
          why: value,
          kind: value,
          documents: value,
          agent: value,
          because: value,
          tools: value,
          allow: value,
          deny: value,
          ask: value,
          lasts: value,
          until: value,
          by: value,
          tool: value,
        };
        expect(typeof words(kind, detail).title).toBe('string');
      }
    }
  });

  test('an unknown kind is spelled out', () => {
    expect(words('moon_phase-changed')).toEqual({
      title: 'Moon phase changed',
      tone: 'idle',
      agent: null,
      detail: null,
    });
    expect(kindTitle('moon_phase-changed')).toBe('Moon phase changed');
  });
});

describe('what the person decided', () => {
  test('says for how long, what, and who decided: never the agent itself', () => {
    expect(detailOf('approved', { lasts: 'always', tools: 'everything', by: 'command-line' })).toBe(
      'always · by you, on the command line · everything',
    );
    expect(detailOf('approved', { lasts: 'session', tools: 'read-only', by: 'window' })).toBe(
      'for its session · by you, in the window · only reading',
    );
    expect(detailOf('approved', { lasts: 'always', tools: 'everything', by: 'trusted' })).toBe(
      'always · because you trust it · everything',
    );
    expect(detailOf('approved', { lasts: 'once', tools: 'everything', by: 'browser' })).toContain(
      'by you, in a browser',
    );
    expect(detailOf('approved', { lasts: 'until', until: 0, tools: 'everything', by: 'window' })).toMatch(
      /^until \D*1/u,
    );
  });

  test('has what was allowed, denied and to be asked about, in either form that it is noted in', () => {
    const rules = { lasts: 'session', tools: 'everything', ask: 'destructive', by: 'window' };
    const words = 'for its session · by you, in the window · only up*; not rm, drop_*; asks before destructive calls';
    expect(detailOf('approved', { ...rules, allow: ['up*'], deny: ['rm', 'drop_*'] })).toBe(words);
    expect(detailOf('approved', { ...rules, allow: 'up*', deny: 'rm, drop_*' })).toBe(words);
    expect(detailOf('approval-changed', { tools: 'read-only', allow: [], deny: ['rm'], until: null })).toBe(
      'only reading; not rm',
    );
  });

  test('against an agent is no word about tools', () => {
    expect(detailOf('denied', { lasts: 'once', tools: 'read-only', deny: ['x'], by: 'window' })).toBe(
      'once · by you, in the window',
    );
    expect(detailOf('denied', { lasts: 'always', by: 'command-line' })).toBe('always · by you, on the command line');
  });

  test('is over for a reason that can be read, a denial as a denial', () => {
    expect(words('approval-ended', { decision: 'allow', because: 'used' })).toMatchObject({
      title: 'Approval ended',
      detail: 'it was for one call, which was made',
    });
    expect(words('approval-ended', { decision: 'deny', because: 'used' })).toMatchObject({
      title: 'Denial ended',
      detail: 'it was for that one time',
    });
    expect(words('approval-revoked', { decision: 'deny' }).title).toBe('Denial dropped');
    expect(words('approval-revoked', { decision: 'allow' }).title).toBe('Approval revoked');
    const source = readFileSync(new URL('../../main/access/approvals.ts', import.meta.url), 'utf8');
    const union = /EndedBecause =([^;]+);/u.exec(source)?.[1] ?? '';
    const reasons = [...union.matchAll(/'([a-z-]+)'/gu)].map(([, reason]) => reason ?? '');
    expect(reasons).toContain('panic');
    // Two of them are told as something else, or not at all.
    for (const because of reasons.filter((one) => one !== 'revoked' && one !== 'replaced')) {
      const said = detailOf('approval-ended', { decision: 'allow', because });
      expect(said, because).not.toBe(because.replaceAll('-', ' '));
    }
  });

  test('about one call names the tool and who decided, and a question what it was about', () => {
    expect(detailOf('call-allowed', { tool: 'rm', by: 'window' })).toBe('rm · by you, in the window');
    expect(detailOf('call-declined', { tool: 'rm', by: 'command-line' })).toBe('rm · by you, on the command line');
    expect(detailOf('approval-asked', { about: 'use', tool: 'update' })).toBe('to use it · it called update');
    expect(detailOf('approval-asked', { about: 'use', tool: null })).toBe('to use it');
    expect(detailOf('approval-asked', { about: 'call', tool: 'rm' })).toBe('to call rm');
  });

  test('is laid out the same in the view of one event', () => {
    const facts = eventFacts({
      detail: { agent: 'cursor', by: 'command-line', until: 0, decision: 'deny', because: 'used' },
    });
    // The agent has its own place there.
    expect(facts.map(([name]) => name)).toEqual(['Decided', 'Until', 'Decision', 'Because']);
    expect(facts[0]?.[1]).toBe('by you, on the command line');
    expect(facts[1]?.[1]).toMatch(/19(?:69|70)/u);
    expect(facts[3]?.[1]).toBe('it was for that one time');
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
