// A call that needs more than was granted is told to the person once, whichever ways it takes through the bridge.
import { expect, it } from 'vitest';
import { liveBroker } from './live-broker.ts';

it('one call of an agent is one line of the history, and what it wants is in the state of its server', async () => {
  await using live = await liveBroker({ auth: { scopesSupported: ['mcp'] } });
  await live.signIn();
  const { key } = await live.client.script.addAgent({ name: 'cursor' });
  const agent = await live.agent(key);
  // The bridge forwards it, is told to ask the person, and the relay then takes the same call over for a better answer.
  const answer = await agent.callTool({ name: 'admin', arguments: {} });
  expect(answer).toMatchObject({ isError: true });
  expect(await live.client.events.list({ server: 'notes', kind: 'step-up-asked' })).toHaveLength(1);
  expect((await live.client.servers.show({ server: 'notes' })).state).toMatchObject({
    kind: 'connected',
    stepUp: { scopes: ['admin'] },
  });
});
