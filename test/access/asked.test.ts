// A whole broker with real servers: an agent that nobody allowed waits for the person, who answers in the window or on a page's word.
import { createInterface } from 'node:readline';
import { duplexPair } from 'node:stream';
import type { Client } from '@modelcontextprotocol/client';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { liveBroker, type LiveBroker } from '../ui/live-broker.ts';

interface Message {
  readonly id?: number;
  readonly method?: string;
}

let live: LiveBroker;
afterEach(() => live[Symbol.asyncDispose]());

const start = async (options: Parameters<typeof liveBroker>[0] = {}) => {
  live = await liveBroker({ ...options, broker: { approvals: 'ask', ...options.broker } });
};
const key = async (name: string, trusted = false) => (await live.client.script.addAgent({ name, trusted })).key;
const prompts = () => live.broker.control.access.prompts.list();
const promptId = async () => {
  await eventually(() => prompts().length === 1);
  return prompts()[0]?.id ?? '';
};
/** Connects and calls a tool; what comes of it as text. */
const calls = async (given: string): Promise<{ agent: Client; text: string; isError: boolean }> => {
  const agent = await live.agent(given);
  const { content, isError } = await agent.callTool({ name: 'echo', arguments: { text: 'hello' } });
  return { agent, text: JSON.stringify(content), isError: isError === true };
};
const allow = async (lasts: 'once' | 'always' = 'always') =>
  live.client.approvals.decide({ id: await promptId(), decision: 'allow', lasts });
/** What the server was asked for by anybody. */
const reached = () => live.server.requests.length;

describe('an agent on HTTP that nobody allowed', () => {
  it('reaches the server only after the person said yes, and its call is answered then', async () => {
    await start();
    await live.signIn();
    const before = reached();
    const opening = calls(await key('cursor'));
    const id = await promptId();
    expect(reached()).toBe(before);
    expect(prompts()[0]).toMatchObject({ agent: { name: 'cursor' }, server: 'notes', waiting: 1 });
    await live.client.approvals.decide({ id, decision: 'allow', lasts: 'always' });
    expect(await opening).toMatchObject({ isError: false, text: expect.stringContaining('hello') as string });
    expect(live.server.calls['echo']).toBe(1);
    const { items } = await live.client.activity.list({ agent: 'cursor' });
    expect(items.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['approval-asked', 'approved']));
  });

  it('opens no browser before that, where one opens by itself to sign in', async () => {
    await start();
    await live.client.servers.updateSettings({ server: 'notes', settings: { signIn: 'auto' } });
    const opening = calls(await key('cursor'));
    const id = await promptId();
    expect(live.browser.visits).toHaveLength(0);
    await live.client.approvals.decide({ id, decision: 'deny', lasts: 'always' });
    expect(await opening).toMatchObject({ isError: true, text: expect.stringContaining('denied') as string });
    expect(live.browser.visits).toHaveLength(0);
  });

  it('gets a link to a page that decides nothing, and that says so when it was answered', async () => {
    await start();
    await live.client.settings.set({ approvalWait: 5_000 });
    const { text } = await calls(await key('cursor'));
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+\/approve\/[a-z0-9]+/u.exec(text) ?? [];
    expect(await (await fetch(url)).text()).toContain('Nothing can be decided on this page');
    await fetch(url, { method: 'POST' });
    expect(prompts()).toHaveLength(1);
    await allow('once');
    expect(await (await fetch(url)).text()).toContain('You allowed it');
  });

  it('is shut out within a second when its approval is revoked, an open stream and all', async () => {
    await start();
    await live.signIn();
    const opening = calls(await key('cursor'));
    const { id } = await allow();
    const { agent } = await opening;
    const long = agent.callTool({ name: 'slow', arguments: { steps: 0 } });
    await live.server.until(() => live.server.calls['slow'] === 1);
    const ended = long.then(
      ({ isError }) => isError === true,
      () => true,
    );
    const since = performance.now();
    await live.client.approvals.revoke({ id });
    expect(await ended).toBe(true);
    expect(performance.now() - since).toBeLessThan(1_000);
    const before = live.server.calls['echo'];
    const refused = agent.callTool({ name: 'echo', arguments: { text: 'again' } });
    await live.client.approvals.decide({ id: await promptId(), decision: 'deny', lasts: 'once' });
    expect(await refused).toMatchObject({ isError: true });
    expect(live.server.calls['echo']).toBe(before);
  });
});

