// A rule that denies a tool denies it however the name is spelt, in both bridges and both revisions; one that allows means that name alone.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ToolRules } from '../../main/access/types.ts';
import type { StdioAgent } from '../e2e/access/agents.ts';
import type { ToolServer } from '../e2e/access/tool-server.ts';
import { accessWorld, type AccessWorld } from '../e2e/access/world.ts';
import { modernCall, post } from './wire.ts';

const denied = 'delete_all';
/** What another reader might take for `delete_all`. */
const spellings = [
  'delete_all',
  'DELETE_ALL',
  'Delete_All',
  ' delete_all',
  'delete_all ',
  'delete_all\n',
  'delete\u200b_all',
  'dele\u00adte_all',
  '\u202edelete_all',
  '\uff44\uff45lete_all',
  'de\u013fete_all'.replace('\u013f', 'l'),
  '%64elete_all',
  '%2564elete_all',
  '\\u0064elete_all',
  '\\x64elete_all',
  'delete\u0000_all',
  'd\ufeffelete_all',
];

let world: AccessWorld;
let server: ToolServer;
let key: string;
let stdio: Record<'old' | 'new', StdioAgent>;

beforeAll(async () => {
  world = await accessWorld();
  server = await world.server('notes', 'new');
  // The server lists every one of them: whatever is refused is refused by the rule.
  server.tools = [...spellings, 'read', 'Read'].map((name) => ({ name, inputSchema: { type: 'object' } }));
  await world.signIn('notes', 'alice');
  await world.person.settings.set({ tools: { pinning: 'off' } });
  ({ key } = await world.key('http agent'));
  await world.allowNext(() => post(world.bridge, 'notes', { key, ...modernCall('read') }));
  const coming = world.stdio({ server: 'notes', era: 'old' });
  stdio = {
    old: await coming,
    new: await world.stdio({ server: 'notes', era: 'new' }),
  };
  await world.allowNext(() => stdio.old.call('read'));
});
afterAll(() => world[Symbol.asyncDispose]());

const setRules = (rules: Partial<ToolRules>) =>
  world.person.tools.setRules({
    server: 'notes',
    rules: { tools: 'everything', allow: [], deny: [], ask: 'never', ...rules },
  });
beforeEach(() => setRules({}));

/** The raw name as JSON, or already spelt as JSON. */
const oldCall = (json: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":${json},"arguments":{}}}`;

/** Every way of an agent to call it; what of it reached the server. */
async function tryAll(name: string): Promise<unknown[]> {
  const before = server.reached.length;
  await post(world.bridge, 'notes', { key, ...modernCall(name) });
  await post(world.bridge, 'notes', { key, body: oldCall(JSON.stringify(name)) });
  await stdio.old.call(name);
  await stdio.new.call(name);
  return server.reached.slice(before).map(({ tool }) => tool);
}

describe('a tool that a rule denies', () => {
  it('is denied in every spelling, over HTTP and stdio, in both revisions', async () => {
    // Without the rule all of that arrives: it is the rule that stops it.
    expect((await tryAll('DELETE_ALL')).length).toBeGreaterThan(2);
    for (const deny of [[denied], ['delete*'], ['DELETE?ALL'], ['*_ALL']]) {
      await setRules({ deny });
      for (const name of spellings) expect(await tryAll(name), JSON.stringify([deny, name])).toEqual([]);
    }
    expect((await tryAll('read')).length).toBeGreaterThan(2);
  });

  it('is denied where the message escapes it, and is in no list', async () => {
    await setRules({ deny: [denied] });
    const before = server.reached.length;
    for (const json of [
      String.raw`"\u0064elete_all"`,
      String.raw`"delete\u005fall"`,
      '"delete_all"',
      '["delete_all"]',
      '{"0":"delete_all"}',
    ]) {
      await post(world.bridge, 'notes', { key, body: oldCall(json) });
      stdio.old.write(oldCall(json).replace('"id":1', `"id":"raw ${json.length}"`));
      await stdio.old.until(({ id }) => id === `raw ${json.length}`);
    }
    expect(server.reached).toHaveLength(before);
    expect((await stdio.old.list()).sort()).toEqual(['Read', 'read']);
    expect((await stdio.new.list()).sort()).toEqual(['Read', 'read']);
  });

  it('stays denied where another rule allows it: who denies wins, whichever of the two the person set', async () => {
    const approvals = (await world.person.approvals.list()).approvals;
    const everything = { tools: 'everything', allow: ['*'], deny: [], ask: 'never' } as const;
    const mine = { ...everything, allow: [denied] };
    for (const [ofApproval, ofServer] of [
      [{ ...everything, allow: [denied], deny: [denied] }, everything],
      [mine, { ...everything, deny: ['*'] }],
      [
        { ...everything, deny: ['*_all'] },
        { ...everything, allow: ['delete*'] },
      ],
      [mine, { ...everything, tools: 'read-only' as const }],
    ] as const) {
      for (const { id } of approvals) await world.person.approvals.change({ id, rules: ofApproval });
      await setRules(ofServer);
      expect(await tryAll(denied)).toEqual([]);
    }
    for (const { id } of approvals) await world.person.approvals.change({ id, rules: { ...everything, allow: [] } });
  });
});

describe('a tool that a rule allows', () => {
  it('is that name alone: none that only looks like it goes through', async () => {
    await setRules({ allow: [denied] });
    for (const name of spellings.slice(1).filter((one) => one !== denied)) {
      expect(await tryAll(name), JSON.stringify(name)).toEqual([]);
    }
    expect(await tryAll('Read')).toEqual([]);
    expect((await tryAll(denied)).length).toBeGreaterThan(2);
  });
});
