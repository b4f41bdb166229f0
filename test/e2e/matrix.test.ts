// The era matrix once more, through the built program, its shim and its bridge, with servers that want a token.
import { describe, expect, it } from 'vitest';
import { printMatrix, runMatrix } from '../bridge/relay/matrix.ts';
import { realBroker } from './real-broker.ts';

describe('the era matrix through the real broker', () => {
  it('has no empty cell either when every server wants a sign-in', { timeout: 240_000 }, async () => {
    await using w = await realBroker();
    const key = await w.agentKey();
    const added = new Set<string>();
    const cells = await runMatrix(
      {
        async open(link, server) {
          const name = `${server.era}-${new URL(server.url).port}`;
          if (!added.has(name)) {
            added.add(name);
            await w.cli('add', name, server.url);
            await w.signIn(undefined, name);
          }
          const transport = link === 'stdio' ? w.stdioWay(name) : w.httpWay(key, name);
          return { transport, close: () => transport.close() };
        },
      },
      { server: { auth: { authorizationServer: w.authorizationServer, scopesSupported: ['mcp'] } } },
    );
    console.log(printMatrix(cells));
    expect(cells.filter(({ failure }) => failure !== null)).toEqual([]);
    expect(cells).toHaveLength(180);
  });
});
