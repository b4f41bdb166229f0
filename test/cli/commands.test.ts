// Every command explains itself, keeps data on stdout and people on stderr, and ends with the exit code that its help names.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exitCodeWords } from '../../main/cli/exit-codes.ts';
import { listenControl } from '../../main/control/socket.ts';
import type { ControlServer } from '../../main/control/socket.ts';
import { TokentrayError } from '../../main/errors.ts';
import { fakeBroker, signedIn, silent, theKey, theToken } from '../control/fake-broker.ts';
import type { FakeBroker } from '../control/fake-broker.ts';
import { makeProfile, run, runToEnd } from './program.ts';
import type { Profile, Run } from './program.ts';

let profile: Profile;
let fake: FakeBroker;
let control: ControlServer;
let left: Run[];

beforeEach(async () => {
  profile = makeProfile();
  fake = fakeBroker();
  left = [];
  control = await listenControl({
    path: profile.controlSocket,
    deps: fake.deps,
    onStdio: () => undefined,
    log: silent,
  });
  await fake.deps.grants.addServer({ name: 'linear', url: 'https://mcp.example/mcp' });
  fake.calls.length = 0;
});
afterEach(async () => {
  for (const { child } of left) child.kill('SIGKILL');
  await control.close();
  profile.remove();
});

const tokentray = (args: string, options: Parameters<typeof runToEnd>[2] = {}) =>
  runToEnd(profile, args.split(' ').filter(Boolean), options);
function start(args: string): Run {
  const running = run(profile, args.split(' '));
  left.push(running);
  return running;
}
const json = (text: string): unknown => JSON.parse(text);

