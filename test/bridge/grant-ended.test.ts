// What an agent has under way when a grant ends is answered, in both bridges and every revision, and says what happened.
import { describe, expect, it } from 'vitest';
import { endsWithGrants } from '../../main/access/ended-grants.ts';
import type { GrantState } from '../../main/grants/types.ts';
import { startMcpServer } from '../support/mcp-server.ts';
import { guardedBridge, type Guarded, ways, type Way } from './guarded.ts';
import type { Json } from './relay/raw.ts';
import { keptUntilTheEnd } from '../support/kept.ts';

const kept = keptUntilTheEnd();

async function world({ server: era }: Pick<Way, 'server'>) {
  const server = kept(await startMcpServer({ era }));
  const made = kept(await guardedBridge(server.url));
  made.access.allow(made.agent);
  const grant = { server: 'notes', account: 'default' };
  const change = endsWithGrants(made.access.access.guards, [{ ...grant, state: connected }]);
  return { server, made, tell: (state: GrantState) => change({ ...grant, state }) };
}

const connected: GrantState = {
  kind: 'connected',
  accessTokenExpiresAt: null,
  refreshesAt: null,
  refreshable: true,
};
const signingIn: GrantState = { kind: 'signing-in', url: 'https://as.example/', since: 2 };

const ended = (because: 'revoked-here' | 'lifetime-over'): GrantState => ({
  kind: 'needs-sign-in',
  because,
  since: 1,
});

const progress = expect.objectContaining({ method: 'notifications/progress' }) as unknown;

/** Of a call's result, or of an error. */
const textOf = ({ result, error }: Json): string =>
  String(
    ((result as Json | undefined)?.['content'] as Json[] | undefined)?.[0]?.['text'] ?? (error as Json)?.['message'],
  );

const told = async (made: Guarded, work: () => void): Promise<void> => {
  work();
  await made.clock.settle();
};

describe.each(ways)('over $link, a $agent agent and a $server server:', (way: Way) => {
  it.each([
    ['revoked', 'revoked-here', false, 'was revoked by a person'],
    ['revoked, while the server tells of its steps,', 'revoked-here', true, 'was revoked by a person'],
    ['over', 'lifetime-over', false, 'came to the end that a person had set for it'],
    [
      'over, while the server tells of its steps,',
      'lifetime-over',
      true,
      'came to the end that a person had set for it',
    ],
  ] as const)(
    'a call under way hears that the sign-in is %s and ends within a second',
    async (_, because, tellsSteps, words) => {
      const { server, made, tell } = await world(way);
      const agent = kept(await made.open(way.link, way.agent));
      const running = agent.ask('tools/call', {
        name: 'slow',
        arguments: { steps: 0 },
        ...(tellsSteps ? { _meta: { progressToken: 'p' } } : {}),
      });
      await server.until(() => server.calls['slow'] === 1);
      if (tellsSteps) await expect.poll(() => agent.heard).toContainEqual(progress);
      await told(made, () => tell(ended(because)));
      await made.clock.advance(1000);
      const answer = await running;
      expect(textOf(answer)).toContain(`The sign-in to "notes" ${words} while this request was under way`);
      await server.until(() => server.openStreams().length === 0);
    },
  );
});

describe('what comes after the end', () => {
  it('goes on when the same end is told once more, and when a sign-in is begun and given up', async () => {
    const { server, made, tell } = await world({ server: 'modern' });
    tell(ended('revoked-here'));
    const agent = kept(await made.open('HTTP', 'new'));
    const running = agent.ask('tools/call', { name: 'slow', arguments: { steps: 0 } });
    await server.until(() => server.calls['slow'] === 1);
    tell(signingIn);
    tell(ended('revoked-here'));
    await made.clock.advance(1000);
    server.release();
    expect((await running)['result']).toMatchObject({ content: [{ type: 'text' }] });
  });

  it('ends with the next end, after somebody has signed in again', async () => {
    const { server, made, tell } = await world({ server: 'modern' });
    tell(ended('revoked-here'));
    tell(connected);
    const agent = kept(await made.open('HTTP', 'new'));
    const running = agent.ask('tools/call', { name: 'slow', arguments: { steps: 0 } });
    await server.until(() => server.calls['slow'] === 1);
    await told(made, () => tell(ended('lifetime-over')));
    await made.clock.advance(1000);
    expect(textOf(await running)).toContain('came to the end');
  });
});
