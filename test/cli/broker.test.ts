// The command line with a real broker: started when it is needed, one at a time, and ended cleanly.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAuthorizationServer } from '../support/authorization-server.ts';
import { createBrowser } from '../support/browser.ts';
import { startMcpServer } from '../support/mcp-server.ts';
import { isAlive } from '../support/process.ts';
import { makeProfile, run, runToEnd } from './program.ts';
import type { Profile, Run } from './program.ts';

let profile: Profile;
let runs: Run[];

beforeEach(() => {
  profile = makeProfile();
  runs = [];
});
afterEach(async () => {
  for (const { child } of runs) child.kill('SIGKILL');
  await Promise.all(runs.map(({ end }) => end));
  const pid = await brokerPid();
  if (pid !== null) await ended(pid, 'SIGKILL');
  profile.remove();
});

const tokentray = (...args: string[]) => runToEnd(profile, args);
function start(...args: string[]): Run {
  const running = run(profile, args);
  runs.push(running);
  return running;
}
async function brokerPid(): Promise<number | null> {
  const { code, out } = await tokentray('status', '--json');
  return code === 0 ? (JSON.parse(out) as { pid: number }).pid : null;
}
/** Signals a broker that is nobody's child here, and waits until it is gone. */
async function ended(pid: number, signal: NodeJS.Signals): Promise<void> {
  process.kill(pid, signal);
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('a broker', () => {
  it('is started by the first command that needs one, serves the next ones and ends at SIGTERM', async () => {
    expect(await tokentray('status')).toMatchObject({ code: 4, out: '' });
    expect(await tokentray('add', 'linear', 'http://127.0.0.1:9/mcp')).toMatchObject({ code: 0 });
    const pid = await brokerPid();
    expect(JSON.parse((await tokentray('list', '--json')).out)).toMatchObject([{ server: 'linear' }]);
    expect(await brokerPid()).toBe(pid);
    await ended(pid ?? -1, 'SIGTERM');
    expect(existsSync(profile.controlSocket)).toBe(false);
    expect(readFileSync(join(profile.home, 'log', 'tokentray.log'), 'utf8')).toContain('the broker stops');
    // What was added is still there with the next broker.
    expect(JSON.parse((await tokentray('list', '--json')).out)).toMatchObject([{ server: 'linear' }]);
    expect(readdirSync(join(profile.home, 'run')).toSorted()).toEqual(['broker.lock', 'control.sock']);
  });

  it('is one, however many commands start it at once', async () => {
    const lists = await Promise.all([1, 2, 3].map(() => tokentray('list', '--json')));
    expect(lists.map(({ code }) => code)).toEqual([0, 0, 0]);
    const log = readFileSync(join(profile.home, 'log', 'tokentray.log'), 'utf8');
    expect(log.match(/the broker is up/gu)).toHaveLength(1);
  });

  it('in the foreground says when it is up and what is not kept; a second one ends with exit code 5', async () => {
    const serve = start('serve', '--json');
    await serve.until('\n');
    expect(JSON.parse(serve.out())).toMatchObject({
      pid: serve.child.pid,
      controlSocket: profile.controlSocket,
      data: join(profile.home, 'data'),
      vault: 'memory',
      bridge: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+/u),
    });
    await serve.untilErr('grants end with this broker');
    expect(await tokentray('serve')).toMatchObject({
      code: 5,
      out: '',
      err: expect.stringContaining('another broker'),
    });
    expect(await brokerPid()).toBe(serve.child.pid);
    serve.child.kill('SIGINT');
    expect(await serve.end).toBe(0);
    expect(existsSync(profile.controlSocket)).toBe(false);
  });

  it('that was killed leaves nothing in the way of the next', async () => {
    const first = start('serve', '--json');
    await first.until('\n');
    first.child.kill('SIGKILL');
    await first.end;
    expect(existsSync(profile.controlSocket)).toBe(true);
    expect((await tokentray('status')).code).toBe(4);
    expect((await tokentray('list')).code).toBe(0);
  });

  it('that cannot start says why, through the command that wanted it', async () => {
    const broken = await runToEnd(profile, ['list'], { env: { TOKENTRAY_VAULT: 'plaintext' } });
    expect(broken).toMatchObject({
      code: 4,
      out: '',
      err: expect.stringContaining('TOKENTRAY_VAULT cannot be "plaintext"'),
    });
    expect(await tokentray('serve', '--port', '99999')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--port'),
    });
  });

  it('is started by the shim, which then answers its agent', async () => {
    const server = await startMcpServer({ era: 'legacy' });
    try {
      await tokentray('add', 'demo', server.url);
      const before = await brokerPid();
      await ended(before ?? -1, 'SIGTERM');
      const shim = start('stdio', 'demo');
      const clientInfo = { name: 'agent', version: '1' };
      const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
      shim.child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params })}\n`);
      await shim.until('"id":0');
      expect(JSON.parse(shim.out().split('\n')[0] ?? '')).toMatchObject({
        id: 0,
        result: { protocolVersion: '2025-11-25' },
      });
      expect(await brokerPid()).not.toBe(before);
      // kill -9 under the agent's feet: the next message starts another broker, and the session goes on.
      shim.child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
      await ended((await brokerPid()) ?? -1, 'SIGKILL');
      // What meets the break gets an error and is asked again, as agents do.
      const answer = async (id: number) => {
        shim.child.stdin.write(`{"jsonrpc":"2.0","id":${id},"method":"tools/list"}\n`);
        const lines = (await shim.until(`"id":${id}`)).trimEnd().split('\n');
        return JSON.parse(lines.at(-1) ?? '') as { error?: unknown; result?: unknown };
      };
      const first = await answer(1);
      const { result } = first.error === undefined ? first : await answer(2);
      expect(result).toMatchObject({ tools: expect.any(Array) });
    } finally {
      await server.close();
    }
  });
});

describe('a person at the command line', () => {
  it('adds a server, signs in with a browser elsewhere, gets a token, revokes and forgets', async () => {
    const as = await startAuthorizationServer();
    const server = await startMcpServer({ era: 'modern', auth: { authorizationServer: as } });
    try {
      expect((await tokentray('add', 'demo', server.url)).code).toBe(0);
      expect((await tokentray('token', 'demo')).code).toBe(3);
      const connect = start('connect', 'demo', '--no-browser', '--json');
      await connect.until('"kind":"sign-in"');
      const lines = connect
        .out()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { kind: string; url: string });
      const browser = createBrowser();
      await browser.open(lines.find(({ kind }) => kind === 'sign-in')?.url ?? '');
      expect({ code: await connect.end, err: connect.err() }).toMatchObject({ code: 0 });

      const { code, out } = await tokentray('token', 'demo', '--min-ttl', '1s');
      expect(code).toBe(0);
      expect(as.issuedSecrets.has(out.trimEnd())).toBe(true);

      expect(await tokentray('revoke', 'demo')).toMatchObject({ code: 0, out: expect.stringContaining('is revoked') });
      expect((await tokentray('token', 'demo')).code).toBe(3);
      expect((await tokentray('forget', 'demo', '--yes')).code).toBe(0);
      expect(JSON.parse((await tokentray('list', '--json')).out)).toEqual([]);
    } finally {
      await server.close();
      await as.close();
    }
  });
});
