// Who may sign in: clients that register, or that have a document of their own; neither can name a place that the answer must not go to.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { redirectFault } from '../../../main/access/authorization-server/redirects.ts';
import {
  answerAt,
  authorizeUrl,
  Browser,
  desk,
  newVerifier,
  redeem,
  redirectUri,
  register,
  signIn,
  type Desk,
} from './fixture.ts';

let d: Desk;
beforeEach(async () => {
  d = await desk();
});
afterEach(() => d[Symbol.asyncDispose]());

const registering = (body: unknown): Promise<Response> =>
  fetch(`${d.base}/oauth/register`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });

describe('an address for the answer', () => {
  it.each([
    'http://127.0.0.1:8976/callback',
    'http://localhost/callback',
    'http://[::1]:3000/',
    'https://vscode.dev/redirect',
    'vscode://vscode.example/did-authenticate',
    'cursor://anysphere.cursor-mcp/oauth/callback',
    'com.example.app:/oauth',
  ])('may be %s', (uri) => {
    expect(redirectFault(uri, '18729')).toBeNull();
  });

  it.each([
    'http://192.168.1.2/callback',
    'http://127.0.0.1.evil.example/callback',
    'http://127.0.0.1:18729/sign-in/x',
    'https://localhost/callback',
    'https://user:secret@example.com/callback',
    'https://example.com/callback#fragment',
    'https://example.com\\@evil.example/',
    'java\tscript:alert(1)',
    'javascript:alert(1)',
    'JavaScript://example.com/%0aalert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'blob:https://example.com/x',
    'view-source:https://example.com',
    'ms-msdt:/id',
    'ssh://host',
    'mailto:a@example.com',
    'x-apple.systempreferences:com.apple.preference',
    'editor:/callback',
    'callback',
    '',
    `https://example.com/${'a'.repeat(3_000)}`,
  ])('may not be %s', (uri) => {
    expect(redirectFault(uri, '18729')).not.toBeNull();
  });
});

describe('a client that registers', () => {
  it('gets an id and no secret, whatever it asks for', async () => {
    const answer = await registering({
      client_name: 'Editor',
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['client_credentials', 'implicit'],
      response_types: ['token'],
      scope: 'everything',
      jwks_uri: 'https://evil.example/jwks',
    });
    expect(answer.status).toBe(201);
    const body = (await answer.json()) as Record<string, unknown>;
    expect(body).toMatchObject({
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    });
    for (const name of ['client_secret', 'registration_access_token', 'jwks_uri', 'scope'])
      expect(body).not.toHaveProperty(name);
    expect(d.fetched).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['no address', { client_name: 'x' }, 'invalid_redirect_uri'],
    ['an empty list', { redirect_uris: [] }, 'invalid_redirect_uri'],
    ['a script', { redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
    ['one bad address among good ones', { redirect_uris: [redirectUri, 'file:///x'] }, 'invalid_redirect_uri'],
    [
      '21 addresses',
      { redirect_uris: Array.from({ length: 21 }, (_, at) => `${redirectUri}/${at}`) },
      'invalid_redirect_uri',
    ],
    [
      'a name of 10,000 characters',
      { redirect_uris: [redirectUri], client_name: 'x'.repeat(10_000) },
      'invalid_client_metadata',
    ],
    ['a megabyte', { redirect_uris: [redirectUri], junk: 'x'.repeat(1_000_000) }, 'invalid_client_metadata'],
    ['no JSON', '{', 'invalid_client_metadata'],
    ['a list', [], 'invalid_client_metadata'],
  ])('with %s is refused', async (_title, body, error) => {
    const answer = await registering(body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error });
    expect(d.store.issued.list('Client')).toEqual([]);
  });

  it('more than ten times a minute is told to wait', async () => {
    const statuses: number[] = [];
    for (let count = 0; count < 12; count += 1)
      statuses.push((await registering({ redirect_uris: [redirectUri] })).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 201), 429, 429]);
    await d.clock.advance(60_000);
    expect((await registering({ redirect_uris: [redirectUri] })).status).toBe(201);
  });

  it('and is never let in is forgotten after a day; one that was let in is not', async () => {
    const idle = await register(d.base);
    const used = await register(d.base);
    await signIn(d, used);
    await d.clock.advance(24 * 60 * 60_000);
    const page = await new Browser().follow(authorizeUrl(d, idle), d.base);
    expect(page.status).toBe(400);
    expect((await new Browser().follow(authorizeUrl(d, used), d.base)).status).toBe(200);
  });

  it('in great numbers pushes out those that were never let in, and never one that was', async () => {
    const used = await register(d.base);
    await signIn(d, used);
    for (let count = 0; count < 250; count += 1) {
      if (count % 9 === 0) await d.clock.advance(60_000);
      await register(d.base);
    }
    expect(d.store.issued.list('Client').length).toBeLessThanOrEqual(200);
    expect((await new Browser().follow(authorizeUrl(d, used), d.base)).status).toBe(200);
  });

  it('may come back on any loopback port, and at no other path', async () => {
    const client = await register(d.base, { redirect_uris: ['http://localhost/callback'] });
    const other = { ...client, redirectUri: 'http://localhost:51515/callback' };
    expect((await new Browser().follow(authorizeUrl(d, other), d.base)).status).toBe(200);
    const wrong = { ...client, redirectUri: 'http://localhost:51515/elsewhere' };
    expect((await new Browser().follow(authorizeUrl(d, wrong), d.base)).status).toBe(400);
  });
});

