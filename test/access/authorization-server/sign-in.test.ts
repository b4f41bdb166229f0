// An agent that speaks MCP authorization needs nothing but the address of a server, and the person's yes in Tokentray.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callerOf } from '../../../main/bridge/listener.ts';
import {
  answerAt,
  authorizeUrl,
  Browser,
  desk,
  errorOf,
  redeem,
  redirectUri,
  refresh,
  register,
  post,
  signIn,
  type Desk,
} from './fixture.ts';

let d: Desk;
beforeEach(async () => {
  d = await desk();
});
afterEach(() => d[Symbol.asyncDispose]());

const json = async (path: string): Promise<Record<string, unknown>> =>
  (await (await fetch(`${d.base}${path}`)).json()) as Record<string, unknown>;

describe('what an agent finds', () => {
  it('is each server with its own metadata, and one authorization server for all of them', async () => {
    expect(await json('/.well-known/oauth-protected-resource/mcp/notes')).toMatchObject({
      resource: `${d.base}/mcp/notes`,
      authorization_servers: [`${d.base}/oauth`],
      bearer_methods_supported: ['header'],
    });
    expect((await fetch(`${d.base}/.well-known/oauth-protected-resource/mcp/nobody`)).status).toBe(404);
  });

  it.each([
    '/.well-known/oauth-authorization-server/oauth',
    '/.well-known/openid-configuration/oauth',
    '/oauth/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
  ])('is the same server metadata at %s', async (path) => {
    expect(await json(path)).toMatchObject({
      issuer: `${d.base}/oauth`,
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none'],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
    });
  });

  it('is a challenge that leads there, and says so when a token was no good', () => {
    const challenge = d.authorization.challenge('notes', false);
    expect(challenge).toBe(
      `Bearer realm="tokentray", scope="mcp", resource_metadata="${d.base}/.well-known/oauth-protected-resource/mcp/notes"`,
    );
    expect(d.authorization.challenge('notes', true)).toContain('error="invalid_token"');
    expect(d.authorization.challenge('nobody', false)).toBe('Bearer realm="tokentray"');
  });
});

