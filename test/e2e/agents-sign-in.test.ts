// Agents as they are sign in to the bridge with nothing but a server's address; no sign-in upstream begins by itself for any of them.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { execPath } from 'node:process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  Client,
  StreamableHTTPClientTransport,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
} from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { createRouterClient } from '@orpc/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  Browser as CookieBrowser,
  answerAt,
  authorizeUrl,
  redeem,
  refresh,
  register,
} from '../access/authorization-server/fixture.ts';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temp.ts';
import { liveBroker, type LiveBroker } from '../ui/live-broker.ts';

let live: LiveBroker;
beforeEach(async () => {
  live = await liveBroker({ broker: { approvals: 'ask' } });
});
afterEach(() => live[Symbol.asyncDispose]());

const base = (): string => live.broker.control.bridge?.url ?? '';
const ui = () => createRouterClient(live.broker.ui, { context: { session: null } });

/** The one question that is open. */
const asked = async () => {
  const [prompt, other] = (await ui().approvals.list()).prompts;
  if (prompt === undefined || other !== undefined) throw new Error('there is not exactly one prompt open');
  return prompt;
};

const say = async (decision: 'allow' | 'deny'): Promise<void> => {
  await ui().approvals.decide({ id: (await asked()).id, decision, lasts: 'always' });
};

/** An agent's half: its own loopback callback, and what it remembers. */
async function agentOf(name: string) {
  const arrived = Promise.withResolvers<string>();
  const callback = createServer((req, res) => {
    arrived.resolve(new URL(req.url ?? '/', 'http://127.0.0.1').href);
    res.end('done');
  });
  await new Promise<void>((resolve) => void callback.listen(0, '127.0.0.1', resolve));
  const redirectUrl = `http://127.0.0.1:${(callback.address() as AddressInfo).port}/callback`;
  const opened = Promise.withResolvers<URL>();
  let client: StoredOAuthClientInformation | undefined;
  let tokens: StoredOAuthTokens | undefined;
  let verifier = '';
  let discovered: OAuthDiscoveryState | undefined;
  const provider: OAuthClientProvider = {
    redirectUrl,
    clientMetadata: { client_name: name, redirect_uris: [redirectUrl] },
    state: () => 'state',
    clientInformation: () => client,
    saveClientInformation: (information) => void (client = information),
    tokens: () => tokens,
    saveTokens: (saved) => void (tokens = saved),
    redirectToAuthorization: (url) => opened.resolve(url),
    saveCodeVerifier: (saved) => void (verifier = saved),
    codeVerifier: () => verifier,
    saveDiscoveryState: (saved) => void (discovered = saved),
    discoveryState: () => discovered,
  };
  return {
    provider,
    opened: opened.promise,
    arrived: arrived.promise,
    tokens: () => tokens,
    close: () => new Promise((resolve) => callback.close(resolve)),
  };
}

describe('the official SDK', () => {
  it('signs in to a server with its address alone, uses it, and comes back for new tokens by itself', async () => {
    await live.signIn();
    const upstream = live.authorizationServer.stats.requests.length;
    const agent = await agentOf('SDK agent');
    const url = new URL(`${base()}/mcp/notes`);
    const transport = () => new StreamableHTTPClientTransport(url, { authProvider: agent.provider });
    const first = transport();
    await expect(new Client({ name: 'sdk', version: '1' }).connect(first)).rejects.toThrow();

    const browser = new CookieBrowser();
    const page = await browser.follow((await agent.opened).href, base());
    expect(await asked()).toMatchObject({ kind: 'use', server: 'notes', agent: { name: 'SDK agent', kind: 'oauth' } });
    await say('allow');
    const { at } = await browser.follow(page.at, base());
    await first.finishAuth(new URL(at).searchParams);

    const client = new Client({ name: 'sdk', version: '1' });
    await client.connect(transport());
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    const before = agent.tokens();
    live.broker.control.store.issued
      .list('AccessToken')
      .forEach(({ model, idHash }) => live.broker.control.store.issued.remove(model, idHash));
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    expect(agent.tokens()?.access_token).not.toBe(before?.access_token);
    await client.close();
    await agent.close();
    // The grant was there before; nothing that the agent did reached who issued it.
    expect(live.authorizationServer.stats.requests).toHaveLength(upstream);
  });
});

