// A list of tools on its way through the bridge shows no agent what it may not use, and is left as it was sent otherwise.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { agentHeaders, ask } from './fixture.ts';
import { answer, hide, list, parsed, post, request, tool, world } from './scripted.ts';
import { keptUntilTheEnd } from '../support/kept.ts';

const kept = keptUntilTheEnd();

describe('a list of tools', () => {
  it('has what a rule hides left out of its JSON, and the rest of it kept', async () => {
    const made = await world(kept, (_req, res, message) =>
      answer(res, message, { ...list, nextCursor: 'c', custom: 1 }),
    );
    hide(made);
    const told = await post(made, request('tools/list'));
    expect(parsed(told)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: { tools: [tool('seen')], nextCursor: 'c', custom: 1 },
    });
    expect(Number(told.headers['content-length'])).toBe(Buffer.byteLength(told.text));
    expect(parsed(await post(made, request('tools/list', { cursor: 'c' })))).toMatchObject({
      result: { tools: [tool('seen')] },
    });
  });

  it('does not come a second time under a name that is only almost `tools`', async () => {
    const alike = { Tools: list.tools, 'tool\u017f': list.tools };
    const made = await world(kept, (_req, res, message) => answer(res, message, { ...list, ...alike }));
    hide(made);
    expect(parsed(await post(made, request('tools/list')))['result']).toEqual({ tools: [tool('seen')] });
  });

  it('passes byte for byte where nothing of it is hidden', async () => {
    const text =
      '{"jsonrpc":"2.0","id":1, "result":{"tools":[{"name":"seen","inputSchema":{"maximum":18446744073709551615}}]}}';
    const made = await world(kept, (_req, res) => res.writeHead(200, { 'content-type': 'application/json' }).end(text));
    hide(made);
    expect((await post(made, request('tools/list'))).text).toBe(text);
  });

  it('is asked for uncompressed, and read all the same where a server compresses it', async () => {
    const made = await world(kept, (_req, res, message) => {
      const text = JSON.stringify({ jsonrpc: '2.0', id: message['id'], result: list });
      res.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(gzipSync(text));
    });
    hide(made);
    const told = await post(made, request('tools/list'), { 'accept-encoding': 'gzip' });
    expect(made.headers[0]?.['accept-encoding']).toBe('identity');
    expect(told.headers).not.toHaveProperty('content-encoding');
    expect(parsed(told)).toMatchObject({ result: { tools: [tool('seen')] } });
  });

  it.each([
    ['in a coding that nobody knows', { 'content-encoding': 'x-own' }, JSON.stringify({ result: list })],
    ['as no JSON', {}, '{"result":{"tools":[{"name":"hidden"}'],
    ['with its result twice', {}, '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"hidden"}]},"result":{}}'],
    ['as text', { 'content-type': 'text/plain' }, JSON.stringify({ jsonrpc: '2.0', id: 1, result: list })],
  ])('that comes %s does not pass', async (_name, headers, body) => {
    const made = await world(kept, (_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body);
    });
    hide(made);
    const told = await post(made, request('tools/list'));
    expect(told.status).toBe(502);
    expect(told.text).not.toContain('hidden');
  });

  it('on a stream is changed where it stands: every other event arrives as it was sent', async () => {
    const before = ': hello\n\nid: 1\ndata:\n\n';
    const message = 'data: {"jsonrpc":"2.0", "method":"notifications/message","params":{}}\r\n\r\n';
    const made = await world(kept, (_req, res, { id }) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      const text = JSON.stringify({ jsonrpc: '2.0', id, result: list });
      const middle = text.indexOf('"result"');
      res.end(
        `${before}${message}id: 7\nevent: message\ndata: ${text.slice(0, middle)}\ndata: ${text.slice(middle)}\n\n`,
      );
    });
    hide(made);
    const { text } = await post(made, request('tools/list'));
    const shown = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools: [tool('seen')] } });
    expect(text).toBe(`${before}${message}id: 7\nevent: message\ndata: ${shown}\n\n`);
  });

  it('that a resumed stream brings is filtered, and what cannot be read is left out', async () => {
    const made = await world(kept, (req, res) => {
      expect(req.headers['last-event-id']).toBe('6');
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write('id: 7\ndata: {"jsonrpc":"2.0","id":3,"result":{"content":[]}}\n\n');
      res.write('id: 8\ndata: {"jsonrpc":"2.0","id":4,"result":{"tools":[{"name":"hidden"}]},"result":{}}\n\n');
      res.end(`id: 9\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: 5, result: list })}\n\n`);
    });
    hide(made);
    const headers = agentHeaders(made.key, { 'mcp-session-id': 's', 'last-event-id': '6' });
    const { text } = await ask(made.mcp, { headers });
    expect(text).toBe(
      [
        'id: 7\ndata: {"jsonrpc":"2.0","id":3,"result":{"content":[]}}\n\n',
        `id: 9\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: 5, result: { tools: [tool('seen')] } })}\n\n`,
      ].join(''),
    );
  });
});
