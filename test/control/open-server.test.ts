// Of a server that asks for no sign-in every surface says so, once an agent has used it over the bridge.
import { afterEach, expect, it } from 'vitest';
import { startMcpServer, type McpServerOptions, type McpTestServer } from '../support/mcp-server.ts';
import { liveBroker } from '../ui/live-broker.ts';

let open: McpTestServer | null = null;
afterEach(() => open?.close());

it.each<McpServerOptions['era']>(['modern', 'legacy'])('is shown to need none (%s)', async (era) => {
  await using live = await liveBroker();
  open = await startMcpServer({ era });
  await live.client.servers.add({ name: 'free', url: open.url });
  expect(await live.client.servers.show({ server: 'free' })).toMatchObject({ state: { kind: 'open' } });
  expect((await live.client.status()).servers).toEqual({ total: 2, connected: 0, needSignIn: 0, needNone: 0 });
  const { key } = await live.client.script.addAgent({ name: 'cursor' });
  const agent = await live.agent(key, 'free');
  await agent.callTool({ name: 'echo', arguments: { text: 'hello' } });
  const { state } = await live.client.servers.show({ server: 'free' });
  expect(state).toEqual({ kind: 'open', answersSince: expect.any(Number) });
  expect((await live.client.status()).servers).toEqual({ total: 2, connected: 0, needSignIn: 0, needNone: 1 });
});
