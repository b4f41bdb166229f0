// Every command explains itself, keeps data on stdout and people on stderr, and ends with the exit code that its help names.
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exitCodeWords } from '../../main/cli/exit-codes.ts';
import { TokentrayError } from '../../main/errors.ts';
import { theKey, theToken } from '../control/fake-broker/answers.ts';
import type { FakeBroker } from '../control/fake-broker/fake-broker.ts';
import { openCli } from './fixture.ts';
import { runToEnd } from './program.ts';
import type { Cli } from './fixture.ts';

let cli: Cli;
let fake: FakeBroker;

beforeEach(async () => {
  cli = await openCli();
  fake = cli.fake;
});
afterEach(() => cli.close());

const tokentray: Cli['tokentray'] = (...words) => cli.tokentray(...words);
const json = (text: string): unknown => JSON.parse(text);

describe('help', () => {
  const commands =
    'serve ui status add connect list show account rules tools token stdio agent approvals approve deny lock unlock panic revoke forget cache settings audit doctor'.split(
      ' ',
    );

  it('of the program names every command and every exit code', async () => {
    const { code, out, err } = await tokentray('--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const command of commands) expect(out).toMatch(new RegExp(`^  ${command} +\\S`, 'mu'));
    for (const [number, words] of exitCodeWords) expect(out).toContain(`  ${number}  ${words}`);
  });

  it.each(commands)('of %s has its usage, an example, its options and its exit codes', async (command) => {
    const { code, out, err } = await tokentray(`${command} --help`);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`Usage: tokentray ${command}`);
    expect(out).toMatch(/^Examples?[:,]/mu);
    expect(out).toContain('--help');
    expect(out).toMatch(/^Exit codes:\n {2}0 {2}done/mu);
    if (command !== 'stdio') expect(out).toContain('--json');
  });

  it('says of each command that is refused to agents’ commands what of it is, in the same words, and of no other', async () => {
    const said = await Promise.all(
      commands
        .filter((command) => command !== 'stdio')
        .map(async (command) => {
          const { out } = await tokentray(`${command} --help`);
          const [, what, where] = /^Refused to a command that an agent started: (.+)\.\n(.+)$/mu.exec(out) ?? [];
          return { command, what: what ?? null, where: where ?? null };
        }),
    );
    const refused = said.filter(({ what }) => what !== null);
    expect(Object.fromEntries(refused.map(({ command, what }) => [command, what]))).toEqual({
      ui: 'the link',
      add: '--client-id, --flow, --sign-in auto, --allow-http and --from-vault, unless approvals are off',
      connect: 'all of it, unless approvals are off',
      account: 'pin, unpin, default, forget, and an end that is later than before',
      rules: 'every change',
      tools: '--accept and --accept-all',
      token: 'all of it, unless approvals are off',
      agent: 'add, rename, trust and rotate, and to revoke one that you denied something',
      approvals: 'to change one, and to revoke a denial',
      approve: 'all of it',
      deny: 'all of it',
      forget: 'all of it, unless approvals are off',
      settings: 'every change, except to be asked again (approvals ask)',
      unlock: 'all of it',
    });
    for (const { where } of refused) {
      expect(where).toMatch(/^Do that in Tokentray's window, or in a terminal that no agent started\./u);
    }
  });

  it('comes on stderr with exit code 2 when nothing was asked', async () => {
    expect(await tokentray('')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Commands:') });
  });

  it.each([
    ['nope', 'there is no command "nope"'],
    ['list extra', 'does not know what to do with "extra"'],
    ['show', 'needs more words'],
    ['list --nope', '--nope'],
    ['cache empty', 'cache takes clear'],
    ['agent remove x', 'agent takes add, list, show, rename, trust'],
    ['agent list x', 'agent list takes no name'],
    ['agent rename x', 'agent rename <name> needs a name'],
    ['agent show x y', 'agent show takes one name'],
    ['agent revoke x --trust', '--trust goes with agent add'],
    ['token linear --min-ttl soon', '--min-ttl takes a time'],
    ['token linear --min-ttl 60', '--min-ttl takes a time with its unit'],
    ['settings approval-waits', 'there is no setting "approval-waits"'],
    ['settings toString', 'there is no setting "toString"'],
    ['settings approval-wait 50', 'approval-wait takes a time with its unit, 5s to 10m'],
    ['settings approval-wait 11m', 'approval-wait takes a time with its unit, 5s to 10m'],
    ['settings approvals on', 'approvals takes ask or off'],
    ['settings lock-after-idle 90s', 'whole minutes'],
    ['settings bridge-port x', 'bridge-port takes a number'],
    ['approvals --for 8h', 'go with approvals change'],
    ['approvals change', 'needs the id'],
    ['approvals change x', 'needs what is to change'],
    ['approvals change x --deny a --no-deny', 'contradict'],
    ['approvals change x --for 8h --no-end', 'contradict'],
  ])('`tokentray %s` ends with exit code 2 and one reason on stderr', async (args, reason) => {
    expect(await tokentray(args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(reason) });
    expect(fake.calls).toEqual([]);
  });
});

describe('a failure', () => {
  it('names what it is about once', async () => {
    const { err } = await tokentray('show nosuch');
    expect(err.split('\n')[0]).toBe('tokentray: there is no server named nosuch');
    fake.answers.token = () => Promise.reject(new TokentrayError('unreachable', 'no answer in time', { subject: 's' }));
    expect((await tokentray('token linear')).err).toContain('tokentray: no answer in time (s)');
  });

  it.each([
    [['agent', 'add', 'a'.repeat(300)], 'the name is too long: 256 characters at most'],
    [['agent', 'add', ''], 'the name is empty'],
    [['rules', 'linear', '--deny', ''], 'a name that is denied is empty'],
    [['rules', 'linear', '--allow', 'x'.repeat(257)], 'a name that is allowed is too long: 256 characters at most'],
    [
      ['rules', 'linear', ...Array.from({ length: 201 }, (_, at) => ['--deny', `t${at}`]).flat()],
      'the list of what is denied has too many entries: 200 at most',
    ],
    [['show', 'No Server'], 'a name has lower-case letters, digits and dashes only'],
    [['settings', 'approval-wait', '1s'], 'a request waits for at least 5 seconds'],
    [['settings', 'bridge-port', '80'], 'a port is at least 1024'],
  ])('to take what is given says in plain words what is wrong with it: %j', async (args, words) => {
    const { code, out, err } = await runToEnd(cli.profile, args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`tokentray: ${words}`);
    expect(err).not.toMatch(/Too (?:big|small)|expected|[<>]=/u);
  });
});

describe('settings', () => {
  it('shows them all, takes one, and shows that one', async () => {
    const all = await tokentray('settings');
    expect(all).toMatchObject({ code: 0, err: '' });
    expect(all.out).toMatch(/^approval-wait +50s$/mu);
    expect(all.out).toMatch(/^lock-on-screen-lock +not here/mu);
    expect(await tokentray('settings approval-wait 2m')).toMatchObject({
      code: 0,
      out: '',
      err: 'approval-wait is set to 2m.\n',
    });
    expect((await fake.deps.settings.view()).approvals.wait).toBe(120_000);
    expect(await tokentray('settings approval-wait')).toMatchObject({ code: 0, out: '2m\n' });
    expect(json((await tokentray('settings --json')).out)).toMatchObject({ approvals: { wait: 120_000 } });
  });

  it.each([
    ['approvals off', { approvals: { chosen: 'off' } }],
    ['pinning warn', { tools: { pinning: 'warn' } }],
    ['sign-in auto', { signIn: 'auto' }],
    ['bridge-port 9000', { bridgePort: { chosen: 9_000 } }],
    ['bridge-port usual', { bridgePort: { chosen: null } }],
    ['audit-arguments on', { audit: { arguments: true } }],
    ['audit-keep-days 30', { audit: { keepDays: 30 } }],
    ['audit-keep-megabytes 10', { audit: { keepMegabytes: 10 } }],
    ['lock-after-idle 1h', { lock: { afterIdleMinutes: 60 } }],
    ['lock-after-idle off', { lock: { afterIdleMinutes: null } }],
    ['lock-streams go-on', { lock: { streams: 'go-on' } }],
  ])('sets %s, as the window can', async (args, expected) => {
    expect((await tokentray(`settings ${args}`)).code).toBe(0);
    expect(await fake.deps.settings.view()).toMatchObject(expected);
    const [name = '', value = ''] = args.split(' ');
    expect((await tokentray(`settings ${name}`)).out).toBe(`${value}\n`);
  });

  it('says what holds now where that is something else', async () => {
    const { code, err } = await tokentray('settings bridge-port 9000');
    expect(code).toBe(0);
    expect(err).toMatch(/^bridge-port is set to 9000\.\nNow: .+\.\n$/u);
  });

  it('says what this host cannot do', async () => {
    const { code, err } = await tokentray('settings lock-on-screen-lock on');
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('no desktop') });
  });
});