/** One JSON-RPC message a line, as the shim carries them. */
const connected = () => {
  const [ours, theirs] = duplexPair();
  const hello = { agentName: 'claude', pid: 1, parentPid: 1, cwd: '/', argv: [], version: '0', resumed: false };
  live.broker.onStdio({ server: 'notes', ...hello }, theirs, null);
  const heard: Message[] = [];
  createInterface({ input: ours }).on('line', (line) => heard.push(JSON.parse(line) as Message));
  const say = (message: object) => ours.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const answer = async (id: number): Promise<Message> => {
    await eventually(() => heard.some((one) => one.id === id));
    return heard.find((one) => one.id === id) ?? {};
  };
  return { say, heard, answer, stream: theirs };
};

describe('an agent on stdio that nobody allowed', () => {
  it('is greeted and shown its tools meanwhile; its call waits with progress, and is answered when it is allowed', async () => {
    await start();
    await live.signIn();
    const { say, heard, answer, stream } = connected();
    const opening = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'claude', version: '1' } };
    say({ id: 1, method: 'initialize', params: opening });
    expect(await answer(1)).toHaveProperty('result.serverInfo');
    say({ method: 'notifications/initialized' });
    say({ id: 2, method: 'tools/list', params: {} });
    expect(await answer(2)).toHaveProperty('result.tools');
    expect(prompts()).toMatchObject([{ tool: null }]);
    const before = live.server.calls['echo'] ?? 0;
    const params = { name: 'echo', arguments: { text: 'hello' }, _meta: { progressToken: 'p' } };
    say({ id: 3, method: 'tools/call', params });
    await eventually(() => heard.some(({ method }) => method === 'notifications/progress'));
    expect(heard.find(({ method }) => method === 'notifications/progress')).toMatchObject({
      params: { progressToken: 'p', message: expect.stringContaining('/approve/') as string },
    });
    expect(live.server.calls['echo'] ?? 0).toBe(before);
    expect(prompts()).toMatchObject([{ agent: { name: 'claude' }, via: 'stdio', tool: 'echo' }]);
    const { id } = await allow();
    expect(await answer(3)).toMatchObject({ result: { content: [{ text: 'hello' }] } });
    const closed = new Promise((resolve) => stream.once('close', resolve));
    const since = performance.now();
    await live.client.approvals.revoke({ id });
    await closed;
    expect(performance.now() - since).toBeLessThan(1_000);
  });
});

describe('an agent that was added with --trust', () => {
  it('is asked about by nobody, and its approval is in the list', async () => {
    await start();
    await live.signIn();
    expect(await calls(await key('ci', true))).toMatchObject({ isError: false });
    expect(await live.client.approvals.list()).toMatchObject({ prompts: [], approvals: [{ decidedBy: 'trusted' }] });
  });
});

describe('after a restart', () => {
  it('what was allowed for always still is', async () => {
    await start();
    await live.signIn();
    const given = await key('cursor');
    const opening = calls(given);
    await allow();
    await opening;
    await live.restart();
    expect(await calls(given)).toMatchObject({ isError: false });
  });
});

describe('a flag', () => {
  it('decides over what the person chose, and says so', async () => {
    await start({ broker: { approvals: 'off' } });
    await live.signIn();
    expect(await calls(await key('cursor'))).toMatchObject({ isError: false });
    expect(prompts()).toEqual([]);
    expect((await live.client.settings.set({ approvals: 'ask' })).approvals).toMatchObject({
      chosen: 'ask',
      now: 'off',
      fixedBy: '--approvals or TOKENTRAY_APPROVALS',
    });
    expect((await live.client.status()).approvals).toBe('off');
  });
});
