// One server in words: the receipt never claims more than the provider answered, and scopes are compared honestly.
import { describe, expect, test } from 'vitest';
import type { Activity } from '../../preload/contract.ts';
import { reportText, summaryOf, type Report } from '../../renderer/server/doctor-words.ts';
import { accountIsNamed, mayHoldGrant, scopeLines, scopesSummary } from '../../renderer/server/grant-words.ts';
import { entryKey, grouped } from '../../renderer/server/history-groups.ts';
import { receiptWords, type Receipt } from '../../renderer/server/receipt-words.ts';

type Outcome = Receipt['tokens'][number]['outcome'];
const receipt = (refresh: Outcome, access: Outcome, more: Partial<Receipt> = {}): Receipt => ({
  server: 'notes',
  issuer: 'https://issuer.example',
  tokens: [
    { token: 'refresh_token', outcome: refresh },
    { token: 'access_token', outcome: access },
  ],
  confirmed: false,
  forgottenHere: true,
  ...more,
});
const done: Outcome = { kind: 'revoked', status: 200 };
const none: Outcome = { kind: 'not-held' };

const step = (verdict: Report['steps'][number]['verdict'], section: string | null = null) => ({
  name: 'issuer',
  verdict,
  detail: 'said "x"',
  section,
});

describe('the receipt of a revocation', () => {
  test('a confirmed one is told as done', () => {
    const words = receiptWords(receipt(done, done, { confirmed: true }));
    expect(words).toMatchObject({
      tone: 'fine',
      advice: null,
      headline: 'The provider ended it, and it is forgotten here',
    });
    expect(words.tokens.map((line) => line.ended)).toEqual(['yes', 'yes']);
  });

  test.each<[string, Outcome, string]>([
    ['a provider without revocation', { kind: 'no-endpoint' }, 'no way to revoke'],
    ['a provider that cannot be reached', { kind: 'unreachable', error: 'timed out' }, 'could not be reached'],
    ['a provider that refuses', { kind: 'refused', status: 400, error: 'unsupported_token_type' }, 'refused to revoke'],
  ])('%s is never told as done, and the person is told what to do', (_name, outcome, said) => {
    const words = receiptWords(receipt(outcome, done));
    expect(words.tone).toBe('warn');
    expect(words.headline).toContain('did not confirm');
    expect(words.advice).toContain('in your account at the provider');
    expect(words.tokens[0]).toMatchObject({ ended: 'no' });
    expect(words.tokens[0]?.words).toContain(said);
  });

  test('the provider’s own words are kept apart from ours', () => {
    const words = receiptWords(receipt({ kind: 'refused', status: 400, error: '<b>no</b>' }, none));
    expect(words.tokens[0]?.answer).toBe('<b>no</b>');
    expect(words.tokens[0]?.words).not.toContain('<b>');
  });

  test('what could not be forgotten here is not said to be', () => {
    for (const confirmed of [true, false]) {
      const words = receiptWords(receipt(done, done, { confirmed, forgottenHere: false }));
      expect(words.headline).toContain('not forgotten here');
      expect(words.advice).not.toBeNull();
    }
  });

  test('a provider that was sent nothing is not said to have been asked', () => {
    const silent: Outcome = { kind: 'no-endpoint' };
    expect(receiptWords(receipt(silent, silent)).asked).toBe(false);
    expect(receiptWords(receipt(none, none)).asked).toBe(false);
    expect(receiptWords(receipt(silent, done)).asked).toBe(true);
    expect(receiptWords(receipt({ kind: 'unreachable', error: 'timed out' }, none)).asked).toBe(true);
  });

  test('where nothing was held nothing is claimed', () => {
    const words = receiptWords(receipt(none, none, { confirmed: true, forgottenHere: false }));
    expect(words.headline).toBe('There was nothing to revoke');
    expect(words.tokens.map((line) => line.ended)).toEqual(['nothing-held', 'nothing-held']);
  });
});

