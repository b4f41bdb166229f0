// An argument that a call repeats in a header is the one in its body: whoever goes by headers is told what the person saw.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, it } from 'vitest';
import { exactNumber } from '../../main/access/exact-number.ts';
import { startMcpServer } from '../support/mcp-server.ts';
import { withoutRules } from './access.ts';
import { agentHeaders, ask, type Answer } from './fixture.ts';
import { guardedBridge, type Guarded } from './guarded.ts';
import { hello, stamped, type Json } from './relay/raw.ts';
import { answer, parsed, post, request, world, type Handler, type World } from './scripted.ts';
import { keptUntilTheEnd } from '../support/kept.ts';

const kept = keptUntilTheEnd();

const repeated = (name: string, type: string): Json => ({ type, 'x-mcp-header': name });
const send = {
  name: 'send',
  inputSchema: {
    type: 'object',
    properties: {
      region: repeated('Region', 'string'),
      user: repeated('user_id', 'string'),
      how: { type: 'object', properties: { dry: repeated('Dry-Run', 'boolean') } },
      count: repeated('Count', 'integer'),
      note: { type: 'string' },
    },
  },
};
const other = { name: 'other', inputSchema: { type: 'object' } };

/** A server that goes by nothing but headers, and lists its tools on two pages. */
const handle: Handler = (req, res, message) => {
  if (req.method === 'GET') return void res.writeHead(405).end();
  if (message['method'] !== 'tools/list') return answer(res, message, { resultType: 'complete', content: [] });
  const isFirst = (message['params'] as Json | undefined)?.['cursor'] === undefined;
  const page = isFirst ? { tools: [other], nextCursor: 'next' } : { tools: [send] };
  answer(res, message, { resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...page });
};

async function serving(era: 'modern' | 'legacy' = 'modern'): Promise<World> {
  const made = await world(kept, handle, era);
  made.access.allow(made.agent);
  return made;
}

const headersOf = (method: string, more: Record<string, string> = {}): Record<string, string> => ({
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': method,
  ...more,
});
const list = async (made: Guarded): Promise<void> => {
  for (const params of [{}, { cursor: 'next' }])
    await post(made, request('tools/list', stamped(params)), headersOf('tools/list'));
};
const call = (made: Guarded, args: Json, headers: Record<string, string>, name = 'send'): Promise<Answer> =>
  post(
    made,
    request('tools/call', stamped({ name, arguments: args })),
    headersOf('tools/call', { 'mcp-name': name, ...headers }),
  );