describe('mcp-remote', () => {
  it('signs in through its own browser and callback, and lists the tools', { timeout: 60_000 }, async () => {
    await live.signIn();
    const folder = await temporaryFolder('mcp-remote');
    const program = join(fileURLToPath(import.meta.resolve('mcp-remote/package.json')), '..', 'dist', 'proxy.js');
    const transport = new StdioClientTransport({
      command: execPath,
      args: [program, `${base()}/mcp/notes`],
      env: folder.env({ MCP_REMOTE_CONFIG_DIR: join(folder.path, 'mcp-remote'), BROWSER: 'true' }),
      stderr: 'pipe',
    });
    let said = '';
    transport.stderr?.on('data', (chunk: Buffer) => void (said += chunk.toString('utf8')));
    const client = new Client({ name: 'behind-mcp-remote', version: '1' });
    const connecting = client.connect(transport);
    connecting.catch(() => undefined);
    const opened = (): string => /http:\/\/127\.0\.0\.1:\d+\/oauth\/authorize\?\S+/u.exec(said)?.[0] ?? '';
    await eventually(() => opened() !== '' && said.endsWith('\n'), 20_000);
    const browser = new CookieBrowser();
    const page = await browser.follow(opened(), base());
    expect(await asked()).toMatchObject({
      redirectUri: expect.stringMatching(/^http:\/\/(?:localhost|127\.0\.0\.1):\d+\/oauth\/callback$/u),
    });
    await say('allow');
    const { at } = await browser.follow(page.at, base());
    expect((await fetch(at)).status).toBeLessThan(400);
    await connecting;
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    await client.close();
    await folder.remove();
  });
});

describe.skipIf(chromiumPath() === null)('a real browser', () => {
  it(
    'waits on a page that goes on by itself once the person has decided in Tokentray',
    { timeout: 60_000 },
    async () => {
      const agent = await agentOf('Editor');
      const transport = new StreamableHTTPClientTransport(new URL(`${base()}/mcp/notes`), {
        authProvider: agent.provider,
      });
      await expect(new Client({ name: 'x', version: '1' }).connect(transport)).rejects.toThrow();
      const chromium = await launchChromium(chromiumPath() ?? '');
      try {
        const page = await chromium.newPage();
        await page.goto((await agent.opened).href);
        expect(await page.title()).toContain('Allow “Editor” in Tokentray?');
        expect(await page.getByRole('button').count()).toBe(0);
        await say('allow');
        const { code, iss } = answerAt(await agent.arrived);
        expect(iss).toBe(`${base()}/oauth`);
        await transport.finishAuth(code ?? '', iss);
        expect(agent.tokens()?.access_token).toEqual(expect.any(String));
      } finally {
        await chromium.close();
        await agent.close();
      }
    },
  );
});

const upstreamTraffic = (): number => live.authorizationServer.stats.requests.length;

const ping = (url: string, token: string): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
  });

