// Rules and pinned tools over the contract: what a person sets is what counts, they are shown what changed, and watchers learn of it.
import { createRouterClient } from '@orpc/server';
import { beforeEach, describe, expect, it } from 'vitest';
import { createUiRouter } from '../../main/control/ui-router.ts';
import type { Change } from '../../preload/contract.ts';
import { fakeBroker } from './fake-broker/fake-broker.ts';
import type { FakeBroker } from './fake-broker/fake-broker.ts';

const rules = { tools: 'everything', allow: [], deny: ['delete*'], ask: 'destructive' } as const;

let fake: FakeBroker;
let told: Change[];
const clientOf = (context: Parameters<typeof createUiRouter>[0], startedBy?: () => Promise<{ kind: 'orphan' }>) =>
  createRouterClient(createUiRouter(context), {
    context: { session: null, ...(startedBy === undefined ? {} : { startedBy }) },
  });
let client: ReturnType<typeof clientOf>;

const see = (...tools: unknown[]) => fake.deps.pins.seen('linear', 'default', tools, { agreed: true });

beforeEach(async () => {
  fake = fakeBroker();
  await fake.deps.grants.addServer({ name: 'linear', url: 'https://mcp.example/mcp' });
  told = [];
  fake.deps.changes.subscribe((change) => void told.push(change));
  client = clientOf(fake.deps);
});

describe('the rules of a server', () => {
  it('restrict nothing until the person sets some, and change in part', async () => {
    expect(await client.tools.rules({ server: 'linear' })).toEqual({
      server: 'linear',
      rules: { tools: 'everything', allow: [], deny: [], ask: 'never' },
      pinning: null,
    });
    await client.tools.setRules({ server: 'linear', rules });
    expect(await client.tools.setRules({ server: 'linear', pinning: 'warn' })).toEqual({
      server: 'linear',
      rules,
      pinning: 'warn',
    });
    expect(await client.tools.setRules({ server: 'linear', pinning: null })).toEqual({
      server: 'linear',
      rules,
      pinning: null,
    });
    expect(await client.tools.rules({ server: 'linear' })).toEqual({ server: 'linear', rules, pinning: null });
    expect(told.filter(({ kind }) => kind === 'tools')).toHaveLength(3);
  });

  it.each([
    { ...rules, allow: [''] },
    { ...rules, deny: ['x'.repeat(257)] },
    { ...rules, deny: Array.from({ length: 201 }, (_, at) => `tool-${at}`) },
    { ...rules, tools: 'all' },
    { ...rules, ask: 'always' },
    { tools: 'read-only' },
  ])('are refused where they are none: %j', async (wrong) => {
    await expect(client.tools.setRules({ server: 'linear', rules: wrong as never })).rejects.toThrow();
    expect((await client.tools.rules({ server: 'linear' })).rules.deny).toEqual([]);
  });

  it('are of a server that there is', async () => {
    for (const call of [client.tools.rules, client.tools.list]) {
      await expect(call({ server: 'other' })).rejects.toMatchObject({ data: { code: 'unknown_server' } });
    }
    await expect(client.tools.setRules({ server: 'other', rules })).rejects.toMatchObject({
      data: { code: 'unknown_server' },
    });
    await expect(client.tools.accept({ server: 'other', tools: [] })).rejects.toMatchObject({
      data: { code: 'unknown_server' },
    });
  });
});

describe('pinned tools', () => {
  const read = { name: 'read', description: 'Reads.' };
  const changed = { ...read, description: 'Reads \u202e all.' };

  it('are shown with both definitions, and accepted as they were looked at', async () => {
    see(read);
    see(changed);
    expect(told.at(-1)).toEqual({ kind: 'tools', server: 'linear', held: 1 });
    const [tool] = await client.tools.list({ server: 'linear' });
    expect(tool).toMatchObject({
      tool: 'read',
      state: 'held',
      accepted: { description: 'Reads.' },
      seen: { description: changed.description },
    });
    const { seenAt } = tool ?? { seenAt: 0 };
    await expect(
      client.tools.accept({ server: 'linear', tools: [{ tool: 'read', seenAt: seenAt - 1 }] }),
    ).rejects.toMatchObject({
      data: { code: 'invalid_input' },
    });
    expect(await client.tools.accept({ server: 'linear', tools: [{ tool: 'read', seenAt }] })).toEqual({ accepted: 1 });
    expect(told.at(-1)).toEqual({ kind: 'tools', server: 'linear', held: 0 });
    expect((await client.tools.list({ server: 'linear' }))[0]).toMatchObject({ state: 'accepted', because: null });
    expect(await client.tools.list({ server: 'linear', account: 'other' })).toEqual([]);
  });

  it('are counted in the first word to whoever watches', async () => {
    see(read);
    see(read, { name: 'new' });
    for await (const change of await client.changes()) {
      expect(change).toMatchObject({
        kind: 'snapshot',
        heldTools: [{ server: 'linear', held: 1 }],
        settings: { tools: { pinning: 'hold' } },
      });
      break;
    }
  });

  it('are held, warned of or let through as the settings say, and as the rules of the server say before those', async () => {
    see(read);
    see(changed);
    const state = async () => (await client.tools.list({ server: 'linear' }))[0]?.state;
    expect((await client.settings.set({ tools: { pinning: 'warn' } })).tools).toEqual({ pinning: 'warn' });
    expect(await state()).toBe('warned');
    expect(told.filter(({ kind }) => kind === 'tools').at(-1)).toEqual({ kind: 'tools', server: 'linear', held: 0 });
    await client.tools.setRules({ server: 'linear', pinning: 'hold' });
    expect(await state()).toBe('held');
    expect(told.at(-1)).toEqual({ kind: 'tools', server: 'linear', held: 1 });
    await expect(client.settings.set({ tools: { pinning: 'never' as never } })).rejects.toThrow();
  });
});

describe('an account that was forgotten', () => {
  it('takes with it what was agreed to under it', async () => {
    fake.deps.pins.seen('linear', 'work', [{ name: 'read' }], { agreed: true });
    see({ name: 'read' });
    await client.accounts.forget({ server: 'linear', account: 'work' });
    expect(await client.tools.list({ server: 'linear', account: 'work' })).toEqual([]);
    expect(await client.tools.list({ server: 'linear' })).toHaveLength(1);
  });
});

describe('a command that an agent may have started', () => {
  it('sees the rules and the tools, and decides nothing about them', async () => {
    const agents = clientOf(fake.deps, async () => ({ kind: 'orphan' }));
    fake.deps.pins.seen('linear', 'default', [{ name: 'read' }], { agreed: true });
    expect(await agents.tools.list({ server: 'linear' })).toHaveLength(1);
    const refused = { data: { code: 'agent_refused' } };
    await expect(agents.tools.setRules({ server: 'linear', rules })).rejects.toMatchObject(refused);
    await expect(agents.tools.accept({ server: 'linear', tools: [] })).rejects.toMatchObject(refused);
    await expect(agents.settings.set({ tools: { pinning: 'off' } })).rejects.toMatchObject(refused);
    expect((await agents.settings.get()).tools.pinning).toBe('hold');
  });
});
