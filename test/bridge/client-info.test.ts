// What an agent on HTTP calls itself in its messages is known as its own word, made harmless, before the person is asked about it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveBroker } from '../ui/live-broker.ts';
import { liveBroker } from '../ui/live-broker.ts';

let live: LiveBroker;
let key: string;
beforeEach(async () => {
  live = await liveBroker({ broker: { approvals: 'ask' } });
  await live.signIn();
  ({ key } = await live.client.script.addAgent({ name: 'mine' }));
});
afterEach(() => live[Symbol.asyncDispose]());

const info = (name: unknown, version: unknown = '1.2') => ({ name, version });
const initialize = (clientInfo: unknown) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo },
});
const list = (clientInfo: unknown) => ({
  jsonrpc: '2.0',
  id: 2,
  method: 'tools/list',
  params: {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      ...(clientInfo === undefined ? {} : { 'io.modelcontextprotocol/clientInfo': clientInfo }),
    },
  },
});

/** Sends it; the answer may have to wait for the person. */
function send(body: object, headers: Record<string, string> = {}) {
  const gone = new AbortController();
  const url = `${live.broker.control.bridge?.url ?? ''}/mcp/notes`;
  const sent = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...headers,
  };
  const asking = fetch(url, { method: 'POST', headers: sent, body: JSON.stringify(body), signal: gone.signal });
  const answered = asking.then(
    async (answer) => {
      await answer.body?.cancel();
      return answer.status;
    },
    () => 0,
  );
  return { answered, abort: () => gone.abort() };
}
const modern = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };

const claimed = async () => (await live.client.agents.list())[0]?.claimed.client ?? null;
const prompted = async () => (await live.client.approvals.list()).prompts[0]?.agent.claimed.client ?? null;

describe('what an agent on HTTP calls itself', () => {
  it('is known by the first message of the handshake era', async () => {
    const gone = send(initialize(info('cursor-vscode')));
    await expect.poll(claimed).toEqual({ name: 'cursor-vscode', version: '1.2' });
    gone.abort();
  });

  it('is known by a request of 2026-07-28, and in the question about it as its own word beside its name', async () => {
    const gone = send(list(info('cursor-vscode')), modern);
    await expect.poll(prompted).toEqual({ name: 'cursor-vscode', version: '1.2' });
    expect((await live.client.approvals.list()).prompts[0]?.agent).toMatchObject({ name: 'mine', kind: 'key' });
    gone.abort();
  });

  it('is one short line, however long and whatever is in it', async () => {
    const gone = send(list(info(`evil\n\u202e${'x'.repeat(100_000)}`, `1\u0000${'9'.repeat(100_000)}`)), modern);
    await expect.poll(claimed).not.toBeNull();
    const said = await claimed();
    expect(said?.name).toMatch(/^evil x{10,60}$/u);
    expect(said?.version).toMatch(/^19{10,63}$/u);
    gone.abort();
  });

  it('is not known where it does not say it, and the person is asked all the same', async () => {
    const gone = send(list(undefined), modern);
    await expect.poll(async () => (await live.client.approvals.list()).prompts.length).toBe(1);
    expect(await claimed()).toBeNull();
    gone.abort();
  });

  it.each([
    ['a number', 7],
    ['a list', ['a']],
    ['no name', { version: '1' }],
    ['a name that is no text', info({ toString: 'x' })],
  ])('is not known where it says %s', async (_what, said) => {
    expect(await send(list(said), modern).answered).toBeGreaterThanOrEqual(200);
    expect(await claimed()).toBeNull();
  });

  it('is not believed of a request that is refused before anybody is asked', async () => {
    expect(await send(list(info('liar')), { ...modern, authorization: 'Bearer ttk_nobody' }).answered).toBe(401);
    const gone = send(list(info('cursor')), modern);
    await expect.poll(claimed).toMatchObject({ name: 'cursor' });
    gone.abort();
  });
});