describe('what waits for the person', () => {
  it.each(['list', 'status'])('is said by %s', async (command) => {
    expect((await tokentray(command)).err).not.toMatch(/wait|held/u);
    const { agent } = fake.deps.agents.add('cursor');
    const row = fake.deps.store.agents.get(agent.id);
    if (row === null) throw new Error('the agent is not there');
    fake.access.prompts.raise({
      kind: 'use',
      agent: row,
      via: 'http',
      session: 'http',
      server: 'linear',
      account: 'default',
      tool: null,
    });
    const see = (description: string): void => {
      fake.deps.pins.seen('linear', 'default', [{ name: 'read', description }], { agreed: true });
    };
    see('reads');
    see('reads, and sends it on');
    const { err } = await tokentray(command);
    expect(err).toContain('1 question waits for your answer: tokentray approvals\n');
    expect(err).toContain('1 tool of linear is held until you have looked: tokentray tools linear\n');
    expect(json((await tokentray('status --json')).out)).toMatchObject({
      openQuestions: 1,
      heldTools: [{ server: 'linear', held: 1 }],
    });
  });
});

describe('agent list', () => {
  it('says of agents that signed in and of keys what each calls itself, and what makes it known', async () => {
    fake.deps.agents.add('ci');
    const claimed = { name: 'Visual Studio Code', client: null, clientUri: null };
    fake.deps.store.agents.add({
      id: 'signed-in',
      name: 'vscode',
      kind: 'oauth',
      keyHash: null,
      identity: 'client',
      trusted: false,
      claimed,
      checked: null,
      createdAt: Date.now(),
      lastUsedAt: null,
      revokedAt: null,
    });
    const { out } = await tokentray('agent list');
    expect(out).toMatch(/^vscode +signed in +Visual Studio Code +its sign-in, which you allowed /mu);
    expect(out).toMatch(/^ci +key +its key /mu);
    fake.deps.store.agents.change('signed-in', { claimed: { ...claimed, client: { name: 'Code', version: '1' } } });
    expect((await tokentray('agent list')).out).toMatch(/^vscode +signed in +Code +its sign-in/mu);
  });
});

