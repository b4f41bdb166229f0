// While Tokentray is locked an agent that signs in hears so in the words of its protocol: nothing is issued, and nothing of it is used up.
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { liveBroker } from '../../ui/live-broker.ts';
import {
  answerAt,
  authorizeUrl,
  Browser,
  desk,
  newVerifier,
  post,
  redeem,
  redirectUri,
  refresh,
  register,
  signIn,
  type Client,
  type Desk,
  type Tokens,
} from './fixture.ts';

let d: Desk;
beforeEach(async () => {
  d = await desk();
});
afterEach(() => d[Symbol.asyncDispose]());

const locked = {
  error: 'temporarily_unavailable',
  error_description: 'Tokentray is locked: a person has to unlock it',
};
const atRedirect = () => ({ ...locked, state: 'state-of-the-agent', iss: `${d.base}/oauth` });

async function expectLocked(answering: Promise<Response>): Promise<void> {
  const answer = await answering;
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('30');
  expect(answer.headers.get('content-type')).toContain('application/json');
  expect(await answer.json()).toEqual(locked);
}

const issuedNow = () => ['AccessToken', 'RefreshToken', 'Client'].map((model) => d.store.issued.list(model).length);

/** The code of a sign-in that the person said yes to. */
async function codeOf(client: Client): Promise<string> {
  const browser = new Browser();
  const page = await browser.follow(authorizeUrl(d, client), d.base);
  d.decide('allow');
  return answerAt((await browser.follow(page.at, d.base)).at)['code'] ?? '';
}

/** A request whose body is sent when it is asked for. */
function slowly(path: string, body: string, contentType: string) {
  const headers = { 'content-type': contentType, 'content-length': Buffer.byteLength(body) };
  const req = request(`${d.base}${path}`, { method: 'POST', headers });
  const answered = new Promise<Response>((resolve, reject) => {
    req.once('error', reject);
    req.once('response', (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.once('end', () => {
        const answer = new Response(Buffer.concat(chunks), { status: res.statusCode ?? 0 });
        for (const name of ['retry-after', 'content-type']) answer.headers.set(name, String(res.headers[name]));
        resolve(answer);
      });
    });
  });
  const begun = new Promise<void>((resolve) => void req.write(body.slice(0, 5), () => resolve()));
  return { begun, end: () => void req.end(body.slice(5)), answered };
}