describe('whatever is tried at the local authorization server', () => {
  it('never reaches the upstream authorization server, and opens no browser: crafted resource, redirect, scope, prompt, request objects, hints and issuers', async () => {
    const quiet = upstreamTraffic();
    let connections = 0;
    const inside = createServer().on('connection', () => (connections += 1));
    await new Promise<void>((resolve) => void inside.listen(0, '127.0.0.1', resolve));
    const { port } = inside.address() as AddressInfo;
    const d = { base: base() };
    const client = await register(d.base);
    const upstream = live.authorizationServer.issuer;
    const attempts: Record<string, string | null>[] = [
      {},
      { resource: live.server.url },
      { resource: upstream },
      { resource: null },
      { redirect_uri: `${upstream}/callback` },
      { redirect_uri: 'http://127.0.0.1:18730/callback' },
      { client_id: `${upstream}/client.json` },
      { client_id: `https://127.0.0.1:${port}/client.json` },
      { client_id: `https://localhost:${port}/client.json` },
      { client_id: `https://[::ffff:127.0.0.1]:${port}/client.json` },
      { scope: 'openid offline_access mcp admin' },
      { prompt: 'none' },
      { prompt: 'login consent select_account' },
      { request: 'eyJhbGciOiJub25lIn0.e30.' },
      { request_uri: `${upstream}/request.jwt` },
      { login_hint: 'alice', id_token_hint: 'a.b.c' },
      { iss: upstream, issuer: upstream },
      { response_mode: 'form_post' },
      { acr_values: 'urn:x', claims: '{}', registration: '{}' },
    ];
    for (const more of attempts) {
      const { at } = await new CookieBrowser().follow(authorizeUrl(d, client, more), d.base);
      expect(answerAt(at)['code']).toBeUndefined();
      expect(at.startsWith(upstream)).toBe(false);
    }
    inside.close();
    expect(connections).toBe(0);
    expect(upstreamTraffic()).toBe(quiet);
    expect(live.browser.visits).toEqual([]);
    for (const model of ['Grant', 'AccessToken', 'RefreshToken']) {
      expect(live.broker.control.store.issued.list(model)).toEqual([]);
    }
  });

  it('leaves the two kinds of token apart: an upstream token is none at the bridge, a local one none upstream', async () => {
    await live.signIn();
    const d = { base: base() };
    const client = await register(d.base);
    const browser = new CookieBrowser();
    const page = await browser.follow(authorizeUrl(d, client), d.base);
    await say('allow');
    const { code = '' } = answerAt((await browser.follow(page.at, d.base)).at);
    const tokens = (await (await redeem(d, client, code)).json()) as { access_token: string; refresh_token: string };

    const upstreamTokens = [...live.authorizationServer.issuedSecrets];
    expect(upstreamTokens.length).toBeGreaterThan(0);
    for (const token of upstreamTokens) {
      const answer = await ping(`${d.base}/mcp/notes`, token);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
      expect((await refresh(d, client, token)).status).toBe(400);
    }
    for (const token of [tokens.access_token, tokens.refresh_token])
      expect((await ping(live.server.url, token)).status).toBe(401);
    expect(upstreamTokens).not.toContain(tokens.access_token);
    expect((await ping(`${d.base}/mcp/notes`, tokens.refresh_token)).status).toBe(401);
    expect((await ping(`${d.base}/mcp/notes`, tokens.access_token)).status).not.toBe(401);
  });

  it('gives a token for one server that no other takes, and that is refused from the moment its approval ends', async () => {
    await live.signIn();
    await live.client.servers.add({ name: 'other', url: live.server.url });
    const d = { base: base() };
    const client = await register(d.base);
    const browser = new CookieBrowser();
    const page = await browser.follow(authorizeUrl(d, client), d.base);
    await say('allow');
    const { code = '' } = answerAt((await browser.follow(page.at, d.base)).at);
    const { access_token } = (await (await redeem(d, client, code)).json()) as { access_token: string };
    expect((await ping(`${d.base}/mcp/notes`, access_token)).status).not.toBe(401);
    const elsewhere = await ping(`${d.base}/mcp/other`, access_token);
    expect(elsewhere.status).toBe(401);
    expect(elsewhere.headers.get('www-authenticate')).toContain('/.well-known/oauth-protected-resource/mcp/other"');
    const [approval] = (await ui().approvals.list()).approvals;
    await ui().approvals.revoke({ id: approval?.id ?? '' });
    expect((await ping(`${d.base}/mcp/notes`, access_token)).status).toBe(401);
  });

  it('gets nothing past the person where approvals are off: that is for agents that are known', async () => {
    const off = await liveBroker({ broker: { approvals: 'off' } });
    try {
      const d = { base: off.broker.control.bridge?.url ?? '' };
      const browser = new CookieBrowser();
      const page = await browser.follow(authorizeUrl(d, await register(d.base)), d.base);
      expect((await browser.follow(page.at, d.base)).status).toBe(200);
      expect(off.broker.control.access.prompts.list()).toHaveLength(1);
      expect(off.broker.control.store.issued.list('Grant')).toEqual([]);
    } finally {
      await off[Symbol.asyncDispose]();
    }
  });

  it('is of no use to a web page: no call with its Origin, no frame, no answer that it could read', async () => {
    const foreign = { origin: 'https://evil.example' };
    for (const [path, method] of [
      ['/oauth/register', 'POST'],
      ['/oauth/token', 'POST'],
      ['/oauth/revoke', 'POST'],
      ['/.well-known/oauth-authorization-server/oauth', 'GET'],
      ['/.well-known/oauth-protected-resource/mcp/notes', 'GET'],
    ] as const) {
      const answer = await fetch(`${base()}${path}`, { method, headers: foreign });
      expect(answer.status).toBe(403);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
    const client = await register(base());
    const framed = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' };
    expect((await fetch(authorizeUrl({ base: base() }, client), { headers: framed, redirect: 'manual' })).status).toBe(
      403,
    );
    expect((await ui().approvals.list()).prompts).toEqual([]);
  });

  it('challenges an agent that has nothing with the way in, and nobody with a wrong name for this machine', async () => {
    const answer = await fetch(`${base()}/mcp/notes`, { method: 'POST' });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer realm="tokentray", scope="mcp", resource_metadata="${base()}/.well-known/oauth-protected-resource/mcp/notes"`,
    );
  });
});