describe('what a script reads', () => {
  it('of token is the token and a newline, nothing else', async () => {
    expect(await tokentray('token linear --min-ttl 60s')).toEqual({ code: 0, out: `${theToken}\n`, err: '' });
    expect(fake.calls).toEqual([['accessToken', 'linear', expect.objectContaining({ minTtlMs: 60_000 })]]);
  });

  it('of a token that needs a person is exit code 3 and nothing on stdout', async () => {
    fake.answers.token = () =>
      Promise.reject(
        new TokentrayError('needs_sign_in', 'linear needs a sign-in', { advice: 'Sign in: tokentray connect linear' }),
      );
    const { code, out, err } = await tokentray('token linear');
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain('tokentray connect linear');
  });

  it('of a failure with --json is the error as JSON, with its stable code', async () => {
    const { code, out } = await tokentray('show nope --json');
    expect(code).toBe(1);
    expect(json(out)).toMatchObject({ error: { code: 'unknown_server', facts: { name: 'nope' } } });
  });

  it.each([
    ['list', [{ server: 'linear' }]],
    ['show linear', { server: 'linear', events: [] }],
    ['status', { vault: { kind: 'memory', persistent: false } }],
    ['revoke linear', { confirmed: true }],
    ['cache clear linear', { documents: 3, registrations: 2, registrationsKept: { neededByGrant: 1 } }],
    ['agent list', []],
    ['agent add cursor', { key: theKey, bridge: 'http://127.0.0.1:8427' }],
    ['forget linear --yes', { forgotten: ['linear'] }],
  ])('of `%s --json` is one line of JSON', async (args, expected) => {
    const { code, out } = await tokentray(`${args} --json`);
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n')).toHaveLength(1);
    const answer = json(out);
    if (Array.isArray(expected)) expect(answer).toHaveLength(expected.length);
    expect(answer).toMatchObject(expected);
  });

  it('has no colours: neither is a terminal', async () => {
    const runs = await Promise.all(
      ['list', 'revoke linear', 'doctor https://mcp.example/mcp', 'show nope'].map((args) => tokentray(args)),
    );
    for (const { out, err } of runs) expect(out + err).not.toContain('\u001b');
  });
});

