// An agent that runs commands cannot decide for the person: not with `tokentray`, not over the control socket, not by hiding who started it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launcher, type StdioAgent } from '../e2e/access/agents.ts';
import type { ToolServer } from '../e2e/access/tool-server.ts';
import { accessWorld, type AccessWorld } from '../e2e/access/world.ts';

const probe = fileURLToPath(new URL('contract-probe.ts', import.meta.url));
const everything = { tools: 'everything', allow: [], deny: [], ask: 'never' };
const later = Date.now() + 30 * 24 * 60 * 60_000;

let world: AccessWorld;
let server: ToolServer;
let agent: StdioAgent;
let mine: { id: string; key: string };
let prompt: string;
let approval: string;

beforeAll(async () => {
  world = await accessWorld();
  server = await world.server('notes', 'new');
  server.tools = [
    { name: 'read', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } },
    { name: 'delete', inputSchema: { type: 'object' }, annotations: { destructiveHint: true } },
  ];
  await world.signIn('notes', 'alice');
  await world.signIn('notes', 'bob', 'second');
  await world.person.accounts.setEnd({ server: 'notes', endsAt: Date.now() + 60 * 60_000 });
  mine = await world.key('mine');
  const other = await world.key('other');
  approval = await world.allowNext(async () => (await world.http(other.key, 'notes', 'new')).list());
  const coming = world.stdio({ server: 'notes', name: 'evil' });
  ({ id: prompt } = await world.asked());
  agent = await coming;
});
afterAll(() => world[Symbol.asyncDispose]());

/** All that an agent could win by. */
async function asItIs() {
  const { person } = world;
  const [agents, { approvals }, rules, pins, settings, accounts] = await Promise.all([
    person.agents.list(),
    person.approvals.list(),
    person.tools.rules({ server: 'notes' }),
    person.accounts.pins(),
    person.settings.get(),
    person.accounts.list({ server: 'notes' }),
  ]);
  const known = agents.map(({ id, name, trusted, revokedAt }) => ({ id, name, trusted, revokedAt }));
  const ends = accounts.map(({ account, isDefault, endsAt }) => ({ account, isDefault, endsAt }));
  return { known, approvals, rules, pins, settings, ends };
}

/** What each call comes to when the agent makes it. */
async function tries(calls: readonly (readonly [string, unknown])[]): Promise<string[]> {
  const { stdout, stderr } = await agent.run(execPath, probe, world.controlSocket, JSON.stringify(calls));
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as string[]).map((outcome, at) => `${calls[at]?.[0]}: ${outcome}`);
}

describe('a command of an agent', () => {
  it.each([
    ['answer the question about it', () => ['approve', prompt, '--always']],
    ['say no in the person’s place', () => ['deny', prompt]],
    ['make itself an agent that nobody is asked about', () => ['agent', 'add', 'evil-2', '--trust']],
    ['trust an agent that is there', () => ['agent', 'trust', 'mine']],
    ['take over another agent’s key', () => ['agent', 'rotate', 'mine']],
    ['take a better name', () => ['agent', 'rename', 'mine', 'Cursor']],
    ['fetch the token that no rule would stand before', () => ['token', 'notes']],
    ['get a link into the window', () => ['ui', '--no-open']],
    ['loosen the rules of a server', () => ['rules', 'notes', '--everything']],
    ['move itself to another account', () => ['account', 'pin', 'notes', 'second', '--agent', 'mine']],
    ['unlock', () => ['unlock']],
  ] as const)('cannot %s', async (_what, words) => {
    const before = await asItIs();
    const { code, stdout, stderr } = await agent.run(execPath, launcher, ...words(), '--json');
    expect(code, stderr + stdout).not.toBe(0);
    expect(stdout + stderr).toMatch(/agent_refused|this is for a person to decide/u);
    expect(await asItIs()).toEqual(before);
  });

  it('cannot do by the control socket what it cannot do by the command line, whichever call it is', async () => {
    const before = await asItIs();
    const calls = [
      ['approvals.decide', { id: prompt, decision: 'allow', lasts: 'always' }],
      ['approvals.answer', { id: prompt, allow: true }],
      ['approvals.change', { id: approval, rules: everything }],
      ['approvals.change', { id: approval, until: null }],
      ['tools.setRules', { server: 'notes', rules: everything }],
      ['tools.setRules', { server: 'notes', pinning: 'off' }],
      ['tools.accept', { server: 'notes', tools: [{ tool: 'read', seenAt: 1 }] }],
      ['agents.trust', { id: mine.id, trusted: true }],
      ['agents.rename', { id: mine.id, name: 'Cursor' }],
      ['accounts.pin', { server: 'notes', account: 'second', agentId: mine.id }],
      ['accounts.unpin', { server: 'notes', agentId: mine.id }],
      ['accounts.setDefault', { server: 'notes', account: 'second' }],
      ['accounts.setEnd', { server: 'notes', endsAt: later }],
      ['accounts.setEnd', { server: 'notes', endsAt: null }],
      ['settings.set', { approvals: 'off' }],
      ['settings.set', { tools: { pinning: 'off' } }],
      ['settings.set', { audit: { keepDays: 1 } }],
      ['settings.set', { lock: { afterIdleMinutes: null, onScreenLock: false } }],
      ['lock.unlock', {}],
      ['broker.resume', {}],
      ['script.token', { server: 'notes' }],
      ['script.addAgent', { name: 'evil-3', trusted: true }],
      ['script.rotateAgent', { id: mine.id }],
      ['script.openUi', { linkOnly: true }],
    ] as const;
    expect(await tries(calls)).toEqual(calls.map(([path]) => `${path}: agent_refused`));
    expect(await asItIs()).toEqual(before);
  });

  it('may take away: what an agent has, and what all have with the pause, which it cannot end', async () => {
    const { key } = await world.key('spare');
    expect(key).toMatch(/^ttk_/u);
    const calls = [
      ['agents.revoke', { name: 'spare' }],
      ['broker.pause', {}],
      ['broker.resume', {}],
    ] as const;
    expect(await tries(calls)).toEqual(['agents.revoke: done', 'broker.pause: done', 'broker.resume: agent_refused']);
    expect((await world.person.broker.resume()).pausedSince).toBeNull();
  });

  it.runIf(process.platform === 'linux').each([
    ['by itself', (command: string) => `(${command}) &`],
    ['behind a shell', (command: string) => `(/bin/sh -c "sleep 0.3; ${command}; true") &`],
    ['in a session of its own', (command: string) => `setsid /bin/sh -c "sleep 0.3; ${command}; true" &`],
  ])('cannot hide who started it by outliving that one: %s', async (_how, wrapped) => {
    const before = await asItIs();
    const said = join(world.home, `said-${Math.random().toString(36).slice(2)}`);
    const command = `'${execPath}' '${launcher}' approve ${prompt} --json > '${said}' 2>&1; touch '${said}.done'`;
    await agent.run('/bin/sh', '-c', `${wrapped(command)} exit 0`);
    await expect.poll(() => existsSync(`${said}.done`), { timeout: 20_000 }).toBe(true);
    expect(readFileSync(said, 'utf8')).toMatch(/agent_refused|whoever started this command has gone/u);
    expect(await asItIs()).toEqual(before);
  });

  it('leaves the question to the person, who answers it', async () => {
    expect(server.reached).toEqual([]);
    await world.person.approvals.decide({ id: prompt, decision: 'allow', lasts: 'always' });
    expect((await agent.call('read')).failed).toBe(false);
    expect(server.reached).toHaveLength(1);
  });
});
