// The broker can be asked over its socket by this user only, and by two brokers' clients at most one broker answers.
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUpgrade } from './upgrade.ts';
import { claimControl } from '../../main/control/claim.ts';
import { connectControl } from '../../main/control/client.ts';
import type { ControlConnection } from '../../main/control/client.ts';
import { listenControl } from '../../main/control/socket.ts';
import type { ControlServer } from '../../main/control/socket.ts';
import type { StdioHello } from '../../main/control/stdio-protocol.ts';
import { TokentrayError } from '../../main/errors.ts';
import { fakeBroker, signedIn, silent, theKey, theToken } from './fake-broker.ts';
import type { FakeBroker } from './fake-broker.ts';

const claimModule = new URL('../../main/control/claim.ts', import.meta.url).href;

let home: string;
let path: string;
let fake: FakeBroker;
const closers: Array<() => Promise<void>> = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tt-control-'));
  path = join(home, 'run', 'control.sock');
  fake = fakeBroker();
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  rmSync(home, { recursive: true, force: true });
});

async function listen(onStdio: (hello: StdioHello, stream: Duplex) => void = () => undefined): Promise<ControlServer> {
  const server = await listenControl({ path, deps: fake.deps, onStdio, log: silent });
  closers.push(() => server.close());
  return server;
}
function connect(): ControlConnection['client'] {
  const connection = connectControl(path);
  closers.push(() => connection.close());
  return connection.client;
}
async function failure(work: Promise<unknown>): Promise<TokentrayError> {
  const error = await work.then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(TokentrayError);
  return error as TokentrayError;
}

describe('the contract over the socket', () => {
  it('answers what grants answer, and says how secrets are kept', async () => {
    await listen();
    const client = connect();
    await client.servers.add({ name: 'linear', url: 'https://mcp.example/mcp' });
    expect(await client.servers.list()).toEqual([fake.deps.grants.view('linear')]);
    expect(await client.status()).toMatchObject({
      pid: process.pid,
      vault: { kind: 'memory', persistent: false, reason: 'There is no keychain.' },
      bridge: { url: 'http://127.0.0.1:8427', port: 8427 },
      servers: { total: 1, connected: 0, needSignIn: 1 },
    });
  });

  it('gives a failure back as the same error: code, words, advice and facts', async () => {
    await listen();
    const error = await failure(connect().servers.show({ server: 'nope' }));
    expect(error.toJSON()).toEqual({
      code: 'unknown_server',
      message: 'there is no server named nope',
      subject: 'nope',
      advice: 'See what there is: tokentray list',
      facts: { name: 'nope' },
    });
  });

  it('says what is wrong with input that the schema refuses, and does not pass it on', async () => {
    await listen();
    const error = await failure(connect().servers.add({ name: 'Not A Name', url: 'https://mcp.example' }));
    expect(error.code).toBe('invalid_input');
    expect(error.message).toContain('name: a name has lower-case letters');
    expect(fake.calls).toEqual([]);
  });

  it('tells nothing of a defect but that there was one', async () => {
    fake.answers.token = () => Promise.reject(new TypeError(`inner detail ${theToken}`));
    await listen();
    const client = connect();
    await client.servers.add({ name: 'linear', url: 'https://mcp.example/mcp' });
    const error = await failure(client.script.token({ server: 'linear' }));
    expect(error.code).toBe('internal');
    expect(JSON.stringify(error)).not.toContain('inner detail');
  });

  it('gives a token and a new agent key in the script calls, and secrets in only there', async () => {
    await listen();
    const client = connect();
    await client.script.addServer({
      name: 'crm',
      url: 'https://crm.example/mcp',
      client: { client_id: 'tray', client_secret: 'canary-client-secret' },
      flow: { kind: 'jwt_bearer', assertion: 'canary-assertion' },
    });
    expect(await client.script.token({ server: 'crm', minTtlMs: 60_000 })).toEqual({
      access_token: theToken,
      token_type: 'bearer',
      expires_at: 1_800_000_000_000,
    });
    expect((await client.script.addAgent({ name: 'cursor' })).key).toBe(theKey);
    expect(await client.agents.list()).toEqual([{ name: 'cursor', createdAt: 1, lastUsedAt: null, revokedAt: null }]);
    // Wrapped from the moment they arrived: printing what grants were given prints no secret.
    expect(JSON.stringify(fake.calls)).not.toContain('canary');
    expect(fake.calls).toContainEqual(['accessToken', 'crm', expect.objectContaining({ minTtlMs: 60_000 })]);
  });

  it('prints a secret that strayed into an event as [secret]', async () => {
    const stray = (await fake.answers.token()).access_token;
    fake.events.push({ id: 1, at: 2, server: 'linear', grantId: null, kind: 'refresh', detail: { stray } });
    await listen();
    expect(await connect().events.list({})).toEqual([
      { id: 1, at: 2, server: 'linear', grantId: null, kind: 'refresh', detail: { stray: '[secret]' } },
    ]);
  });

  it('refuses a body larger than any call needs', async () => {
    await listen();
    const assertion = 'x'.repeat(2_000_000);
    const call = connect().script.addServer({
      name: 'a',
      url: 'https://a.example',
      flow: { kind: 'jwt_bearer', assertion },
    });
    await failure(call);
    expect(fake.calls).toEqual([]);
  });
});

