// A request passes as it is where agent and server speak the same era, and goes to the relay everywhere else.
import { afterEach, describe, expect, it } from 'vitest';
import { TokentrayError } from '../../main/errors.ts';
import type { Incoming } from '../../main/bridge/incoming.ts';
import type { GrantState } from '../../main/grants/types.ts';
import { defaultPort, startBridge } from '../../main/bridge/listener.ts';
import { agentHeaders, ask, call, gate, loopback, setup, text, type Setup, type SetupOptions } from './fixture.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function bridged(options: Partial<SetupOptions> = {}): Promise<Setup> {
  const server = await loopback((req, res) => {
    void text(req).then((body) => res.writeHead(200, { 'x-way': 'forward' }).end(body));
  });
  const made = await setup({ upstream: server.url, ...options });
  open.push(made, server);
  return made;
}

const modern = { 'mcp-protocol-version': '2026-07-28' };
const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'old', version: '1' } },
});

async function way(made: Setup, body: string | Buffer, headers: Record<string, string> = {}): Promise<unknown> {
  const sent: Record<string, unknown> = { ...agentHeaders(made.key), ...headers };
  if (headers['mcp-protocol-version'] === '') delete sent['mcp-protocol-version'];
  const answer = await ask(made.mcp, { method: 'POST', headers: sent as Record<string, string>, body });
  return answer.headers['x-way'];
}

const large = (params: object): string =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: { text: 'x'.repeat(2_000_000), ...params } });

describe('the way of a request', () => {
  it.each([
    ['legacy', 'legacy', 'forward'],
    ['legacy', 'modern', 'relay'],
    ['legacy', 'legacy-sse', 'relay'],
    ['modern', 'legacy', 'relay'],
    ['modern', 'modern', 'forward'],
    ['modern', 'legacy-sse', 'relay'],
  ] as const)('of a %s agent to a %s server is: %s', async (agent, server, expected) => {
    const made = await bridged({ serverEra: async () => server });
    expect(await way(made, call(1), agent === 'modern' ? modern : {})).toBe(expected);
    if (agent === 'legacy') expect(await way(made, initialize, { 'mcp-protocol-version': '' })).toBe(expected);
  });

  it('is known by a large body as by a small one', async () => {
    const made = await bridged({ serverEra: async () => 'modern' });
    const said = { ...modern, 'mcp-method': 'ping' };
    const stamped = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };
    expect(await way(made, large(stamped), said)).toBe('forward');
    expect(await way(made, large({}))).toBe('relay');
  });

  it.each([
    ['open', 'forward'],
    ['connected', 'forward'],
    ['retrying', 'forward'],
    ['signing-in', 'relay'],
    ['needs-sign-in', 'relay'],
  ] as const)(
    'while the grant is %s is: %s, and an unsigned server is not asked for its era',
    async (state, expected) => {
      let probed = 0;
      const made = await bridged({
        state: () => state,
        serverEra: async () => {
          probed += 1;
          return 'legacy';
        },
      });
      expect(await way(made, call(1))).toBe(expected);
      expect(probed).toBe(expected === 'forward' ? 1 : 0);
    },
  );

  it('is the relay where the server says nothing of its era before a sign-in', async () => {
    const made = await bridged({
      serverEra: async () => {
        throw new TokentrayError('needs_sign_in', 'not signed in');
      },
    });
    expect(await way(made, call(1))).toBe('relay');
  });

  it('is an error that names the server where its era cannot be found out', async () => {
    const made = await bridged({
      serverEra: async () => {
        throw new TokentrayError('unreachable', '"http://notes" cannot be reached');
      },
    });
    const answer = await ask(made.mcp, { method: 'POST', headers: agentHeaders(made.key), body: call(5) });
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.text)).toMatchObject({ id: 5, error: { data: { code: 'unreachable' } } });
  });

  it('is where its session lives: the relay’s own stay there, the server’s own go through, signed in or not', async () => {
    let state: GrantState['kind'] = 'connected';
    const made = await bridged({ state: () => state, relay: { owns: (id) => id === 'of-the-relay' } });
    for (const method of ['POST', 'GET', 'DELETE']) {
      const to = async (id: string): Promise<unknown> => {
        const headers = agentHeaders(made.key, { 'mcp-session-id': id });
        return (await ask(made.mcp, { method, headers, ...(method === 'POST' ? { body: call(1) } : {}) })).headers[
          'x-way'
        ];
      };
      state = 'connected';
      expect(await to('of-the-relay')).toBe('relay');
      expect(await to('of-the-server')).toBe('forward');
      state = 'needs-sign-in';
      expect(await to('of-the-server')).toBe('forward');
    }
  });
});

