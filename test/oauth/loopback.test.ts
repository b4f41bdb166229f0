// A sign-in ends by its own answer and by nothing else, and the tab says in plain words what happened.
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TokentrayError } from '../../main/errors.ts';
import { openLoopback } from '../../main/oauth/loopback.ts';
import type { CallbackPage, Loopback, LoopbackOptions } from '../../main/oauth/loopback.ts';
import { closedPort, failureOf, fakeClock, quiet } from './legs/fixture.ts';

const never = () => new AbortController().signal;
const granted: CallbackPage = { kind: 'granted', server: 'notes', issuer: 'https://as.example', scopes: ['read'] };

async function open(more: Partial<LoopbackOptions> = {}): Promise<Loopback> {
  const loopback = await openLoopback({ preferredPort: 0, log: quiet, clock: fakeClock(), ...more });
  onTestFinished(() => loopback.close());
  return loopback;
}

interface Seen {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A raw request, so that Host and method are what the test says. */
function ask(port: number, path: string, more: { method?: string; host?: string; to?: string } = {}): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', host = `127.0.0.1:${port}`, to = '127.0.0.1' } = more;
    const asking = httpRequest({ host: to, port, path, method, headers: { host } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asking.on('error', reject);
    asking.end();
  });
}

/** Whether `promise` is still undecided after everything that was under way has been handled. */
async function undecided(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open');
  return (await Promise.race([promise, new Promise((resolve) => setImmediate(() => resolve(open)))])) === open;
}

async function listenOn(host: string, port: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, resolve);
  });
  onTestFinished(() => new Promise((resolve) => void server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}

const hasIPv6 = await listenable('::1');
async function listenable(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(0, host, () => server.close(() => resolve(true)));
  });
}

describe('the listener', () => {
  it('takes the preferred port, and a free one when that is taken', async () => {
    const preferredPort = await closedPort();
    const first = await open({ preferredPort });
    expect(first.port).toBe(preferredPort);
    const second = await open({ preferredPort });
    expect(second.port).not.toBe(preferredPort);
    expect(first.redirectUri()).toBe(`http://127.0.0.1:${preferredPort}/callback`);
    expect(first.redirectUri('localhost')).toBe(`http://localhost:${preferredPort}/callback`);
  });

  it('fails clearly when the exact port that a server insists on is taken', async () => {
    const taken = await listenOn('127.0.0.1', 0);
    const error = await failureOf(open({ preferredPort: taken, exactPort: true }));
    expect(error).toMatchObject({ code: 'port_taken', facts: { port: taken } });
  });

  it.skipIf(!hasIPv6)('shares no port with another program on the other loopback address', async () => {
    const taken = await listenOn('::1', 0);
    expect((await open({ preferredPort: taken })).port).not.toBe(taken);
    expect((await failureOf(open({ preferredPort: taken, exactPort: true }))).code).toBe('port_taken');
  });

  it.skipIf(!hasIPv6)('answers on ::1 too, for browsers that take localhost there', async () => {
    const loopback = await open();
    const waiting = loopback.wait('s1', never());
    const tab = ask(loopback.port, '/callback?state=s1&code=c', { to: '::1', host: `localhost:${loopback.port}` });
    (await waiting).reply(granted);
    expect((await tab).status).toBe(200);
  });

  it('closes at once, whatever idle connections a browser keeps', async () => {
    const loopback = await open();
    const idle = connect(loopback.port, '127.0.0.1');
    await new Promise((resolve) => idle.once('connect', resolve));
    const ended = new Promise((resolve) => idle.once('close', resolve));
    await loopback.close();
    await ended;
    await expect(ask(loopback.port, '/callback')).rejects.toThrow();
  });
});

