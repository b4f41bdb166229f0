// The MCP servers of the tests are real: the official client gets everything out of them, and only with the right token.
import {
  Client,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client';
import { afterEach, describe, expect, it } from 'vitest';
import { startAuthorizationServer, type AuthorizationServer } from './authorization-server.ts';
import { hashToken, startMcpServer, type McpServerOptions, type McpTestServer, type ServerEra } from './mcp-server.ts';
import { signInDirectly } from './oauth-client.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(options: McpServerOptions): Promise<McpTestServer> {
  const server = await startMcpServer(options);
  cleanups.push(server.close);
  return server;
}

async function startIssuer(): Promise<AuthorizationServer> {
  const server = await startAuthorizationServer();
  cleanups.push(server.close);
  return server;
}

async function connect(server: McpTestServer, token?: string): Promise<Client> {
  const client = new Client(
    { name: 'tester', version: '1.0.0' },
    {
      capabilities: { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
      ...(server.era === 'modern' ? { versionNegotiation: { mode: 'auto' as const } } : {}),
    },
  );
  client.setRequestHandler('elicitation/create', async (request) => {
    if (request.params.mode === 'url') return { action: 'accept' };
    const asked = JSON.stringify(request.params.requestedSchema);
    return {
      action: 'accept',
      content: asked.includes('colour') ? { colour: 'green' } : { word: request.params.message },
    };
  });
  client.setRequestHandler('sampling/createMessage', async () => ({
    model: 'mind',
    role: 'assistant' as const,
    content: { type: 'text' as const, text: 'hi' },
  }));
  client.setRequestHandler('roots/list', async () => ({ roots: [{ uri: 'file:///somewhere' }] }));
  const requestInit = token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } };
  const url = new URL(server.url);
  const transport: Transport =
    server.era === 'legacy-sse'
      ? new SSEClientTransport(url, { requestInit })
      : new StreamableHTTPClientTransport(url, { requestInit });
  await client.connect(transport);
  cleanups.push(() => client.close());
  return client;
}

const said = (result: { content?: unknown }): string => (result.content as { text: string }[])[0]?.text ?? '';

describe.each(['modern', 'legacy', 'legacy-sse'] as const)(
  'the %s MCP server that tests run against',
  (era: ServerEra) => {
    it('answers calls, prompts, resources, templates and completions', async () => {
      const client = await connect(await start({ era }));
      expect(client.getServerVersion()).toMatchObject({ name: 'everything' });
      const { tools } = await client.listTools();
      expect(tools.map((tool) => tool.name)).toContain('echo');
      expect(said(await client.callTool({ name: 'echo', arguments: { text: 'ho' } }))).toBe('ho');
      const sum = await client.callTool({ name: 'add', arguments: { a: 2, b: 3 } });
      expect(sum.structuredContent).toEqual({ sum: 5 });
      expect(await client.callTool({ name: 'failing' })).toMatchObject({ isError: true });
      expect(said(await client.callTool({ name: 'big', arguments: { bytes: 100_000 } }))).toHaveLength(100_000);
      const prompt = await client.getPrompt({ name: 'greet', arguments: { name: 'Ada', language: 'french' } });
      expect(prompt.messages[0]?.content).toMatchObject({ text: 'Greet Ada in french.' });
      const read = await client.readResource({ uri: 'note://day/monday' });
      expect(read.contents[0]).toMatchObject({ text: 'note of monday' });
      expect((await client.listResourceTemplates()).resourceTemplates).toHaveLength(1);
      const ref = { type: 'ref/prompt' as const, name: 'greet' };
      const completed = await client.complete({ ref, argument: { name: 'language', value: 'es' } });
      expect(completed.completion.values).toEqual(['esperanto', 'estonian']);
    });

    it('asks the client in the middle of a call', async () => {
      const client = await connect(await start({ era }));
      expect(said(await client.callTool({ name: 'ask' }))).toBe('colour green');
      expect(said(await client.callTool({ name: 'ask-twice' }))).toBe('Word 1? Word 2?');
      expect(said(await client.callTool({ name: 'ask-url' }))).toBe('visit accept');
      expect(said(await client.callTool({ name: 'sample' }))).toBe('mind: {"type":"text","text":"hi"}');
      expect(said(await client.callTool({ name: 'roots' }))).toBe('file:///somewhere');
    });

    it('reports progress and records that a cancellation arrived', async () => {
      const server = await start({ era });
      const client = await connect(server);
      const steps: number[] = [];
      const onprogress = (update: { progress: number }): void => void steps.push(update.progress);
      const done = await client.callTool({ name: 'slow', arguments: { steps: 3, everyMs: 1 } }, { onprogress });
      expect(said(done)).toBe('3 steps');
      expect(steps).toEqual([1, 2, 3]);
      const controller = new AbortController();
      const endless = client.callTool({ name: 'slow', arguments: { steps: 0 } }, { signal: controller.signal });
      const failed = expect(endless).rejects.toThrow();
      await server.until(() => server.calls['slow'] === 2);
      controller.abort('enough');
      await failed;
      await server.until(() => server.cancelled.length === 1);
      expect(server.cancelled[0]).toMatchObject({ tool: 'slow' });
    });

    it('logs at the level that the client wants', async () => {
      const client = await connect(await start({ era }));
      const seen: string[] = [];
      client.setNotificationHandler('notifications/message', (note) => void seen.push(note.params.level));
      if (era === 'modern') {
        const level = { 'io.modelcontextprotocol/logLevel': 'error' };
        await client.callTool({ name: 'log', arguments: {}, _meta: level });
      } else {
        await client.setLoggingLevel('error');
        await client.callTool({ name: 'log', arguments: {} });
      }
      expect(seen).toEqual(['error', 'critical', 'alert', 'emergency']);
    });

    it('tells of changed lists and updated resources', async () => {
      const server = await start({ era });
      const client = await connect(server);
      const seen: string[] = [];
      const note = (name: string) => () => {
        seen.push(name);
        server.log.changed();
      };
      client.setNotificationHandler('notifications/tools/list_changed', note('tools'));
      client.setNotificationHandler('notifications/resources/updated', note('updated'));
      if (era === 'modern') {
        await client.listen({ toolsListChanged: true, resourceSubscriptions: ['note://today'] });
      } else {
        await client.subscribeResource({ uri: 'note://today' });
        if (era === 'legacy') await server.until(() => server.openStreams().length === 1);
      }
      server.change('tools');
      await server.until(() => seen.includes('tools'));
      server.updateNote('rain');
      await server.until(() => seen.includes('updated'));
      expect((await client.listTools()).tools.map((tool) => tool.name)).toContain('added-1');
      expect((await client.readResource({ uri: 'note://today' })).contents[0]).toMatchObject({ text: 'rain' });
    });

    it('lets nobody in without a live token for itself, and knows who it is', async () => {
      const issuer = await startIssuer();
      const server = await start({ era, auth: { authorizationServer: issuer } });
      await expect(connect(server)).rejects.toThrow();
      const resource = server.resource ?? '';
      const { tokens } = await signInDirectly(issuer, { resource, scope: 'mcp', browser: { account: 'eve' } });
      const token = tokens?.access_token ?? '';
      const client = await connect(server, token);
      const who = JSON.parse(said(await client.callTool({ name: 'whoami' }))) as unknown;
      expect(who).toEqual({ sub: 'eve', scopes: ['mcp'], token: hashToken(token) });
      expect(JSON.stringify(server.requests)).not.toContain(token);
      const elsewhere = await signInDirectly(issuer, { resource: 'http://127.0.0.1:9/mcp', scope: 'mcp' });
      await expect(connect(server, elsewhere.tokens?.access_token)).rejects.toThrow();
      issuer.revokeAllGrants('eve');
      await expect(client.callTool({ name: 'whoami' })).rejects.toThrow();
    });
  },
);

