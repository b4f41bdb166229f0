// The audit says what each row is and whether all of them are whole; lock and panic say what they do and what they did.
import { describe, expect, it } from 'vitest';
import { describeEntry, sizeWords, verdictTitle, verdictTone } from '../../renderer/activity/audit-words.ts';
import { becauseWords, fateWords, memoryWords, panicWords, unlockWords } from '../../renderer/lock/lock-words.ts';
import { accountDetail, accountName, newNameProblem, orderedAccounts } from '../../renderer/server/account-words.ts';
import { server } from './server.ts';

describe('a row of the audit', () => {
  it('about a call names the tool, how it ended, how long and how much', () => {
    const detail = { tool: 'create_page', outcome: 'ok', ms: 84.2, requestBytes: 1, answerBytes: 5_200 };
    expect(describeEntry({ kind: 'tool-call', agent: 'cursor', detail })).toEqual({
      title: 'Tool called: done',
      tone: 'fine',
      agent: 'cursor',
      detail: 'create_page · 84 ms, 5 kB',
    });
  });
  it('about a call that was stopped names the rule', () => {
    const detail = { tool: 'purge', outcome: 'refused', rule: 'no purging', ms: 1, requestBytes: 1, answerBytes: 0 };
    expect(describeEntry({ kind: 'rule-hit', detail })).toMatchObject({
      title: 'Call stopped: a rule stands against it',
      detail: 'purge · no purging',
    });
  });
  it('of a kind or with an outcome that a newer broker has stays readable', () => {
    expect(describeEntry({ kind: 'some-new-thing', detail: {} }).title).toBe('Some new thing');
    expect(describeEntry({ kind: 'tool-call', detail: { tool: 'x', outcome: 'paused' } }).title).toBe(
      'Tool called: paused',
    );
    expect(describeEntry({ kind: 'tool-call', detail: { tool: 7 } }).title).toBe('Tool call');
    expect(describeEntry({ kind: 'secrets-dropped', detail: { grants: 2 } }).detail).toBe('2 grants');
  });
  it('counts bytes as a person does', () => {
    expect([1, 999, 1_500, 2_400_000].map(sizeWords)).toEqual(['1 B', '999 B', '2 kB', '2.4 MB']);
  });
});

describe('a verdict', () => {
  it('is fine only where everything is whole', () => {
    const verdicts = ['intact', 'no-key', 'changed', 'removed', 'reordered', 'truncated', 'bad-signature'] as const;
    expect(verdicts.map(verdictTone)).toEqual(['fine', 'warn', 'danger', 'danger', 'danger', 'danger', 'danger']);
    expect(verdictTitle({ verdict: 'changed', at: 42 })).toBe('Row 42 was changed');
    expect(verdictTitle({ verdict: 'no-key', at: 42 })).toContain('from row 42 on');
    expect(verdictTitle({ verdict: 'no-key', at: null })).toContain('older signatures');
  });
});

describe('the lock', () => {
  it('says why it is closed and what opens it', () => {
    const becauses = ['by-hand', 'screen', 'idle', 'panic', 'no-passphrase'] as const;
    expect(new Set(becauses.map(becauseWords)).size).toBe(5);
    expect(unlockWords('passphrase').help).toContain('passphrase');
    expect(unlockWords('click').help).toContain('no passphrase');
    expect(unlockWords('system').help).toContain('The system asks');
  });
  it('says what it waits for where that takes a person’s time', () => {
    expect(unlockWords('system').waiting).toContain('nothing is typed here');
    expect(unlockWords('click').waiting).toBeNull();
  });
  it('does not claim that a secret has left memory which is nowhere else', () => {
    expect(memoryWords('memory', 'by-hand')).toContain('stays in memory');
    expect(memoryWords('memory', 'panic')).toBe('No secret of the vault is in memory.');
    for (const kind of ['keychain', 'passphrase-file'] as const) {
      expect(memoryWords(kind, 'screen')).toBe('No secret of the vault is in memory.');
    }
  });
});

describe('a panic', () => {
  const receipt = {
    server: 'notes',
    issuer: null,
    tokens: [{ token: 'refresh_token', outcome: { kind: 'revoked', status: 200 } }],
    confirmed: true,
    forgottenHere: true,
  } as const;
  const ended = {
    server: 'notes',
    account: 'default',
    receipt: { ...receipt, tokens: [...receipt.tokens] },
    error: null,
  };
  it('says what was ended', () => {
    const words = panicWords({ locked: true, streams: 2, approvals: 1, dropped: 0, receipts: [ended] });
    expect(words).toEqual({
      tone: 'fine',
      headline: 'Locked',
      facts: ['2 open streams were ended.', 'One approval was ended.'],
    });
  });
  it('does not claim what a provider did not confirm', () => {
    const failed = { server: 'x', account: 'work', receipt: null, error: 'nobody answers' };
    expect(fateWords(failed)).toEqual({ tone: 'warn', words: 'not revoked: nobody answers' });
    const words = panicWords({ locked: true, streams: 0, approvals: 0, dropped: 0, receipts: [ended, failed] });
    expect(words).toMatchObject({ tone: 'warn', headline: 'Locked, but one grant is not known to have ended' });
    expect(panicWords({ locked: false, streams: 0, approvals: 0, dropped: 0, receipts: [] }).headline).toBe(
      'It could not be locked',
    );
  });
});

describe('an account', () => {
  const work = { ...server('notes'), account: 'work', isDefault: false, identity: 'a@b' };
  it('is called by its label, or by who signed in where nobody gave it one', () => {
    expect(accountName(server('notes'))).toBe('default');
    expect(accountName({ account: 'default', identity: 'a@b' })).toBe('a@b');
    expect(accountName(work)).toBe('work');
    expect(accountDetail(work)).toBe('a@b');
    expect(accountDetail(server('notes'))).toBeNull();
    expect(accountDetail({ ...work, endsAt: 0 })).toMatch(/^a@b, until /u);
  });
  it('is listed with the default one first', () => {
    expect(orderedAccounts([work, server('notes')]).map(({ account }) => account)).toEqual(['default', 'work']);
  });
  it('cannot be added under a name that is taken', () => {
    expect(newNameProblem(' work ', ['work'])).toContain('already');
    expect(newNameProblem('x'.repeat(129), [])).toContain('128');
    expect(newNameProblem('home', ['work'])).toBeNull();
  });
});
