// What a call was refused for waits for the person: said once, seen in the state, gone when they have decided.
import { describe, expect, it } from 'vitest';
import type { GrantState } from '../../main/grants/types.ts';
import { waitingStepUp } from '../../main/grants/waiting-step-up.ts';
import { world, type World, type WorldOptions } from './fixture.ts';

const narrow: WorldOptions = { auth: { scopesSupported: ['mcp'] } };

const stepUpOf = (state: GrantState) => (state.kind === 'connected' ? state.stepUp : state.kind);
const refused = (w: World, tool = 'admin') => expect(w.call(tool)).rejects.toMatchObject({ code: 'needs_sign_in' });
const asked = (w: World) => w.store.events.list({ server: 'demo', kind: 'step-up-asked' });

describe('a step-up that waits', () => {
  it('is part of the state, with what is wanted beyond what is granted', async () => {
    await using w = await world(narrow);
    await w.signIn();
    expect(stepUpOf(w.grants.state('demo'))).toBeUndefined();
    const told: GrantState[] = [];
    w.grants.onChange(({ state }) => told.push(state));
    await refused(w);
    const waiting = { scopes: ['admin'], since: w.clock.now() };
    expect(stepUpOf(w.grants.state('demo'))).toEqual(waiting);
    expect(told.map(stepUpOf)).toEqual([waiting]);
  });

  it('is one line of the history, however often agents try and the relay repeats their calls', async () => {
    await using w = await world(narrow);
    await w.signIn();
    for (let call = 0; call < 3; call += 1) await refused(w);
    expect(asked(w)).toHaveLength(1);
  });

  it('is over once the person signed in, and the history has the next one again', async () => {
    await using w = await world(narrow);
    await w.signIn();
    await refused(w);
    await w.signIn();
    expect(stepUpOf(w.grants.state('demo'))).toBeUndefined();
    w.authorizationServer.policy.grantScopes = (scopes) => scopes.filter((scope) => scope !== 'admin');
    await w.signIn();
    await refused(w);
    expect(asked(w)).toHaveLength(2);
  });

  it('is over when the person says no to it, which counts as an answer', async () => {
    const person: { decide: 'approve' | 'deny' } = { decide: 'approve' };
    await using w = await world({ ...narrow, browser: person });
    await w.signIn();
    for (let answer = 0; answer < 2; answer += 1) {
      await refused(w);
      person.decide = 'deny';
      await expect(w.signIn()).rejects.toMatchObject({ code: 'authorization_denied' });
      expect(stepUpOf(w.grants.state('demo'))).toBeUndefined();
    }
    await expect(w.call('admin')).rejects.toMatchObject({ code: 'insufficient_scope' });
    expect(await w.call('echo')).toBe(200);
  });

  it('goes on waiting when a sign-in was only given up', async () => {
    await using w = await world(narrow);
    await w.signIn();
    await refused(w);
    const signIn = await w.grants.signIn('demo', { openBrowser: false });
    signIn.cancel();
    await expect(signIn.done).rejects.toMatchObject({ code: 'sign_in_cancelled' });
    expect(stepUpOf(w.grants.state('demo'))).toMatchObject({ scopes: ['admin'] });
  });

  it('ends with the grant that was revoked: the next sign-in asks for what it always asked for', async () => {
    await using w = await world(narrow);
    await w.signIn();
    await refused(w);
    await w.grants.revoke('demo');
    expect((await w.grants.plan('demo')).scopes).toEqual(['mcp']);
  });

  it('is not shown for a scope that the person has removed meanwhile', async () => {
    await using w = await world(narrow);
    await w.signIn();
    await refused(w);
    w.grants.updateSettings('demo', { removedScopes: ['admin'] });
    expect(stepUpOf(w.grants.state('demo'))).toBeUndefined();
  });
});

const ask = (scopes: string[]) => ({ scopes: ['read', ...scopes], freshConsent: false });

describe('several calls that want different things', () => {
  it('become one sign-in and one cause', () => {
    let now = 5;
    const waits = waitingStepUp(() => now);
    expect(waits.add(ask(['write']), ['write'])).toMatchObject({ isNew: true });
    now = 9;
    expect(waits.add(ask(['admin']), ['admin'])).toEqual({
      isNew: true,
      wish: { scopes: ['read', 'write', 'admin'], freshConsent: false },
    });
    expect(waits.add(ask(['write']), ['write'])).toMatchObject({ isNew: false });
    expect(waits.shown(['read'], [])).toEqual({ scopes: ['write', 'admin'], since: 5 });
    expect(waits.isWithin(['read', 'write'])).toBe(false);
    expect(waits.settle()).toEqual([['write'], ['admin']]);
    expect(waits.wish()).toBeNull();
  });

  it('do not grow without end when a server names another scope every time', () => {
    const waits = waitingStepUp(() => 0);
    for (let call = 0; call < 1_000; call += 1) waits.add(ask([`scope-${call}`]), [`scope-${call}`]);
    expect(waits.wish()?.scopes.length).toBeLessThanOrEqual(100);
    expect(waits.wish()?.scopes).toContain('scope-999');
    expect(waits.settle().length).toBeLessThanOrEqual(20);
  });

  it('are shown as what was named where all of it is granted and the server refuses all the same', () => {
    const waits = waitingStepUp(() => 0);
    waits.add(ask([]), ['read']);
    expect(waits.shown(['read'], [])).toEqual({ scopes: ['read'], since: 0 });
  });
});