describe('the protection of the test MCP servers', () => {
  it('points to its metadata and names the scope that a tool lacks', async () => {
    const issuer = await startIssuer();
    const server = await start({ era: 'modern', auth: { authorizationServer: issuer, challenge: { scope: true } } });
    const unauthorized = await fetch(server.url, { method: 'POST', body: '{}' });
    expect(unauthorized.status).toBe(401);
    const challenge = unauthorized.headers.get('www-authenticate') ?? '';
    expect(challenge).toContain('scope="mcp"');
    const metadata = /resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? '';
    expect(await (await fetch(metadata)).json()).toMatchObject({
      resource: server.url,
      authorization_servers: [issuer.issuer],
      scopes_supported: ['mcp', 'admin'],
    });
    const { tokens } = await signInDirectly(issuer, { resource: server.url, scope: 'mcp' });
    const headers = { authorization: `Bearer ${tokens?.access_token}` };
    const call = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'admin' } });
    const forbidden = await fetch(server.url, { method: 'POST', body: call, headers });
    expect(forbidden.status).toBe(403);
    expect(forbidden.headers.get('www-authenticate')).toMatch(/error="insufficient_scope", scope="admin"/);
    server.setChallenge({ header: false });
    const silent = await fetch(server.url, { method: 'POST', body: call, headers });
    expect(silent.headers.get('www-authenticate')).toBeNull();
    server.refuse({ status: 401 });
    expect((await fetch(server.url, { method: 'POST', body: '{}', headers })).status).toBe(401);
    server.fault({ status: 502 });
    expect((await fetch(server.url, { method: 'POST', body: '{}', headers })).status).toBe(502);
  });

  it('can live on the origin of its authorization server, without metadata, as 2025-03-26 servers do', async () => {
    const issuer = await startIssuer();
    const auth = { authorizationServer: issuer, metadataAt: 'none', checkAudience: false } as const;
    const server = await start({ era: 'legacy', onAuthorizationServer: true, auth });
    expect(server.origin).toBe(issuer.origin);
    const { tokens } = await signInDirectly(issuer, { scope: 'mcp' });
    const client = await connect(server, tokens?.access_token);
    expect(said(await client.callTool({ name: 'echo', arguments: { text: 'old' } }))).toBe('old');
    const metadata = await fetch(`${server.origin}/.well-known/oauth-protected-resource/mcp`);
    expect(metadata.status).toBe(404);
  });

  it('forgets sessions and takes up cut streams again', async () => {
    const server = await start({ era: 'legacy', resumable: true });
    const client = await connect(server);
    const seen: string[] = [];
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      seen.push('tools');
      server.log.changed();
    });
    await server.until(() => server.openStreams().length === 1);
    server.change('tools');
    await server.until(() => seen.length === 1);
    expect(server.cutStreams()).toBe(1);
    await server.until(() => server.requests.some((request) => request.headers['last-event-id'] !== undefined));
    expect(server.sessions()).toBe(1);
    server.dropSessions();
    await expect(client.listTools()).rejects.toThrow();
    expect(server.log.list({ rpc: 'tools/list' }).at(-1)?.status).toBe(404);
  });
});
