// What only passes through the bridge is guarded as well: what is refused is refused before a byte of it is sent.
import { describe, expect, it } from 'vitest';
import { agentHeaders, ask } from './fixture.ts';
import { stamped, type Json } from './relay/raw.ts';
import { answer, callOf, done, hide, parsed, post, request, world, type Handler } from './scripted.ts';
import { keptUntilTheEnd } from '../support/kept.ts';

const kept = keptUntilTheEnd();

describe('a batch', () => {
  it('is refused as a whole when one of its requests is, each with an answer of its own', async () => {
    const made = await world(kept, done);
    hide(made);
    const batch = [callOf('seen', 1), callOf('hidden', 'b'), { jsonrpc: '2.0', method: 'notifications/x' }];
    const told = parsed(await post(made, batch, { 'mcp-session-id': 's' })) as unknown as Json[];
    expect(told.map(({ id }) => id)).toEqual([1, 'b']);
    for (const { result } of told) expect(result).toMatchObject({ isError: true });
    expect(JSON.stringify(told[0])).toContain('another one of its batch was refused');
    expect(made.arrived).toEqual([]);
  });

  it('over stdio too', async () => {
    const made = await world(kept, (_req, res, message) =>
      answer(
        res,
        message,
        message['method'] === 'initialize'
          ? { protocolVersion: '2025-03-26', capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } }
          : { content: [] },
      ),
    );
    hide(made);
    const agent = kept(await made.open('stdio', 'old'));
    const told = await agent.batch([callOf('seen', 'a'), callOf('hidden', 'b')]);
    expect(told.map(({ result }) => (result as Json)['isError'])).toEqual([true, true]);
    expect(made.arrived.some((body) => body.includes('tools/call'))).toBe(false);
    const fine = await agent.batch([callOf('seen', 'c'), callOf('seen', 'd')]);
    expect(fine.map(({ result }) => (result as Json)['isError'])).toEqual([undefined, undefined]);
  });

  it('with the same id twice is none', async () => {
    const made = await world(kept, done);
    made.access.allow(made.agent);
    expect((await post(made, [callOf('seen'), callOf('other')], { 'mcp-session-id': 's' })).status).toBe(400);
    expect(made.arrived).toEqual([]);
  });
});

describe('a message that servers could read differently', () => {
  const twice = '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"hidden"}}';
  it.each([
    ['has a member twice', twice],
    ['has a member under two spellings', '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","params":{}}'],
    [
      'has a member with the Kelvin sign',
      '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"to\u212Aen":1,"Name":"x"}}',
    ],
    ['calls a tool and wants no answer', '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"seen"}}'],
    ['is a response and a request', '{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}'],
    ['is no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['is no JSON', '{"jsonrpc":'],
    ['has no method', '{"jsonrpc":"2.0","id":1}'],
  ])('because it %s goes to no server, whoever sends it', async (_name, body) => {
    const made = await world(kept, done);
    made.access.allow(made.agent);
    const told = await post(made, body, { 'mcp-session-id': 's' });
    expect(told.status).toBe(400);
    expect(parsed(told)).toMatchObject({ error: { code: expect.any(Number) as number } });
    expect(made.arrived).toEqual([]);
  });

  it('because its alphabet is another one, or its GET has a body, goes to no server', async () => {
    const made = await world(kept, done);
    made.access.allow(made.agent);
    const charset = { 'content-type': 'application/json; charset=utf-7' };
    expect((await post(made, callOf('seen'), charset)).status).toBe(400);
    const headers = agentHeaders(made.key, { 'mcp-session-id': 's' });
    expect((await ask(made.mcp, { headers, body: JSON.stringify(callOf('hidden')) })).status).toBe(400);
    expect(made.arrived).toEqual([]);
  });
});

describe('headers and a body that disagree', () => {
  it.each([
    ['the method', { 'mcp-method': 'tools/list', 'mcp-name': 'seen' }],
    ['the name', { 'mcp-method': 'tools/call', 'mcp-name': 'hidden' }],
    ['the revision', { 'mcp-protocol-version': '2025-11-25', 'mcp-method': 'tools/call', 'mcp-name': 'seen' }],
    ['nothing, for the name is missing', { 'mcp-method': 'tools/call' }],
  ])('about %s are refused with -32020 and 400', async (_name, headers) => {
    const made = await world(kept, done, 'modern');
    made.access.allow(made.agent);
    const body = request('tools/call', stamped({ name: 'seen', arguments: {} }));
    const told = await post(made, body, { 'mcp-protocol-version': '2026-07-28', ...headers });
    expect(told.status).toBe(400);
    expect(parsed(told)).toMatchObject({ id: 1, error: { code: -32020 } });
    expect(made.arrived).toEqual([]);
  });
});

const opens: Handler = (req, res, message) => {
  if (req.method === 'GET') res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  else answer(res, message, {}, { 'mcp-session-id': 'of-the-server' });
};

describe('a session that the server opened', () => {
  const session = { 'mcp-session-id': 'of-the-server' };

  it('is no other agent’s, whatever that one may do', async () => {
    const made = await world(kept, opens);
    const other = made.newKey('other');
    for (const agent of [made.agent, other.agent]) made.access.allow(agent);
    await post(made, request('initialize', { protocolVersion: '2025-11-25' }));
    expect((await post(made, callOf('seen'), session)).status).toBe(200);
    const stolen = await post({ ...made, key: other.key }, callOf('seen'), session);
    expect(stolen.status).toBe(404);
    expect(made.arrived).toHaveLength(2);
  });

  it('answers with refusals after the approval has ended, and its streams end within a second', async () => {
    const made = await world(kept, opens);
    const approval = made.access.allow(made.agent);
    await post(made, request('initialize', { protocolVersion: '2025-11-25' }));
    const stream = ask(made.mcp, { headers: agentHeaders(made.key, session) });
    const ended = stream.then(
      () => 'ended',
      () => 'ended',
    );
    await expect.poll(() => made.arrived.length).toBe(2);
    made.access.revoke(approval);
    await made.clock.advance(1000);
    expect(await ended).toBe('ended');
    expect((await ask(made.mcp, { headers: agentHeaders(made.key, session) })).status).toBe(403);
    const refused = post(made, callOf('seen'), session);
    await made.access.prompt();
    await made.waits.advance(50_000);
    expect(parsed(await refused)).toMatchObject({ result: { isError: true } });
    expect(made.arrived).toHaveLength(2);
  });
});