describe('a sign-in', () => {
  it('shows a page that decides nothing, asks in Tokentray, and ends with a code, the state and the issuer', async () => {
    const client = await register(d.base);
    const browser = new Browser();
    const page = await browser.follow(authorizeUrl(d, client), d.base);
    const [prompt] = d.access.prompts.list();
    expect(prompt).toMatchObject({ kind: 'use', server: 'notes', redirectUri, via: 'http', waiting: 1 });
    expect(prompt?.agent).toMatchObject({ kind: 'oauth', name: 'Editor', claimed: { name: 'Editor' } });
    expect(page.status).toBe(200);
    expect(page.page).toContain(`tokentray approve ${prompt?.id}`);
    expect(page.page).toContain('a program on this machine, port 43210');
    expect(page.page).toContain('127.0.0.1:43210/callback');
    expect(page.page).not.toMatch(/<script|name="answer"/u);
    const again = await browser.get(page.at);
    expect(again.headers.get('refresh')).toBe('2');
    expect(again.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(d.access.prompts.list()).toHaveLength(1);

    d.decide('allow');
    const { at } = await browser.follow(page.at, d.base);
    expect(at.startsWith(`${redirectUri}?`)).toBe(true);
    const { code, ...rest } = answerAt(at);
    expect(rest).toEqual({ state: 'state-of-the-agent', iss: `${d.base}/oauth` });

    const answer = await redeem(d, client, code ?? '');
    expect(answer.headers.get('cache-control')).toContain('no-store');
    const tokens = (await answer.json()) as Record<string, unknown>;
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 600, scope: 'mcp' });
    expect(d.whose(String(tokens['access_token']))).toBe('Editor');
    expect(d.events.map(({ kind }) => kind)).toEqual([
      'client-registered',
      'approval-asked',
      'approved',
      'local-token-issued',
    ]);
  });

  it('heads its page with what the agent calls itself, and says how Tokentray lists it where that is another name', async () => {
    const first = await new Browser().follow(authorizeUrl(d, await register(d.base)), d.base);
    const second = await new Browser().follow(authorizeUrl(d, await register(d.base)), d.base);
    expect(d.access.prompts.list().map(({ agent }) => agent.name)).toEqual(['Editor', 'Editor 2']);
    for (const { page } of [first, second]) {
      expect(page).toMatch(/<h1[^>]*>Allow “Editor” in Tokentray\?<\/h1>/u);
      expect(page).toContain('<strong>Editor</strong> wants to sign in');
    }
    expect(first.page).not.toContain('Tokentray lists it');
    expect(second.page).toContain('Tokentray lists it as <strong>Editor 2</strong>.');
  });

  it('brings the window up at its question when the person presses the button, and only in the browser that began it', async () => {
    const browser = new Browser();
    const page = await browser.follow(authorizeUrl(d, await register(d.base)), d.base);
    expect((await browser.get(`${page.at}/show`, 'POST')).status).toBe(303);
    expect(d.shown).toEqual({ count: 1, prompt: d.access.prompts.list()[0]?.id });
    expect((await new Browser().get(`${page.at}/show`, 'POST')).status).toBe(400);
    expect(d.shown.count).toBe(1);
  });

  it('ends with access_denied when the person says no, and again without a question when they said never', async () => {
    const client = await register(d.base);
    const browser = new Browser();
    const page = await browser.follow(authorizeUrl(d, client), d.base);
    d.decide('deny', 'always');
    const { at } = await browser.follow(page.at, d.base);
    expect(answerAt(at)).toMatchObject({ error: 'access_denied', iss: `${d.base}/oauth` });
    const second = await new Browser().follow(authorizeUrl(d, client), d.base);
    expect(answerAt(second.at)).toMatchObject({ error: 'access_denied' });
    expect(d.access.prompts.list()).toEqual([]);
  });

  it('ends with access_denied when nobody answered for 15 minutes', async () => {
    const browser = new Browser();
    const page = await browser.follow(authorizeUrl(d, await register(d.base)), d.base);
    await d.clock.advance(15 * 60_000);
    // Somebody else's sign-in meanwhile clears away what is over, and this one is not over before it was told.
    await new Browser().follow(authorizeUrl(d, await register(d.base)), d.base);
    expect(answerAt((await browser.follow(page.at, d.base)).at)).toMatchObject({
      error: 'access_denied',
      error_description: 'Nobody answered in time.',
    });
    expect(d.access.prompts.list()).toHaveLength(1);
  });

  it('is asked about each time, for the approval that stands may be another program’s', async () => {
    const client = await register(d.base);
    await signIn(d, client);
    const page = await new Browser().follow(authorizeUrl(d, client), d.base);
    expect(page.status).toBe(200);
    expect(d.access.prompts.list()).toHaveLength(1);
  });

  it('that was begun and left is nobody’s burden after a quarter of an hour', async () => {
    for (let count = 0; count < 20; count += 1) {
      // No more of them are asked about in ten minutes.
      if (count % 10 === 0) await d.clock.advance(10 * 60_000);
      await new Browser().follow(authorizeUrl(d, await register(d.base, { client_name: `Editor ${count}` })), d.base);
    }
    await d.clock.advance(60_000);
    const late = await register(d.base);
    expect((await new Browser().follow(authorizeUrl(d, late), d.base)).status).toBe(503);
    await d.clock.advance(15 * 60_000);
    expect((await new Browser().follow(authorizeUrl(d, late), d.base)).status).toBe(200);
  });

  it('of an agent of before RFC 8707 means the one server that there is, and none where there are several', async () => {
    const client = await register(d.base);
    const many = await new Browser().follow(authorizeUrl(d, client, { resource: null }), d.base);
    expect(answerAt(many.at)).toMatchObject({ error: 'invalid_target' });
    d.store.servers.remove('mail');
    d.store.servers.remove('paused');
    await new Browser().follow(authorizeUrl(d, client, { resource: null }), d.base);
    expect(d.access.prompts.list()).toMatchObject([{ server: 'notes' }]);
  });

  it.each([
    ['allow', 'You allowed this', /\?code=[\w-]+&#38;/u],
    ['deny', 'Not signed in', /\?error=access_denied&#38;/u],
  ] as const)(
    'of an editor with a scheme of its own ends on a page that says what came of it, with the way back: %s',
    async (decision, title, answer) => {
      const client = await register(d.base, { redirect_uris: ['vscode://vscode.example/did-authenticate'] });
      const browser = new Browser();
      const page = await browser.follow(authorizeUrl(d, client), d.base);
      expect(page.page).toContain('the program that opens vscode: links');
      d.decide(decision, 'once');
      const last = await browser.follow(page.at, d.base);
      expect(last.status).toBe(200);
      expect(last.page).toContain(`<h1 class="${decision === 'allow' ? 'good' : 'plain'}">${title}</h1>`);
      const [, href] = /href="(vscode:\/\/vscode\.example\/did-authenticate[^"]+)"/u.exec(last.page) ?? [];
      expect(href).toMatch(answer);
      expect(last.page.includes('The person said no.')).toBe(decision === 'deny');
    },
  );
});

