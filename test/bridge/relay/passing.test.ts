// What the relay need not understand passes as it is; what the other era has no word for is said in a way it knows.
import { describe, expect, it } from 'vitest';
import { startMcpServer } from '../../support/mcp-server.ts';
import { connectAgent, said } from './agent.ts';
import { overHttp, overStdio, testUpstream } from './bench.ts';
import { discovered, hello, initialized, notFound, rawAgent, scriptedServer, stamped } from './raw.ts';
import type { Answer, Json } from './raw.ts';
import { keptUntilTheEnd } from '../../support/kept.ts';

const kept = keptUntilTheEnd();

const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $defs: { place: { $anchor: 'place', type: 'object', properties: { street: { type: 'string' } } } },
  type: 'object',
  properties: { home: { $ref: '#/$defs/place' }, far: { $ref: 'http://127.0.0.1:1/never' } },
  allOf: [{ anyOf: [{ required: ['home'] }, { required: ['far'] }] }],
  if: { required: ['far'] },
  else: { not: { required: ['far'] } },
  unevaluatedProperties: false,
};
const strange = { name: 'strange', inputSchema: schema, 'com.example/own': { kept: [1, null, 'é'] }, icons: [{}] };

const perEra = {
  old: { greeting: 'initialize', params: hello({ 'com.example/ability': { a: 1 } }), stamp: (params: Json) => params },
  new: { greeting: 'server/discover', params: stamped(), stamp: (params: Json) => stamped(params) },
} as const;
const script =
  (answer: (message: Json) => Answer, capabilities: Json = { tools: {}, 'com.example/feature': { deep: [true] } }) =>
  (message: Json): Answer => {
    if (message['method'] === 'server/discover') return discovered(capabilities);
    return message['method'] === 'initialize' ? initialized(capabilities) : answer(message);
  };
const onlyOld =
  (inner: (message: Json) => Answer) =>
  (message: Json): Answer =>
    message['method'] === 'server/discover' ? { ...notFound, status: 404 } : inner(message);

describe.each(['old', 'new'] as const)('on both sides the %s era', (era) => {
  const start = async (answer: (message: Json) => Answer): Promise<ReturnType<typeof rawAgent> & { seen: Json[] }> => {
    const server = kept(await scriptedServer(era === 'old' ? onlyOld(script(answer)) : script(answer)));
    const agent = rawAgent(testUpstream(server.url));
    kept(agent.session);
    const greeted = await agent.ask(perEra[era].greeting, perEra[era].params);
    expect(greeted['result']).toMatchObject({ capabilities: { 'com.example/feature': { deep: [true] } } });
    return {
      ...agent,
      get seen() {
        return server.seen.map(({ message }) => message);
      },
    };
  };
  const { stamp } = perEra[era];

  it('methods, parameters, results and errors that nobody here has heard of pass', async () => {
    const result = { resultType: 'complete', made: { up: [1, { two: null }] }, _meta: { 'com.example/x': 1 } };
    const error = { code: 4711, message: 'no luck', data: { why: ['é'] } };
    const agent = await start(({ method }) => (method === 'com.example/do' ? { result } : { error }));
    const params = stamp({ any: { thing: [1.5, false] }, _meta: { 'com.example/y': 2, progressToken: 'p' } });
    expect(await agent.ask('com.example/do', params, 'é-1')).toEqual({ jsonrpc: '2.0', id: 'é-1', result });
    expect(agent.seen.at(-1)).toEqual({ jsonrpc: '2.0', id: 'é-1', method: 'com.example/do', params });
    expect(await agent.ask('tasks/get', stamp({ taskId: 't' }), 12)).toEqual({ jsonrpc: '2.0', id: 12, error });
  });

  it('JSON Schema passes untouched and no reference in it is followed', async () => {
    const agent = await start(() => ({ result: { resultType: 'complete', tools: [strange], nextCursor: 'n' } }));
    const listed = await agent.ask('tools/list', stamp({}));
    expect(listed['result']).toEqual({ resultType: 'complete', tools: [strange], nextCursor: 'n' });
  });
});

