// The built-in demo: one press adds a server, and everything that the broker does with a real one can be tried on it.
import { afterEach, describe, expect, it } from 'vitest';
import { liveBroker, type LiveBroker } from './live-broker.ts';

let live: LiveBroker;
afterEach(() => live[Symbol.asyncDispose]());

async function start(): Promise<{ server: string; url: string }> {
  const demo = await live.client.demo.start();
  if (demo.kind !== 'on') throw new Error('the demo did not start');
  return demo;
}

/** What a person does on the demo's page; gives what it said. */
async function answerPage(url: string, answer: 'allow' | 'deny'): Promise<{ page: string; status: number }> {
  const page = await (await fetch(url, { redirect: 'manual' })).text();
  const question = /name="question" value="([^"]+)"/u.exec(page)?.[1] ?? '';
  const decided = await fetch(new URL('/decide', url), {
    method: 'POST',
    body: new URLSearchParams({ question, answer }),
    redirect: 'manual',
  });
  const callback = decided.headers.get('location');
  if (callback !== null) await fetch(callback);
  return { page, status: decided.status };
}

async function signIn(server: string, answer: 'allow' | 'deny' = 'allow', scopes?: string[]) {
  const { id, url } = await live.client.signIn.start({
    server,
    openBrowser: false,
    ...(scopes === undefined ? {} : { scopes }),
  });
  const waiting = live.client.signIn.wait({ id });
  waiting.catch(() => undefined);
  const { page } = await answerPage(url ?? '', answer);
  return { page, result: await waiting };
}

