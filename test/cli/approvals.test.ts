// On the command line a person sees what an agent asks for, and answers it in one command.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Guard } from '../../main/access/types.ts';
import { listenControl } from '../../main/control/socket.ts';
import type { ControlServer } from '../../main/control/socket.ts';
import { fakeBroker } from '../control/fake-broker/fake-broker.ts';
import type { FakeBroker } from '../control/fake-broker/fake-broker.ts';
import { silent } from '../support/silent.ts';
import { makeProfile, runToEnd } from './program.ts';
import type { Profile } from './program.ts';

let profile: Profile;
let fake: FakeBroker;
let control: ControlServer;
let guard: Guard;
let agentId: string;

beforeEach(async () => {
  profile = makeProfile();
  fake = fakeBroker();
  control = await listenControl({
    path: profile.controlSocket,
    deps: fake.deps,
    onStdio: () => undefined,
    log: silent,
  });
  await fake.deps.grants.addServer({ name: 'linear', url: 'https://mcp.example/mcp' });
  const { agent } = fake.deps.agents.add('cursor');
  agentId = agent.id;
  const row = fake.deps.store.agents.get(agent.id);
  if (row === null) throw new Error('the agent is not there');
  guard = fake.access.guards.guard({ agent: row, via: 'http', session: 'http', folder: null }, 'linear');
});
afterEach(async () => {
  await control.close();
  profile.remove();
});

const tokentray = (...args: string[]) => runToEnd(profile, args);
const promptId = () => fake.access.prompts.list()[0]?.id ?? '';

function ask(name = 'create_issue', args: object = {}) {
  let state = 'waiting';
  const outcome = guard
    .admit(
      { method: 'tools/call', params: { name, arguments: args }, bytes: 10 },
      { signal: new AbortController().signal },
    )
    .then(
      () => (state = 'admitted'),
      (error: { code: string }) => (state = error.code),
    );
  return { outcome, state: () => state };
}

describe('tokentray approvals', () => {
  it('shows open questions first, with everything a person needs, and then what stands', async () => {
    fake.access.approvals.decide(
      { agent: { id: agentId, name: 'cursor' }, server: 'linear', account: 'work' },
      [],
      { decision: 'allow', lasts: 'always', rules: { tools: 'read-only', allow: [], deny: ['drop*'], ask: 'never' } },
      'window',
    );
    const client = { name: 'cursor-vscode', version: '1.2' };
    fake.deps.store.agents.change(agentId, { claimed: { name: null, client, clientUri: null } });
    ask();
    const { code, out } = await tokentray('approvals');
    expect(code).toBe(0);
    expect(out).toContain('Messages say it is “cursor-vscode 1.2”');
    expect(out.indexOf(promptId())).toBeLessThan(out.indexOf('AGENT'));
    expect(out).toContain('May this agent use this server?');
    expect(out).toMatch(/Agent +cursor, with a key/u);
    expect(out).toMatch(/Server +linear, https:\/\/mcp.example\/mcp/u);
    expect(out).toMatch(/Called +create_issue/u);
    expect(out).toMatch(/cursor +linear +work +read-only, not drop\* +always/u);
  });

  it('names programs by their files, whatever they call themselves', async () => {
    const checked = {
      by: 'kernel',
      pid: 7,
      executable: '/usr/bin/node',
      script: '/opt/agent/cli.js',
      folder: '/home/alice/src',
      parents: [
        { pid: 6, name: 'Cursor', executable: '/tmp/x' },
        { pid: 5, name: 'init', executable: null },
      ],
      signature: null,
    } as const;
    fake.deps.store.agents.change(agentId, { checked });
    ask();
    const { out } = await tokentray('approvals');
    expect(out).toMatch(/Program +\/usr\/bin\/node, running \/opt\/agent\/cli.js$/mu);
    expect(out).toMatch(/Started +by \/tmp\/x ← init$/mu);
    expect(out).not.toContain('Cursor');
  });

  it('prints all of it as JSON', async () => {
    ask();
    const { out } = await tokentray('approvals', '--json');
    expect(JSON.parse(out)).toMatchObject({ prompts: [{ id: promptId() }], approvals: [], floods: [] });
  });

  it('revokes', async () => {
    const { id } = fake.access.approvals.decide(
      { agent: { id: agentId, name: 'cursor' }, server: 'linear', account: 'default' },
      [],
      { decision: 'allow', lasts: 'always' },
      'window',
    );
    expect(await tokentray('approvals', 'revoke', id)).toMatchObject({
      code: 0,
      err: expect.stringContaining('ended'),
    });
    expect(guard.open()).toBe(false);
    expect((await tokentray('approvals', 'revoke', id)).code).toBe(1);
    expect((await tokentray('approvals', 'revoke')).code).toBe(2);
    expect((await tokentray('approvals', 'remove', id)).code).toBe(2);
  });
});

