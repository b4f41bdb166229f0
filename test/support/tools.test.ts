// The small tools of the tests: time stands still until told, processes end, folders vanish, canaries are found.
import { execPath } from 'node:process';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { startAuthorizationServer } from './authorization-server.ts';
import { createBrowser } from './browser.ts';
import { searchBytes, searchFolder } from './canary.ts';
import { createFakeClock } from './fake-clock.ts';
import { startMcpServer } from './mcp-server.ts';
import { tokenRequest } from './oauth-client.ts';
import { isAlive, runProcess, startProcess, stopLeftovers } from './process.ts';
import { temporaryFolder } from './temp.ts';

describe('the fake clock', () => {
  it('runs timers in order, at their own time, and those that they start', async () => {
    const clock = createFakeClock(0);
    const ran: string[] = [];
    clock.after(20, () => ran.push(`b${clock.now()}`));
    clock.after(10, () => {
      ran.push(`a${clock.now()}`);
      clock.after(5, () => ran.push(`c${clock.now()}`));
    });
    const cancel = clock.after(12, () => ran.push('never'));
    cancel();
    await clock.advance(19);
    expect(ran).toEqual(['a10', 'c15']);
    expect([clock.pending(), clock.next()]).toEqual([1, 20]);
    await clock.advance(1);
    expect(ran).toEqual(['a10', 'c15', 'b20']);
    expect(clock.now()).toBe(20);
  });

  it('lets promises settle between timers and knows how a machine wakes up', async () => {
    const clock = createFakeClock(0);
    const seen: number[] = [];
    clock.after(1, () => void Promise.resolve().then(() => seen.push(clock.now())));
    clock.after(2, () => seen.push(clock.now()));
    await clock.advance(5);
    expect(seen).toEqual([1, 2]);
    clock.after(10, () => seen.push(clock.now()));
    await clock.sleepMachine(3600);
    expect(seen.at(-1)).toBe(3605);
  });
});

describe('the canary search', () => {
  it('finds a secret plainly, in base64 at any offset, in hex, url-encoded and in UTF-16', () => {
    const secret = 'canary/0123456789+abc';
    const texts = [
      `x${secret}y`,
      ...['', 'a', 'ab'].map((lead) => Buffer.from(`${lead}${secret}tail`).toString('base64url')),
      Buffer.from(secret).toString('hex'),
      encodeURIComponent(secret),
    ];
    for (const text of texts) expect(searchBytes('text', text, [secret])).toHaveLength(1);
    expect(searchBytes('utf16', Buffer.from(secret, 'utf16le'), [secret])).toHaveLength(1);
    expect(searchBytes('clean', 'nothing here', [secret])).toEqual([]);
    expect(JSON.stringify(searchBytes('text', texts[0] ?? '', [secret]))).not.toContain(secret);
  });

  it('reads every file of a folder, and the folder vanishes afterwards', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder.path, 'deep'));
    await writeFile(join(folder.path, 'deep', 'log'), 'line\ncanary-12345678\n');
    await writeFile(join(folder.path, 'clean'), 'nothing');
    const found = await searchFolder(folder.path, ['canary-12345678']);
    expect(found.files).toHaveLength(2);
    expect(found.sightings).toMatchObject([{ where: join(folder.path, 'deep', 'log'), as: 'plain' }]);
    expect(folder.env()).toMatchObject({ TOKENTRAY_HOME: folder.path });
    await folder.remove();
    await expect(access(folder.path)).rejects.toThrow();
  });
});

describe('child processes', () => {
  it('are captured, waited for by what they say, and none is left', async () => {
    const script = 'console.log("ready"); console.error("oops"); setInterval(() => {}, 1000)';
    const child = startProcess(execPath, ['-e', script]);
    expect(await child.line(/^ready$/)).toBe('ready');
    expect(isAlive(child.pid)).toBe(true);
    await child.line(/oops/);
    await expect(child.line(/never/, 20)).rejects.toThrow(/no line like/);
    const left = await stopLeftovers();
    expect(left).toHaveLength(1);
    expect(isAlive(child.pid)).toBe(false);
    expect(await stopLeftovers()).toEqual([]);
  });

  it('say how they ended', async () => {
    const script = 'process.stdin.on("data", (text) => process.stdout.write(text)).on("end", () => process.exit(3))';
    expect(await runProcess(execPath, ['-e', script], { input: 'hello' })).toMatchObject({ code: 3, stdout: 'hello' });
    const forever = runProcess(execPath, ['-e', 'setInterval(() => {}, 1000)'], { timeoutMs: 50 });
    await expect(forever).rejects.toThrow(/took too long/);
  });
});

