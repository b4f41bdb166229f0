// Adding a server, signing in to it, its accounts and its end: what a person gives goes on as it was given, and nothing by half.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TokentrayError } from '../../main/errors.ts';
import { signedIn } from '../control/fake-broker/answers.ts';
import type { FakeBroker } from '../control/fake-broker/fake-broker.ts';
import { openCli } from './fixture.ts';
import type { Cli } from './fixture.ts';

let cli: Cli;
let fake: FakeBroker;

beforeEach(async () => {
  cli = await openCli();
  fake = cli.fake;
});
afterEach(() => cli.close());

const tokentray: Cli['tokentray'] = (...words) => cli.tokentray(...words);
const start: Cli['start'] = (args) => cli.start(args);
const json = (text: string): unknown => JSON.parse(text);

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
    writeFileSync(join(cli.profile.home, 'key.pem'), 'the key\n');
    writeFileSync(join(cli.profile.home, 'jwt'), 'the.jwt');
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

  it.each(['--for', '--for 0x', '--for 7', '--for 9999999d', '--for 7d --no-end'])(
    'takes no end like %s',
    async (end) => {
      expect((await tokentray(`connect linear --yes ${end}`)).code).toBe(2);
      expect(fake.calls).toEqual([]);
    },
  );

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
describe('forget', () => {
  it('does nothing where nobody can be asked, unless --yes', async () => {
    expect((await tokentray('forget linear')).code).toBe(2);
    expect(fake.deps.grants.list()).toHaveLength(1);
    expect((await tokentray('forget linear --yes')).code).toBe(0);
    expect(fake.deps.grants.list()).toHaveLength(0);
  });
});