describe('an agent that begins to sign in while it is locked', () => {
  it('is sent back with the error that its protocol has for it, nobody is asked, and it works afterwards', async () => {
    const client = await register(d.base);
    d.lock.on = true;
    const { at } = await new Browser().follow(authorizeUrl(d, client), d.base);
    expect(at.startsWith(`${redirectUri}?`)).toBe(true);
    expect(answerAt(at)).toEqual(atRedirect());
    expect(d.access.prompts.list()).toEqual([]);
    expect(d.agents.list()).toEqual([]);
    d.lock.on = false;
    expect(d.whose((await signIn(d, client)).access_token)).toBe('Editor');
  });

  it.each([
    ['a client that nobody knows', { client_id: 'nobody' }],
    ['an address that is not the client’s', { redirect_uri: 'http://127.0.0.1:43210/elsewhere' }],
  ])('is sent nowhere by the word of %s', async (_what, more) => {
    const client = await register(d.base);
    d.lock.on = true;
    const page = await new Browser().follow(authorizeUrl(d, client, more), d.base);
    expect(page.at.startsWith(`${d.base}/`)).toBe(true);
    expect(page.status).toBe(400);
  });

  it('cannot register, and learns where everything is all the same', async () => {
    d.lock.on = true;
    await expectLocked(
      fetch(`${d.base}/oauth/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ redirect_uris: [redirectUri] }),
      }),
    );
    expect(issuedNow()).toEqual([0, 0, 0]);
    expect((await fetch(`${d.base}/.well-known/oauth-authorization-server/oauth`)).status).toBe(200);
    expect((await fetch(`${d.base}/.well-known/oauth-protected-resource/mcp/notes`)).status).toBe(200);
  });
});

describe('a sign-in that is under way when it is locked', () => {
  it('ends in the tab that waits, with the same error', async () => {
    const browser = new Browser();
    const page = await browser.follow(authorizeUrl(d, await register(d.base)), d.base);
    expect(page.status).toBe(200);
    d.lock.on = true;
    expect(answerAt((await browser.follow(page.at, d.base)).at)).toEqual(atRedirect());
    d.lock.on = false;
    expect((await browser.get(page.at)).status).toBe(400);
  });

  it('gets no code for the yes of a moment before', async () => {
    const browser = new Browser();
    const page = await browser.follow(authorizeUrl(d, await register(d.base)), d.base);
    d.decide('allow');
    d.lock.on = true;
    expect(answerAt((await browser.follow(page.at, d.base)).at)).toEqual(atRedirect());
  });

  it('gets none on the last step either', async () => {
    const browser = new Browser();
    const page = await browser.follow(authorizeUrl(d, await register(d.base)), d.base);
    d.decide('allow');
    const step = await browser.get(page.at);
    expect(step.status).toBe(303);
    d.lock.on = true;
    const next = new URL(step.headers.get('location') ?? '', d.base).href;
    expect(answerAt((await browser.follow(next, d.base)).at)).toEqual(atRedirect());
  });
});

describe('the token endpoint', () => {
  let client: Client;
  beforeEach(async () => {
    client = await register(d.base);
  });

  it('takes no code while it is locked, and takes that one afterwards', async () => {
    const code = await codeOf(client);
    d.lock.on = true;
    await expectLocked(redeem(d, client, code));
    expect(issuedNow()).toEqual([0, 0, 1]);
    d.lock.on = false;
    expect((await redeem(d, client, code)).status).toBe(200);
  });

  it('uses up no refresh token, however often it is asked', async () => {
    const first = await signIn(d, client);
    const before = issuedNow();
    d.lock.on = true;
    for (let n = 0; n < 3; n += 1) await expectLocked(refresh(d, client, first.refresh_token));
    expect(issuedNow()).toEqual(before);
    d.lock.on = false;
    const second = (await (await refresh(d, client, first.refresh_token)).json()) as Tokens;
    expect(d.whose(second.access_token)).toBe('Editor');
    expect((await refresh(d, client, second.refresh_token)).status).toBe(200);
    expect(d.events.map(({ kind }) => kind)).not.toContain('local-token-replayed');
  });

  it('uses none up for a request that began before it was locked', async () => {
    const { refresh_token } = await signIn(d, client);
    const before = issuedNow();
    const form = { grant_type: 'refresh_token', refresh_token, client_id: client.clientId };
    const body = new URLSearchParams(form).toString();
    const asking = slowly('/oauth/token', body, 'application/x-www-form-urlencoded');
    await asking.begun;
    // Its headers have been read when another request that came later is answered.
    expect((await post(`${d.base}/oauth/token`, {})).status).toBe(400);
    d.lock.on = true;
    asking.end();
    await expectLocked(asking.answered);
    expect(issuedNow()).toEqual(before);
    d.lock.on = false;
    expect((await refresh(d, client, refresh_token)).status).toBe(200);
  });

  it('still lets an agent give back what it has', async () => {
    const { access_token, refresh_token } = await signIn(d, client);
    d.lock.on = true;
    expect((await post(`${d.base}/oauth/revoke`, { token: refresh_token, client_id: client.clientId })).status).toBe(
      200,
    );
    expect(d.whose(access_token)).toBeNull();
  });

  it('says nothing of whether a code or token is any good', async () => {
    d.lock.on = true;
    await expectLocked(refresh(d, client, newVerifier()));
    await expectLocked(post(`${d.base}/oauth/token`, {}));
  });
});

it('a registration that began before it was locked is not kept', async () => {
  const body = JSON.stringify({ redirect_uris: [redirectUri] });
  const asking = slowly('/oauth/register', body, 'application/json');
  await asking.begun;
  expect((await post(`${d.base}/oauth/token`, {})).status).toBe(400);
  d.lock.on = true;
  asking.end();
  await expectLocked(asking.answered);
  expect(issuedNow()).toEqual([0, 0, 0]);
});

it('in a whole broker it is the person’s lock that counts', async () => {
  await using live = await liveBroker({ broker: { approvals: 'ask' } });
  const base = live.broker.control.bridge?.url ?? '';
  const registering = () =>
    fetch(`${base}/oauth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: [redirectUri] }),
    });
  expect((await registering()).status).toBe(201);
  await live.client.lock.lock();
  await expectLocked(registering());
  await expectLocked(post(`${base}/oauth/token`, { grant_type: 'refresh_token', refresh_token: newVerifier() }));
  await live.client.lock.unlock({});
  expect((await registering()).status).toBe(201);
});