describe('what goes to the relay', () => {
  it('has its body and MCP headers, and neither the key nor cookies', async () => {
    const seen: { request: Request; body: Incoming | undefined }[] = [];
    const made = await bridged({
      state: () => 'needs-sign-in',
      relay: {
        handle: async (request, read) => {
          seen.push({ request, body: read });
          return new Response(null, { status: 202, headers: { 'mcp-session-id': 'new', 'set-cookie': 'a=1' } });
        },
      },
    });
    const body = call('a', 'tools/call');
    const answer = await ask(made.mcp, {
      method: 'POST',
      headers: agentHeaders(made.key, { cookie: 'a=1', 'mcp-method': 'tools/call' }),
      body,
    });
    const [one] = seen;
    expect(one?.body).toMatchObject({ messages: [JSON.parse(body)], bytes: [body.length] });
    expect(one?.request.headers.get('mcp-method')).toBe('tools/call');
    expect(one?.request.headers.get('authorization')).toBeNull();
    expect(one?.request.headers.get('cookie')).toBeNull();
    expect(answer.status).toBe(202);
    expect(answer.headers['mcp-session-id']).toBe('new');
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  it('begins before its first event', async () => {
    const first = gate();
    const made = await bridged({
      state: () => 'needs-sign-in',
      relay: {
        handle: async () =>
          new Response(
            new ReadableStream({
              async start(controller) {
                await first.opened;
                controller.close();
              },
            }),
            { headers: { 'content-type': 'text/event-stream' } },
          ),
      },
    });
    const headers = agentHeaders(made.key) as Record<string, string>;
    const response = await fetch(made.mcp, { method: 'POST', headers, body: call(1) });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    first.open();
    expect(await response.text()).toBe('');
  });

  it('streams back chunk by chunk, and is cancelled when the agent hangs up', async () => {
    const [second, cancelled, aborted] = [gate(), gate(), gate()];
    const made = await bridged({
      state: () => 'needs-sign-in',
      relay: {
        handle: async (request) => {
          request.signal.addEventListener('abort', () => aborted.open());
          const encoder = new TextEncoder();
          return new Response(
            new ReadableStream({
              async start(controller) {
                controller.enqueue(encoder.encode('data: 1\n\n'));
                await second.opened;
                controller.enqueue(encoder.encode('data: 2\n\n'));
              },
              cancel: () => cancelled.open(),
            }),
            { headers: { 'content-type': 'text/event-stream' } },
          );
        },
      },
    });
    const abort = new AbortController();
    const response = await fetch(made.mcp, {
      method: 'POST',
      headers: agentHeaders(made.key) as Record<string, string>,
      body: call(1),
      signal: abort.signal,
    });
    const reader = response.body?.getReader();
    const read = async (): Promise<string> => new TextDecoder().decode((await reader?.read())?.value);
    expect(await read()).toBe('data: 1\n\n');
    second.open();
    expect(await read()).toBe('data: 2\n\n');
    abort.abort();
    await cancelled.opened;
    await aborted.opened;
  });

  it('is answered with a JSON-RPC error when the relay fails, without inner words', async () => {
    const made = await bridged({
      state: () => 'needs-sign-in',
      relay: { handle: () => Promise.reject(new Error('inner detail')) },
    });
    const answer = await ask(made.mcp, { method: 'POST', headers: agentHeaders(made.key), body: call(6) });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('inner detail');
  });
});

describe('the port', () => {
  it('is the preferred one when it is free, and a free one is taken and said when not', async () => {
    const first = await bridged();
    const second = await bridged({ preferredPort: first.bridge.port });
    expect(second.bridge.port).not.toBe(first.bridge.port);
    expect(second.bridge.onPreferredPort).toBe(false);
    expect((await ask(second.mcp, { method: 'POST', headers: agentHeaders(second.key), body: call(1) })).status).toBe(
      200,
    );
    const freed = first.bridge.port;
    await first.bridge.close();
    const third = await bridged({ preferredPort: freed });
    expect(third.bridge.port).toBe(freed);
    expect(third.bridge.onPreferredPort).toBe(true);
  });

  it('is by default below those that systems hand out by themselves', () => {
    expect(defaultPort).toBeGreaterThan(1023);
    expect(defaultPort).toBeLessThan(32_768);
    expect(startBridge).toBeTypeOf('function');
  });
});

describe('a server that is forgotten', () => {
  it('has its streams broken off, and those of others go on', async () => {
    const began = { count: 0 };
    const server = await loopback((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      began.count += 1;
    });
    open.push(server);
    const made = await bridged({ upstream: server.url });
    const row = made.store.servers.get('notes');
    if (row === null) throw new Error('no server');
    made.store.servers.add({ ...row, name: 'other' });
    const streams = ['notes', 'other'].map((name) => {
      const ended = { value: false };
      const asked = ask(`${made.bridge.url}/mcp/${name}`, { headers: agentHeaders(made.key) });
      const done = asked.catch(() => undefined).finally(() => (ended.value = true));
      return { ended, done };
    });
    await expect.poll(() => began.count).toBe(2);
    made.bridge.forget('notes');
    await streams[0]?.done;
    expect(streams[1]?.ended.value).toBe(false);
  });
});