describe('requested beside granted', () => {
  test('every scope is listed once, in the order of the request, what came unasked last', () => {
    expect(scopeLines(['b', 'a'], ['a', 'c'])).toEqual([
      { scope: 'b', requested: true, granted: false },
      { scope: 'a', requested: true, granted: true },
      { scope: 'c', requested: false, granted: true },
    ]);
  });

  test('the sentence names both kinds of difference', () => {
    expect(scopesSummary(['a'], ['a'])).toBe('Everything that was asked for is granted.');
    expect(scopesSummary(['b', 'a'], ['a', 'c'])).toBe(
      '1 asked for and not granted, 1 granted without being asked for.',
    );
    expect(scopesSummary(['a'], [])).toBe('Nothing is granted so far.');
    expect(scopesSummary([], [])).toBe('No scopes were asked for or named so far.');
  });
});

const needs = (because: 'never-signed-in' | 'revoked-here' | 'ended-by-provider' | 'more-scopes-wanted') =>
  mayHoldGrant({ kind: 'needs-sign-in', because, since: null });

test('a revocation is offered exactly where there may be a grant', () => {
  expect(mayHoldGrant({ kind: 'open' })).toBe(false);
  expect(needs('never-signed-in')).toBe(false);
  expect(needs('revoked-here')).toBe(false);
  expect(needs('more-scopes-wanted')).toBe(true);
  expect(needs('ended-by-provider')).toBe(true);
  expect(mayHoldGrant({ kind: 'retrying', at: 0, because: '' })).toBe(true);
});

test('an account that the provider did not name is not shown as a name', () => {
  expect(accountIsNamed('default')).toBe(false);
  expect(accountIsNamed('')).toBe(false);
  expect(accountIsNamed('ada@example.org')).toBe(true);
});

const event = (id: number, kind: string): Activity => ({
  id,
  at: id,
  server: 'notes',
  grantId: null,
  kind,
  detail: {},
  agent: null,
});
const kinds = (...names: string[]) => names.map((kind, index) => event(names.length - index, kind));

describe('the timeline', () => {
  test('three refreshes in a row are one entry, two are not', () => {
    const entries = grouped(kinds('refreshed', 'refreshed', 'refreshed', 'signed-in', 'refreshed', 'refreshed'));
    expect(entries.map((entry) => entry.kind)).toEqual(['run', 'one', 'one', 'one']);
  });

  test('failures are never put together: each has its own reason', () => {
    const entries = grouped(kinds('refresh-failed', 'refresh-failed', 'refresh-failed', 'refresh-failed'));
    expect(entries).toHaveLength(4);
  });

  test('no event is lost, whatever the order', () => {
    const events = kinds('used', 'used', 'used', 'refreshed', 'refreshed', 'refreshed', 'used', 'revoked', 'used');
    const all = grouped(events).flatMap((entry) => (entry.kind === 'one' ? [entry.event] : entry.events));
    expect(all).toEqual(events);
  });

  test('an opened run stays the same entry when a newer event joins it', () => {
    const [before] = grouped([event(3, 'used'), event(2, 'used'), event(1, 'used')]);
    const [after] = grouped([event(4, 'used'), event(3, 'used'), event(2, 'used'), event(1, 'used')]);
    expect(before && entryKey(before)).toBe(after && entryKey(after));
  });
});

describe('the doctor’s report', () => {
  test('the sum names every trouble and only troubles', () => {
    expect(summaryOf({ url: 'u', steps: [step('ok'), step('skipped')] })).toBe('2 steps, all ok.');
    expect(summaryOf({ url: 'u', steps: [step('ok'), step('wrong'), step('unusual'), step('wrong')] })).toBe(
      '4 steps: 2 wrong, 1 unusual.',
    );
  });

  test('as text each step has its verdict and the section it rests on', () => {
    expect(reportText({ url: 'https://a.example/', steps: [step('missing', 'RFC 8414 section 3'), step('ok')] })).toBe(
      'tokentray doctor https://a.example/\n[missing] issuer: said "x" (RFC 8414 section 3)\n[ok] issuer: said "x"\n',
    );
  });
});