describe('tokens', () => {
  it('live ten minutes, and are replaced with a refresh token that is good once', async () => {
    const client = await register(d.base);
    const first = await signIn(d, client);
    await d.clock.advance(10 * 60_000 - 1);
    expect(d.whose(first.access_token)).toBe('Editor');
    await d.clock.advance(1);
    expect(d.whose(first.access_token)).toBeNull();
    const second = (await (await refresh(d, client, first.refresh_token)).json()) as typeof first;
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(d.whose(second.access_token)).toBe('Editor');
    expect(d.events.at(-1)).toMatchObject({ kind: 'local-token-refreshed', agent: 'Editor', server: 'notes' });
  });

  it('of a family die all together when a used refresh token comes again', async () => {
    const client = await register(d.base);
    const first = await signIn(d, client);
    const second = (await (await refresh(d, client, first.refresh_token)).json()) as typeof first;
    const agent = d.store.agents.byIdentity('oauth', client.clientId);
    if (agent === null) throw new Error('no agent');
    const open = d.access.guards.guard(callerOf(agent), 'notes');
    expect(open.ended.aborted).toBe(false);
    expect(await errorOf(refresh(d, client, first.refresh_token))).toBe('invalid_grant');
    expect(open.ended.aborted).toBe(true);
    expect(d.whose(second.access_token)).toBeNull();
    expect(await errorOf(refresh(d, client, second.refresh_token))).toBe('invalid_grant');
    expect(d.events.map(({ kind }) => kind)).toContain('local-token-replayed');
  });

  it('are issued once where one refresh token comes twenty times at once, and then to nobody', async () => {
    const client = await register(d.base);
    const first = await signIn(d, client);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(d, client, first.refresh_token)));
    const good = answers.filter(({ status }) => status === 200);
    expect(good.length).toBeLessThanOrEqual(1);
    for (const answer of good) {
      const { access_token, refresh_token } = (await answer.json()) as typeof first;
      expect(d.whose(access_token)).toBeNull();
      expect(await errorOf(refresh(d, client, refresh_token))).toBe('invalid_grant');
    }
  });

  it('of a code that comes twice die', async () => {
    const client = await register(d.base);
    const browser = new Browser();
    const page = await browser.follow(authorizeUrl(d, client), d.base);
    d.decide('allow');
    const { code = '' } = answerAt((await browser.follow(page.at, d.base)).at);
    const { access_token } = (await (await redeem(d, client, code)).json()) as { access_token: string };
    expect(await errorOf(redeem(d, client, code))).toBe('invalid_grant');
    expect(d.whose(access_token)).toBeNull();
  });

  it('are good no more once the agent gives them back', async () => {
    const client = await register(d.base);
    const tokens = await signIn(d, client);
    const other = await register(d.base);
    await post(`${d.base}/oauth/revoke`, { token: tokens.refresh_token, client_id: other.clientId });
    expect(d.whose(tokens.access_token)).toBe('Editor');
    const gone = await post(`${d.base}/oauth/revoke`, { token: tokens.refresh_token, client_id: client.clientId });
    expect(gone.status).toBe(200);
    expect(d.whose(tokens.access_token)).toBeNull();
    expect(await errorOf(refresh(d, client, tokens.refresh_token))).toBe('invalid_grant');
    expect(d.events.at(-1)).toMatchObject({ kind: 'local-token-revoked', agent: 'Editor', server: 'notes' });
  });

  it('survive a restart of the broker, and are not to be found in its database', async () => {
    const client = await register(d.base);
    const tokens = await signIn(d, client);
    await d.restart();
    expect(d.whose(tokens.access_token)).toBe('Editor');
    const kept = ['Client', 'Grant', 'AccessToken', 'RefreshToken'].flatMap((model) => d.store.issued.list(model));
    expect(kept).toHaveLength(4);
    const text = JSON.stringify(kept);
    for (const token of [tokens.access_token, tokens.refresh_token]) expect(text).not.toContain(token);
    expect((await refresh(d, client, tokens.refresh_token)).status).toBe(200);
  });

  it('that were on their way while all that they are based on was taken back are good for nothing', async () => {
    const { access_token } = await signIn(d, await register(d.base));
    const [grant] = d.store.issued.list('Grant');
    d.store.issued.remove('Grant', grant?.idHash ?? '');
    expect(d.whose(access_token)).toBeNull();
  });

  it('leave nothing behind when their time is over', async () => {
    const client = await register(d.base);
    await signIn(d, client);
    await d.clock.advance(400 * 24 * 60 * 60_000);
    await d.restart();
    for (const model of ['Client', 'Grant', 'AccessToken', 'RefreshToken']) {
      expect(d.store.issued.list(model)).toEqual([]);
    }
  });
});