describe('tokentray approve', () => {
  it.each([
    ['for the session without an option', [], /Allowed .*session.*: everything/u, 0],
    ['one request when asked to', ['--once'], /Allowed once .*: everything/u, 1],
  ])('allows %s', async (_how, options, words, openAfter) => {
    const one = ask();
    const { code, err } = await tokentray('approve', promptId(), ...options);
    expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(words) });
    await one.outcome;
    expect(one.state()).toBe('admitted');
    ask();
    expect(fake.access.prompts.list()).toHaveLength(openAfter);
  });

  it('takes how long, and for what', async () => {
    ask();
    const id = promptId();
    const args = ['--for', '8h', '--read-only', '--allow', 'get_*', '--allow', 'list_*', '--deny-tool', 'get_secret'];
    const { code, out } = await tokentray('approve', id, ...args, '--json');
    expect(code).toBe(0);
    const approval: unknown = JSON.parse(out);
    expect(approval).toMatchObject({
      lasts: 'until',
      decidedBy: 'command-line',
      rules: { tools: 'read-only', allow: ['get_*', 'list_*'], deny: ['get_secret'], ask: 'never' },
    });
  });

  it.each([
    [['--once', '--always'], /do not go together/u],
    [['--session', '--for', '1h'], /do not go together/u],
    [['--for', '1h', '--until', '2030-01-01'], /do not go together/u],
    [['--until', 'tomorrow'], /takes a date/u],
    [['--for', '3 days'], /takes a time/u],
  ])('does not take %j', async (args, words) => {
    ask();
    const { code, err } = await tokentray('approve', promptId(), ...args);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(words) });
    expect(fake.access.prompts.list()).toHaveLength(1);
  });

  it('lets a single call go out, and takes nothing else with it', async () => {
    fake.access.approvals.decide(
      { agent: { id: agentId, name: 'cursor' }, server: 'linear', account: 'default' },
      [],
      { decision: 'allow', lasts: 'always', rules: { tools: 'everything', allow: [], deny: [], ask: 'changes' } },
      'window',
    );
    const one = ask('delete_issue', { id: 7, note: 'a\u001b[2Jb' });
    const shown = await tokentray('approvals');
    expect(shown.out).toContain('"id": 7');
    expect(shown.out).not.toContain('\u001b[2J');
    const id = promptId();
    expect((await tokentray('approve', id, '--always')).code).toBe(2);
    expect((await tokentray('approve', id)).code).toBe(0);
    await one.outcome;
    expect(one.state()).toBe('admitted');
  });

  it('says when nothing is open under that id', async () => {
    const { code, err } = await tokentray('approve', 'nothing');
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('no question is open') });
    expect((await tokentray('approve')).code).toBe(2);
  });
});

describe('tokentray deny', () => {
  it('refuses this time', async () => {
    const one = ask();
    expect(await tokentray('deny', promptId())).toMatchObject({ code: 0, err: expect.stringContaining('this time') });
    await one.outcome;
    expect(one.state()).toBe('approval_denied');
    ask();
    expect(fake.access.prompts.list()).toMatchObject([{ waiting: 1 }]);
  });

  it('refuses for good', async () => {
    ask();
    expect((await tokentray('deny', promptId(), '--always')).code).toBe(0);
    const again = ask();
    await again.outcome;
    expect(again.state()).toBe('approval_denied');
  });
});

describe('tokentray status', () => {
  it('says when nobody is asked', async () => {
    expect((await tokentray('status')).err).not.toContain('approvals are off');
    await fake.deps.settings.set({ approvals: 'off' });
    expect((await tokentray('status')).err).toContain('approvals are off');
  });
});
