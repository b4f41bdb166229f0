// The broker can be asked over its socket by this user only, and by two brokers' clients at most one broker answers.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createUpgrade } from './upgrade.ts';
import { claimControl } from '../../main/control/claim.ts';
import { connectControl } from '../../main/control/client.ts';
import type { StdioHello } from '../../main/control/stdio-protocol.ts';
import { failure, placePerTest } from './fixture.ts';

const claimModule = new URL('../../main/control/claim.ts', import.meta.url).href;

const at = placePerTest();

describe('the socket', () => {
  it('is open to this user only: 0600 in a folder 0700', async () => {
    await at().listen();
    expect(statSync(at().path).mode & 0o777).toBe(0o600);
    expect(lstatSync(join(at().home, 'run')).mode & 0o777).toBe(0o700);
  });

  it('is refused, by broker and client, in a folder that others may enter', async () => {
    mkdirSync(join(at().home, 'run'), { mode: 0o755 });
    chmodSync(join(at().home, 'run'), 0o755);
    expect((await failure(at().listen())).code).toBe('unsafe_folder');
    expect(() => connectControl(at().path)).toThrowError(/open to other users/u);
    expect(existsSync(at().path)).toBe(false);
  });

  it('is refused, by broker and client, behind a link that leads elsewhere', async () => {
    mkdirSync(join(at().home, 'elsewhere'), { mode: 0o700 });
    symlinkSync(join(at().home, 'elsewhere'), join(at().home, 'run'));
    expect((await failure(at().listen())).code).toBe('unsafe_folder');
    expect(() => connectControl(at().path)).toThrowError(/a link or a file/u);
  });

  it.skipIf(process.getuid?.() !== 0)('is refused in a folder of another user', async () => {
    mkdirSync(join(at().home, 'run'), { mode: 0o700 });
    const { chownSync } = await import('node:fs');
    chownSync(join(at().home, 'run'), 65_534, 65_534);
    expect((await failure(at().listen())).code).toBe('unsafe_folder');
    expect(() => connectControl(at().path)).toThrowError(/belongs to another user/u);
  });

  it('says so when its at().path is longer than the system takes', async () => {
    at().path = join(at().home, 'x'.repeat(120), 'control.sock');
    const error = await failure(at().listen());
    expect(error.code).toBe('invalid_input');
    expect(error.message).toContain('longer than');
  });

  it('is gone after close, and the next broker may have it', async () => {
    const first = await at().listen();
    await first.close();
    expect(existsSync(at().path)).toBe(false);
    expect((await failure(at().connect().status())).code).toBe('broker_not_running');
    await at().listen();
    expect((await at().connect().status()).pid).toBe(process.pid);
  });

  it('replaces the file that a killed broker left behind', async () => {
    mkdirSync(join(at().home, 'run'), { mode: 0o700 });
    const script = `require('net').createServer().listen(${JSON.stringify(at().path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await new Promise((resolve) => spawn(process.execPath, ['-e', script]).once('exit', resolve));
    expect(existsSync(at().path)).toBe(true);
    expect((await failure(at().connect().status())).code).toBe('broker_not_running');
    await at().listen();
    expect((await at().connect().status()).version).toBe('0.1.0');
  });

  it('names a caller that nobody answers: no broker is running', async () => {
    expect(() => connectControl(at().path)).toThrowError(/no broker is running/u);
  });
});

describe('two brokers', () => {
  it('cannot both have the socket: the second learns that one is running and leaves the first alone', async () => {
    await at().listen();
    expect((await failure(at().listen())).code).toBe('broker_running');
    expect((await at().connect().status()).pid).toBe(process.pid);
  });

  it('cannot both start before either serves', () => {
    const first = claimControl(at().path);
    expect(() => claimControl(at().path)).toThrowError(/another broker/u);
    first.release();
    claimControl(at().path).release();
  });

  it('started at once, over a dead one’s socket: exactly one wins, in every round', async () => {
    mkdirSync(join(at().home, 'run'), { mode: 0o700 });
    const program = join(at().home, 'claim.mts');
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
      const racers = Array.from({ length: 4 }, () => spawn(process.execPath, [program, at().path], { stdio: 'pipe' }));
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
      expect(existsSync(at().path)).toBe(true);
    }
  });
});

describe('the stdio door', () => {
  const hello = { agentName: 'cursor', pid: 1, parentPid: 2, cwd: '/', argv: ['x'], version: '0.1.0', resumed: false };

  beforeEach(() => at().fake.deps.grants.addServer({ name: 'linear', url: 'https://mcp.example/mcp' }));

  it('gives the broker who came and the raw stream, both ways, from the first byte', async () => {
    const seen: StdioHello[] = [];
    await at().listen((who, stream) => {
      seen.push(who);
      stream.on('data', (chunk: Buffer) => stream.write(`echo ${chunk.toString()}`));
    });
    const { status, read, socket } = await createUpgrade(at().path, '/stdio/linear', hello, 'early\n');
    expect(status).toBe(101);
    expect(await read('echo early\n')).toBe('echo early\n');
    socket.write('later\n');
    expect(await read('echo later\n')).toContain('echo later\n');
    expect(seen).toEqual([{ server: 'linear', ...hello }]);
    socket.destroy();
  });

  it('refuses a server that nobody added, in words that the shim can show', async () => {
    await at().listen(() => expect.unreachable());
    const { status, read } = await createUpgrade(at().path, '/stdio/nope', hello);
    expect(status).toBe(404);
    expect(await read('}')).toContain('"unknown_server"');
  });

  it('refuses a caller that does not say who it is, and upgrades to anything else', async () => {
    await at().listen(() => expect.unreachable());
    expect((await createUpgrade(at().path, '/stdio/linear', null)).status).toBe(400);
    expect((await createUpgrade(at().path, '/rpc', hello)).status).toBe(400);
  });

  it('outlives a stream that breaks off', async () => {
    await at().listen((_who, stream) => void setImmediate(() => stream.write('x'.repeat(100_000))));
    const { socket } = await createUpgrade(at().path, '/stdio/linear', hello);
    socket.destroy();
    expect((await at().connect().status()).version).toBe('0.1.0');
  });

  it('ends its streams when the broker closes', async () => {
    const server = await at().listen();
    const { socket } = await createUpgrade(at().path, '/stdio/linear', hello);
    const gone = new Promise((resolve) => socket.once('close', resolve));
    await server.close();
    await gone;
  });
});

describe('a foreign program at the socket', () => {
  it('is an error in words when it speaks something else', async () => {
    mkdirSync(join(at().home, 'run'), { mode: 0o700 });
    const foreign = createServer((socket) => socket.resume().end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'));
    await new Promise<void>((resolve) => foreign.listen(at().path, resolve));
    at().closers.push(() => new Promise((resolve) => foreign.close(() => resolve())));
    expect((await failure(at().connect().status())).code).toBe('protocol_error');
  });
});
