// No name can deceive whoever is asked: not an agent's, not a tool's; and an agent that takes another's name does not get its place.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { promptSchema, type Prompt } from '../../preload/contract-access.ts';
import { Browser as CookieBrowser, authorizeUrl, register } from '../access/authorization-server/fixture.ts';
import type { ToolServer } from '../e2e/access/tool-server.ts';
import { accessWorld, type AccessWorld } from '../e2e/access/world.ts';
import { modernCall, post } from './wire.ts';

const hostile = [
  ['turns the line around', 'claude\u202e}gnihtyna{ \u2066ok\u2069'],
  ['brings lines of its own', 'claude\r\nAllowed: yes\n\u2028Server: other\u0085x'],
  ['has 10,000 characters', 'x'.repeat(10_000)],
  ['is markup', '<img src=x onerror=alert(1)><b>claude</b>&lt;"\'`'],
  ['is for a terminal', '\u001b]0;owned\u0007\u001b[2Jclaude\u009b31m'],
  ['cannot be seen', '\u200b\u2060\u00ad\ufeff\u{e0041}\u2800\u3164'],
  ['climbs over other lines', `c${'\u0301'.repeat(500)}laude`],
] as const;
const soon = { timeout: 10_000 };
const misleading = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u2800\u3164]/u;

let world: AccessWorld;
let server: ToolServer;

beforeAll(async () => {
  world = await accessWorld();
  server = await world.server('notes', 'new');
  await world.signIn('notes', 'alice');
  await world.person.settings.set({ approvalWait: 5_000 });
  const { key } = await world.key('first');
  await world.allowNext(() => post(world.bridge, 'notes', { key, ...modernCall('read') }));
});
afterEach(async () => {
  for (const { id } of (await world.person.approvals.list()).prompts) {
    // One answer may be that to the other names of a program.
    await world.person.approvals.decide({ id, decision: 'deny', lasts: 'always' }).catch(() => undefined);
  }
  for (const { id, kind, revokedAt } of await world.person.agents.list()) {
    if (kind !== 'key' && revokedAt === null) await world.person.agents.revoke({ id });
  }
});
afterAll(() => world[Symbol.asyncDispose]());

const textsOf = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(textsOf)
      : [];

/** As the contract gives it, on the page behind the link, in a terminal, in the log. */
async function expectHarmless(prompt: Prompt, name: string): Promise<void> {
  for (const text of textsOf(promptSchema.parse(prompt))) {
    expect(text).not.toMatch(misleading);
    expect(text.length).toBeLessThan(1_000);
    expect(text).not.toMatch(/\p{M}{9}/u);
  }
  const page = await (await fetch(`${world.bridge}/approve/${prompt.id}`)).text();
  expect(page).not.toMatch(/<img|alert\(1\)>/u);
  expect(page.replaceAll('\n', '')).not.toMatch(misleading);
  const { stdout, stderr } = await world.cli('approvals');
  expect((stdout + stderr).replaceAll('\n', '')).not.toMatch(misleading);
  expect(stdout + stderr).not.toMatch(/^(?:Allowed|Server): (?:yes|other)/mu);
  for (const line of world.broker.stderr().split('\n')) expect(line).not.toMatch(/^(?:Allowed|Server):/u);
  expect(page.length + stdout.length + stderr.length).toBeLessThan(name.length < 1_000 ? 20_000 : 12_000);
}

/** Another program to whoever looks at its file. */
function programFile(name: string): string {
  const file = join(world.home, name);
  copyFileSync(fileURLToPath(new URL('../e2e/access/agent-program.ts', import.meta.url)), file);
  return file;
}

describe('a question', () => {
  it.each(hostile)('about a tool whose name %s says what it is', async (_what, name) => {
    const { key } = await world.key(`agent ${hostile.findIndex(([, one]) => one === name)}`);
    const waiting = post(world.bridge, 'notes', { key, ...modernCall(name) });
    const prompt = await world.asked();
    expect(prompt).toMatchObject({ kind: 'use', server: 'notes', account: 'default' });
    await expectHarmless(prompt, name);
    await world.person.approvals.decide({ id: prompt.id, decision: 'deny', lasts: 'always' });
    await waiting;
  });

  it.each(hostile)(
    'of an agent that signs in to the bridge under a name that %s shows no such name',
    async (_what, name) => {
      const client = await register(world.bridge, { client_name: name }).catch(() => null);
      // A name that is no name may be refused at the door as well.
      if (client === null) return;
      await new CookieBrowser().follow(authorizeUrl({ base: world.bridge }, client), world.bridge);
      const prompt = await world.asked();
      expect(prompt.agent.name.trim()).not.toBe('');
      await expectHarmless(prompt, name);
    },
  );

  it.each(hostile.filter(([, name]) => !name.includes('\u0000')))(
    'of an agent on stdio whose messages say a name that %s shows no such name',
    async (_what, name) => {
      // A program of its own each: one that asks so often under any names would be refused.
      const file = programFile(`agent-program-${hostile.findIndex(([, one]) => one === name)}.ts`);
      const agent = await world.stdio({ server: 'notes', client: name, file });
      const calling = agent.call('read');
      const prompt = await world.asked();
      await expectHarmless(prompt, name);
      expect(prompt.agent.checked?.script).toBe(file);
      await world.person.approvals.decide({ id: prompt.id, decision: 'deny', lasts: 'always' });
      await calling;
      await agent.close();
    },
  );
});

