import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWTPayload } from 'jose';
import { describe, expect, it } from 'vitest';
import type { SignInOptions, SignInResult } from '../../main/grants/types.ts';
import { createBrowser } from '../support/browser.ts';
import { world, type World } from './fixture.ts';

const people = {
  alice: { name: 'Alice Example', email: 'alice@example.com', email_verified: true },
  bob: { name: 'Bob Example', email: 'bob@example.com', email_verified: true },
};
const withOpenid = { scopes: ['openid', 'mcp'] };

async function signInAs(w: World, person: string, options: SignInOptions = withOpenid): Promise<SignInResult> {
  const signIn = await w.grants.signIn('demo', { openBrowser: false, ...options });
  await createBrowser({ account: person }).open(signIn.url ?? '');
  return signIn.done;
}

const notes = (w: World): unknown[] =>
  w.store.events.list({ kind: 'identity-not-known' }).map(({ detail }) => detail['why']);

describe('who signed in', () => {
  it('is shown as the ID token says, after its signature was checked', async () => {
    await using w = await world({ as: { people } });
    const result = await signInAs(w, 'alice');
    expect(result).toMatchObject({ identity: 'alice@example.com', account: 'default' });
    expect(w.authorizationServer.stats.count({ endpoint: 'jwks' })).toBe(1);
    expect(w.grants.view('demo').identity).toBe('alice@example.com');
    expect(w.store.grants.forServer('demo')?.identity).toEqual({
      issuer: w.authorizationServer.issuer,
      sub: 'alice',
      name: 'Alice Example',
      email: 'alice@example.com',
      preferred_username: null,
      from: 'id-token',
    });
  });

  it('is not asked for where neither the server nor the person wants to know', async () => {
    await using w = await world({ as: { people } });
    const result = await signInAs(w, 'alice', {});
    expect(result.identity).toBeNull();
    expect(w.authorizationServer.stats.list({ endpoint: 'authorization' })[0]?.params['scope']).toBe('mcp admin');
    expect(w.authorizationServer.stats.count({ endpoint: 'jwks' })).toBe(0);
  });

  it('is asked for where the server lists openid', async () => {
    await using w = await world({ as: { people }, auth: { scopesSupported: ['openid', 'mcp'] } });
    expect((await signInAs(w, 'alice', {})).identity).toBe('alice@example.com');
  });

  it('shows no address that is only the person’s own word', async () => {
    await using w = await world({
      as: { people: { eve: { name: 'Eve', email: 'ceo@example.com', email_verified: false } } },
    });
    expect((await signInAs(w, 'eve')).identity).toBe('Eve');
  });

  it('is shown as one harmless line, whatever it is called', async () => {
    const name = `\u202e${'x'.repeat(10_000)}\n<script>`;
    await using w = await world({ as: { people: { eve: { name } } } });
    const { identity } = await signInAs(w, 'eve');
    expect(identity).toMatch(/^\\u202ex{190,}…$/u);
    expect(identity?.length).toBeLessThan(220);
  });

  it('survives a refresh and a restart', async () => {
    await using w = await world({ as: { people } });
    await signInAs(w, 'alice');
    await w.grants.clearCache('demo');
    await w.grants.accessToken('demo');
    expect(w.restart().view('demo').identity).toBe('alice@example.com');
  });
});

/** An issuer whose key the test has: what it signs is as good as the issuer's own. */
async function withOwnKey(w: World): Promise<CryptoKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'own', alg: 'ES256', use: 'sig' };
  w.authorizationServer.rewrite('jwks', () => ({ keys: [jwk] }));
  return privateKey;
}

interface Forged {
  readonly claims?: JWTPayload;
  readonly key?: CryptoKey;
  readonly without?: string;
  readonly text?: (signed: string) => string;
}

/** Signs in while the token endpoint answers with another ID token. */
async function signInWith(w: World, key: CryptoKey, forged: Forged): Promise<SignInResult> {
  const now = Math.floor(w.clock.now() / 1000);
  const clientId = (): string => w.store.registrations.list()[0]?.client_id ?? '';
  const begun = await w.grants.signIn('demo', { openBrowser: false, ...withOpenid });
  const claims = { sub: 'mallory', email: 'ceo@example.com', iss: w.authorizationServer.issuer, aud: clientId() };
  const all = Object.entries({ ...claims, iat: now, exp: now + 600, ...forged.claims });
  const signed = await new SignJWT(Object.fromEntries(all.filter(([name]) => name !== forged.without)))
    .setProtectedHeader({ alg: 'ES256', kid: 'own' })
    .sign(forged.key ?? key);
  const id_token = forged.text === undefined ? signed : forged.text(signed);
  w.authorizationServer.rewrite('token', (body) => ({ ...body, id_token }));
  await createBrowser({ account: 'alice' }).open(begun.url ?? '');
  return begun.done;
}

