// Many agents at the moment when the token ends, through the real bridge.
import { describe, expect, it } from 'vitest';
import { realBroker } from './real-broker.ts';

const refreshes = { endpoint: 'token', grantType: 'refresh_token' } as const;

describe('200 calls at once when the access token has just ended', () => {
  it('make exactly one refresh, and all of them are answered', async () => {
    await using w = await realBroker({ as: { accessTokenTtl: 3600 } });
    await w.signIn();
    const key = await w.agentKey();
    const agents = await Promise.all([w.httpAgent(key), w.httpAgent(key), w.stdioAgent(), w.stdioAgent()]);
    await agents[0]?.callTool({ name: 'echo', arguments: { text: 'before' } });
    const before = w.authorizationServer.stats.count(refreshes);
    w.authorizationServer.expireAccessTokens();

    const results = await Promise.all(
      Array.from({ length: 200 }, (_, index) => {
        const agent = agents[index % agents.length];
        if (agent === undefined) throw new Error('no agent');
        return agent.callTool({ name: 'echo', arguments: { text: `call ${index}` } });
      }),
    );
    expect(results.every((result) => result.isError !== true)).toBe(true);
    expect(w.authorizationServer.stats.count(refreshes) - before).toBe(1);
    await Promise.all(agents.map((agent) => agent.close()));
  }, 90_000);

  it('a grant that the provider ended is told as "needs sign-in" once, and the server is not asked again', async () => {
    await using w = await realBroker();
    await w.signIn();
    const agent = await w.stdioAgent();
    expect((await agent.callTool({ name: 'echo', arguments: { text: 'hi' } })).isError).not.toBe(true);
    w.authorizationServer.revokeAllGrants('alice');
    for (let call = 0; call < 5; call += 1) {
      const answer = await agent.callTool({ name: 'echo', arguments: { text: 'hi' } });
      expect(answer.isError).toBe(true);
      expect(JSON.stringify(answer.content)).toContain('/sign-in/');
    }
    expect(w.authorizationServer.stats.count(refreshes)).toBe(1);
    const shown = await w.cli('show', 'demo', '--json');
    expect(shown.stdout).toContain('ended-by-provider');
    await agent.close();
  }, 90_000);
});
