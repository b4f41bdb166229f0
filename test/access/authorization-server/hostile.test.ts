// Any program on this machine can knock at the local authorization server: without the person's yes to this very sign-in it gets nothing.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  answerAt,
  authorizeUrl,
  Browser,
  desk,
  errorOf,
  newVerifier,
  redeem,
  refresh,
  register,
  signIn,
  type Client,
  type Desk,
} from './fixture.ts';

let d: Desk;
beforeEach(async () => {
  d = await desk();
});
afterEach(() => d[Symbol.asyncDispose]());

const nothingIssued = (): void => {
  for (const model of ['Grant', 'AccessToken', 'RefreshToken']) expect(d.store.issued.list(model)).toEqual([]);
};

/** A sign-in whose page is open and whose prompt is `prompt`. */
async function begun(client: Client, more: Record<string, string | null> = {}) {
  const browser = new Browser();
  const before = new Set(d.access.prompts.list().map(({ id }) => id));
  const { at } = await browser.follow(authorizeUrl(d, client, more), d.base);
  const prompt = d.access.prompts.list().find(({ id }) => !before.has(id))?.id ?? '';
  return { browser, at, prompt };
}

async function codeFor(client: Client): Promise<string> {
  const { browser, at, prompt } = await begun(client);
  d.decide('allow', 'always', prompt);
  return answerAt((await browser.follow(at, d.base)).at)['code'] ?? '';
}

describe('without the person’s decision', () => {
  it('nothing is issued to a program that drives the whole flow by itself', async () => {
    const client = await register(d.base);
    const { browser, at } = await begun(client);
    const resume = at.replace('/interaction/', '/authorize/');
    for (const [url, method] of [
      [at, 'GET'],
      [`${at}/show`, 'POST'],
      [at, 'POST'],
      [resume, 'GET'],
      [`${at}/confirm`, 'POST'],
      [`${at}/consent`, 'POST'],
    ] as const) {
      const answer = await browser.get(url, method);
      expect(answer.headers.get('location') ?? '').not.toContain('code=');
    }
    nothingIssued();
  });

  it('nothing is issued for asking again and again, and the flood ends in an answer, not in prompts', async () => {
    const client = await register(d.base);
    const errors: (string | undefined)[] = [];
    for (let count = 0; count < 8; count += 1) {
      errors.push(answerAt((await begun(client)).at)['error']);
    }
    expect(errors).toEqual([
      ...Array.from({ length: 5 }, () => undefined),
      ...Array.from({ length: 3 }, () => 'access_denied'),
    ]);
    expect(d.access.prompts.floods()).toMatchObject([{ agent: 'Editor', refused: 3 }]);
    nothingIssued();
  });

  it('nothing is issued when prompt=none says not to ask, not even where an approval stands', async () => {
    const client = await register(d.base);
    const first = await begun(client, { prompt: 'none' });
    expect(answerAt(first.at)).toMatchObject({ error: 'consent_required' });
    await signIn(d, client);
    const kept = d.store.issued.list('Grant').length;
    expect(answerAt((await begun(client, { prompt: 'none' })).at)).toMatchObject({ error: 'consent_required' });
    expect(d.store.issued.list('Grant')).toHaveLength(kept);
  });

  it('nothing is issued to the second sign-in of a client whose first one was allowed', async () => {
    const client = await register(d.base);
    const mine = await begun(client);
    const theirs = await begun({ ...client, verifier: newVerifier() });
    expect(theirs.prompt).not.toBe(mine.prompt);
    d.decide('allow', 'always', mine.prompt);
    expect((await theirs.browser.follow(theirs.at, d.base)).status).toBe(200);
    nothingIssued();
    expect(answerAt((await mine.browser.follow(mine.at, d.base)).at)['code']).toBeDefined();
    d.decide('deny', 'once', theirs.prompt);
    expect(answerAt((await theirs.browser.follow(theirs.at, d.base)).at)).toMatchObject({ error: 'access_denied' });
  });

  it('nothing is issued where the yes was taken back before the browser came by', async () => {
    const { browser, at, prompt } = await begun(await register(d.base));
    d.decide('allow', 'always', prompt);
    d.access.approvals.revokeAll();
    expect(answerAt((await browser.follow(at, d.base)).at)).toMatchObject({ error: 'access_denied' });
    nothingIssued();
  });

  it('nothing is issued to the browser that was let in a moment ago, when it comes again', async () => {
    const client = await register(d.base);
    const { browser, at, prompt } = await begun(client);
    d.decide('allow', 'always', prompt);
    expect(answerAt((await browser.follow(at, d.base)).at)['code']).toBeDefined();
    const again = await browser.follow(authorizeUrl(d, client), d.base);
    expect(again.status).toBe(200);
    expect(d.access.prompts.list()).toHaveLength(1);
    expect(d.store.issued.list('Grant')).toHaveLength(1);
  });

  it('nothing is issued to another client of the same name', async () => {
    await signIn(d, await register(d.base));
    const impostor = await register(d.base);
    const { at, browser, prompt } = await begun(impostor);
    expect(d.access.prompts.list()).toMatchObject([
      { id: prompt, agent: { name: 'Editor 2', claimed: { name: 'Editor' } } },
    ]);
    expect((await browser.follow(at, d.base)).status).toBe(200);
    expect(d.store.issued.list('Grant')).toHaveLength(1);
  });
});

