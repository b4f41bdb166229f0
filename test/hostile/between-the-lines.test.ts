// What a hostile server or agent says in between the lines of HTTP and JSON-RPC, and what the other side gets to see of it.
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { agentHeaders, ask } from '../bridge/fixture.ts';
import { answer, callOf, done, hide, list, post, request, world } from '../bridge/scripted.ts';
import type { Json } from '../bridge/relay/raw.ts';
import { keptUntilTheEnd } from '../support/kept.ts';

const kept = keptUntilTheEnd();

const event = (message: unknown): string => `data: ${JSON.stringify(message)}\n\n`;
const stream = (res: ServerResponse, type = 'text/event-stream'): ServerResponse =>
  res.writeHead(200, { 'content-type': type });

const sideWays = (send: (res: ServerResponse, reply: Json, own: Json) => void) => {
  const seen: { listing: Json | null; ended: number } = { listing: null, ended: 0 };
  const made = world(kept, (req, res, message) => {
    if (req.method === 'GET') return void res.writeHead(405).end();
    if (message['method'] === 'initialize') {
      const serverInfo = { name: 'n', version: '1' };
      return answer(res, message, { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo });
    }
    if (message['id'] === undefined) return void res.writeHead(202).end();
    if (message['method'] === 'tools/list') {
      seen.listing = message;
      return stream(res).flushHeaders();
    }
    res.once('close', () => (seen.ended += 1));
    const reply = { jsonrpc: '2.0', id: seen.listing?.['id'], result: list };
    send(res, reply, { jsonrpc: '2.0', id: message['id'], result: { content: [] } });
  });
  return { made, seen };
};
const json = (res: ServerResponse, text: string, more = {}): void =>
  void res.writeHead(200, { 'content-type': 'application/json', ...more }).end(text);
const listingText = ({ id }: Json): string => `${JSON.stringify(id)},"result":${JSON.stringify(list)}}`;
const events = (res: ServerResponse, text: string): void => void stream(res).end(text);

