// What a hostile server or agent says in between the lines of HTTP and JSON-RPC, and what the other side gets to see of it.
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { agentHeaders, ask } from '../bridge/fixture.ts';
import { answer, callOf, done, hide, list, parsed, post, request, tool, world } from '../bridge/scripted.ts';
import type { Json } from '../bridge/relay/raw.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});
const kept = <T extends { close(): unknown }>(it: T): T => {
  open.push(it);
  return it;
};

const event = (message: unknown): string => `data: ${JSON.stringify(message)}\n\n`;
const stream = (res: ServerResponse, type = 'text/event-stream'): ServerResponse =>
  res.writeHead(200, { 'content-type': type });

describe('a body that servers could decode in another way', () => {
  it.each([
    ['two charsets', { 'content-type': 'application/json; charset=utf-8; charset=utf-7' }],
    ['a charset behind one that stands in quotes', { 'content-type': 'application/json; a="; charset=utf-8"; charset=utf-7' }],
    ['a content coding', { 'content-encoding': 'br' }],
  ])('does not pass with %s', async (_name, headers) => {
    const made = await world(kept, done);
    hide(made);
    const told = await post(made, callOf('seen'), headers);
    expect(told.status).toBe(400);
    expect(made.arrived).toEqual([]);
  });
});

describe('a list of tools that the server sends by a side way', () => {
  it.each([201, 203])('is filtered with HTTP %d, which agents take as well', async (status) => {
    const made = await world(kept, (_req, res, { id }) => {
      res.writeHead(status, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ jsonrpc: '2.0', id, result: list }));
    });
    hide(made);
    expect((await post(made, request('tools/list'))).text).not.toContain('hidden');
  });

  it('is filtered on a stream that does not say that it is one', async () => {
    const made = await world(kept, (_req, res) => {
      stream(res, 'text/plain').end(event({ jsonrpc: '2.0', id: 5, result: list }));
    });
    hide(made);
    const { text } = await ask(made.mcp, { headers: agentHeaders(made.key, { 'mcp-session-id': 's' }) });
    expect(text).not.toContain('hidden');
  });

  it.each(['\u2028', '\u2029', '\u0085', '\v', '\f', '\u001c', '\u001d', '\u001e'])(
    'does not hide behind what some readers take for the end of a line (%j)',
    async (end) => {
      const made = await world(kept, (_req, res) => {
        stream(res).end(`: nothing${end}${event({ jsonrpc: '2.0', id: 5, result: list })}`);
      });
      hide(made);
      const { text } = await ask(made.mcp, { headers: agentHeaders(made.key, { 'mcp-session-id': 's' }) });
      expect(text).not.toContain('hidden');
    },
  );

  it.each(['stdio', 'HTTP'] as const)('is not taken for the answer to a list when it comes with a call (%s)', async (link) => {
    let listing: Json | null = null;
    const made = await world(kept, (req, res, message) => {
      if (req.method === 'GET') return void res.writeHead(405).end();
      if (message['method'] === 'initialize') {
        return answer(res, message, { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'n', version: '1' } });
      }
      if (message['id'] === undefined) return void res.writeHead(202).end();
      if (message['method'] === 'tools/list') {
        listing = message;
        stream(res).flushHeaders();
        return;
      }
      stream(res);
      res.write(event({ jsonrpc: '2.0', id: listing?.['id'], result: list }));
      res.end(event({ jsonrpc: '2.0', id: message['id'], result: { content: [] } }));
    });
    hide(made);
    const agent = kept(await made.open(link, 'old'));
    void agent.ask('tools/list').catch(() => undefined);
    await expect.poll(() => listing).not.toBeNull();
    await agent.ask('tools/call', { name: 'seen', arguments: {} });
    expect(JSON.stringify(agent.heard)).not.toContain('hidden');
  });
});

describe('an agent that is not allowed any more', () => {
  it('gets nothing into the session that it had, notifications and answers neither', async () => {
    const made = await world(kept, (_req, res, message) =>
      message['id'] === undefined || message['method'] === undefined
        ? res.writeHead(202).end()
        : answer(res, message, { protocolVersion: '2025-11-25', capabilities: {} }, { 'mcp-session-id': 'mine' }),
    );
    const approval = hide(made);
    await post(made, request('initialize', { protocolVersion: '2025-11-25', capabilities: {} }));
    made.access.revoke(approval);
    const before = made.arrived.length;
    const session = { 'mcp-session-id': 'mine' };
    await post(made, { jsonrpc: '2.0', method: 'notifications/roots/list_changed' }, session);
    await post(made, { jsonrpc: '2.0', id: 7, result: { action: 'accept', content: {} } }, session);
    expect(made.arrived.slice(before)).toEqual([]);
  });

  it('does not go on with a call that was to be tried again with input, once a rule stands against it', async () => {
    const made = await world(kept, (_req, res, message) => answer(res, message, { resultType: 'input_required', requestState: 's', inputRequests: {} }), 'modern');
    const agent = kept(await made.open('HTTP', 'new'));
    const approval = made.access.allow(made.agent);
    await agent.ask('tools/call', { name: 'hidden', arguments: {} });
    await made.clock.settle();
    made.access.access.approvals.change(approval, { rules: { tools: 'everything', allow: [], deny: ['hidden'], ask: 'never' } });
    const before = made.arrived.length;
    await agent.ask('tools/call', { name: 'hidden', arguments: {}, requestState: 's', inputResponses: {} });
    expect(made.arrived.slice(before)).toEqual([]);
  });
});

describe('a session id', () => {
  it('that is there twice is nobody\u2019s', async () => {
    const made = await world(kept, done);
    hide(made);
    const headers = [
      ['host', new URL(made.mcp).host], ['authorization', `Bearer ${made.key}`], ['content-type', 'application/json'],
      ['accept', 'application/json, text/event-stream'], ['mcp-session-id', 'another\u2019s'.replace('\u2019', '')], ['mcp-session-id', 'x'],
    ];
    const told = await ask(made.mcp, { method: 'POST', headers: headers.flat() as never, body: JSON.stringify(callOf('seen')) });
    expect(told.status).toBe(400);
    expect(made.arrived).toEqual([]);
  });
});
void tool; void parsed;