describe('what a person reads', () => {
  it('of a receipt is the truth, token by token, and exit code 8 when something was only forgotten here', async () => {
    expect((await tokentray('revoke linear')).out).toContain(
      'The refresh token is revoked: the authorization server answered 200.',
    );
    fake.answers.receipt = {
      ...fake.answers.receipt,
      confirmed: false,
      tokens: [
        { token: 'refresh_token', outcome: { kind: 'refused', status: 400, error: 'bad \u202e thing' } },
        { token: 'access_token', outcome: { kind: 'no-endpoint' } },
      ],
    };
    const { code, out } = await tokentray('revoke linear');
    expect(code).toBe(8);
    expect(out).toContain('refused to revoke the refresh token: 400 "bad \\u202e thing"');
    expect(out).toContain('no revocation endpoint (RFC 7009)');
    expect(out).toContain('may work until it expires');
  });

  it('of doctor is each step with its verdict and section, and exit code 1 when one is missing or wrong', async () => {
    const { code, out } = await tokentray('doctor linear');
    expect(code).toBe(1);
    expect(out).toMatch(/^ok +resource metadata: found \[RFC 9728 section 3.1\]$/mu);
    expect(out).toMatch(/^missing +revocation: no endpoint \[RFC 7009 section 2\]$/mu);
    expect(out).toContain('https://mcp.example/mcp');
  });

  it('of status is that secrets are kept in memory only', async () => {
    const { out, err } = await tokentray('status');
    expect(out).toContain('Vault    memory');
    expect(err).toContain('every sign-in ends with this broker');
  });

  it('of a new agent is the key on stdout once, and the rest on stderr', async () => {
    const { out, err } = await tokentray('agent add cursor');
    expect(out).toBe(`${theKey}\n`);
    expect(err).not.toContain(theKey);
  });
});