describe('a sign-in over the socket', () => {
  beforeEach(async () => {
    await listen();
    await connect().servers.add({ name: 'linear', url: 'https://mcp.example/mcp' });
  });

  it('is one sign-in, whoever joins it, and everybody who waits learns how it ended', async () => {
    const [one, two] = [connect(), connect()];
    const first = await one.signIn.start({ server: 'linear', openBrowser: false });
    const second = await two.signIn.start({ server: 'linear', openBrowser: false });
    expect(second.id).toBe(first.id);
    expect(first.url).toBe('https://as.example/authorize?state=s');
    const waits = Promise.all([one.signIn.wait({ id: first.id }), two.signIn.wait({ id: first.id })]);
    fake.finishSignIn(signedIn);
    expect(await waits).toEqual([signedIn, signedIn]);
    expect(await one.signIn.wait({ id: first.id })).toEqual(signedIn);
  });

  it('goes on when the one who waits goes away', async () => {
    const started = await connect().signIn.start({ server: 'linear', openBrowser: false });
    const impatient = connectControl(path);
    const left = impatient.client.signIn.wait({ id: started.id }).catch(() => 'left');
    await impatient.close();
    expect(await left).toBe('left');
    const waiting = connect().signIn.wait({ id: started.id });
    fake.finishSignIn(signedIn);
    expect(await waiting).toEqual(signedIn);
    expect(fake.calls).not.toContainEqual(['cancel']);
  });

  it('keeps waiting after a wrong pasted address and ends with the right one', async () => {
    const client = connect();
    const { id } = await client.signIn.start({ server: 'linear', openBrowser: false });
    const waiting = client.signIn.wait({ id });
    expect((await failure(client.signIn.complete({ id, callback: 'https://evil.example/?code=c' }))).code).toBe(
      'callback_mismatch',
    );
    await client.signIn.complete({ id, callback: 'http://127.0.0.1:8428/callback?code=c&state=s' });
    expect(await waiting).toEqual(signedIn);
  });

  it('ends for everybody when it is cancelled', async () => {
    const client = connect();
    const { id } = await client.signIn.start({ server: 'linear' });
    const waiting = failure(client.signIn.wait({ id }));
    await client.signIn.cancel({ id });
    expect((await waiting).code).toBe('sign_in_cancelled');
  });
});