describe('a code', () => {
  it.each<[string, (client: Client) => Record<string, string>]>([
    ['without the right verifier', () => ({ code_verifier: newVerifier() })],
    ['with another redirect address', () => ({ redirect_uri: 'http://127.0.0.1:43210/other' })],
    ['with the port of another program', () => ({ redirect_uri: 'http://127.0.0.1:43211/callback' })],
    ['for another server', () => ({ resource: `${d.base}/mcp/mail` })],
    ['for a server that nobody has', () => ({ resource: 'https://mail.example/mcp' })],
  ])('is good for nothing %s', async (_title, more) => {
    const client = await register(d.base);
    const code = await codeFor(client);
    expect(await errorOf(redeem(d, client, code, more(client)))).toMatch(/^invalid_(?:grant|target)$/u);
    expect(d.store.issued.list('AccessToken')).toEqual([]);
  });

  it('is good for nothing in the hands of another client', async () => {
    const code = await codeFor(await register(d.base));
    const other = await register(d.base);
    expect(await errorOf(redeem(d, other, code))).toBe('invalid_grant');
  });

  it('comes to the browser that began the sign-in, and to no other that knows the address', async () => {
    const { browser, at, prompt } = await begun(await register(d.base));
    d.decide('allow', 'always', prompt);
    const stranger = await new Browser().follow(at, d.base);
    expect(stranger.status).toBe(400);
    const resumed = await new Browser().follow(at.replace('/interaction/', '/authorize/'), d.base);
    expect(resumed.status).toBe(400);
    nothingIssued();
    expect(answerAt((await browser.follow(at, d.base)).at)['code']).toBeDefined();
  });

  it('is not given without PKCE, nor with the plain method', async () => {
    const client = await register(d.base);
    const none = await begun(client, { code_challenge: null, code_challenge_method: null });
    expect(answerAt(none.at)).toMatchObject({ error: 'invalid_request' });
    expect(answerAt((await begun(client, { code_challenge_method: 'plain' })).at)).toMatchObject({
      error: 'invalid_request',
    });
    expect(d.access.prompts.list()).toEqual([]);
  });
});

