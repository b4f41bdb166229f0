// A call that passes through the bridge: waited for with progress, asked about once, and told to the audit as it ended.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { withoutRules } from './access.ts';
import { agentHeaders } from './fixture.ts';
import { readInto } from './guarded.ts';
import { stamped, type Json } from './relay/raw.ts';
import { answer, callOf, done, parsed, post, request, world } from './scripted.ts';
import { keptUntilTheEnd } from '../support/kept.ts';

const kept = keptUntilTheEnd();

describe('a call that a person is asked about each time', () => {
  const rules = { ...withoutRules, ask: 'changes' } as const;
  const waiting = request('tools/call', { name: 'write', arguments: { a: 1 }, _meta: { progressToken: 'p' } });

  it('waits on a stream with progress, and its answer comes on that', async () => {
    for (const streams of [false, true]) {
      const made = await world(kept, (_req, res, message) => {
        const text = JSON.stringify({ jsonrpc: '2.0', id: message['id'], result: { content: [] } }, null, 2);
        if (!streams) return void res.writeHead(200, { 'content-type': 'application/json' }).end(text);
        res.writeHead(200, { 'content-type': 'text/event-stream' });
        res.end(`data: ${text.replaceAll('\n', '\ndata: ')}\n\n`);
      });
      made.access.allow(made.agent, rules);
      const heard: Json[] = [];
      const response = await fetch(made.mcp, {
        method: 'POST',
        headers: agentHeaders(made.key, { 'mcp-session-id': 's' }) as Record<string, string>,
        body: JSON.stringify(waiting),
      });
      const read = readInto(response, heard);
      await expect.poll(() => heard.length).toBe(1);
      expect(heard[0]).toMatchObject({ method: 'notifications/progress', params: { progressToken: 'p' } });
      expect(made.arrived).toEqual([]);
      made.access.access.prompts.answer(await made.access.prompt(), true, 'window');
      await read;
      expect(heard.at(-1)).toEqual({ jsonrpc: '2.0', id: 1, result: { content: [] } });
      expect(made.arrived).toEqual([JSON.stringify(waiting)]);
    }
  });

  it('is told of a no on the same stream, and the server never hears of it', async () => {
    const made = await world(kept, done);
    made.access.allow(made.agent, rules);
    const told = post(made, waiting, { 'mcp-session-id': 's' });
    made.access.access.prompts.answer(await made.access.prompt(), false, 'window');
    expect((await told).text).toContain('said no');
    expect(made.arrived).toEqual([]);
  });

  it('is one call however often the server asks for input in it', async () => {
    const made = await world(
      kept,
      (_req, res, message) => {
        const { inputResponses } = message['params'] as Json;
        const asks = { resultType: 'input_required', inputRequests: {}, requestState: 'x' };
        answer(res, message, inputResponses === undefined ? asks : { resultType: 'complete', content: [] });
      },
      'modern',
    );
    made.access.allow(made.agent, rules);
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'write' };
    const params = { name: 'write', arguments: { a: 1 } };
    const first = post(made, request('tools/call', stamped(params)), headers);
    made.access.access.prompts.answer(await made.access.prompt(), true, 'window');
    expect(parsed(await first)).toMatchObject({ result: { resultType: 'input_required' } });
    const next = stamped({ ...params, requestState: 'x', inputResponses: {} });
    expect(parsed(await post(made, request('tools/call', next, 2), headers))).toMatchObject({
      result: { resultType: 'complete' },
    });
    await expect.poll(() => made.access.calls.map(({ outcome }) => outcome)).toEqual(['ok']);
    // With other arguments it is another call.
    const other = post(made, request('tools/call', { ...next, arguments: { a: 2 } }, 3), headers);
    made.access.access.prompts.answer(await made.access.prompt(), false, 'window');
    expect((await other).text).toContain('said no');
  });
});

describe('what the audit hears of a call', () => {
  it.each([
    ['ok', { content: [] }, false],
    ['tool-error', { content: [], isError: true }, false],
    ['tool-error', { content: [], isError: true }, true],
  ] as const)('is %s, read off the answer %o after it passed unchanged', async (outcome, result, compressed) => {
    const sent: Buffer[] = [];
    const made = await world(kept, (_req, res, { id }) => {
      const text = `data: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`;
      const bytes = compressed ? gzipSync(text) : Buffer.from(text);
      sent.push(bytes);
      const coding = compressed ? { 'content-encoding': 'gzip' } : {};
      res.writeHead(200, { 'content-type': 'text/event-stream', ...coding }).end(bytes);
    });
    made.access.allow(made.agent);
    const told = await post(made, callOf('seen'), { 'accept-encoding': 'gzip' });
    expect(told.headers['content-encoding']).toBe(compressed ? 'gzip' : undefined);
    await expect.poll(() => made.access.calls.length).toBe(1);
    expect(made.access.calls[0]).toMatchObject({
      tool: 'seen',
      outcome,
      answerBytes: sent[0]?.length,
      requestBytes: JSON.stringify(callOf('seen')).length,
    });
  });

  it('is an error where the server said one, and a cancellation where the agent left', async () => {
    const made = await world(kept, (_req, res, { id, params }) => {
      if ((params as Json)['name'] === 'stuck') return;
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32602, message: 'no' } }));
    });
    made.access.allow(made.agent);
    await post(made, callOf('seen'));
    const left = new AbortController();
    const headers = agentHeaders(made.key) as Record<string, string>;
    const stuck = fetch(made.mcp, {
      method: 'POST',
      headers,
      body: JSON.stringify(callOf('stuck')),
      signal: left.signal,
    });
    await expect.poll(() => made.arrived.length).toBe(2);
    left.abort();
    await expect(stuck).rejects.toThrow();
    await expect.poll(() => made.access.calls.map(({ outcome }) => outcome)).toEqual(['error', 'cancelled']);
  });
});