const good = async () => {
  const client = await register(d.base);
  return { client, tokens: await signIn(d, client) };
};
const agentId = (): string => d.agents.list()[0]?.id ?? '';

describe('tokens die at once', () => {
  it.each([
    ['the approval is revoked', () => d.access.approvals.revokeAll()],
    ['the agent is revoked', () => d.agents.revoke({ id: agentId() })],
    [
      'the person denies the agent',
      () => {
        const agent = d.store.agents.get(agentId());
        if (agent === null) throw new Error('no agent');
        d.access.approvals.decide(
          { agent, server: 'notes', account: 'default' },
          [],
          { decision: 'deny', lasts: 'always' },
          'window',
        );
      },
    ],
    [
      'the server is forgotten',
      () => {
        d.access.serverForgotten('notes');
        d.authorization.serverForgotten('notes');
        d.store.servers.remove('notes');
      },
    ],
  ])('when %s', async (_title, happens) => {
    const { client, tokens } = await good();
    happens();
    expect(d.whose(tokens.access_token)).toBeNull();
    expect(await errorOf(refresh(d, client, tokens.refresh_token))).toBe('invalid_grant');
    expect(d.store.issued.list('RefreshToken')).toEqual([]);
    expect(d.events.map(({ kind }) => kind)).toContain('local-token-revoked');
  });

  it('when the approval was until a time, and that has come', async () => {
    const client = await register(d.base);
    const browser = new Browser();
    const page = await browser.follow(authorizeUrl(d, client), d.base);
    const [prompt] = d.access.prompts.list();
    d.access.prompts.decide(
      prompt?.id ?? '',
      { decision: 'allow', lasts: 'until', until: d.clock.now() + 60_000 },
      'window',
    );
    const { code = '' } = answerAt((await browser.follow(page.at, d.base)).at);
    const { access_token } = (await (await redeem(d, client, code)).json()) as { access_token: string };
    await d.clock.advance(59_999);
    expect(d.whose(access_token)).toBe('Editor');
    await d.clock.advance(1);
    expect(d.whose(access_token)).toBeNull();
  });

  it('but those of another server, and of another agent, stay', async () => {
    const { client, tokens } = await good();
    const mail = await signIn(d, client, 'always', 'mail');
    const other = await signIn(d, await register(d.base, { client_name: 'Other' }));
    const [row] = d.access.approvals
      .living()
      .filter(
        (one) => one.server === 'notes' && one.agentId !== d.agents.list().find(({ name }) => name === 'Other')?.id,
      );
    d.access.approvals.revoke(row?.id ?? '');
    expect(d.whose(tokens.access_token)).toBeNull();
    expect(d.whose(mail.access_token, 'mail')).toBe('Editor');
    expect(d.whose(other.access_token)).toBe('Other');
  });

  it('even those of an approval that ended while no broker ran', async () => {
    const { tokens } = await good();
    const [row] = d.access.approvals.living();
    d.store.approvals.end(row?.id ?? '', d.clock.now(), 'revoked');
    await d.restart();
    expect(d.whose(tokens.access_token)).toBeNull();
  });
});
