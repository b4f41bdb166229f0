// `sign-in: auto`: the browser opens by itself, but never in a loop and never behind the person's back.
import { describe, expect, it } from 'vitest';
import { world, type WorldOptions } from './fixture.ts';

const auto: WorldOptions = {
  auth: { scopesSupported: ['mcp'] },
  add: (grants, url) => grants.addServer({ name: 'demo', url, settings: { signIn: 'auto' } }),
};

describe('a browser that opens by itself', () => {
  it('opens for the first call, and the call then succeeds', async () => {
    await using w = await world(auto);
    expect(await w.call()).toBe(200);
    expect(w.browser.visits).toHaveLength(1);
  });

  it('does not open again after the person said no, until they act', async () => {
    await using w = await world({ ...auto, browser: { decide: 'deny' } });
    for (let call = 0; call < 6; call += 1) await w.call().catch(() => undefined);
    expect(w.browser.visits).toHaveLength(1);
    await (await w.grants.signIn('demo')).done.catch(() => undefined);
    expect(w.browser.visits).toHaveLength(2);
  });

  it('opens three times in ten minutes at most, whatever new scopes the server asks for', async () => {
    await using w = await world(auto);
    expect(await w.call()).toBe(200);
    const auth = w.grants.upstreamAuth('demo');
    const asked = { method: 'POST', url: new URL(w.server.url) };
    for (let round = 0; round < 6; round += 1) {
      const used = await auth.authorize(asked);
      const wwwAuthenticate = `Bearer error="insufficient_scope", scope="mcp extra${round}"`;
      await auth.challenged(used, { status: 403, wwwAuthenticate, dpopNonce: null }, asked).catch(() => undefined);
    }
    expect(w.browser.visits).toHaveLength(3);
  });

  it('opens three times at most when the provider ends every grant at once', async () => {
    await using w = await world(auto);
    for (let round = 0; round < 6; round += 1) {
      await w.call().catch(() => undefined);
      w.authorizationServer.revokeAllGrants('alice');
    }
    expect(w.browser.visits.length).toBeLessThanOrEqual(3);
  });
});

describe('a sign-in that is under way', () => {
  it('gives way to one that the person asks for with other scopes: the page asks for what they agreed to', async () => {
    await using w = await world({ browser: { stopAt: 'login' } });
    const first = await w.grants.signIn('demo', { openBrowser: false, joinAny: true });
    const second = await w.grants.signIn('demo', { scopes: ['mcp'] });
    expect(second.url).not.toBe(first.url);
    expect(new URL(second.url ?? '').searchParams.get('scope')).toBe('mcp');
    await expect(first.done).rejects.toMatchObject({ code: 'sign_in_cancelled' });
    second.cancel();
  });

  it('is not displaced by a link that an agent presses', async () => {
    await using w = await world({ browser: { stopAt: 'login' } });
    const person = await w.grants.signIn('demo', { scopes: ['mcp'] });
    const link = await w.grants.signIn('demo', { openBrowser: false, joinAny: true });
    expect(link.url).toBe(person.url);
    person.cancel();
  });

  it('is shown once in the browser when the person asks for one that only had an address so far', async () => {
    await using w = await world({ browser: { stopAt: 'login' } });
    const quiet = await w.grants.signIn('demo', { openBrowser: false });
    expect(w.browser.visits).toHaveLength(0);
    const shown = await w.grants.signIn('demo');
    await w.grants.signIn('demo');
    expect(shown.url).toBe(quiet.url);
    expect(w.browser.visits).toHaveLength(1);
    shown.cancel();
  });
});

describe('a plan after a challenge for more scopes', () => {
  it('says that they come from the server and not from the user', async () => {
    await using w = await world({
      auth: { scopesSupported: ['mcp'] },
      add: (grants, url) => grants.addServer({ name: 'demo', url, settings: { pinnedScopes: ['mcp'] } }),
    });
    await w.signIn();
    expect((await w.grants.plan('demo')).scopesFrom).toBe('pinned');
    await w.call('admin').catch(() => undefined);
    expect(await w.grants.plan('demo')).toMatchObject({ scopesFrom: 'step-up', scopes: ['mcp', 'admin'] });
  });
});
