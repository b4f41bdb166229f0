// What could be read in two ways reaches no server, whatever it is made of; and nothing that is large or slow keeps agents out.
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ToolServer } from '../e2e/access/tool-server.ts';
import { accessWorld, type AccessWorld } from '../e2e/access/world.ts';
import { modernCall, portOf, post, send, statusesOf } from './wire.ts';

let world: AccessWorld;
let server: ToolServer;
let old: ToolServer;
let key: string;

beforeAll(async () => {
  world = await accessWorld();
  server = await world.server('notes', 'new');
  old = await world.server('old', 'old');
  for (const one of [server, old]) {
    one.tools = ['read', 'delete'].map((name) => ({ name, inputSchema: { type: 'object' } }));
  }
  ({ key } = await world.key('agent'));
  for (const name of ['notes', 'old']) {
    await world.signIn(name, 'alice');
    await world.person.tools.setRules({
      server: name,
      rules: { tools: 'everything', allow: [], deny: ['delete*'], ask: 'never' },
    });
    await world.allowNext(async () => (await world.http(key, name, name === 'old' ? 'old' : 'new')).list());
  }
});
afterAll(() => world[Symbol.asyncDispose]());

/** Whatever came of it, `delete` did not happen, and the broker serves the next one. */
async function expectNothing<T>(trying: () => Promise<T>): Promise<T> {
  const [before, bodies] = [server.reached.length + old.reached.length, [server.bodies.length, old.bodies.length]];
  const result = await trying();
  expect(server.reached.length + old.reached.length).toBe(before);
  for (const body of [...server.bodies.slice(bodies[0]), ...old.bodies.slice(bodies[1])]) {
    expect(body).not.toContain('delete');
  }
  return result;
}
const expectServed = async (): Promise<void> =>
  expect((await post(world.bridge, 'notes', { key, ...modernCall('read') })).body).toContain('called');

const call = (members: string): string => `{"jsonrpc":"2.0","id":1,${members}}`;
const good = '"method":"tools/call","params":{"name":"delete","arguments":{}}';