describe('a token', () => {
  it('for one server is refused at every other', async () => {
    const tokens = await signIn(d, await register(d.base));
    expect(d.whose(tokens.access_token, 'notes')).toBe('Editor');
    for (const other of ['mail', 'paused', 'nobody', 'NOTES', ''])
      expect(d.whose(tokens.access_token, other)).toBeNull();
  });

  it('cannot be refreshed into one for another server, by another client, or with more scope', async () => {
    const client = await register(d.base);
    const { refresh_token } = await signIn(d, client);
    const other = await register(d.base);
    expect(await errorOf(refresh(d, other, refresh_token))).toBe('invalid_grant');
    expect(await errorOf(refresh(d, client, refresh_token, { scope: 'mcp openid' }))).toBe('invalid_scope');
    const second = (await (await refresh(d, client, refresh_token)).json()) as { refresh_token: string };
    const elsewhere = refresh(d, client, second.refresh_token, { resource: d.resource('mail') });
    expect(await errorOf(elsewhere)).toBe('invalid_target');
    expect(d.store.issued.list('AccessToken')).toHaveLength(2);
  });

  it('is not used up by a refresh that was refused, which is no replay either', async () => {
    const client = await register(d.base);
    const { refresh_token } = await signIn(d, client);
    const other = await register(d.base);
    const wrong: [Client, Record<string, string>, string][] = [
      [client, { resource: d.resource('mail') }, 'invalid_target'],
      [client, { resource: 'https://notes.example/mcp' }, 'invalid_target'],
      [client, { scope: 'mcp openid' }, 'invalid_scope'],
      [other, {}, 'invalid_grant'],
      [{ ...client, clientId: 'nobody' }, {}, 'invalid_client'],
    ];
    for (const [who, more, error] of wrong) expect(await errorOf(refresh(d, who, refresh_token, more))).toBe(error);
    const twice = new URLSearchParams({ grant_type: 'refresh_token', refresh_token, client_id: client.clientId });
    for (const name of ['notes', 'mail']) twice.append('resource', d.resource(name));
    const both = fetch(`${d.base}/oauth/token`, { method: 'POST', body: twice });
    expect(await errorOf(both)).toMatch(/^invalid_(?:target|request)$/u);
    expect(d.events.map(({ kind }) => kind)).not.toContain('local-token-replayed');

    const good = await refresh(d, client, refresh_token, { resource: d.resource() });
    const { access_token } = (await good.json()) as { access_token: string };
    expect(d.whose(access_token)).toBe('Editor');
    // Used now, it is a replay.
    expect(await errorOf(refresh(d, client, refresh_token))).toBe('invalid_grant');
    expect(d.events.map(({ kind }) => kind)).toContain('local-token-replayed');
  });

  it('is none that was made up, cut, or stands in the database', async () => {
    const { access_token, refresh_token } = await signIn(d, await register(d.base));
    const [row] = d.store.issued.list('AccessToken');
    const wrong = [
      access_token.slice(1),
      `${access_token}A`,
      `${access_token} `,
      refresh_token,
      row?.idHash ?? '',
      '',
      'a'.repeat(43),
    ];
    for (const token of wrong) expect(d.whose(token)).toBeNull();
  });
});

