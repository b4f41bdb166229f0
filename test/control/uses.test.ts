// An agent has used a server once a request of it was let through, and not before: asking for it, or being denied it, is no use.
import { createInterface } from 'node:readline';
import { duplexPair } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { liveBroker, type LiveBroker } from '../ui/live-broker.ts';

let live: LiveBroker;
beforeEach(async () => {
  live = await liveBroker({ broker: { approvals: 'ask' } });
  await live.signIn();
});
afterEach(() => live[Symbol.asyncDispose]());

const uses = async () =>
  (await live.client.servers.details({ server: 'notes' })).uses.map(({ agent, via }) => [agent, via]);
const told = async () => (await live.client.events.list({})).filter(({ kind }) => kind === 'used');

/** Decides the question that the call waits for, as soon as it does. */
async function decide(decision: 'allow' | 'deny'): Promise<void> {
  const asked = async () => (await live.client.approvals.list()).prompts.find(({ tool }) => tool === 'echo');
  await expect.poll(async () => (await asked())?.waiting).toBeGreaterThan(0);
  const id = (await asked())?.id ?? '';
  await live.client.approvals.decide({ id, decision, lasts: decision === 'allow' ? 'session' : 'once' });
}

const denied = { isError: true, content: [{ text: expect.stringMatching(/denied/u) as string }] };
const done = { content: [{ text: 'hello' }] };

/** An agent over stdio that has opened its connection; `ask` gives the whole answer. */
async function overStdio(name: string) {
  const [ours, theirs] = duplexPair();
  const hello = { agentName: name, pid: 1, parentPid: 1, cwd: '/', argv: [], version: '0', resumed: false };
  live.broker.onStdio({ server: 'notes', ...hello }, theirs, null);
  const heard = createInterface({ input: ours });
  let id = 0;
  const ask = (method: string, params: object): Promise<unknown> =>
    new Promise((resolve) => {
      const own = (id += 1);
      heard.on('line', (line) => {
        const message = JSON.parse(line) as { id?: number; method?: string };
        if (message.id === own && message.method === undefined) resolve(message);
      });
      ours.write(`${JSON.stringify({ jsonrpc: '2.0', id: own, method, params })}\n`);
    });
  await ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name, version: '1' } });
  return { ask, call: () => ask('tools/call', { name: 'echo', arguments: { text: 'hello' } }) };
}

describe('an agent over HTTP', () => {
  it('that asks and is denied has used nothing, and one that is let through has', async () => {
    const { key } = await live.client.script.addAgent({ name: 'cursor' });
    const agent = await live.agent(key);
    const call = () => agent.callTool({ name: 'echo', arguments: { text: 'hello' } });
    const first = call();
    await decide('deny');
    expect(await first).toMatchObject(denied);
    expect([await uses(), await told()]).toEqual([[], []]);
    // It came all the same.
    const [row] = await live.client.agents.list();
    expect(row).toMatchObject({ name: 'cursor', lastUsedAt: expect.any(Number) });

    const second = call();
    await decide('allow');
    expect(await second).toMatchObject(done);
    expect(await uses()).toEqual([['cursor', 'http']]);
    expect(await told()).toMatchObject([{ server: 'notes', detail: { agent: 'cursor', via: 'http' } }]);
  });
});

describe('an agent over stdio', () => {
  it('that asks and is denied has used nothing, and one that is let through has, under the name that it has now', async () => {
    const agent = await overStdio('evil');
    const first = agent.call();
    await decide('deny');
    expect(await first).toMatchObject({ result: denied });
    expect([await uses(), await told()]).toEqual([[], []]);

    const [row] = await live.client.agents.list();
    await live.client.agents.rename({ id: row?.id ?? '', name: 'known' });
    const second = agent.call();
    await decide('allow');
    expect(await second).toMatchObject({ result: done });
    expect(await uses()).toEqual([['known', 'stdio']]);
  });
});