function unsigned(signed: string): string {
  const payload = JSON.parse(Buffer.from(signed.split('.')[1] ?? '', 'base64url').toString('utf8')) as JWTPayload;
  return new UnsecuredJWT(payload).encode();
}

const otherKey = async (): Promise<Forged> => ({ key: (await generateKeyPair('ES256')).privateKey });

describe('an ID token that does not hold', () => {
  it('holds when it is signed by the issuer for this client: the test’s own way of making them is right', async () => {
    await using w = await world();
    expect((await signInWith(w, await withOwnKey(w), {})).identity).toBe('ceo@example.com');
  });

  const past = Math.floor(Date.now() / 1000) - 7_200;
  const cases: [string, () => Forged | Promise<Forged>, RegExp][] = [
    ['with a key that is not the issuer’s', otherKey, /signature is not the issuer/u],
    ['for another client', () => ({ claims: { aud: 'another' } }), /for another client/u],
    ['for several clients without saying which', () => ({ claims: { aud: ['another', 'us'] } }), /for another client/u],
    ['by another issuer', () => ({ claims: { iss: 'https://evil.example' } }), /another issuer made it/u],
    ['that has expired', () => ({ claims: { iat: past, exp: past + 60 } }), /it has expired/u],
    ['without an end', () => ({ without: 'exp' }), /a claim is missing/u],
    ['that answers another request', () => ({ claims: { nonce: 'n' } }), /answers another request/u],
    ['without a signature', () => ({ text: unsigned }), /not signed/u],
    ['that is no token at all', () => ({ text: () => 'nonsense' }), /cannot be read/u],
  ];
  it.each(cases)('is ignored with a note and never shown: signed %s', async (_what, make, why) => {
    await using w = await world();
    const result = await signInWith(w, await withOwnKey(w), await make());
    expect(result).toMatchObject({ identity: null, refreshable: true });
    expect(w.grants.view('demo')).toMatchObject({ identity: null, state: { kind: 'connected' } });
    expect(notes(w)).toEqual([expect.stringMatching(why)]);
    expect(JSON.stringify([w.store.events.list({}), w.store.grants.list(), w.log])).not.toMatch(/mallory|ceo@example/u);
    expect(await w.call()).toBe(200);
  });
});

interface Userinfo {
  /** Null: as the server names it. */
  readonly at?: string;
  readonly body: object | string;
  readonly status?: number;
  readonly withIdToken?: boolean;
  readonly sawOpenid?: boolean;
}

/** A userinfo endpoint beside the authorization server; gives the Authorization headers that it saw. */
function userinfo(w: World, { at, body, status = 200, withIdToken = false, sawOpenid = true }: Userinfo): string[] {
  const seen: string[] = [];
  const { origin } = w.authorizationServer;
  const endpoint = at ?? `${origin}/userinfo`;
  for (const kind of ['oauth-metadata', 'oidc-metadata'] as const) {
    w.authorizationServer.rewrite(kind, (metadata) => ({ ...metadata, userinfo_endpoint: endpoint }));
  }
  w.authorizationServer.rewrite('token', ({ id_token, ...rest }) => {
    // Of a token with an audience this provider names the scopes of that audience only.
    const scope = sawOpenid ? `openid ${String(rest['scope'])}` : rest['scope'];
    return { ...rest, scope, ...(withIdToken ? { id_token } : {}) };
  });
  w.authorizationServer.mount((request, response) => {
    if (request.url !== '/userinfo') return false;
    seen.push(request.headers.authorization ?? '');
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
    return true;
  });
  return seen;
}

