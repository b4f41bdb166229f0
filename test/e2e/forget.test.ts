// What is forgotten is gone: no connection to the server stays open, and no token of it is used again.
import { describe, expect, it } from 'vitest';
import { realBroker } from './real-broker.ts';

describe('a server that was forgotten', () => {
  it('has no session and no stream of ours left, although the agents are still there', async () => {
    await using w = await realBroker({ era: 'legacy' });
    await w.signIn();
    const key = await w.agentKey();
    const agents = [await w.httpAgent(key), await w.stdioAgent()];
    for (const agent of agents) await agent.callTool({ name: 'echo', arguments: { text: 'hi' } });
    expect(w.server.sessions()).toBeGreaterThan(1);

    await w.cli('forget', 'demo', '--yes');
    await w.server.until(() => w.server.sessions() === 0 && w.server.openStreams().length === 0);
    await Promise.all(agents.map((agent) => agent.close()));
  }, 60_000);

  it('wants a new sign-in when it is added again, even under the same name and address', async () => {
    await using w = await realBroker({ era: 'legacy' });
    await w.signIn();
    const key = await w.agentKey();
    const before = await w.httpAgent(key);
    await before.callTool({ name: 'echo', arguments: { text: 'hi' } });
    await before.close();

    await w.cli('forget', 'demo', '--yes');
    await w.cli('add', 'demo', w.server.url);
    const agent = await w.httpAgent(key);
    const answer = await agent.callTool({ name: 'echo', arguments: { text: 'hi' } });
    expect(answer.isError).toBe(true);
    expect(JSON.stringify(answer.content)).toContain('/sign-in/');
    expect(w.server.calls['echo']).toBe(1);
    await agent.close();
  }, 60_000);
});
