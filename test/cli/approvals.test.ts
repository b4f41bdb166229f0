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
const decided = (decision: 'allow' | 'deny' = 'allow') =>
  fake.access.approvals.decide(
    { agent: { id: agentId, name: 'cursor' }, server: 'linear', account: 'default' },
    [],
    { decision, lasts: 'always', rules: { tools: 'everything', allow: ['get_*'], deny: [], ask: 'destructive' } },
    'window',
  ).id;

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

/** A question about a call of an agent that has gone. */
async function leftAlone(): Promise<void> {
  fake.access.approvals.decide(
    { agent: { id: agentId, name: 'cursor' }, server: 'linear', account: 'default' },
    [],
    { decision: 'allow', lasts: 'always', rules: { tools: 'everything', allow: [], deny: [], ask: 'changes' } },
    'window',
  );
  const gone = new AbortController();
  const request = { method: 'tools/call', params: { name: 'delete_issue', arguments: {} }, bytes: 10 };
  const asked = guard.admit(request, { signal: gone.signal }).catch((error: { code: string }) => error.code);
  const waits = (): number | undefined => fake.access.prompts.list()[0]?.waiting;
  await expect.poll(waits).toBe(1);
  gone.abort();
  expect(await asked).toBe('approval_needed');
  expect(waits()).toBe(0);
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

describe('tokentray approvals change', () => {
  it('changes what is said, from the next request on, and leaves the rest', async () => {
    const id = decided();
    const { code, err } = await tokentray('approvals', 'change', id, '--deny', 'get_secret', '--ask', 'never');
    expect({ code, err }).toEqual({
      code: 0,
      err: 'From now on cursor at linear: everything, only get_*, not get_secret, always.\n',
    });
    const refused = ask('get_secret');
    await refused.outcome;
    expect(refused.state()).toBe('tool_refused');
    const wider = await tokentray('approvals', 'change', id, '--no-allow', '--read-only', '--json');
    expect(JSON.parse(wider.out)).toMatchObject({
      id,
      lasts: 'always',
      until: null,
      rules: { tools: 'read-only', allow: [], deny: ['get_secret'], ask: 'never' },
    });
  });

  it('gives it an end, and takes that away again', async () => {
    const id = decided();
    const ended = JSON.parse((await tokentray('approvals', 'change', id, '--for', '8h', '--json')).out) as {
      until: number;
      rules: object;
    };
    expect(ended.rules).toMatchObject({ allow: ['get_*'], ask: 'destructive' });
    expect(Math.abs(ended.until - Date.now() - 8 * 3_600_000)).toBeLessThan(60_000);
    const endless = await tokentray('approvals', 'change', id, '--no-end', '--json');
    expect(JSON.parse(endless.out)).toMatchObject({ lasts: 'always', until: null });
  });

  it('gives no rules to a denial, and says which approval there is not', async () => {
    const denial = await tokentray('approvals', 'change', decided('deny'), '--read-only');
    expect(denial).toMatchObject({ code: 2, err: expect.stringContaining('is a denial') });
    const nothing = await tokentray('approvals', 'change', 'nothing', '--read-only');
    expect(nothing).toMatchObject({ code: 1, err: expect.stringContaining('no approval has the id "nothing"') });
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
    const args = ['--for', '8h', '--read-only', '--allow', 'get_*', '--allow', 'list_*', '--deny', 'get_secret'];
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
    [['--for', '8'], /takes a time with its unit, up to 24h/u],
  ])('does not take %j', async (args, words) => {
    ask();
    const { code, err } = await tokentray('approve', promptId(), ...args);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(words) });
    expect(fake.access.prompts.list()).toHaveLength(1);
  });

  it.each(['never', 'destructive', 'changes'] as const)(
    'sets before which calls the person is asked: %s',
    async (when) => {
      ask();
      const { out } = await tokentray('approve', promptId(), '--ask', when, '--json');
      expect(JSON.parse(out)).toMatchObject({ rules: { tools: 'everything', ask: when } });
    },
  );

  it('does not take another word for when to ask', async () => {
    ask();
    const { code, err } = await tokentray('approve', promptId(), '--ask', 'sometimes');
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('--ask takes never, destructive, changes') });
    expect(fake.access.prompts.list()).toHaveLength(1);
  });

  it('says that nothing goes out where nobody waits for the call any more, and what the yes is good for', async () => {
    await leftAlone();
    const { code, err } = await tokentray('approve', promptId());
    expect(code).toBe(0);
    expect(err).not.toContain('The call goes out');
    expect(err).toMatch(/Nothing goes out now: .* before \d{4}-.* without a question/u);
    const again = ask('delete_issue');
    await again.outcome;
    expect(again.state()).toBe('admitted');
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
    expect(await tokentray('approve', id)).toMatchObject({ code: 0, err: 'The call goes out.\n' });
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
  it('says what it is good for where nobody waits for the call any more', async () => {
    await leftAlone();
    const { code, err } = await tokentray('deny', promptId());
    expect(code).toBe(0);
    expect(err).toMatch(/nor does the same one if the agent sends it again before \d{4}-/u);
    const again = ask('delete_issue');
    await again.outcome;
    expect(again.state()).toBe('call_declined');
  });

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
