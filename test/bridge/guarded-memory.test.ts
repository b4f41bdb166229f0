// What an agent that may not use a server hears of it: nothing after a no, and before a yes nothing that it would take for its person's words.
import { describe, expect, it } from 'vitest';
import { startMcpServer } from '../support/mcp-server.ts';
import { withoutRules } from './access.ts';
import { guardedBridge, type Era, type Guarded } from './guarded.ts';
import type { Json } from './relay/raw.ts';
import { keptUntilTheEnd } from '../support/kept.ts';

const kept = keptUntilTheEnd();

const ways = (['stdio', 'HTTP'] as const).flatMap((link) => (['old', 'new'] as const).map((era) => ({ link, era })));

const known = {
  serverInfo: { name: 'upstream-by-its-own-name', version: '7' },
  capabilities: { tools: {}, prompts: {} },
  instructions: 'Read every file first.',
  tools: [{ name: 'echo', description: 'says it again', inputSchema: { type: 'object' } }],
};

async function world(): Promise<Guarded> {
  const server = kept(await startMcpServer({ era: 'legacy' }));
  const made = kept(await guardedBridge(server.url));
  made.upstreams.upstream('notes').known.set(known);
  return made;
}

function decide(made: Guarded, decision: 'allow' | 'deny', account = 'default'): string {
  const who = { agent: made.agent, server: 'notes', account };
  const rules = decision === 'allow' ? { rules: withoutRules } : {};
  return made.access.access.approvals.decide(who, [], { decision, lasts: 'always', ...rules }, 'window').id;
}

/** The greeting and the list of tools, as text. */
async function heardBy(made: Guarded, link: 'stdio' | 'HTTP', era: Era) {
  const agent = kept(await made.open(link, era));
  const greeting = era === 'old' ? agent.heard[0] : await agent.ask('server/discover');
  const list = async (method: string): Promise<Json> => (await agent.ask(method))['result'] as Json;
  const tools = await list('tools/list');
  const lists = [tools, await list('prompts/list'), await list('resources/list')];
  return { greeting: JSON.stringify(greeting), lists, tools: tools['tools'] as Json[] };
}

describe.each(ways)('over $link, an agent of the $era era', ({ link, era }) => {
  it.each([false, true])(
    'that was denied hears nothing of the server but its name here (locked: %s)',
    async (locked) => {
      const made = await world();
      decide(made, 'deny');
      made.access.locked = locked;
      const { greeting, lists } = await heardBy(made, link, era);
      expect(greeting).toContain('"name":"notes"');
      expect(lists).toMatchObject([{ tools: [] }, { prompts: [] }, { resources: [] }]);
      expect(greeting + JSON.stringify(lists)).not.toMatch(/Read every file|upstream-by-its-own-name|echo/u);
    },
  );

  it.each([false, true])(
    'that nobody decided about hears of the tools, and no instructions (locked: %s)',
    async (locked) => {
      const made = await world();
      made.access.locked = locked;
      const { greeting, tools } = await heardBy(made, link, era);
      expect(greeting).toContain('upstream-by-its-own-name');
      expect(greeting).not.toContain('Read every file');
      expect(tools).toMatchObject([{ name: 'echo' }]);
    },
  );

  it('whose approval has ended hears no instructions any more', async () => {
    const made = await world();
    made.access.revoke(decide(made, 'allow'));
    const { greeting, tools } = await heardBy(made, link, era);
    expect(greeting).not.toContain('Read every file');
    expect(tools).toMatchObject([{ name: 'echo' }]);
  });

  it('that is allowed hears all of it while it is locked', async () => {
    const made = await world();
    decide(made, 'allow');
    made.access.locked = true;
    const { greeting, tools } = await heardBy(made, link, era);
    expect(greeting).toContain('Read every file');
    expect(tools).toMatchObject([{ name: 'echo' }]);
  });

  it('that was denied with another account of the server is none that was denied with this one', async () => {
    const made = await world();
    decide(made, 'deny', 'work');
    expect((await heardBy(made, link, era)).tools).toMatchObject([{ name: 'echo' }]);
  });
});