describe('a body that servers could decode in another way', () => {
  it.each([
    ['two charsets', { 'content-type': 'application/json; charset=utf-8; charset=utf-7' }],
    [
      'a charset behind one that stands in quotes',
      { 'content-type': 'application/json; a="; charset=utf-8"; charset=utf-7' },
    ],
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

  it.each<[string, (res: ServerResponse, reply: Json, own: Json) => void]>([
    ['as an event of its stream', (res, reply, own) => events(res, event(reply) + event(own))],
    ['behind its answer', (res, reply, own) => events(res, event(own) + event(reply))],
    [
      'in small pieces',
      (res, reply) => {
        stream(res);
        for (const char of event(reply)) res.write(char);
        res.end();
      },
    ],
    ['with its id last', (res, { id, ...reply }) => events(res, event({ ...reply, id }))],
    ['with its id as text', (res, { id, ...reply }) => json(res, JSON.stringify({ id: String(id), ...reply }))],
    ['with its id escaped', (res, reply) => json(res, `{"jsonrpc":"2.0","\\u0069d":${listingText(reply)}`)],
    [
      'with two ids',
      (res, reply, own) => json(res, `{"jsonrpc":"2.0","id":${String(own['id'])},"id":${listingText(reply)}`),
    ],
    ['as a request, too', (res, reply) => json(res, `{"jsonrpc":"2.0","method":"x","id":${listingText(reply)}`)],
    ['as JSON', (res, reply) => json(res, JSON.stringify(reply))],
    ['in a batch', (res, reply, own) => json(res, JSON.stringify([own, reply]))],
    ['compressed', (res, reply) => json(res, gzipSync(JSON.stringify(reply)) as never, { 'content-encoding': 'gzip' })],
    [
      'on several lines',
      (res, reply) => events(res, `data: ${JSON.stringify(reply, null, 1).replaceAll('\n', '\r\ndata:')}\n\n`),
    ],
    ['behind a comment that some readers end early', (res, reply) => events(res, `: x\u2028${event(reply)}`)],
    [
      'behind a text that some readers end early',
      (res, reply) => events(res, `data: {"a":"\u2028\u2028${event(reply)}`),
    ],
    ['behind a text alone', (res, reply) => events(res, `data: "\u2028\u2028${event(reply)}`)],
  ])('is no answer to a list when it comes with a call: %s', async (_name, send) => {
    for (const link of ['stdio', 'HTTP'] as const) {
      const { made: making, seen } = sideWays(send);
      const made = await making;
      hide(made);
      const agent = kept(await made.open(link, 'old'));
      void agent.ask('tools/list').catch(() => undefined);
      await expect.poll(() => seen.listing).not.toBeNull();
      void agent.ask('tools/call', { name: 'seen', arguments: {} }).catch(() => undefined);
      await expect.poll(() => seen.ended).toBe(1);
      await made.clock.settle();
      expect(JSON.stringify(agent.heard)).not.toContain('hidden');
    }
  });

  it.each<[string, (res: ServerResponse, own: Json) => void]>([
    [
      'with questions and news before it',
      (res, own) =>
        events(
          res,
          `: x\n\nid: 1\ndata:\n\n${event({ jsonrpc: '2.0', id: 1, method: 'ping' })}${event({ jsonrpc: '2.0', method: 'notifications/message', params: { id: 9, x: [{ id: 9 }] } })}${event(own)}`,
        ),
    ],
    [
      'with ids of its own inside',
      (res, { id }) =>
        json(
          res,
          JSON.stringify(
            {
              jsonrpc: '2.0',
              id,
              result: { id: 99, content: [], x: ['{"id":5,"result":{}}', 1.5e-3, true, null, 'ünï\u2028\\"'] },
            },
            null,
            2,
          ),
        ),
    ],
    [
      'that is an error about nothing in particular',
      (res) => json(res, '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}'),
    ],
    ['that is no message at all', (res) => events(res, 'event: ping\ndata: 2026-01-01\n\n')],
    [
      'that is compressed',
      (res, own) => json(res, gzipSync(JSON.stringify(own)) as never, { 'content-encoding': 'gzip' }),
    ],
  ])('does not keep an answer from passing: %s', async (_name, send) => {
    const sent: string[] = [];
    const made = await world(kept, (_req, res, { id }) => {
      const end = res.end.bind(res);
      res.end = ((text: string) => (sent.push(text), end(text))) as never;
      send(res, { jsonrpc: '2.0', id, result: { content: [] } });
    });
    hide(made);
    const told = await post(made, callOf('seen', 4));
    expect(told.status).toBe(200);
    expect(Buffer.from(told.text)).toEqual(Buffer.from(Buffer.from(sent[0] ?? '').toString()));
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
    const made = await world(
      kept,
      (_req, res, message) =>
        answer(res, message, { resultType: 'input_required', requestState: 's', inputRequests: {} }),
      'modern',
    );
    const agent = kept(await made.open('HTTP', 'new'));
    const approval = made.access.allow(made.agent);
    await agent.ask('tools/call', { name: 'hidden', arguments: {} });
    await made.clock.settle();
    made.access.access.approvals.change(approval, {
      rules: { tools: 'everything', allow: [], deny: ['hidden'], ask: 'never' },
    });
    const before = made.arrived.length;
    await agent.ask('tools/call', { name: 'hidden', arguments: {}, requestState: 's', inputResponses: {} });
    expect(made.arrived.slice(before)).toEqual([]);
  });
});

describe('a session id', () => {
  it('is of the account that it began with: with another one it is not found, and nothing is sent into it', async () => {
    const made = await world(kept, (_req, res, message) =>
      answer(res, message, { protocolVersion: '2025-11-25', capabilities: {} }, { 'mcp-session-id': 'mine' }),
    );
    made.access.allow(made.agent);
    await post(made, request('initialize', { protocolVersion: '2025-11-25', capabilities: {} }));
    made.access.account = 'second';
    made.access.allow(made.agent);
    made.access.access.settingChanged();
    const before = made.arrived.length;
    const told = await post(made, callOf('seen'), { 'mcp-session-id': 'mine' });
    expect(told.status).toBe(404);
    expect(made.arrived.slice(before)).toEqual([]);
  });

  it('that is there twice is nobody\u2019s', async () => {
    const made = await world(kept, done);
    hide(made);
    const headers = [
      ['host', new URL(made.mcp).host],
      ['authorization', `Bearer ${made.key}`],
      ['content-type', 'application/json'],
      ['accept', 'application/json, text/event-stream'],
      ['mcp-session-id', 'another\u2019s'.replace('\u2019', '')],
      ['mcp-session-id', 'x'],
    ];
    const told = await ask(made.mcp, {
      method: 'POST',
      headers: headers.flat() as never,
      body: JSON.stringify(callOf('seen')),
    });
    expect(told.status).toBe(400);
    expect(made.arrived).toEqual([]);
  });
});
