// What a person pastes, ticks and types becomes exactly what the broker is asked for, and nothing more.
import { describe, expect, it } from 'vitest';
import { readAddress } from '../../renderer/add/address.ts';
import { firstWish, offeredScopes, removedScopes, signInChoices, typedScopes } from '../../renderer/add/wish.ts';
import type { ServerView } from '../../renderer/store/model.ts';
import type { Plan } from '../../renderer/words/plan.ts';
import { server } from './server.ts';

describe('an address that was pasted', () => {
  it.each([
    ['https://mcp.example.com/mcp', 'https://mcp.example.com/mcp'],
    ['  mcp.example.com/mcp ', 'https://mcp.example.com/mcp'],
    ['localhost:8080/mcp', 'http://localhost:8080/mcp'],
    ['127.0.0.1:8080', 'http://127.0.0.1:8080/'],
    ['[::1]:8080', 'http://[::1]:8080/'],
  ])('%s is %s', (text, url) => expect(readAddress(text)).toEqual({ kind: 'good', url, plainHttp: false }));

  it('is plain http only with the person’s word', () => {
    expect(readAddress('http://mcp.example.com/')).toMatchObject({ kind: 'good', plainHttp: true });
    expect(readAddress('http://localhost.evil.example/')).toMatchObject({ plainHttp: true });
    expect(readAddress('http://127.0.0.1.evil.example/')).toMatchObject({ plainHttp: true });
  });
  it('is refused where it cannot be one, in words', () => {
    expect(readAddress('   ')).toEqual({ kind: 'empty' });
    for (const text of [
      'ftp://mcp.example.com',
      'https://',
      'two words',
      'javascript://alert(1)',
      'https://me:pw@mcp.example',
    ]) {
      expect(readAddress(text).kind, text).toBe('wrong');
    }
  });
});

describe('the wish of a sign-in', () => {
  const plan = { scopes: ['read', 'write'], issuer: 'https://as.example' } as unknown as Plan;
  const view = server('notes');
  const removed = (scopes: readonly string[]): ServerView => ({
    ...view,
    settings: { ...view.settings, removedScopes: scopes },
  });

  it('names no scopes when it takes the plan as it is', () => {
    expect(signInChoices(plan, view, firstWish(view))).toEqual({ server: 'notes' });
    expect(removedScopes(plan, view, firstWish(view))).toBeNull();
  });
  it('leaves out what was unticked, now and later', () => {
    const wish = { ...firstWish(view), unticked: new Set(['write']) };
    expect(signInChoices(plan, view, wish)).toEqual({ server: 'notes', scopes: ['read'] });
    expect(removedScopes(plan, view, wish)).toEqual(['write']);
  });
  it('offers what was unticked another time, and takes it back when it is ticked', () => {
    const before = removed(['write']);
    const later = { ...plan, scopes: ['read'] };
    expect(offeredScopes(later, before, firstWish(before))).toEqual(['read', 'write']);
    expect(signInChoices(later, before, firstWish(before))).toEqual({ server: 'notes' });
    const wish = { ...firstWish(before), unticked: new Set<string>() };
    expect(signInChoices(later, before, wish)).toEqual({ server: 'notes', scopes: ['read', 'write'] });
    expect(removedScopes(later, before, wish)).toEqual([]);
  });
  it('never drops a scope that is held unless the person unticks it', () => {
    const holding = { ...view, grantedScopes: ['read', 'admin'] };
    expect(offeredScopes(plan, holding, firstWish(holding))).toEqual(['read', 'write', 'admin']);
    expect(signInChoices(plan, holding, firstWish(holding))).toEqual({
      server: 'notes',
      scopes: ['read', 'write', 'admin'],
    });
    const wish = { ...firstWish(holding), unticked: new Set(['admin']) };
    expect(signInChoices(plan, holding, wish)).toEqual({ server: 'notes' });
    expect(removedScopes(plan, holding, wish)).toEqual(['admin']);
  });
  it('adds what the person typed', () => {
    const wish = { ...firstWish(view), extra: typedScopes(' admin,  billing admin ') };
    expect(signInChoices(plan, view, wish)).toEqual({ server: 'notes', scopes: ['read', 'write', 'admin', 'billing'] });
  });
  it('passes on the other choices only when they were made', () => {
    const wish = { ...firstWish(view), issuer: 'https://other.example', freshConsent: true, registerAgain: true };
    expect(signInChoices(plan, view, wish)).toEqual({
      server: 'notes',
      issuer: 'https://other.example',
      freshConsent: true,
      registerAgain: true,
    });
  });
});