describe('a message that two readers could understand differently', () => {
  it.each([
    ['has a member twice', call(`"method":"ping",${good}`)],
    ['has a member twice, escaped', call(String.raw`"meth\u006fd":"ping",${good}`)],
    ['has the name twice', call('"method":"tools/call","params":{"name":"read","name":"delete","arguments":{}}')],
    [
      'has the name twice, the harmless one last',
      call('"method":"tools/call","params":{"name":"delete","name":"read"}'),
    ],
    [
      'has the method twice, the harmless one last',
      call('"method":"tools/call","method":"ping","params":{"name":"delete"}'),
    ],
    ['has the params twice', call(`"params":{"name":"read"},${good}`)],
    ['has a method in another case', call('"Method":"tools/call","params":{"name":"delete"}')],
    ['has both', call(`"Method":"tools/call","method":"ping","params":{"name":"delete"}`)],
    [
      'has a look-alike of params',
      call('"method":"tools/call","param\u017f":{"name":"delete"},"params":{"name":"read"}'),
    ],
    ['has a look-alike of the name', call('"method":"tools/call","params":{"NAME":"delete","name":"read"}')],
    ['has another method in another case', call('"method":"Tools/Call","params":{"name":"delete"}')],
    ['has a method with a blank', call('"method":"tools/call ","params":{"name":"delete"}')],
    ['has a method that nobody knows', call('"method":"tools\\/\\u0063all\\u200b","params":{"name":"delete"}')],
    ['has no id', '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"delete"}}'],
    ['is request and response in one', call(`${good},"result":{}`)],
    ['begins with a byte order mark', `\ufeff${call(good)}`],
    ['is a list of one in a list', `[[${call(good)}]]`],
    ['is a batch with the same id twice', `[${call('"method":"ping"')},${call(good)}]`],
    ['is a batch of a hundred and one', `[${Array.from({ length: 101 }, () => call(good)).join(',')}]`],
    ['has something behind it', `${call('"method":"ping"')}${call(good)}`],
    ['has a comment in it', `${call(good)}//`],
    ['has a name that is no text', call('"method":"tools/call","params":{"name":["delete"],"arguments":{}}')],
    ['has its params in a prototype', call('"method":"tools/call","__proto__":{"params":{"name":"delete"}}')],
    ['is nested two hundred thousand deep', call(`"method":"x","params":${'['.repeat(200_000)}${']'.repeat(200_000)}`)],
    ['is in another alphabet', Buffer.from(call(good), 'utf16le').toString('latin1')],
  ])('is sent nowhere: it %s', async (_what, body) => {
    for (const name of ['notes', 'old']) await expectNothing(() => post(world.bridge, name, { key, body }));
  });

  it('is sent nowhere when its bytes are no UTF-8', async () => {
    const body = Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete'),
      Buffer.from([0xc0, 0xaf]),
      Buffer.from('"}}'),
    ]);
    const head = `POST /mcp/notes HTTP/1.1\r\nHost: ${new URL(world.bridge).host}\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
    const answer = await expectNothing(() => send(world.bridge, Buffer.concat([Buffer.from(head), body])));
    expect(statusesOf(answer)).toEqual([400]);
  });
});

describe('headers and body that disagree (2026-07-28)', () => {
  const denied = modernCall('delete');
  const read = modernCall('read');
  it.each([
    ['the name of a tool that is allowed', { ...denied.headers, 'mcp-name': 'read' }, denied.body],
    ['the name of a tool that is denied', { ...read.headers, 'mcp-name': 'delete' }, read.body],
    ['another method', { ...denied.headers, 'mcp-method': 'tools/list' }, denied.body],
    ['a method in another case', { ...denied.headers, 'mcp-method': 'Tools/Call' }, denied.body],
    ['no method', { 'mcp-protocol-version': '2026-07-28', 'mcp-name': 'read' }, read.body],
    ['no name', { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call' }, read.body],
    ['an earlier revision', { ...read.headers, 'mcp-protocol-version': '2025-11-25' }, read.body],
    ['a name that is encoded in another way', { ...read.headers, 'mcp-name': '=?base64?cmVhZA=?=' }, read.body],
    ['two names in one', { ...read.headers, 'mcp-name': 'read, delete' }, read.body],
  ])('go nowhere, with the error that says so: %s', async (_what, headers, body) => {
    const before = server.requests.length;
    const answer = await expectNothing(() => post(world.bridge, 'notes', { key, headers, body }));
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([400, { error: { code: -32_020 } }]);
    expect(server.requests).toHaveLength(before);
  });
});

/** A request of its own, with its key. */
const inner = (): string => {
  const body = call(good);
  return `POST /mcp/notes HTTP/1.1\r\nHost: ${new URL(world.bridge).host}\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
};

describe('bytes that hide a second request', () => {
  const shapes: [string, (inner: string) => string][] = [
    ['two lengths', (hidden) => `Content-Length: 4\r\nContent-Length: ${hidden.length + 4}\r\n\r\n{}  ${hidden}`],
    ['two lengths in one header', (hidden) => `Content-Length: 4, ${hidden.length + 4}\r\n\r\n{}  ${hidden}`],
    [
      'a length and chunks',
      (hidden) => `Content-Length: ${hidden.length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    ],
    [
      'chunks and a length',
      (hidden) =>
        `Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
    ],
    ['chunks and something else', (hidden) => `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`],
    [
      'chunks that are no word of HTTP',
      (hidden) => `Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\n{}  ${hidden}`,
    ],
    ['chunks twice', (hidden) => `Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${hidden}`],
    ['a folded header', (hidden) => `X-A: 1\r\n Content-Length: ${hidden.length}\r\nContent-Length: 4\r\n\r\n{}  `],
    ['a blank before a colon', (hidden) => `Content-Length : ${hidden.length + 4}\r\nContent-Length: 4\r\n\r\n{}  `],
    ['a length that is no number', (hidden) => `Content-Length: +4\r\n\r\n{}  ${hidden}`],
    ['a length below nothing', (hidden) => `Content-Length: -1\r\n\r\n${hidden}`],
    ['lines that end early', (hidden) => `X-A: 1\nContent-Length: 4\r\n\r\n{}  ${hidden}`],
    ['a zero byte in a header', (hidden) => `X-A: 1\u0000\r\nContent-Length: 4\r\n\r\n{}  ${hidden}`],
    ['a chunk whose size is a lie', (hidden) => `Transfer-Encoding: chunked\r\n\r\n1;x=\n\r\n${hidden}\r\n0\r\n\r\n`],
    ['two hosts', (hidden) => `Host: evil.example\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`],
  ];

  it.each(shapes)('are refused, and nothing that is behind them is heard: %s', async (_what, shape) => {
    const hidden = inner();
    const head = `POST /mcp/notes HTTP/1.1\r\nHost: ${new URL(world.bridge).host}\r\nContent-Type: application/json\r\n`;
    // The key is inside only: whoever reads a second request there would be reading one that is allowed to ask.
    const answer = await expectNothing(() => send(world.bridge, head + shape(hidden)));
    const statuses = statusesOf(answer);
    expect(
      statuses.every((status) => status >= 400 && status < 500),
      answer,
    ).toBe(true);
    expect(statuses.length).toBeLessThanOrEqual(1);
    await expectServed();
  });

  it('are not made by us: a header of an agent names no other header to leave out, and frames nothing anew', async () => {
    const { body, headers } = modernCall('read');
    const answer = await post(world.bridge, 'notes', {
      key,
      body,
      headers: { ...headers, connection: 'mcp-name, content-length, close', te: 'trailers', upgrade: 'h2c' },
    });
    expect(answer.status).toBeLessThan(500);
    expect(server.bodies.at(-1)).toBe(JSON.stringify(body));
  });
});

describe('what is larger than anything real', () => {
  it('is refused, and costs no other agent anything', async () => {
    const { body, headers } = modernCall('read');
    const long = 'x'.repeat(40_000);
    expect((await post(world.bridge, 'notes', { key, body, headers: { ...headers, 'x-long': long } })).status).toBe(
      431,
    );
    const name = 'r'.repeat(10_000);
    const params = { ...body.params, name };
    const answer = await expectNothing(() =>
      post(world.bridge, 'notes', { key, body: { ...body, params }, headers: { ...headers, 'mcp-name': name } }),
    );
    expect(answer.body).toContain('"isError":true');
    const head = `POST /mcp/notes HTTP/1.1\r\nHost: ${new URL(world.bridge).host}\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\nConnection: close\r\n\r\n`;
    const [status = 0] = statusesOf(await expectNothing(() => send(world.bridge, head)));
    expect(status).toBeGreaterThanOrEqual(400);
    await expectServed();
  });

  it('ends the connection of the agent on stdio that sends it, and no other', async () => {
    const [one, other] = [
      await world.stdio({ server: 'notes', era: 'new', name: 'huge' }),
      await world.stdio({ server: 'notes', era: 'new', name: 'small' }),
    ];
    one.write(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"${'x'.repeat(20 * 1_024 * 1_024)}`);
    expect(await other.ask('ping')).toMatchObject({ result: {} });
    await expectServed();
    await one.close();
  });
});

describe('whoever sends slowly', () => {
  it('keeps nobody out, and is hung up on within seconds', { timeout: 40_000 }, async () => {
    const since = Date.now();
    const sockets: Socket[] = Array.from({ length: 300 }, () => {
      const socket = connect(portOf(world.bridge), '127.0.0.1').on('error', () => undefined);
      socket.resume().write('POST /mcp/notes HTTP/1.1\r\nHost: ');
      return socket;
    });
    const ends = sockets.map((socket) => once(socket, 'close'));
    await expectServed();
    await Promise.all(ends);
    expect(Date.now() - since).toBeLessThan(15_000);
    await expectServed();
  });
});