describe('a sign-in that names something else', () => {
  it.each<[string, string]>([
    ['the upstream server itself', 'https://notes.example/mcp'],
    ['a server that nobody added', '/mcp/nobody'],
    ['the bridge as a whole', ''],
    ['a path below a server', '/mcp/notes/'],
    ['a server with a query', '/mcp/notes?x=1'],
    ['another spelling', '/mcp/../mcp/notes'],
    ['another name of this machine', 'http://localhost/mcp/notes'],
    ['a fragment', '/mcp/notes#x'],
    ['its own authorization server', '/oauth'],
  ])('as resource (%s) gets invalid_target and asks nobody', async (_title, resource) => {
    const named = resource.startsWith('http') ? resource : `${d.base}${resource}`;
    const { at } = await begun(await register(d.base), { resource: named });
    expect(answerAt(at)).toMatchObject({ error: 'invalid_target', iss: `${d.base}/oauth` });
    expect(d.access.prompts.list()).toEqual([]);
  });

  it('two servers at once gets invalid_target', async () => {
    const client = await register(d.base);
    const url = `${authorizeUrl(d, client)}&resource=${encodeURIComponent(d.resource('mail'))}`;
    const { at } = await new Browser().follow(url, d.base);
    expect(answerAt(at)).toMatchObject({ error: 'invalid_target' });
  });

  it.each<[string, string]>([
    ['where the upstream answer would go', 'https://auth.notes.example/callback'],
    ['the bridge itself', '/sign-in/x'],
    ['a longer path', 'http://127.0.0.1:43210/callback/../other'],
    ['another host', 'http://127.0.0.1.evil.example:43210/callback'],
    ['a script', 'javascript:alert(1)'],
    ['nothing', ''],
  ])('as redirect address (%s) is sent nowhere', async (_title, redirect) => {
    const client = await register(d.base);
    const named = redirect.startsWith('/') ? `${d.base}${redirect}` : redirect;
    const page = await new Browser().follow(authorizeUrl(d, client, { redirect_uri: named }), d.base);
    expect(page.status).toBe(400);
    expect(page.at.startsWith(`${d.base}/oauth/authorize?`)).toBe(true);
    expect(d.access.prompts.list()).toEqual([]);
  });

  it.each<[string, Record<string, string>, string]>([
    ['a request object', { request: 'eyJhbGciOiJub25lIn0.e30.' }, 'request_not_supported'],
    ['a request by reference', { request_uri: 'https://evil.example/request.jwt' }, 'request_uri_not_supported'],
    ['a token straight away', { response_type: 'token' }, 'unsupported_response_type'],
  ])('%s is refused, and nothing is fetched', async (_title, more, error) => {
    const { at } = await begun(await register(d.base), more);
    expect(answerAt(at)['error'] ?? answerAt(at.replace('#', '?'))['error']).toBe(error);
    expect(d.fetched).toEqual([]);
    nothingIssued();
  });

  it.each([
    ['scopes of the upstream server', { scope: 'openid offline_access notes:write admin' }],
    ['who should be signed in', { login_hint: 'alice@example.com', id_token_hint: 'x.y.z', max_age: '0' }],
    [
      'claims and an issuer',
      { claims: '{"id_token":{"sub":{"value":"owner"}}}', iss: 'https://auth.notes.example', nonce: 'n' },
    ],
  ] as [string, Record<string, string>][])(
    'with %s counts for nothing: the person is asked the same question',
    async (_title, more) => {
      const client = await register(d.base);
      const { browser, at, prompt } = await begun(client, more);
      d.decide('allow', 'always', prompt);
      const answer = answerAt((await browser.follow(at, d.base)).at);
      expect(Object.keys(answer).toSorted()).toEqual(['code', 'iss', 'state']);
      const tokens = (await (await redeem(d, client, answer['code'] ?? '')).json()) as Record<string, unknown>;
      expect(tokens).toMatchObject({ scope: 'mcp' });
      expect(tokens['id_token']).toBeUndefined();
      expect(d.fetched).toEqual([]);
    },
  );

  it('an answer by form or fragment is shown to nobody', async () => {
    const client = await register(d.base);
    for (const mode of ['form_post', 'fragment', 'web_message']) {
      const page = await new Browser().follow(authorizeUrl(d, client, { response_mode: mode }), d.base);
      expect(page.status).toBe(400);
    }
    expect(d.access.prompts.list()).toEqual([]);
  });
});

describe('hostile words', () => {
  it('of a client are shown as words, on the page and in the prompt', async () => {
    const name = '<img src=x onerror=alert(1)>\u202egnp.exe\nTokentray';
    const client = await register(d.base, { client_name: name, client_uri: 'javascript:alert(1)' });
    const { at, browser } = await begun(client);
    const { page } = await browser.follow(at, d.base);
    expect(page).not.toContain('<img');
    expect(page).not.toContain('\u202e');
    const [prompt] = d.access.prompts.list();
    expect(prompt?.agent.name).not.toMatch(/[\n\u202e]/u);
    expect(prompt?.agent.claimed.clientUri).toBeNull();
  });
});
