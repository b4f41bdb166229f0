// Any agent works with any server: what one era says differently, the relay says in the other's words.
import { describe, expect, it } from 'vitest';
import { overHttp, overStdio, testUpstream } from './bench.ts';
import { printMatrix, runMatrix } from './matrix.ts';

describe('the era matrix', () => {
  it(
    'has no empty cell: old and new agents use old and new servers over stdio and HTTP',
    { timeout: 180_000 },
    async () => {
      const cells = await runMatrix({
        open: async (link, server) => {
          const upstream = testUpstream(server.url);
          return link === 'stdio' ? overStdio(upstream) : overHttp(upstream);
        },
      });
      console.log(printMatrix(cells));
      expect(cells.filter(({ failure }) => failure !== null)).toEqual([]);
      expect(cells).toHaveLength(180);
    },
  );
});