describe('an agent that lies about its name', () => {
  it('is another agent to the person, whatever it calls itself, and gets nothing of what the real one may', async () => {
    const real = await world.stdio({ server: 'notes', name: 'Cursor', client: 'Cursor' });
    await world.allowNext(() => real.call('read'));
    const before = server.reached.length;
    const copy = programFile('other-program.ts');
    const liar = await world.stdio({ server: 'notes', name: 'Cursor', client: 'Cursor', file: copy });
    const calling = liar.call('read');
    const prompt = await world.asked();
    expect(prompt.agent).toMatchObject({
      name: 'Cursor 2',
      claimed: { name: 'Cursor' },
      checked: process.platform === 'linux' ? { by: 'kernel', pid: liar.pid, script: copy } : expect.anything(),
    });
    await world.person.approvals.decide({ id: prompt.id, decision: 'deny', lasts: 'always' });
    expect((await calling).text).toContain('denied');
    expect(server.reached).toHaveLength(before);
    expect((await real.call('read')).failed).toBe(false);
    // The same program is the same agent when it comes again: it is not its word that lets it in.
    await real.close();
    const again = await world.stdio({ server: 'notes', name: 'Cursor', client: 'somebody else' });
    expect((await again.call('read')).failed).toBe(false);
    const noted = await world.person.events.list({ kind: 'agent-client-changed' });
    expect(noted.map(({ detail }) => detail)).toEqual([
      expect.objectContaining({ agent: 'Cursor', was: 'Cursor', is: 'somebody else' }),
    ]);
  });

  it('cannot be called what another one is called, in another case, width or with something unseen in it', async () => {
    const mine = await world.key('helper');
    const names: string[] = [];
    for (const name of [
      'Helper',
      'HELPER',
      '\uff28elper',
      'Hel\u200bper',
      ' helper ',
      '\u041d\u0435lper',
      'he\u0142per',
      'he1per',
    ]) {
      const agent = await world.stdio({ server: 'notes', name, client: 'x' });
      names.push((await world.person.agents.list()).find(({ checked }) => checked?.pid === agent.pid)?.name ?? '');
      await agent.close();
    }
    expect(names).toHaveLength(8);
    for (const name of names) {
      // The person's own agent has the name; whoever comes after it has a number that is ours.
      expect(name).toMatch(/ \d+$/u);
      expect(name).not.toMatch(misleading);
    }
    // "Hel<nothing>per" is Helper with the same program behind it: one agent, not two that look alike.
    expect(names[3]).toBe(names[0]);
    expect(new Set(names).size).toBe(7);
    const add = await world.cli('agent', 'add', '\u041d\u0415LPER');
    expect(add.code).not.toBe(0);
    expect(add.stderr).toContain('looks like');
    await world.person.agents.revoke({ id: mine.id });
  });

  it('is asked about with what it says now beside what it said first', async () => {
    const first = await world.stdio({ server: 'notes', name: 'turncoat', client: 'P' });
    const refused = first.call('read');
    const { id } = await world.asked();
    await world.person.approvals.decide({ id, decision: 'deny', lasts: 'once' });
    await refused;
    await first.close();
    const now = await world.stdio({ server: 'notes', name: 'turncoat', client: 'Claude Code' });
    const calling = now.call('read');
    const prompt = await world.asked();
    expect(prompt.agent).toMatchObject({
      name: 'turncoat',
      claimed: { name: 'turncoat', client: { name: 'Claude Code' }, firstClient: { name: 'P' } },
    });
    await world.person.approvals.decide({ id: prompt.id, decision: 'deny', lasts: 'once' });
    await calling;
    await now.close();
  });
});

describe.runIf(process.platform === 'linux')('a program that names itself anew for each question', () => {
  it('is asked about five times, told of as one, denied with one answer, and holds back nobody', async () => {
    const denials = (await world.person.approvals.list()).approvals.filter(({ decision }) => decision === 'deny');
    for (const { id } of denials) await world.person.approvals.revoke({ id });
    const file = programFile('flood-program.ts');
    const flood = await Promise.all(
      Array.from({ length: 7 }, (_, at) => world.stdio({ server: 'notes', name: `fl${at}`, client: 'Evil', file })),
    );
    const calls = flood.map((agent) => agent.call('read'));
    const asked = async () => (await world.person.approvals.list()).prompts;
    await expect.poll(async () => (await asked()).length, soon).toBe(5);
    await expect
      .poll(async () => (await world.person.approvals.list()).floods, soon)
      .toMatchObject([{ program: file, refused: 2 }]);
    const { key } = await world.key('victim');
    const victim = post(world.bridge, 'notes', { key, ...modernCall('read') });
    await expect.poll(async () => (await asked()).map(({ agent }) => agent.name), soon).toContain('victim');
    const [one] = (await asked()).filter(({ agent }) => agent.name.startsWith('fl'));
    await world.person.approvals.decide({ id: one?.id ?? '', decision: 'deny', lasts: 'always' });
    for (const { text } of await Promise.all(calls)) expect(text).toMatch(/denied|more often/u);
    expect((await asked()).map(({ agent }) => agent.name)).toEqual(['victim']);
    const again = await world.stdio({ server: 'notes', name: 'somebody else', client: 'Evil', file });
    expect((await again.call('read')).text).toMatch(/denied the same program/u);
    const [prompt] = await asked();
    await world.person.approvals.decide({ id: prompt?.id ?? '', decision: 'allow', lasts: 'once' });
    expect((await victim).body).not.toContain('denied');
    for (const agent of [...flood, again]) await agent.close();
  });
});