describe('the browser without a screen', () => {
  it('stops where it is told, and only goes to web addresses', async () => {
    const server = await startAuthorizationServer({ clients: [client] });
    const url = authorizationUrl(server.issuer);
    expect(await createBrowser({ stopAt: 'login' }).open(url)).toMatchObject({ ended: 'stopped' });
    const browser = createBrowser({ stopAt: 'consent', account: 'zoe' });
    await browser.open(url);
    expect(browser.consent).toEqual({ client: 'Here', resource: 'http://127.0.0.1:9/mcp', scopes: ['mcp', 'admin'] });
    const last = await createBrowser({ stopAt: 'callback' }).open(url);
    expect(new URL(last.url).searchParams.get('code')).not.toBeNull();
    await expect(createBrowser().open('file:///etc/hostname')).rejects.toThrow(/does not go/);
    await server.close();
  });

  it('presses the button of a page that has only one, as a browser does: with its Origin', async () => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(`${request.method} ${request.headers.origin ?? 'no origin'}`);
      const page =
        request.method === 'GET' ? '<form method="post"><button>Go</button></form>' : '<p>Gone &amp; done</p>';
      response.end(page);
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const browser = createBrowser();
    await browser.openUrl(new URL(`${origin}/link`));
    expect(await browser.visits[0]).toMatchObject({ ended: 'page', text: 'Gone & done', status: 200 });
    expect(seen).toEqual(['GET no origin', `POST ${origin}`]);
    server.closeAllConnections();
    server.close();
  });

  it('stays signed in while it keeps its cookies', async () => {
    const server = await startAuthorizationServer({ clients: [client] });
    const browser = createBrowser({ stopAt: 'callback' });
    const logins = (): number => browser.log.filter((visit) => visit.page.endsWith('/login')).length;
    await browser.open(authorizationUrl(server.issuer));
    await browser.open(authorizationUrl(server.issuer));
    expect(logins()).toBe(1);
    browser.forgetCookies();
    await browser.open(authorizationUrl(server.issuer));
    expect(logins()).toBe(2);
    await server.close();
  });
});

describe('DPoP', () => {
  it('binds a token to its key, at the authorization server and at the MCP server, with nonces', async () => {
    const machine = { client_id: 'machine', client_secret: 'machine-secret', redirect_uris: [], response_types: [] };
    const issuer = await startAuthorizationServer({
      dpop: 'nonce',
      clients: [{ ...machine, grant_types: ['client_credentials'], token_endpoint_auth_method: 'client_secret_post' }],
    });
    const server = await startMcpServer({ era: 'modern', auth: { authorizationServer: issuer, dpopNonce: true } });
    const keys = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(keys.publicKey);
    const proof = (htm: string, htu: string, claims: Record<string, string>): Promise<string> =>
      new SignJWT({ htm, htu, jti: randomUUID(), ...claims })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .setIssuedAt()
        .sign(keys.privateKey);

    const params = {
      grant_type: 'client_credentials',
      scope: 'mcp',
      resource: server.url,
      client_id: 'machine',
      client_secret: 'machine-secret',
    };
    const tokenUrl = `${issuer.issuer}/token`;
    const first = await fetch(tokenUrl, {
      method: 'POST',
      body: new URLSearchParams(params),
      headers: { dpop: await proof('POST', tokenUrl, {}) },
    });
    expect(await first.json()).toMatchObject({ error: 'use_dpop_nonce' });
    const nonce = first.headers.get('dpop-nonce') ?? '';
    const answer = await tokenRequest(issuer, params, { dpop: await proof('POST', tokenUrl, { nonce }) });
    expect(answer).toMatchObject({ status: 200, token_type: 'DPoP' });
    const token = answer.access_token ?? '';
    const verified = await issuer.verifyAccessToken(token, server.url);
    expect(verified.jkt).toBe(await calculateJwkThumbprint(jwk));

    const ath = createHash('sha256').update(token).digest('base64url');
    const call = async (authorization: string, claims: Record<string, string>): Promise<Response> =>
      await fetch(server.url, {
        method: 'POST',
        body: '{}',
        headers: { authorization, dpop: await proof('POST', server.url, claims), 'content-type': 'application/json' },
      });
    expect((await call(`Bearer ${token}`, { ath })).status).toBe(401);
    const challenged = await call(`DPoP ${token}`, { ath });
    expect(challenged.headers.get('www-authenticate')).toMatch(/^DPoP error="use_dpop_nonce"/);
    const resourceNonce = challenged.headers.get('dpop-nonce') ?? '';
    expect((await call(`DPoP ${token}`, { ath: 'wrong', nonce: resourceNonce })).status).toBe(401);
    expect((await call(`DPoP ${token}`, { ath, nonce: resourceNonce })).status).not.toBe(401);
    await server.close();
    await issuer.close();
  });
});

const client = {
  client_id: 'here',
  client_name: 'Here',
  application_type: 'native' as const,
  token_endpoint_auth_method: 'none' as const,
  redirect_uris: ['http://127.0.0.1:9/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
};

function authorizationUrl(issuer: string): URL {
  const url = new URL(`${issuer}/auth`);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: 'here',
    redirect_uri: 'http://127.0.0.1:9/callback',
    code_challenge: createHash('sha256').update('v'.repeat(43)).digest('base64url'),
    code_challenge_method: 'S256',
    scope: 'mcp admin',
    resource: 'http://127.0.0.1:9/mcp',
    state: 'state',
  }).toString();
  return url;
}