describe('the stream of changes', () => {
  it('starts with everything as it is and then tells each change, so that nobody has to poll', async () => {
    await listen();
    const client = connect();
    await client.servers.add({ name: 'linear', url: 'https://mcp.example/mcp' });
    const changes = await client.changes();
    const next = async () => (await changes.next()).value;
    expect(await next()).toMatchObject({ kind: 'snapshot', servers: [{ server: 'linear' }] });
    fake.change({ server: 'linear', state: { kind: 'open' } });
    expect(await next()).toEqual({ kind: 'state', server: 'linear', state: { kind: 'open' } });
    await client.servers.updateSettings({ server: 'linear', settings: { signIn: 'auto' } });
    expect(await next()).toMatchObject({ kind: 'settings', view: { settings: { signIn: 'auto' } } });
    await client.servers.forget({ server: 'linear' });
    expect(await next()).toEqual({ kind: 'forgotten', server: 'linear' });
    await changes.return?.();
  });

  it('gives an observer that slept a fresh snapshot instead of a queue without end', async () => {
    await listen();
    const client = connect();
    await client.servers.add({ name: 'linear', url: 'https://mcp.example/mcp' });
    const changes = await client.changes();
    expect((await changes.next()).value).toMatchObject({ kind: 'snapshot' });
    for (let count = 0; count < 5_000; count += 1) fake.change({ server: 'linear', state: { kind: 'open' } });
    let told = 0;
    for (;;) {
      const { value, done } = await changes.next();
      if (done === true || value.kind === 'snapshot') break;
      told += 1;
    }
    expect(told).toBeLessThan(1_100);
    await changes.return?.();
  });
});

describe('the socket', () => {
  it('is open to this user only: 0600 in a folder 0700', async () => {
    await listen();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(lstatSync(join(home, 'run')).mode & 0o777).toBe(0o700);
  });

  it('is refused, by broker and client, in a folder that others may enter', async () => {
    mkdirSync(join(home, 'run'), { mode: 0o755 });
    chmodSync(join(home, 'run'), 0o755);
    expect((await failure(listen())).code).toBe('unsafe_folder');
    expect(() => connectControl(path)).toThrowError(/open to other users/u);
    expect(existsSync(path)).toBe(false);
  });

  it('is refused, by broker and client, behind a link that leads elsewhere', async () => {
    mkdirSync(join(home, 'elsewhere'), { mode: 0o700 });
    symlinkSync(join(home, 'elsewhere'), join(home, 'run'));
    expect((await failure(listen())).code).toBe('unsafe_folder');
    expect(() => connectControl(path)).toThrowError(/a link or a file/u);
  });

  it.skipIf(process.getuid?.() !== 0)('is refused in a folder of another user', async () => {
    mkdirSync(join(home, 'run'), { mode: 0o700 });
    const { chownSync } = await import('node:fs');
    chownSync(join(home, 'run'), 65_534, 65_534);
    expect((await failure(listen())).code).toBe('unsafe_folder');
    expect(() => connectControl(path)).toThrowError(/belongs to another user/u);
  });

  it('says so when its path is longer than the system takes', async () => {
    path = join(home, 'x'.repeat(120), 'control.sock');
    const error = await failure(listen());
    expect(error.code).toBe('invalid_input');
    expect(error.message).toContain('longer than');
  });

  it('is gone after close, and the next broker may have it', async () => {
    const first = await listen();
    await first.close();
    expect(existsSync(path)).toBe(false);
    expect((await failure(connect().status())).code).toBe('broker_not_running');
    await listen();
    expect((await connect().status()).pid).toBe(process.pid);
  });

  it('replaces the file that a killed broker left behind', async () => {
    mkdirSync(join(home, 'run'), { mode: 0o700 });
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await new Promise((resolve) => spawn(process.execPath, ['-e', script]).once('exit', resolve));
    expect(existsSync(path)).toBe(true);
    expect((await failure(connect().status())).code).toBe('broker_not_running');
    await listen();
    expect((await connect().status()).version).toBe('0.1.0');
  });

  it('names a caller that nobody answers: no broker is running', async () => {
    expect(() => connectControl(path)).toThrowError(/no broker is running/u);
  });
});