describe('a new server that leaves out the type of a result', () => {
  it('is taken to mean a complete one, and says so to an agent that insists', async () => {
    const server = kept(await scriptedServer(script(() => ({ result: { tools: [] } }))));
    const agent = rawAgent(testUpstream(server.url));
    kept(agent.session);
    const { result } = await agent.ask('tools/list', stamped());
    expect(result).toEqual({ resultType: 'complete', tools: [] });
  });
});

describe('between the eras', () => {
  it('an old agent gets the tools of a new server with every keyword of their schemas', async () => {
    const tools = [strange, { name: 'listing', inputSchema: { type: 'object' }, outputSchema: { type: 'array' } }];
    const server = kept(
      await scriptedServer(
        script(() => ({ result: { resultType: 'complete', ttlMs: 5, cacheScope: 'public', tools } })),
      ),
    );
    const agent = rawAgent(testUpstream(server.url));
    kept(agent.session);
    await agent.ask('initialize', hello());
    const { result } = await agent.ask('tools/list');
    // Its own schema wants output schemas to be of objects, and knows no word of caching.
    expect(result).toEqual({ tools: [strange, { name: 'listing', inputSchema: { type: 'object' } }] });
  });

  it('an old agent gets structured content that is no object inside of one, and as text', async () => {
    const content = { resultType: 'complete', structuredContent: [1, 2] };
    const server = kept(
      await scriptedServer(script(({ method }) => ({ result: method === 'tools/call' ? content : { tools: [] } }))),
    );
    const agent = rawAgent(testUpstream(server.url));
    kept(agent.session);
    await agent.ask('initialize', hello());
    const { result } = await agent.ask('tools/call', { name: 'listing' });
    expect(result).toEqual({ structuredContent: { result: [1, 2] }, content: [{ type: 'text', text: '[1,2]' }] });
  });

  it('every request of an old agent tells a new server who asks and what it can, in the body and in headers', async () => {
    const server = kept(await scriptedServer(script(() => ({ result: { resultType: 'complete', tools: [] } }))));
    const agent = rawAgent(testUpstream(server.url));
    kept(agent.session);
    await agent.ask('initialize', hello({ roots: {}, 'com.example/ability': {} }));
    await agent.ask('logging/setLevel', { level: 'warning' });
    await agent.ask('resources/read', { uri: 'file:///städte', _meta: { progressToken: 3, traceparent: '00-a' } });
    const { message, headers } = server.seen.at(-1) ?? { message: {}, headers: {} };
    expect(message['params']).toEqual({
      uri: 'file:///städte',
      _meta: {
        progressToken: 3,
        traceparent: '00-a',
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1', title: 'kept' },
        'io.modelcontextprotocol/clientCapabilities': { roots: {}, 'com.example/ability': {} },
        'io.modelcontextprotocol/logLevel': 'warning',
      },
    });
    expect(headers).toMatchObject({
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'resources/read',
      'mcp-name': `=?base64?${Buffer.from('file:///städte').toString('base64')}?=`,
    });
    expect(headers).not.toHaveProperty('mcp-session-id');
  });

  it('an old server sees nothing of the new era in the requests of a new agent', async () => {
    const server = kept(await scriptedServer(onlyOld(script(() => ({ result: { tools: [] } })))));
    const agent = rawAgent(testUpstream(server.url));
    kept(agent.session);
    const { result } = await agent.ask('tools/list', stamped({ cursor: 'c', _meta: { 'com.example/z': 1 } }));
    expect(result).toEqual({ resultType: 'complete', ttlMs: 0, cacheScope: 'private', tools: [] });
    const { message, headers } = server.seen.at(-1) ?? { message: {}, headers: {} };
    expect(message['params']).toEqual({ cursor: 'c', _meta: { 'com.example/z': 1 } });
    expect(headers).not.toHaveProperty('mcp-method');
    expect(headers['mcp-protocol-version']).toBe('2025-11-25');
    const opened = server.seen.find((each) => each.message['method'] === 'initialize');
    expect(opened?.message['params']).toMatchObject({ clientInfo: { name: 'raw', version: '1' } });
  });

  it('an error code that the new era has retired is not passed on to its agents', async () => {
    const missing = { error: { code: -32002, message: 'Resource not found', data: { uri: 'a:b' } } };
    const server = kept(await scriptedServer(onlyOld(script(() => missing))));
    const agent = rawAgent(testUpstream(server.url));
    kept(agent.session);
    const { error } = await agent.ask('resources/read', stamped({ uri: 'a:b' }));
    expect(error).toEqual({ ...missing.error, code: -32602 });
  });

  it('a new server is never asked for what its era has not, and an old agent has it all the same', async () => {
    const server = kept(await startMcpServer({ era: 'modern' }));
    const agent = rawAgent(testUpstream(server.url));
    kept(agent.session);
    await agent.ask('initialize', hello());
    expect(await agent.ask('ping')).toMatchObject({ result: {} });
    expect(await agent.ask('logging/setLevel', { level: 'error' })).toMatchObject({ result: {} });
    expect(await agent.ask('resources/subscribe', { uri: 'note://today' })).toMatchObject({ result: {} });
    const methods = server.requests.map(({ rpc }) => rpc?.method);
    expect(methods).not.toContain('ping');
    expect(methods).not.toContain('resources/subscribe');
    expect(methods).toContain('subscriptions/listen');
  });

  it.each(['ping', 'initialize', 'logging/setLevel', 'resources/subscribe'])(
    'a new agent that uses the retired method %s hears that there is none',
    async (method) => {
      const server = kept(await startMcpServer({ era: 'legacy' }));
      const agent = rawAgent(testUpstream(server.url));
      kept(agent.session);
      const { error } = await agent.ask(method, stamped({}));
      expect(error).toMatchObject({ code: -32601 });
    },
  );
});

