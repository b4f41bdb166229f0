// What a server asks in the middle of a call reaches the person, and the answer reaches that very call and no other.
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../support/fake-clock.ts';
import { startMcpServer } from '../../support/mcp-server.ts';
import { connectAgent, said } from './agent.ts';
import { overStdio, relayTo, testUpstream } from './bench.ts';
import { discovered, hello, initialized, notFound, rawAgent, scriptedServer, stamped } from './raw.ts';
import type { Json } from './raw.ts';
import { keptUntilTheEnd } from '../../support/kept.ts';

const kept = keptUntilTheEnd();

const form = { elicitation: { form: {} } };
const question = { method: 'elicitation/create', params: { message: 'Sure?', requestedSchema: { type: 'object' } } };

describe('an old agent with a new server that needs input', () => {
  const states = ['{"b": 1,  "a":"\\u00e9"}', 'x'.repeat(5000), ' =?base64?AAAA?= '];

  it.each(states)('gives back the state exactly as it was, with a new id: %s', async (state) => {
    const server = kept(
      await scriptedServer(({ method, params }) => {
        if (method === 'server/discover') return discovered();
        if (method === 'tools/list') return { result: { resultType: 'complete', tools: [] } };
        if (method !== 'tools/call') return notFound;
        if ((params as Json)['requestState'] !== undefined) {
          return { result: { resultType: 'complete', content: [{ type: 'text', text: 'done' }] } };
        }
        return { result: { resultType: 'input_required', inputRequests: { sure: question }, requestState: state } };
      }),
    );
    const agent = rawAgent(testUpstream(server.url));
    kept(agent.session);
    await agent.ask('initialize', hello(form));
    const answered = agent.ask('tools/call', { name: 'deploy', arguments: { to: 'prod' } }, 5);
    const asked = await agent.until(({ method }) => method === 'elicitation/create');
    expect(asked['params']).toEqual(question.params);
    agent.send({ id: asked['id'], result: { action: 'accept', content: { yes: true } } });
    expect(await answered).toEqual({
      jsonrpc: '2.0',
      id: 5,
      result: { content: [{ type: 'text', text: 'done' }] },
    });
    const [first, retry] = server.seen.filter(({ message }) => message['method'] === 'tools/call');
    expect(retry?.message['params']).toEqual({
      ...(first?.message['params'] as Json),
      inputResponses: { sure: { action: 'accept', content: { yes: true } } },
      requestState: state,
    });
    expect(retry?.message['id']).not.toEqual(first?.message['id']);
  });

  it('sends no state where the server gave none, and tries again where there is only a state', async () => {
    let round = 0;
    const server = kept(
      await scriptedServer(({ method }) => {
        if (method === 'server/discover') return discovered();
        if (method === 'tools/list') return { result: { tools: [] } };
        if (method !== 'tools/call') return notFound;
        round += 1;
        if (round === 1) return { result: { resultType: 'input_required', inputRequests: { sure: question } } };
        if (round === 2) return { result: { resultType: 'input_required', requestState: 'later' } };
        return { result: { content: [] } };
      }),
    );
    const agent = rawAgent(testUpstream(server.url));
    kept(agent.session);
    await agent.ask('initialize', hello(form));
    const answered = agent.ask('tools/call', { name: 'deploy' });
    const asked = await agent.until(({ method }) => method === 'elicitation/create');
    agent.send({ id: asked['id'], result: { action: 'decline' } });
    expect(await answered).toMatchObject({ result: { content: [] } });
    const calls = server.seen.filter(({ message }) => message['method'] === 'tools/call');
    expect(calls[1]?.message['params']).not.toHaveProperty('requestState');
    expect(calls[1]?.message['params']).toHaveProperty('inputResponses.sure.action', 'decline');
    expect(calls[2]?.message['params']).toMatchObject({ requestState: 'later' });
    expect(calls[2]?.message['params']).not.toHaveProperty('inputResponses');
  });

  it('is told in the tool result when it did not say that it can answer such a question', async () => {
    const server = kept(
      await scriptedServer(({ method }) =>
        method === 'server/discover'
          ? discovered()
          : { result: { resultType: 'input_required', tools: [], inputRequests: { sure: question } } },
      ),
    );
    const agent = rawAgent(testUpstream(server.url));
    kept(agent.session);
    await agent.ask('initialize', hello({}));
    const { result } = await agent.ask('tools/call', { name: 'deploy' });
    expect(result).toMatchObject({ isError: true });
    expect(agent.received.some(({ method }) => method === 'elicitation/create')).toBe(false);
  });

  it('takes its question back from the person when the call is cancelled', async () => {
    const server = kept(await startMcpServer({ era: 'modern' }));
    const agent = rawAgent(testUpstream(server.url));
    kept(agent.session);
    await agent.ask('initialize', hello(form));
    agent.send({ id: 9, method: 'tools/call', params: { name: 'ask' } });
    const asked = await agent.until(({ method }) => method === 'elicitation/create');
    agent.send({ method: 'notifications/cancelled', params: { requestId: 9 } });
    const back = await agent.until(({ method }) => method === 'notifications/cancelled');
    expect(back['params']).toEqual({ requestId: asked['id'] });
  });
});