describe('help', () => {
  const commands =
    'serve ui status add connect list show account rules tools token stdio agent approvals approve deny revoke forget cache audit doctor'.split(
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
  ])('`tokentray %s` ends with exit code 2 and one reason on stderr', async (args, reason) => {
    expect(await tokentray(args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(reason) });
    expect(fake.calls).toEqual([]);
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

describe('add', () => {
  it('passes on scopes, issuer, settings and a client with its secret from stdin', async () => {
    const args =
      'add crm https://crm.example/mcp --scope read --scope write --without-scope admin --issuer https://as.example --sign-in auto --allow-http --client-id tray --client-secret-stdin --auth-method client_secret_post';
    const { code, err } = await tokentray(args, { stdin: 'canary-s3cret:/%+ü\n' });
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining('tokentray connect crm') });
    const [[, server] = []] = fake.calls;
    expect(server).toMatchObject({
      name: 'crm',
      url: 'https://crm.example/mcp',
      settings: {
        pinnedScopes: ['read', 'write'],
        removedScopes: ['admin'],
        chosenIssuer: 'https://as.example',
        signIn: 'auto',
        allowHttp: true,
      },
      client: { client_id: 'tray', token_endpoint_auth_method: 'client_secret_post' },
    });
    const { client } = server as { client: { client_secret: { reveal(): string } } };
    expect(client.client_secret.reveal()).toBe('canary-s3cret:/%+ü');
  });

  it('reads keys and assertions from files', async () => {
    writeFileSync(join(profile.home, 'key.pem'), 'the key\n');
    writeFileSync(join(profile.home, 'jwt'), 'the.jwt');
    const args = 'add crm https://crm.example/mcp --client-id tray --private-key-file key.pem --signing-alg ES256';
    expect((await tokentray(`${args} --flow jwt_bearer --assertion-file jwt`)).code).toBe(0);
    const server = fake.calls[0]?.[1] as {
      client: { private_key: { reveal(): string } };
      flow: { assertion: { reveal(): string } };
    };
    expect(server.client.private_key.reveal()).toBe('the key');
    expect(server.flow.assertion.reveal()).toBe('the.jwt');
  });

  it.each([
    ['add Linear https://x.example', 'lower-case'],
    ['add a/b https://x.example', 'lower-case'],
    ['add x', 'a name and an address'],
    ['add x https://x.example --client-secret-stdin', '--client-id'],
    ['add x https://x.example --client-id a --client-secret-file missing', 'missing'],
    ['add x https://x.example --flow magic', '--flow takes one of'],
    ['add x https://x.example --flow id_jag', 'needs --idp-token-endpoint'],
    ['add x https://x.example --client-secret abc', "'--client-secret'"],
  ])('refuses `%s` before anything is asked', async (args, reason) => {
    expect(await tokentray(args)).toMatchObject({ code: 2, err: expect.stringContaining(reason) });
    expect(fake.calls).toEqual([]);
  });

  it('takes a name once', async () => {
    expect(await tokentray('add linear https://x.example')).toMatchObject({
      code: 1,
      err: expect.stringContaining('already'),
    });
  });
});

describe('connect', () => {
  it('shows the plan, prints the address and takes the callback address that a person pastes', async () => {
    const connect = start('connect linear --no-browser --scope read');
    await connect.untilErr('paste its address here');
    expect(connect.err()).toContain('Signs in at https://as.example');
    expect(connect.err()).toContain('Also possible with --issuer: https://other.example');
    expect(connect.err()).toContain('https://as.example/authorize?state=s');
    connect.child.stdin.write('https://evil.example/?code=c\n');
    await connect.untilErr('Still waiting');
    connect.child.stdin.write('http://127.0.0.1:8428/callback?code=c&state=s\n');
    expect(await connect.end).toBe(0);
    expect(connect.out()).toBe('');
    expect(connect.err()).toContain('Signed in to linear: read.');
    expect(connect.err()).toContain('Grants end with this process.');
    expect(fake.calls).toContainEqual(['signIn', 'linear', { scopes: ['read'], openBrowser: false }]);
  });

  it('with --json gives plan, address and result as one line each', async () => {
    const connect = start('connect linear --no-browser --json');
    await connect.until('"kind":"sign-in"');
    fake.finishSignIn(signedIn);
    expect(await connect.end).toBe(0);
    const lines = connect.out().trimEnd().split('\n').map(json);
    expect(lines).toMatchObject([
      { kind: 'plan', issuer: 'https://as.example' },
      { kind: 'sign-in', url: 'https://as.example/authorize?state=s', redirectUri: 'http://127.0.0.1:8428/callback' },
      { kind: 'signed-in', grantedScopes: ['read'] },
    ]);
  });

  it('opens no browser without a person’s word', async () => {
    expect(await tokentray('connect linear')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
    expect(fake.calls.filter(([what]) => what === 'signIn')).toEqual([]);
    const connect = start('connect linear --yes');
    await connect.untilErr('Opened in the browser');
    fake.finishSignIn(signedIn);
    expect(await connect.end).toBe(0);
    expect(fake.calls).toContainEqual(['signIn', 'linear', { openBrowser: true }]);
  });

  it('is cancelled by Ctrl-C, with exit code 7', async () => {
    const connect = start('connect linear --no-browser');
    await connect.untilErr('paste its address here');
    connect.child.kill('SIGINT');
    expect(await connect.end).toBe(7);
    expect(fake.calls).toContainEqual(['cancel']);
  });

  it('ends with exit code 7 when the person declines at the provider', async () => {
    const connect = start('connect linear --no-browser');
    await connect.untilErr('paste its address here');
    fake.finishSignIn(new TokentrayError('authorization_denied', 'the sign-in was declined'));
    expect(await connect.end).toBe(7);
  });

  it('asks no person where the flow needs none', async () => {
    await fake.deps.grants.addServer({
      name: 'job',
      url: 'https://job.example/mcp',
      flow: { kind: 'client_credentials' },
    });
    fake.answers.signInUrl = null;
    const connect = start('connect job --json');
    await fake.called('signIn');
    fake.finishSignIn({ ...signedIn, server: 'job' });
    expect(await connect.end).toBe(0);
    expect(connect.out()).not.toContain('"kind":"plan"');
  });
});

describe('forget', () => {
  it('does nothing where nobody can be asked, unless --yes', async () => {
    expect((await tokentray('forget linear')).code).toBe(2);
    expect(fake.deps.grants.list()).toHaveLength(1);
    expect((await tokentray('forget linear --yes')).code).toBe(0);
    expect(fake.deps.grants.list()).toHaveLength(0);
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

describe('account', () => {
  it('is chosen with connect, with an end, and is signed in to under its name', async () => {
    const connect = start('connect linear --account work --for 7d --yes');
    await connect.untilErr('Opened in the browser');
    fake.finishSignIn({ ...signedIn, account: 'work', identity: 'a\u202e@example.com', endsAt: Date.now() + 1_000 });
    expect(await connect.end).toBe(0);
    expect(connect.err()).toContain('Signed in to linear, account work as a\\u202e@example.com: read.');
    expect(connect.err()).toContain('The grant ends here ');
    const [, , options] = fake.calls.find(([what]) => what === 'signIn') ?? [];
    const { account, endsAt } = options as { account: string; endsAt: number };
    expect(account).toBe('work');
    expect(Math.abs(endsAt - Date.now() - 7 * 86_400_000)).toBeLessThan(60_000);
  });

  it.each(['--for', '--for 0x', '--for 9999999d', '--for 7d --no-end'])('takes no end like %s', async (end) => {
    expect((await tokentray(`connect linear --yes ${end}`)).code).toBe(2);
    expect(fake.calls).toEqual([]);
  });

  it('list shows who is who and who is pinned to what', async () => {
    const { id } = fake.deps.agents.add('cursor').agent;
    expect((await tokentray('account pin linear default --agent cursor')).code).toBe(0);
    const { code, out } = await tokentray('account list linear');
    expect(code).toBe(0);
    expect(out).toMatch(/default \(default\) +not known/u);
    expect(out).toMatch(/agent cursor +default/u);
    const listed = json((await tokentray('account list linear --json')).out);
    expect(listed).toMatchObject({ accounts: [{ account: 'default' }], pins: [{ agentId: id, account: 'default' }] });
    expect((await tokentray('account unpin linear --agent cursor')).code).toBe(0);
    expect(fake.deps.accounts.pins()).toEqual([]);
  });

  it('pins the folder that a relative path means here', async () => {
    expect((await tokentray('account pin linear default --folder .')).code).toBe(0);
    expect(fake.deps.accounts.pins()).toMatchObject([
      { folder: expect.stringMatching(/^\//u) as unknown, agentId: null },
    ]);
  });

  it('default, end and forget do what they say', async () => {
    expect((await tokentray('account default linear work')).code).toBe(0);
    expect((await tokentray('account end linear work --for 30m')).code).toBe(0);
    expect((await tokentray('account forget linear work')).code).toBe(2);
    expect((await tokentray('account forget linear work --yes')).code).toBe(0);
    expect(fake.calls.map(([what]) => what)).toEqual(['setDefaultAccount', 'setEnd', 'forgetAccount']);
  });

  it.each([
    'account',
    'account list',
    'account pin linear',
    'account pin linear work',
    'account pin linear work --agent a --folder .',
    'account default linear',
    'account end linear work',
    'account swap linear work',
  ])('is not done by half: %s', async (words) => {
    expect((await tokentray(words)).code).toBe(2);
    expect(fake.calls).toEqual([]);
  });
});