const callsIn = ({ arrived }: World): string[] => arrived.filter((body) => body.includes('"tools/call"'));
const marked = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`;

function expectRefused(told: Answer): void {
  expect(told.status).toBe(400);
  expect(parsed(told)).toMatchObject({ id: 1, error: { code: -32020 } });
}

type Case = readonly [what: string, args: Json, headers: Record<string, string>];
const honest: readonly Case[] = [
  ['a text', { region: 'us-west1' }, { 'mcp-param-region': 'us-west1' }],
  ['a text in Base64', { region: 'us-west1' }, { 'mcp-param-region': marked('us-west1') }],
  ['a text beyond ASCII', { region: 'Östergötland' }, { 'MCP-PARAM-REGION': marked('Östergötland') }],
  ['an empty text', { region: '' }, { 'mcp-param-region': marked('') }],
  ['a name with an underscore', { user: 'alice' }, { 'mcp-param-user_id': 'alice' }],
  ['a truth far down', { how: { dry: true } }, { 'mcp-param-dry-run': 'true' }],
  ['an integer', { count: -42 }, { 'mcp-param-count': '-42' }],
  ['an integer in other words', { count: 42 }, { 'mcp-param-count': '42.0' }],
  ['an integer that no header has to have', { count: exactNumber('9007199254740993') }, {}],
  ['nothing', { region: null, note: 'x' }, {}],
  ['nothing at all', {}, {}],
];
const untrue: readonly Case[] = [
  ['another value', { region: 'us-west1' }, { 'mcp-param-region': 'eu-1' }],
  ['the value of another argument', { region: 'us-west1', note: 'eu-1' }, { 'mcp-param-region': 'eu-1' }],
  ['another value in Base64', { region: 'us-west1' }, { 'mcp-param-region': marked('eu-1') }],
  ['the value in other letters', { region: 'us-west1' }, { 'mcp-param-region': 'US-west1' }],
  ['Base64 that is none', { region: 'Hello' }, { 'mcp-param-region': '=?base64?SGVsbG8?=' }],
  ['Base64 with more in it', { region: 'Hello' }, { 'mcp-param-region': '=?base64?SGVs!!!bG8=?=' }],
  ['Base64 of no text', { region: '\ufffd' }, { 'mcp-param-region': '=?base64?/w==?=' }],
  ['the marked form of itself, not marked', { region: marked('x') }, { 'mcp-param-region': marked('x') }],
  ['a yes for a no', { how: { dry: true }, note: 'false' }, { 'mcp-param-dry-run': 'false' }],
  ['a truth in other letters', { how: { dry: true } }, { 'mcp-param-dry-run': 'True' }],
  ['another number', { count: 42 }, { 'mcp-param-count': '43' }],
  ['a number written oddly', { count: 42 }, { 'mcp-param-count': '042' }],
  [
    'the number that JavaScript takes for the same',
    { count: exactNumber('9007199254740993') },
    { 'mcp-param-count': '9007199254740992' },
  ],
  ['what the body has not', {}, { 'mcp-param-region': 'eu-1' }],
  ['what the body has as null', { region: null }, { 'mcp-param-region': 'eu-1' }],
  ['what the body has as a list', { region: ['eu-1'] }, { 'mcp-param-region': 'eu-1' }],
  ['nothing of what the body has', { how: { dry: true } }, {}],
  ['what the tool does not declare', { note: 'x' }, { 'mcp-param-note': 'x' }],
  [
    'a name that is only almost declared',
    { user: 'alice' },
    { 'mcp-param-user_id': 'alice', 'mcp-param-user-id': 'bob' },
  ],
  ['a name with underscores for dashes', { region: 'us-west1' }, { mcp_param_region: 'us-west1' }],
];

describe('the headers of a call whose tool was listed', () => {
  it.each(honest)('go on as they came when they say what the body says: %s', async (_what, args, headers) => {
    const made = await serving();
    await list(made);
    expect(parsed(await call(made, args, headers))).toMatchObject({ result: { content: [] } });
    expect(callsIn(made)).toHaveLength(1);
    for (const [name, value] of Object.entries(headers)) expect(made.headers.at(-1)?.[name.toLowerCase()]).toBe(value);
  });

  it.each(untrue)(
    'are refused with -32020 and 400, and nobody is asked, when they say %s',
    async (_what, args, headers) => {
      const made = await serving();
      await list(made);
      made.access.allow(made.agent, { ...withoutRules, ask: 'changes' });
      expectRefused(await call(made, args, headers));
      expect(made.access.access.prompts.list()).toEqual([]);
      expect(callsIn(made)).toEqual([]);
    },
  );

  it('are refused when one is there twice', async () => {
    const made = await serving();
    await list(made);
    const body = request('tools/call', stamped({ name: 'send', arguments: { region: 'us-west1' } }));
    const headers = Object.entries({
      ...agentHeaders(made.key),
      ...headersOf('tools/call', { 'mcp-name': 'send', host: new URL(made.mcp).host }),
    }).flat();
    const twice = ['mcp-param-region', 'us-west1', 'Mcp-Param-Region', 'eu-1'];
    const told = await ask(made.mcp, {
      method: 'POST',
      headers: [...headers, ...twice] as never,
      body: JSON.stringify(body),
    });
    expect(told.status).toBe(400);
    expect(callsIn(made)).toEqual([]);
  });

  it('of an earlier revision say what the body says as well, and need not be there', async () => {
    const made = await serving('legacy');
    const old = (args: Json, headers: Record<string, string>): Promise<Answer> =>
      post(made, request('tools/call', { name: 'send', arguments: args }), { 'mcp-session-id': 's', ...headers });
    for (const params of [{}, { cursor: 'next' }])
      await post(made, request('tools/list', params), { 'mcp-session-id': 's' });
    expectRefused(await old({ region: 'us-west1' }, { 'mcp-param-region': 'eu-1' }));
    expectRefused(await old({ region: 'us-west1' }, { 'mcp-param-note': 'x' }));
    expect(callsIn(made)).toEqual([]);
    expect((await old({ region: 'us-west1' }, { 'mcp-param-region': 'us-west1' })).status).toBe(200);
    expect((await old({ region: 'us-west1' }, {})).status).toBe(200);
  });
});

describe('the headers of a call whose tool no agent has listed', () => {
  it('are checked by the list that the server gives then, all of it, once', async () => {
    const made = await serving();
    expectRefused(await call(made, { how: { dry: true }, x: false }, { 'mcp-param-dry-run': 'false' }));
    expect(callsIn(made)).toEqual([]);
    expect(made.arrived).toHaveLength(2);
    expect((await call(made, { how: { dry: true } }, { 'mcp-param-dry-run': 'true' })).status).toBe(200);
    expectRefused(await call(made, { a: 'x' }, { 'mcp-param-a': 'x' }, 'unlisted'));
    expect(made.arrived).toHaveLength(3);
  });

  it('are checked by the list of another day where there is one', async () => {
    const made = await serving();
    made.upstreams.upstream('notes').known.set({ tools: [send] });
    expectRefused(await call(made, { region: 'us-west1' }, {}));
    expectRefused(await call(made, { region: 'us-west1' }, { 'mcp-param-region': 'eu-1' }));
    expect(made.arrived).toEqual([]);
    expect((await call(made, { region: 'us-west1' }, { 'mcp-param-region': 'us-west1' })).status).toBe(200);
  });

  it('are refused when they come by an earlier revision, and a call without any goes on', async () => {
    const made = await serving('legacy');
    const old = (headers: Record<string, string>): Promise<Answer> =>
      post(made, request('tools/call', { name: 'send', arguments: { region: 'x' } }), {
        'mcp-session-id': 's',
        ...headers,
      });
    expectRefused(await old({ 'mcp-param-region': 'x' }));
    expect(made.arrived).toEqual([]);
    expect((await old({})).status).toBe(200);
  });
});

describe('such headers on what is no call', () => {
  it.each([
    ['a list', 'POST', request('tools/list', stamped({}))],
    ['a notification', 'POST', { jsonrpc: '2.0', method: 'notifications/x' }],
    ['an answer', 'POST', { jsonrpc: '2.0', id: 1, result: {} }],
    ['a stream', 'GET', null],
    ['the end of a session', 'DELETE', null],
  ])('are refused: %s', async (_what, method, body) => {
    const made = await serving(body !== null && 'id' in body && 'method' in body ? 'modern' : 'legacy');
    const headers = agentHeaders(made.key, {
      'mcp-session-id': 's',
      'mcp-param-region': 'eu-1',
      ...(body !== null && 'id' in body && 'method' in body ? headersOf('tools/list') : {}),
    });
    const told = await ask(made.mcp, { method, headers, ...(body === null ? {} : { body: JSON.stringify(body) }) });
    expect(told.status).toBe(400);
    expect(parsed(told)).toMatchObject({ error: { code: -32020 } });
    expect(made.arrived).toEqual([]);
  });
});

describe('the official client', () => {
  it.each([
    ['that lists before it calls', true],
    ['that calls at once', false],
  ])('%s is understood by a server that checks, through the bridge', async (_what, lists) => {
    const server = kept(await startMcpServer({ era: 'modern' }));
    const made = kept(await guardedBridge(server.url));
    made.access.allow(made.agent);
    const client = new Client(
      { name: 'official', version: '1' },
      { versionNegotiation: { mode: { pin: '2026-07-28' } } },
    );
    const requestInit = { headers: { authorization: `Bearer ${made.key}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(made.mcp), { requestInit }));
    kept(client);
    if (lists) await client.listTools();
    for (const region of ['us-west1', 'Östergötland', '=?base64?literal?=']) {
      const { content } = await client.callTool({ name: 'regional', arguments: { region } });
      expect(content).toEqual([{ type: 'text', text: `in ${region}` }]);
    }
    // The broker knows what the tool declares by now, and is no more lenient than such a server.
    const bare = stamped({ name: 'regional', arguments: { region: 'us-west1' } });
    const told = await post(made, request('tools/call', bare), headersOf('tools/call', { 'mcp-name': 'regional' }));
    expectRefused(told);
  });
});

describe('what is relayed', () => {
  it('carries the headers that the body makes, not those that the agent sent', async () => {
    const server = kept(await startMcpServer({ era: 'modern' }));
    const made = kept(await guardedBridge(server.url));
    made.access.allow(made.agent);
    const opened = await post(made, request('initialize', hello()));
    const headers = { 'mcp-session-id': String(opened.headers['mcp-session-id']), 'mcp-param-region': 'eu-1' };
    const told = await post(
      made,
      request('tools/call', { name: 'regional', arguments: { region: 'us-west1' } }, 2),
      headers,
    );
    expect(told.text).toContain('in us-west1');
    const sent = server.requests.find(({ body }) => body.toString().includes('"tools/call"'));
    expect(sent?.headers['mcp-param-region']).toBe('us-west1');
  });
});