describe('agent', () => {
  it('can be given a name, trust and a new key, and be taken back', async () => {
    expect(json((await tokentray('agent add cursor --trust --json')).out)).toMatchObject({
      agent: { name: 'cursor', kind: 'key', trusted: true },
    });
    const steps: [string, object][] = [
      ['agent untrust cursor', { trusted: false }],
      ['agent trust cursor', { trusted: true }],
      ['agent rename cursor Cursor', { name: 'Cursor', trusted: true }],
      ['agent rotate Cursor', { key: theKey, agent: { name: 'Cursor' } }],
      ['agent show Cursor', { name: 'Cursor', claimed: { name: null }, checked: null }],
      ['agent revoke Cursor', { revoked: true }],
    ];
    for (const [args, expected] of steps) {
      const { code, out } = await tokentray(`${args} --json`);
      expect([code, json(out)], args).toMatchObject([0, expected]);
    }
    expect(json((await tokentray('agent list --json')).out)).toMatchObject([
      { name: 'Cursor', revokedAt: expect.any(Number) },
    ]);
    expect(await tokentray('agent revoke Cursor')).toMatchObject({
      code: 1,
      err: expect.stringContaining('tokentray agent list'),
    });
    expect((await tokentray('agent rename nobody x')).code).toBe(1);
  });

  it('is shown with its own word beside what was checked, hostile names quoted, and flagged when nobody uses it', async () => {
    const { store, clock } = fake.deps;
    const row = {
      kind: 'stdio',
      keyHash: null,
      trusted: false,
      createdAt: clock.now() - 40 * 86_400_000,
      lastUsedAt: null,
      revokedAt: null,
    } as const;
    const checked = {
      pid: 4711,
      executable: '/opt/cursor/cursor',
      script: null,
      parents: [{ pid: 1, name: 'systemd', executable: null }],
      folder: '/home/ada/project',
      signature: { verdict: 'invalid', signer: 'Example Tools' },
    } as const;
    const client = { name: 'cursor-vscode', version: '1.2' };
    store.agents.add({
      ...row,
      id: 'one',
      name: 'Cursor',
      identity: 'i1',
      claimed: { name: 'Cursor', client, clientUri: null },
      checked: { ...checked, by: 'kernel' },
    });
    store.agents.add({
      ...row,
      id: 'two',
      name: 'a\u202eb',
      identity: 'i2',
      lastUsedAt: clock.now(),
      claimed: { name: null, client: null, clientUri: null },
      checked: { ...checked, by: 'its-word' },
    });
    const list = await tokentray('agent list');
    expect(list.out).toMatch(/^Cursor +stdio +cursor-vscode +cursor +never +good, unused for 30 days$/mu);
    expect(list.out).toMatch(/^"a\\u202eb" +stdio +cursor \(its word\)/mu);
    expect(list.err).toContain('One agent was not used for 30 days');
    expect((await tokentray('status')).err).toContain('Not used for 30 days: Cursor.');
    const shown = await tokentray('agent show one');
    for (const line of [
      'Known by    its program, on this machine',
      '  Client    cursor-vscode 1.2',
      'Checked, at the process that the system named',
      '  Program   /opt/cursor/cursor',
      '  Folder    /home/ada/project',
      '  Signature does not fit the program, of Example Tools',
      '  Started by systemd (1)',
    ]) {
      expect(shown.out.split('\n')).toContain(line);
    }
    expect((await tokentray('agent show two')).out).toContain('this system does not tell who is connected');
  });
});

describe('the sources of the launcher and the shim', () => {
  it('import nothing that an older Node or a bare install would miss', () => {
    const seen = new Set<string>();
    const outside = new Set<string>();
    const follow = (url: URL) => {
      if (seen.has(url.href)) return;
      seen.add(url.href);
      // Static value imports only: types vanish, and `main.ts` is imported on a new Node alone.
      const text = readFileSync(url, 'utf8').replaceAll(/import type .*? from '.*?';/gsu, '');
      for (const [, target = ''] of text.matchAll(/(?:from|^import) '([^']+)';/gmu)) {
        if (target.startsWith('.')) follow(new URL(target, url));
        else outside.add(target);
      }
    };
    for (const entry of ['tokentray.ts', 'stdio-shim.ts']) follow(new URL(`../../main/cli/${entry}`, import.meta.url));
    expect([...outside].filter((name) => !name.startsWith('node:'))).toEqual([]);
    expect(outside).not.toContain('node:sqlite');
    expect(seen.size).toBeGreaterThan(8);
  });
});