const post = (body: Json): Request => {
  const name = (body['params'] as Json)['name'];
  return new Request('http://127.0.0.1/mcp/everything', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': String(body['method']),
      ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', ...body }),
  });
};
const ask = (id: number, params: Json = {}): Request =>
  post({ id, method: 'tools/call', params: stamped({ name: 'ask', arguments: {}, ...params }, form) });
const answerOf = async (response: Response): Promise<Json> => (await response.json()) as Json;
const resultOf = async (response: Response): Promise<Json> => (await answerOf(response))['result'] as Json;

async function asked(relay: ReturnType<typeof relayTo>): Promise<{ requestState: string; inputResponses: Json }> {
  const { resultType, requestState, inputRequests } = await resultOf(await relay.handle(ask(1), { agent: 'a' }));
  expect(resultType).toBe('input_required');
  const [key] = Object.keys(inputRequests as Json);
  return {
    requestState: String(requestState),
    inputResponses: { [String(key)]: { action: 'accept', content: { colour: 'blue' } } },
  };
}

describe('a new agent with an old server that asks in the middle of a call', () => {
  it('continues the one call that is open, once', async () => {
    const server = kept(await startMcpServer({ era: 'legacy' }));
    const relay = kept(relayTo(testUpstream(server.url)));
    const answer = await asked(relay);
    const result = await resultOf(await relay.handle(ask(2, answer), { agent: 'a' }));
    expect(said(result)).toBe('colour blue');
    expect(result['resultType']).toBe('complete');
    expect(server.log.list({ rpc: 'tools/call' })).toHaveLength(1);
    const again = await answerOf(await relay.handle(ask(3, answer), { agent: 'a' }));
    expect(again).toMatchObject({ error: { code: -32602 } });
  });

  it('is out of reach for another agent, for another call and with a guessed state', async () => {
    const server = kept(await startMcpServer({ era: 'legacy' }));
    const relay = kept(relayTo(testUpstream(server.url)));
    const answer = await asked(relay);
    const tries = [
      relay.handle(ask(2, answer), { agent: 'b' }),
      relay.handle(ask(2, { ...answer, arguments: { other: true } }), { agent: 'a' }),
      relay.handle(ask(2, { ...answer, requestState: answer.requestState.toUpperCase() }), { agent: 'a' }),
    ];
    for (const response of await Promise.all(tries)) {
      expect(await answerOf(response)).toMatchObject({ error: { code: -32602 } });
    }
    expect(said(await resultOf(await relay.handle(ask(2, answer), { agent: 'a' })))).toBe('colour blue');
  });

  it('asks again for what was left out', async () => {
    const server = kept(await startMcpServer({ era: 'legacy' }));
    const relay = kept(relayTo(testUpstream(server.url)));
    const answer = await asked(relay);
    const again = await resultOf(await relay.handle(ask(2, { ...answer, inputResponses: {} }), { agent: 'a' }));
    expect(again['resultType']).toBe('input_required');
    expect(again['requestState']).not.toBe(answer.requestState);
    const done = await relay.handle(ask(3, { ...answer, requestState: again['requestState'] }), { agent: 'a' });
    expect(said(await resultOf(done))).toBe('colour blue');
  });

  it('is given up with the server told so when no answer comes in time', async () => {
    const server = kept(await startMcpServer({ era: 'legacy' }));
    const clock = createFakeClock();
    const relay = kept(relayTo(testUpstream(server.url, { clock })));
    const answer = await asked(relay);
    await clock.advance(10 * 60_000);
    await server.until(() => server.log.list({ rpc: 'notifications/cancelled' }).length === 1);
    expect(await answerOf(await relay.handle(ask(2, answer), { agent: 'a' }))).toMatchObject({
      error: { code: -32602 },
    });
  });

  it('is shown the links of an old server that wants them opened first, and then calls anew', async () => {
    let calls = 0;
    const elicitation = { mode: 'url', url: 'https://example.test/pay', message: 'Pay', elicitationId: 'e1' };
    const server = kept(
      await scriptedServer(({ method }) => {
        if (method === 'initialize') return initialized();
        if (method !== 'tools/call') return notFound;
        calls += 1;
        if (calls > 1) return { result: { content: [{ type: 'text', text: 'paid' }] } };
        return { error: { code: -32042, message: 'Pay first', data: { elicitations: [elicitation] } } };
      }),
    );
    const { transport } = kept(overStdio(testUpstream(server.url)));
    const agent = await connectAgent('new', transport);
    expect(said(await agent.client.callTool({ name: 'buy', arguments: {} }))).toBe('paid');
    expect(agent.asked[0]?.params).toMatchObject({ mode: 'url', url: 'https://example.test/pay' });
    expect(calls).toBe(2);
  });
});
