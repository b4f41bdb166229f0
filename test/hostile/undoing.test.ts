// What an agent's commands could undo of what the person set against it.
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StdioAgent } from '../e2e/access/agents.ts';
import { clearConfirmation } from '../../preload/contract.ts';
import { accessWorld, type AccessWorld } from '../e2e/access/world.ts';

const probe = fileURLToPath(new URL('contract-probe.ts', import.meta.url));

let world: AccessWorld;
let agent: StdioAgent;
let denial: string;

beforeAll(async () => {
  world = await accessWorld();
  const server = await world.server('notes', 'new');
  server.tools = [{ name: 'delete', inputSchema: { type: 'object' } }];
  await world.signIn('notes', 'alice');
  await world.person.tools.setRules({
    server: 'notes',
    rules: { tools: 'everything', allow: [], deny: ['delete*'], ask: 'never' },
  });
  const coming = world.stdio({ server: 'notes', name: 'evil' });
  const { id } = await world.asked();
  ({ id: denial } = await world.person.approvals.decide({ id, decision: 'deny', lasts: 'always' }));
  agent = await coming;
});
afterAll(() => world[Symbol.asyncDispose]());

describe('a command of an agent', () => {
  it.each<[string, string, unknown]>([
    ['have itself asked about again that was denied for good', 'approvals.revoke', () => ({ id: denial })],
    ['forget the server with the rules that stand against its tools', 'servers.forget', () => ({ server: 'notes' })],
    ['clear everything', 'clearEverything', () => ({ confirm: clearConfirmation })],
    [
      'have browsers open by themselves, or tokens sent in the clear',
      'servers.updateSettings',
      () => ({ server: 'notes', settings: { signIn: 'auto', allowHttp: true } }),
    ],
  ])('cannot do for the person: %s', async (_what, path, input) => {
    const calls = JSON.stringify([[path, (input as () => unknown)()]]);
    const { stdout, stderr } = await agent.run(execPath, probe, world.controlSocket, calls);
    expect(stdout.trim(), stderr).toBe('["agent_refused"]');
    const { approvals } = await world.person.approvals.list();
    expect(approvals.map(({ id, decision }) => ({ id, decision }))).toEqual([{ id: denial, decision: 'deny' }]);
    expect((await world.person.tools.rules({ server: 'notes' })).rules.deny).toEqual(['delete*']);
  });
});