describe('a client with a document of its own', () => {
  const id = 'https://editor.example/oauth/client.json';
  const document = {
    client_id: id,
    client_name: 'Editor',
    // Not its home, and not believed.
    client_uri: 'https://code.visualstudio.com',
    redirect_uris: ['http://127.0.0.1/callback', 'https://vscode.dev/redirect'],
    grant_types: ['authorization_code'],
  };
  const client = () => ({ clientId: id, redirectUri: 'http://127.0.0.1:50123/callback', verifier: newVerifier() });

  it('is read once, shown with its home, and gets refresh tokens too', async () => {
    d.documents.set(id, document);
    const me = client();
    const browser = new Browser();
    const page = await browser.follow(authorizeUrl(d, me), d.base);
    expect(d.access.prompts.list()).toMatchObject([
      {
        agent: { kind: 'oauth', claimed: { name: 'Editor', clientUri: id } },
        redirectUri: me.redirectUri,
      },
    ]);
    d.decide('allow');
    const { code = '' } = answerAt((await browser.follow(page.at, d.base)).at);
    const tokens = (await (await redeem(d, me, code)).json()) as Record<string, unknown>;
    expect(tokens['refresh_token']).toEqual(expect.any(String));
    expect(d.fetched).toEqual([id]);
  });

  it.each<[string, unknown]>([
    ['names another client', { ...document, client_id: 'https://other.example/client.json' }],
    ['sends the answer to a script', { ...document, redirect_uris: ['javascript:alert(1)'] }],
    ['has no address for the answer', { client_id: id, client_name: 'x' }],
    ['wants a key to be asked for', { ...document, token_endpoint_auth_method: 'private_key_jwt' }],
    ['is no object', [document]],
    ['is no JSON', new Response('<html>')],
    ['is not there', new Response('', { status: 404 })],
    ['leads elsewhere', new Response('', { status: 302, headers: { location: 'https://other.example/' } })],
    [
      'was read elsewhere in the end',
      Object.defineProperty(Response.json(document), 'url', { value: 'https://other.example/client.json' }),
    ],
    ['is too large', { ...document, junk: 'x'.repeat(40_000) }],
  ])('that %s is not let in', async (_title, said) => {
    d.documents.set(id, said);
    expect((await new Browser().follow(authorizeUrl(d, client()), d.base)).status).toBe(400);
    expect(d.access.prompts.list()).toEqual([]);
  });

  it('is read at https addresses only', async () => {
    for (const clientId of [
      'http://editor.example/client.json',
      'file:///etc/passwd',
      'https://user@editor.example/c.json',
    ]) {
      d.documents.set(clientId, { ...document, client_id: clientId });
      const page = await new Browser().follow(authorizeUrl(d, { ...client(), clientId }), d.base);
      expect(page.status).toBe(400);
    }
    expect(d.fetched).toEqual([]);
  });

  it('is not read more than twenty times a minute, however many are named', async () => {
    for (let count = 0; count < 30; count += 1) {
      await new Browser().follow(
        authorizeUrl(d, { ...client(), clientId: `https://x${count}.example/client.json` }),
        d.base,
      );
    }
    expect(d.fetched).toHaveLength(20);
  });
});