describe('without an ID token', () => {
  it('the issuer is asked, with the token that it gave', async () => {
    await using w = await world();
    const seen = userinfo(w, { body: { sub: 'alice', preferred_username: 'al' } });
    expect((await signInAs(w, 'alice')).identity).toBe('al');
    const { access_token } = await w.grants.accessToken('demo');
    expect(seen).toEqual([`Bearer ${access_token.reveal()}`]);
    expect(w.store.grants.forServer('demo')?.identity).toMatchObject({ from: 'userinfo', sub: 'alice' });
  });

  it('the issuer is not asked when openid was not granted', async () => {
    await using w = await world();
    const seen = userinfo(w, { body: { sub: 'alice' }, sawOpenid: false });
    expect((await signInAs(w, 'alice', {})).identity).toBeNull();
    expect(seen).toEqual([]);
  });

  it('the token goes to no other place than its issuer’s', async () => {
    await using w = await world();
    await using other = await world();
    const seen = userinfo(other, { body: { sub: 'alice' } });
    userinfo(w, { at: `${other.authorizationServer.origin}/userinfo`, body: {} });
    expect((await signInAs(w, 'alice')).identity).toBeNull();
    expect(seen).toEqual([]);
  });

  it.each<[string, Omit<Userinfo, 'at'>]>([
    ['is not JSON', { body: 'hello' }],
    ['names nobody', { body: { email: 'ceo@example.com' } }],
    ['is an error', { body: { sub: 'alice' }, status: 401 }],
    ['is endless', { body: { sub: 'alice', name: 'x'.repeat(2_000_000) } }],
    ['has a name that is no text', { body: { sub: { $ne: null } } }],
  ])('nobody is named when the answer %s, and the sign-in is good all the same', async (_what, answer) => {
    await using w = await world();
    userinfo(w, answer);
    const result = await signInAs(w, 'alice');
    expect(result).toMatchObject({ identity: null, refreshable: true });
    expect(notes(w)).toHaveLength(1);
    expect(await w.call()).toBe(200);
  });

  it('an answer about somebody else than the ID token is not believed', async () => {
    await using w = await world();
    userinfo(w, { body: { sub: 'mallory', email: 'ceo@example.com' }, withIdToken: true });
    // Its key cannot be had, so the token alone shows nobody.
    w.authorizationServer.fault({ endpoint: 'jwks', status: 500, body: 'down' });
    expect((await signInAs(w, 'alice')).identity).toBeNull();
    expect(notes(w)).toEqual([expect.stringMatching(/another person than the ID token/u)]);
  });
});

describe('another person than before', () => {
  it('is said, recorded, and ends what was allowed; the grant is theirs from then on', async () => {
    await using w = await world({ as: { people } });
    expect((await signInAs(w, 'alice')).warning).not.toMatch(/another person/u);
    const result = await signInAs(w, 'bob');
    expect(result.warning).toContain('this is another person than before: alice@example.com → bob@example.com');
    expect(w.endedFor).toEqual(['demo/default']);
    expect(w.store.events.list({ kind: 'account-changed' })).toMatchObject([
      { server: 'demo', detail: { was: 'alice@example.com', is: 'bob@example.com' } },
    ]);
    expect(w.grants.view('demo')).toMatchObject({ identity: 'bob@example.com', state: { kind: 'connected' } });
  });

  it('is said after a revocation and a restart too', async () => {
    await using w = await world({ as: { people } });
    await signInAs(w, 'alice');
    await w.grants.revoke('demo');
    const signIn = await w.restart().signIn('demo', { openBrowser: false, ...withOpenid });
    await createBrowser({ account: 'bob' }).open(signIn.url ?? '');
    expect((await signIn.done).warning).toMatch(/another person than before/u);
  });

  it('is not said of the same person, nor of another account', async () => {
    await using w = await world({ as: { people } });
    await signInAs(w, 'alice');
    await signInAs(w, 'alice');
    await signInAs(w, 'bob', { ...withOpenid, account: 'work' });
    expect(w.endedFor).toEqual([]);
    expect(w.store.events.list({ kind: 'account-changed' })).toEqual([]);
    expect(w.grants.list().map(({ identity }) => identity)).toEqual(['alice@example.com', 'bob@example.com']);
  });

  it('is not forgotten by a sign-in that does not say who it is; that one says that it does not know', async () => {
    await using w = await world({ as: { people } });
    await signInAs(w, 'alice');
    const unknown = await signInAs(w, 'alice', { scopes: ['mcp'] });
    expect(unknown.warning).toMatch(/not known this time; before it was alice@example\.com/u);
    expect((await signInAs(w, 'bob')).warning).toMatch(/alice@example\.com → bob@example\.com/u);
  });
});