describe('two brokers', () => {
  it('cannot both have the socket: the second learns that one is running and leaves the first alone', async () => {
    await listen();
    expect((await failure(listen())).code).toBe('broker_running');
    expect((await connect().status()).pid).toBe(process.pid);
  });

  it('cannot both start before either serves', () => {
    const first = claimControl(path);
    expect(() => claimControl(path)).toThrowError(/another broker/u);
    first.release();
    claimControl(path).release();
  });

  it('started at once, over a dead one’s socket: exactly one wins, in every round', async () => {
    mkdirSync(join(home, 'run'), { mode: 0o700 });
    const program = join(home, 'claim.mts');
    writeFileSync(
      program,
      `import { claimControl } from ${JSON.stringify(claimModule)};
       import { createServer } from 'node:net';
       import { rmSync } from 'node:fs';
       process.stdout.write('ready\\n');
       process.stdin.once('data', () => {
         try {
           claimControl(process.argv[2]);
           rmSync(process.argv[2], { force: true });
           createServer().listen(process.argv[2], () => process.stdout.write('won\\n'));
         } catch (error) {
           process.stdout.write(error.code === 'broker_running' ? 'lost\\n' : String(error.stack));
         }
       });`,
    );
    for (let round = 0; round < 3; round += 1) {
      const racers = Array.from({ length: 4 }, () => spawn(process.execPath, [program, path], { stdio: 'pipe' }));
      const line = (racer: (typeof racers)[number]) =>
        new Promise<string>((resolve) => racer.stdout.once('data', (chunk) => resolve(String(chunk).trim())));
      await Promise.all(racers.map(line));
      const outcomes = Promise.all(racers.map(line));
      for (const racer of racers) racer.stdin.write('go\n');
      expect((await outcomes).toSorted()).toEqual(['lost', 'lost', 'lost', 'won']);
      // kill -9 leaves the socket file for the next round; the claim goes with the process.
      await Promise.all(
        racers.map((racer) => {
          const gone = new Promise((resolve) => racer.once('exit', resolve));
          racer.kill('SIGKILL');
          return gone;
        }),
      );
      expect(existsSync(path)).toBe(true);
    }
  });
});

describe('the stdio door', () => {
  const hello = { agentName: 'cursor', pid: 1, parentPid: 2, cwd: '/', argv: ['x'], version: '0.1.0', resumed: false };

  beforeEach(() => fake.deps.grants.addServer({ name: 'linear', url: 'https://mcp.example/mcp' }));

  it('gives the broker who came and the raw stream, both ways, from the first byte', async () => {
    const seen: StdioHello[] = [];
    await listen((who, stream) => {
      seen.push(who);
      stream.on('data', (chunk: Buffer) => stream.write(`echo ${chunk.toString()}`));
    });
    const { status, read, socket } = await createUpgrade(path, '/stdio/linear', hello, 'early\n');
    expect(status).toBe(101);
    expect(await read('echo early\n')).toBe('echo early\n');
    socket.write('later\n');
    expect(await read('echo later\n')).toContain('echo later\n');
    expect(seen).toEqual([{ server: 'linear', ...hello }]);
    socket.destroy();
  });

  it('refuses a server that nobody added, in words that the shim can show', async () => {
    await listen(() => expect.unreachable());
    const { status, read } = await createUpgrade(path, '/stdio/nope', hello);
    expect(status).toBe(404);
    expect(await read('}')).toContain('"unknown_server"');
  });

  it('refuses a caller that does not say who it is, and upgrades to anything else', async () => {
    await listen(() => expect.unreachable());
    expect((await createUpgrade(path, '/stdio/linear', null)).status).toBe(400);
    expect((await createUpgrade(path, '/rpc', hello)).status).toBe(400);
  });

  it('outlives a stream that breaks off', async () => {
    await listen((_who, stream) => void setImmediate(() => stream.write('x'.repeat(100_000))));
    const { socket } = await createUpgrade(path, '/stdio/linear', hello);
    socket.destroy();
    expect((await connect().status()).version).toBe('0.1.0');
  });

  it('ends its streams when the broker closes', async () => {
    const server = await listen();
    const { socket } = await createUpgrade(path, '/stdio/linear', hello);
    const gone = new Promise((resolve) => socket.once('close', resolve));
    await server.close();
    await gone;
  });
});

describe('a foreign program at the socket', () => {
  it('is an error in words when it speaks something else', async () => {
    mkdirSync(join(home, 'run'), { mode: 0o700 });
    const foreign = createServer((socket) => socket.resume().end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'));
    await new Promise<void>((resolve) => foreign.listen(path, resolve));
    closers.push(() => new Promise((resolve) => foreign.close(() => resolve())));
    expect((await failure(connect().status())).code).toBe('protocol_error');
  });
});