describe('the demo', () => {
  it('is added with one press, is one however often it is pressed, and is a sound server to the doctor', async () => {
    live = await liveBroker();
    expect((await live.client.servers.list()).map(({ server }) => server)).toEqual(['notes']);
    const [first, second] = await Promise.all([start(), start()]);
    expect(second).toEqual(first);
    expect(first.server).toBe('demo');
    expect(new URL(first.url).hostname).toBe('127.0.0.1');
    const plan = await live.client.servers.plan({ server: 'demo' });
    expect(plan).toMatchObject({
      resource: first.url,
      registration: 'dcr',
      audienceAsked: true,
      scopes: ['notes:read'],
    });
    const { steps } = await live.client.doctor({ url: first.url });
    expect(steps.filter(({ verdict }) => verdict === 'wrong' || verdict === 'missing')).toEqual([]);
  });

  it('says on its page that it is a demo, and lends an agent what was agreed to and no more', async () => {
    live = await liveBroker();
    const { server } = await start();
    const { page, result } = await signIn(server);
    expect(page).toContain('built-in demo');
    expect(result).toMatchObject({ grantedScopes: ['notes:read'], refreshable: true });
    const { key } = await live.client.script.addAgent({ name: 'cursor' });
    const agent = await live.agent(key, server);
    expect((await agent.listTools()).tools.map(({ name }) => name)).toEqual(['read_notes', 'add_note']);
    expect((await agent.callTool({ name: 'read_notes', arguments: {} })).content).toHaveLength(3);
    const add = { name: 'add_note', arguments: { text: 'from a test' } };
    const refused = await agent.callTool(add).then(JSON.stringify, (error: unknown) => String(error));
    expect(refused).toMatch(/scope|sign in/iu);
    await signIn(server, 'allow', ['notes:read', 'notes:write']);
    await agent.callTool(add);
    expect((await agent.callTool({ name: 'read_notes', arguments: {} })).content).toHaveLength(4);
  });

  it('takes no for an answer', async () => {
    live = await liveBroker();
    const { server } = await start();
    await expect(signIn(server, 'deny')).rejects.toThrow(/declined|denied/iu);
    expect((await live.client.servers.details({ server })).grant).toBeNull();
  });

  it('refreshes with rotation, and revokes for good', async () => {
    live = await liveBroker();
    const { server } = await start();
    await signIn(server);
    const before = await live.client.script.token({ server });
    const after = await live.client.script.token({ server, minTtlMs: 80_000_000 }).catch(() => null);
    const now = await live.client.script.token({ server });
    expect([after?.access_token ?? now.access_token, now.access_token]).not.toContain(before.access_token);
    const receipt = await live.client.revoke({ server });
    expect(receipt).toMatchObject({ confirmed: true, tokens: [{ outcome: { kind: 'revoked' } }, {}] });
    const { url } = await live.client.servers.show({ server });
    const answer = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${now.access_token}` } });
    expect(answer.status).toBe(401);
  });

  it('is stopped, revoked and forgotten in one, and its port is free again', async () => {
    live = await liveBroker();
    const { server, url } = await start();
    await signIn(server);
    expect(await live.client.demo.stop()).toEqual({ kind: 'off' });
    expect((await live.client.servers.list()).map((view) => view.server)).toEqual(['notes']);
    await expect(fetch(url)).rejects.toThrow();
  });

  it('is at the same address after the broker was started again, and asks for a new sign-in', async () => {
    live = await liveBroker();
    const { server, url } = await start();
    await signIn(server);
    await live.restart();
    await expect.poll(() => live.broker.control.demo.state()).toEqual({ kind: 'on', server, url });
    await expect(live.client.script.token({ server, minTtlMs: 80_000_000 })).rejects.toThrow();
    await expect.poll(async () => (await live.client.servers.show({ server })).state.kind).toBe('needs-sign-in');
    expect((await signIn(server)).result.server).toBe(server);
  });

  it('goes with everything else', async () => {
    live = await liveBroker();
    const { server, url } = await start();
    await signIn(server);
    const { servers } = await live.client.clearEverything({ confirm: 'clear everything' });
    expect(servers.find((cleared) => cleared.server === server)).toMatchObject({ receipt: { confirmed: true } });
    expect(live.broker.control.demo.state()).toEqual({ kind: 'off' });
    await expect(fetch(url)).rejects.toThrow();
  });
});

const register = async (origin: string, redirect_uris: string[]) =>
  fetch(new URL('/register', origin), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris }),
  });

describe('its authorization server', () => {
  const redirect = 'http://127.0.0.1:4321/callback';
  // The pair of RFC 7636 appendix B.
  const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
  const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

  async function setting() {
    live = await liveBroker();
    const { url } = await start();
    const origin = new URL(url).origin;
    const { client_id } = (await (await register(origin, [redirect])).json()) as { client_id: string };
    const ask = (over: Record<string, string> = {}) =>
      `${origin}/authorize?${new URLSearchParams({
        client_id,
        redirect_uri: redirect,
        response_type: 'code',
        code_challenge: challenge,
        code_challenge_method: 'S256',
        scope: 'notes:read',
        resource: url,
        state: 's',
        ...over,
      }).toString()}`;
    const code = async () => {
      const page = await (await fetch(ask())).text();
      const question = /name="question" value="([^"]+)"/u.exec(page)?.[1] ?? '';
      const body = new URLSearchParams({ question, answer: 'allow' });
      const decided = await fetch(`${origin}/decide`, { method: 'POST', body, redirect: 'manual' });
      return { callback: new URL(decided.headers.get('location') ?? ''), question };
    };
    const token = async (form: Record<string, string>) => {
      const body = new URLSearchParams({ client_id, ...form });
      const answer = await fetch(`${origin}/token`, { method: 'POST', body });
      return (await answer.json()) as Record<string, string>;
    };
    const redeem = (from: URL, over: Record<string, string> = {}) =>
      token({
        grant_type: 'authorization_code',
        code: from.searchParams.get('code') ?? '',
        redirect_uri: redirect,
        code_verifier: verifier,
        ...over,
      });
    return { origin, url, ask, code, token, redeem };
  }

  it('registers programs of this machine only', async () => {
    const { origin } = await setting();
    expect((await register(origin, ['https://evil.example/callback'])).status).toBe(400);
    expect((await register(origin, ['http://evil.example/callback'])).status).toBe(400);
    expect((await register(origin, [])).status).toBe(400);
  });

  it('sends nobody to an address that was not registered', async () => {
    const { ask } = await setting();
    for (const redirect_uri of [
      'https://evil.example/callback',
      'http://127.0.0.1:4321/other',
      'http://localhost.evil/callback',
    ]) {
      const answer = await fetch(ask({ redirect_uri }), { redirect: 'manual' });
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
    }
  });

  it.each([
    [{ code_challenge_method: 'plain' }, 'invalid_request'],
    [{ code_challenge: '' }, 'invalid_request'],
    [{ resource: 'https://other.example/mcp' }, 'invalid_target'],
    [{ scope: 'admin' }, 'invalid_scope'],
    [{ scope: 'constructor' }, 'invalid_scope'],
    [{ response_type: 'token' }, 'unsupported_response_type'],
  ])('refuses %j, and says so with state and issuer', async (over, error) => {
    const { ask, origin } = await setting();
    const answer = await fetch(ask(over), { redirect: 'manual' });
    const { searchParams } = new URL(answer.headers.get('location') ?? '');
    expect([searchParams.get('error'), searchParams.get('state'), searchParams.get('iss')]).toEqual([
      error,
      's',
      origin,
    ]);
  });

  it('gives tokens for a code once, with its verifier, to its client; the second time it takes them back', async () => {
    const { code, redeem, url } = await setting();
    const { callback } = await code();
    expect(await redeem(callback, { code_verifier: `${verifier.slice(0, -1)}A` })).toEqual({ error: 'invalid_grant' });
    expect(await redeem(callback, { client_id: 'somebody' })).toEqual({ error: 'invalid_grant' });
    const tokens = await redeem(callback);
    expect(tokens).toMatchObject({ token_type: 'Bearer', scope: 'notes:read' });
    const headers = { authorization: `Bearer ${tokens['access_token'] ?? ''}` };
    expect((await fetch(url, { method: 'POST', headers, body: '{}' })).status).not.toBe(401);
    expect(await redeem(callback)).toEqual({ error: 'invalid_grant' });
    expect((await fetch(url, { method: 'POST', headers, body: '{}' })).status).toBe(401);
  });

  it('ends a grant whose refresh token comes twice', async () => {
    const { code, redeem, token } = await setting();
    const first = await redeem((await code()).callback);
    const refresh = (from: Record<string, string>) =>
      token({ grant_type: 'refresh_token', refresh_token: from['refresh_token'] ?? '' });
    const second = await refresh(first);
    expect(second['refresh_token']).not.toBe(first['refresh_token']);
    expect(await refresh(first)).toEqual({ error: 'invalid_grant' });
    expect(await refresh(second)).toEqual({ error: 'invalid_grant' });
  });

  it('takes an answer once, and only from its own page', async () => {
    const { origin, code } = await setting();
    const { question } = await code();
    const body = new URLSearchParams({ question, answer: 'allow' });
    expect((await fetch(`${origin}/decide`, { method: 'POST', body, redirect: 'manual' })).status).toBe(400);
    const foreign = { origin: 'https://evil.example' };
    expect((await fetch(`${origin}/decide`, { method: 'POST', body, headers: foreign })).status).toBe(403);
    expect((await fetch(`${origin}/token`, { method: 'POST', body, headers: foreign })).status).toBe(403);
  });
});