describe('a callback', () => {
  it('that is wrong or foreign gets a 4xx and changes nothing', async () => {
    const loopback = await open();
    const waiting = loopback.wait('the-state', never());
    const right = '/callback?state=the-state&code=c';
    const wrong: [number, string, { method?: string; host?: string }?][] = [
      [400, '/callback'],
      [400, '/callback?code=c'],
      [400, '/callback?state=&code=c'],
      [400, '/callback?state=other&code=c&error=access_denied'],
      [400, '/callback?state=the-state&state=the-state&code=c'],
      [400, '/callback?state=THE-STATE&code=c'],
      [404, '/?state=the-state&code=c'],
      [404, '/callback/?state=the-state&code=c'],
      [404, '/favicon.ico'],
      [405, right, { method: 'POST' }],
      [405, right, { method: 'HEAD' }],
      [405, right, { method: 'OPTIONS' }],
      [400, right, { host: 'evil.example' }],
      [400, right, { host: `evil.example:${loopback.port}` }],
      [400, right, { host: '127.0.0.1' }],
    ];
    for (const [status, path, more] of wrong) {
      expect((await ask(loopback.port, path, more)).status, `${more?.method ?? 'GET'} ${path}`).toBe(status);
    }
    expect(await undecided(waiting)).toBe(true);

    const tab = ask(loopback.port, right);
    const answer = await waiting;
    expect(answer.url.searchParams.get('code')).toBe('c');
    answer.reply(granted);
    expect((await tab).status).toBe(200);
    expect((await ask(loopback.port, right)).status).toBe(400);
  });

  it('reaches the one sign-in that it belongs to, of several at once', async () => {
    const loopback = await open();
    const [first, second] = [loopback.wait('one', never()), loopback.wait('two', never())];
    const tab = ask(loopback.port, '/callback?state=two&code=2');
    const answer = await second;
    expect(answer.url.searchParams.get('code')).toBe('2');
    expect(await undecided(first)).toBe(true);
    answer.reply(granted);
    await tab;
    expect(loopback.paste(new URL('http://127.0.0.1:1/callback?state=three&code=3'))).toBe(false);
    expect(loopback.paste(new URL('http://127.0.0.1:1/callback?state=one&code=1'))).toBe(true);
    expect((await first).url.searchParams.get('code')).toBe('1');
    (await first).reply(granted);
  });

  it('comes too late once the sign-in was cancelled or timed out', async () => {
    const loopback = await open();
    const cancelled = new AbortController();
    const waiting = loopback.wait('s', cancelled.signal);
    const reason = new TokentrayError('sign_in_timeout', 'too late');
    cancelled.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect((await ask(loopback.port, '/callback?state=s&code=c')).status).toBe(400);
    await expect(loopback.wait('s', cancelled.signal)).rejects.toBe(reason);
  });

  it('ends every wait when the listener closes, and still shows the tab something', async () => {
    const loopback = await open();
    const [answered, waiting] = [loopback.wait('a', never()), loopback.wait('b', never())];
    const tab = ask(loopback.port, '/callback?state=a&code=c');
    await answered;
    const closing = loopback.close();
    expect((await failureOf(waiting)).code).toBe('sign_in_cancelled');
    await closing;
    expect((await tab).body).toContain('still finishing the sign-in');
  });
});

/** The tab after a sign-in that ended like this. */
async function page(reply: CallbackPage): Promise<Seen> {
  const loopback = await open();
  const waiting = loopback.wait('s', never());
  const tab = ask(loopback.port, '/callback?state=s&code=the-code');
  (await waiting).reply(reply);
  return tab;
}

describe('the page', () => {
  it('waits for the outcome and says which server and scopes were granted, and that the tab can be closed', async () => {
    const loopback = await open();
    const waiting = loopback.wait('s', never());
    const tab = ask(loopback.port, '/callback?state=s&code=c');
    const answer = await waiting;
    expect(await undecided(tab)).toBe(true);
    answer.reply({ ...granted, scopes: ['notes:read', 'notes:write'] });
    answer.reply({ kind: 'failed', server: 'notes', message: 'twice', advice: null });
    const { status, body } = await tab;
    expect(status).toBe(200);
    for (const words of ['Signed in to notes', 'notes:read', 'notes:write', 'You can close this tab']) {
      expect(body).toContain(words);
    }
    expect(body).not.toContain('twice');
  });

  it('says why it failed and what to do', async () => {
    const seen = await page({ kind: 'failed', server: 'notes', message: 'access was denied', advice: 'Ask again.' });
    expect(seen.status).toBe(400);
    for (const words of ['Not signed in to notes', 'access was denied', 'Ask again.'])
      expect(seen.body).toContain(words);
  });

  it('shows foreign text as text', async () => {
    const evil = `"><script>alert('x')</script>&\u202e\u0000`;
    const pages: CallbackPage[] = [
      { kind: 'granted', server: evil, issuer: evil, scopes: [evil] },
      { kind: 'failed', server: evil, message: evil, advice: evil },
    ];
    for (const reply of pages) {
      const { body } = await page(reply);
      expect(body).not.toMatch(/<script|\u202e|\u0000|">&/);
      expect(body).toContain('&#60;script&#62;');
    }
  });

  it('runs nothing, loads nothing, is kept nowhere and repeats nothing of the address', async () => {
    const { headers, body } = await page(granted);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+';/);
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(body).not.toMatch(/<script|src=|href=|the-code/);
    const foreign = await open();
    const refused = await ask(foreign.port, '/callback?state=s&error_description=LIES&code=the-code');
    expect(refused.body).not.toMatch(/LIES|the-code/);
    expect(refused.headers['content-security-policy']).toBe(headers['content-security-policy']);
  });

  it('lists many scopes without end to the page', async () => {
    const { body } = await page({ ...granted, scopes: Array.from({ length: 300 }, (_, index) => `scope:${index}`) });
    expect(body).toContain('and 260 more');
    expect((await page({ ...granted, scopes: [] })).body).toContain('by default');
  });

  it('does not hang when nobody says what became of the sign-in', async () => {
    const clock = fakeClock();
    const loopback = await open({ clock });
    const waiting = loopback.wait('s', never());
    const tab = ask(loopback.port, '/callback?state=s&code=c');
    await waiting;
    clock.pass(60_000);
    expect((await tab).body).toContain('still finishing the sign-in');
  });
});