describe('arguments that a new server wants to see in headers', () => {
  it.each(['old', 'new'] as const)(
    'are there for an agent of the %s era that has never listed the tools',
    async (era) => {
      const server = kept(await startMcpServer({ era: 'modern' }));
      const { transport } = kept(overStdio(testUpstream(server.url)));
      const agent = await connectAgent(era, transport);
      const params = { name: 'regional', arguments: { region: 'us-west1' } };
      expect(said(await agent.client.callTool(params))).toBe('in us-west1');
      const [sent] = server.log.list({ rpc: 'tools/call' });
      expect(sent?.headers['mcp-param-region']).toBe('us-west1');
    },
  );

  it('are looked up again when the server says that they do not fit', async () => {
    let named = 'First';
    const server = kept(
      await scriptedServer(
        script(({ method, params }) => {
          if (method === 'tools/list') {
            const properties = { region: { type: 'string', 'x-mcp-header': named } };
            return { result: { tools: [{ name: 'regional', inputSchema: { type: 'object', properties } }] } };
          }
          if ((params as Json)['name'] !== 'regional') return notFound;
          if (named === 'Second') return { result: { content: [] } };
          named = 'Second';
          return { error: { code: -32020, message: 'Header mismatch' }, status: 400 };
        }),
      ),
    );
    const agent = rawAgent(testUpstream(server.url));
    kept(agent.session);
    await agent.ask('initialize', hello());
    const answer = await agent.ask('tools/call', { name: 'regional', arguments: { region: 'é' } });
    expect(answer).toMatchObject({ result: { content: [] } });
    const calls = server.seen.filter(({ message }) => message['method'] === 'tools/call');
    expect(calls.map(({ headers }) => headers['mcp-param-first'] ?? null)).toEqual(['=?base64?w6k=?=', null]);
    expect(calls[1]?.headers['mcp-param-second']).toBe('=?base64?w6k=?=');
  });

  it.each(['stdio', 'HTTP'] as const)(
    'leave out a tool that declares them wrongly, over %s, and say so in the log',
    async (link) => {
      const server = kept(await startMcpServer({ era: 'modern', invalidHeaderTool: true }));
      const upstream = testUpstream(server.url);
      const { transport } = kept(link === 'stdio' ? overStdio(upstream) : await overHttp(upstream));
      const agent = await connectAgent('old', transport);
      const { tools } = await agent.client.listTools();
      const names = tools.map(({ name }) => name);
      expect(names).toContain('regional');
      expect(names).not.toContain('misdeclared');
      const call = agent.client.callTool({ name: 'misdeclared', arguments: { region: 'x' } });
      await expect(call).rejects.toThrow('misdeclared');
      expect(server.calls['misdeclared']).toBeUndefined();
      expect(upstream.logged.some(({ fields }) => fields['tool'] === '"misdeclared"')).toBe(true);
    },
  );
});
