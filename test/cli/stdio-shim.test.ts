// An agent on stdio is connected, stays connected through a broker's restart, and leaves nothing behind.
import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { EventEmitter } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listenControl } from '../../main/control/socket.ts';
import type { ControlServer } from '../../main/control/socket.ts';
import type { StdioHello } from '../../main/control/stdio-protocol.ts';
import { fakeBroker } from '../control/fake-broker/fake-broker.ts';
import { silent } from '../support/silent.ts';
import { build, launcher, makeProfile, olderNode, run, runToEnd } from './program.ts';
import type { Profile, Run } from './program.ts';

interface Message {
  id?: string | number;
  method?: string;
  params?: unknown;
  result?: unknown;
}

/** A broker's end of the stdio streams: keeps every message, answers what `answer` knows. */
interface Relay {
  readonly hellos: StdioHello[];
  readonly heard: Message[];
  /** The newest stream. */
  stream(): Duplex;
  until(method: string, times?: number): Promise<Message>;
  /** Resolves with the first shim. */
  readonly came: Promise<void>;
  close(): Promise<void>;
}

let profile: Profile;
let shims: Run[] = [];
let relays: Relay[] = [];

beforeEach(() => {
  profile = makeProfile();
});
afterEach(async () => {
  for (const shim of shims) shim.child.kill('SIGKILL');
  await Promise.all(shims.map((shim) => shim.end));
  await Promise.all(relays.map((relay) => relay.close()));
  [shims, relays] = [[], []];
  profile.remove();
});

async function startRelay(answer: (message: Message) => unknown = initializeOnly): Promise<Relay> {
  const fake = fakeBroker();
  await fake.deps.grants.addServer({ name: 'linear', url: 'https://mcp.example/mcp' });
  const hellos: StdioHello[] = [];
  const heard: Message[] = [];
  const waiting = new Set<() => void>();
  let newest: Duplex | null = null;
  const door = new EventEmitter<{ hello: [] }>();
  const server: ControlServer = await listenControl({
    path: profile.controlSocket,
    deps: fake.deps,
    log: silent,
    onStdio(hello, stream) {
      hellos.push(hello);
      newest = stream;
      door.emit('hello');
      createInterface({ input: stream }).on('line', (line) => {
        const message = JSON.parse(line) as Message;
        heard.push(message);
        const result = answer(message);
        if (result !== undefined) stream.write(`${JSON.stringify({ jsonrpc: '2.0', id: message.id, result })}\n`);
        for (const check of waiting) check();
      });
    },
  });
  const relay: Relay = {
    hellos,
    heard,
    stream() {
      if (newest === null) throw new Error('no stream yet');
      return newest;
    },
    until: (method, times = 1) =>
      new Promise((resolve) => {
        const check = () => {
          const message = heard.filter((candidate) => candidate.method === method)[times - 1];
          if (message === undefined) return;
          waiting.delete(check);
          resolve(message);
        };
        waiting.add(check);
        check();
      }),
    came: new Promise((resolve) => door.once('hello', resolve)),
    close: () => server.close(),
  };
  relays.push(relay);
  return relay;
}

function initializeOnly(message: Message): unknown {
  return message.method === 'initialize' ? { serverInfo: { name: 'relay' } } : undefined;
}
function startShim(args: readonly string[] = [], program: Parameters<typeof run>[2] = {}): Run {
  const shim = run(profile, ['stdio', 'linear', ...args], program);
  shims.push(shim);
  return shim;
}
const send = (shim: Run, ...messages: Message[]) =>
  shim.child.stdin.write(messages.map((message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`).join(''));
const received = (shim: Run): Message[] =>
  shim
    .out()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Message);
const initialize = {
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', clientInfo: { name: 'a' } },
};
const initialized = { method: 'notifications/initialized' };

describe('an agent over stdio', () => {
  it('is introduced, and every line passes both ways untouched', async () => {
    const relay = await startRelay((message) => (message.method === 'echo' ? message.params : undefined));
    const shim = startShim(['--agent', 'cursor']);
    // Split in the middle of a line and of a character, as a pipe may.
    const line = Buffer.from(`{"jsonrpc":"2.0","id":7,"method":"echo","params":{"text":"é 🚲 \\u2028","n":1.0}}\n`);
    shim.child.stdin.write(line.subarray(0, 57));
    await new Promise(setImmediate);
    shim.child.stdin.write(line.subarray(57));
    await shim.until('"id":7');
    expect(received(shim)).toEqual([{ jsonrpc: '2.0', id: 7, result: { text: 'é 🚲 \u2028', n: 1 } }]);
    const raw = `{ "jsonrpc" : "2.0", "method":"x/y",   "params":{"big":12345678901234567890} }`;
    relay.stream().write(`${raw}\n`);
    expect(await shim.until('x/y')).toContain(`${raw}\n`);
    expect(relay.hellos).toEqual([
      {
        server: 'linear',
        agentName: 'cursor',
        pid: shim.child.pid,
        parentPid: process.pid,
        cwd: profile.home,
        argv: [expect.any(String), expect.stringContaining('tokentray.ts'), 'stdio', 'linear', '--agent', 'cursor'],
        version: '0.1.0',
        resumed: false,
      },
    ]);
  });

  it('gets a message of megabytes whole', async () => {
    await startRelay((message) => (message.method === 'echo' ? message.params : undefined));
    const shim = startShim();
    const text = 'ü'.repeat(2_000_000);
    send(shim, { id: 1, method: 'echo', params: { text } });
    await shim.until('}\n');
    expect(received(shim)[0]?.result).toEqual({ text });
  });

  it('ends within a second of EOF, with exit code 0, though an answer is still owed', async () => {
    const relay = await startRelay();
    const shim = startShim();
    send(shim, { id: 1, method: 'tools/call' });
    await relay.until('tools/call');
    const since = performance.now();
    shim.child.stdin.end();
    expect(await shim.end).toBe(0);
    expect(performance.now() - since).toBeLessThan(1_000);
  });

  it('still gets the answer that was on its way when it closed stdin', async () => {
    const relay = await startRelay();
    const shim = startShim();
    send(shim, { id: 1, method: 'tools/call' });
    shim.child.stdin.end();
    await relay.until('tools/call');
    relay.stream().write('{"jsonrpc":"2.0","id":1,"result":{}}\n');
    expect(await shim.end).toBe(0);
    expect(received(shim)).toEqual([{ jsonrpc: '2.0', id: 1, result: {} }]);
  });

  it('ends within a second when its parent dies, though another process holds its stdin open', async () => {
    const relay = await startRelay();
    const fifo = join(profile.home, 'stdin');
    spawnSync('mkfifo', [fifo]);
    // We hold the write end, so no EOF comes when the parent dies.
    const held = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    const script = '"$0" "$@" < stdin > /dev/null & wait';
    const parent = run(profile, ['-c', script, process.execPath, launcher, 'stdio', 'linear'], { node: '/bin/sh' });
    try {
      await relay.came;
      // The system closes the shim's end with its process, and that closes the broker's.
      const gone = new Promise((resolve) => relay.stream().once('close', resolve));
      const since = performance.now();
      parent.child.kill('SIGKILL');
      await gone;
      expect(performance.now() - since).toBeLessThan(1_000);
    } finally {
      closeSync(held);
    }
  });

  it('that stops reading does not keep the shim alive', async () => {
    const relay = await startRelay();
    const shim = startShim();
    await relay.came;
    shim.child.stdout.destroy();
    relay.stream().write('{"jsonrpc":"2.0","method":"x"}\n');
    relay.stream().write('{"jsonrpc":"2.0","method":"x"}\n');
    expect(await shim.end).toBe(0);
  });
});

describe('a broker that restarts', () => {
  it('is met again with the agent’s own handshake, and the agent notices nothing', async () => {
    const first = await startRelay();
    const shim = startShim();
    send(shim, initialize);
    await shim.until('"id":0');
    send(shim, initialized, { id: 1, method: 'logging/setLevel', params: { level: 'info' } });
    send(shim, { id: 2, method: 'resources/subscribe', params: { uri: 'a:1' } });
    send(shim, { id: 3, method: 'resources/subscribe', params: { uri: 'a:2' } });
    send(shim, { id: 4, method: 'resources/unsubscribe', params: { uri: 'a:1' } });
    await first.until('resources/unsubscribe');
    for (const id of [1, 2, 3, 4]) first.stream().write(`{"jsonrpc":"2.0","id":${id},"result":{}}\n`);
    await shim.until('"id":4');
    const before = shim.out();
    await first.close();

    const second = await startRelay((message) => (message.id === undefined ? undefined : { again: true }));
    await second.until('resources/subscribe');
    send(shim, { id: 5, method: 'tools/list' });
    await shim.until('"id":5');
    expect(second.hellos).toMatchObject([{ server: 'linear', resumed: true }]);
    expect(second.heard.map(({ method, params }) => [method, params])).toEqual([
      ['initialize', initialize.params],
      ['notifications/initialized', undefined],
      ['logging/setLevel', { level: 'info' }],
      ['resources/subscribe', { uri: 'a:2' }],
      ['tools/list', undefined],
    ]);
    // The answers to what was said again stay here: only the one to tools/list is the agent's.
    expect(shim.out().slice(before.length)).toBe('{"jsonrpc":"2.0","id":5,"result":{"again":true}}\n');
  });

  it('leaves no request in silence: what was under way gets an error, what it asked the agent is cancelled', async () => {
    const first = await startRelay();
    const shim = startShim();
    send(shim, initialize, initialized, { id: 'a', method: 'tools/call' }, { id: 9, method: 'tools/call' });
    send(shim, { method: 'notifications/cancelled', params: { requestId: 9 } });
    await first.until('notifications/cancelled');
    first.stream().write('{"jsonrpc":"2.0","id":44,"method":"sampling/createMessage"}\n');
    await shim.until('"id":44');
    await first.close();
    await shim.until('"requestId":44');
    const told = received(shim).slice(2);
    expect(told).toEqual([
      { jsonrpc: '2.0', id: 'a', error: { code: -32000, message: expect.stringContaining('restarted') } },
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 44, reason: expect.any(String) } },
    ]);

    const second = await startRelay();
    send(shim, { id: 44, result: { late: true } }, { id: 10, method: 'ping' });
    await second.until('ping');
    expect(second.heard.filter(({ id }) => id === 44)).toEqual([]);
  });

  it('in the middle of the handshake: the handshake is made again and its answer reaches the agent', async () => {
    const first = await startRelay(() => undefined);
    const shim = startShim();
    send(shim, initialize);
    await first.until('initialize');
    await first.close();
    await startRelay();
    await shim.until('"id":0');
    expect(received(shim)).toEqual([{ jsonrpc: '2.0', id: 0, result: { serverInfo: { name: 'relay' } } }]);
  });

  it('holds back what the agent says until the new broker knows the session', async () => {
    const first = await startRelay();
    const shim = startShim();
    send(shim, initialize, initialized, { id: 'lost', method: 'tools/call' });
    await first.until('tools/call');
    await first.close();
    // Its error tells that the shim has noticed.
    await shim.until('"id":"lost"');
    send(shim, { id: 1, method: 'tools/list' });
    const second = await startRelay(() => undefined);
    await second.until('initialize');
    send(shim, { id: 2, method: 'tools/list' });
    second.stream().write('{"jsonrpc":"2.0","id":0,"result":{}}\n');
    await second.until('tools/list', 2);
    expect(second.heard.map(({ id, method }) => [id, method])).toEqual([
      [0, 'initialize'],
      [undefined, 'notifications/initialized'],
      [1, 'tools/list'],
      [2, 'tools/list'],
    ]);
  });

  it('needs no handshake with an agent of the stateless era', async () => {
    const first = await startRelay();
    const shim = startShim();
    send(shim, { id: 1, method: 'server/discover' });
    await first.until('server/discover');
    await first.close();
    await shim.until('"id":1');
    const second = await startRelay();
    send(shim, { id: 2, method: 'tools/list' });
    await second.until('tools/list');
    expect(second.heard.map(({ method }) => method)).toEqual(['tools/list']);
  });
});

describe('what can go wrong', () => {
  it('says on stderr, not on stdout, that there is no such server', async () => {
    await startRelay();
    const shim = run(profile, ['stdio', 'nope']);
    shims.push(shim);
    expect(await shim.end).toBe(1);
    expect(shim.out()).toBe('');
    expect(shim.err()).toContain('there is no server named "nope"');
  });

  it('explains itself and refuses what it does not understand', async () => {
    expect(await runToEnd(profile, ['stdio', '--help'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('Example'),
    });
    expect(await runToEnd(profile, ['stdio'])).toMatchObject({ code: 2, out: '' });
    expect(await runToEnd(profile, ['stdio', 'a', '--nope'])).toMatchObject({ code: 2, out: '' });
  });

  it('gives up on a broker that hangs up at once, again and again', async () => {
    await startRelay();
    const [relay] = relays;
    const shim = startShim();
    const hangUp = setInterval(() => relay?.hellos.length && relay.stream().destroy(), 1);
    try {
      expect(await shim.end).toBe(1);
    } finally {
      clearInterval(hangUp);
    }
    expect(shim.err()).toContain('hangs up');
    expect(relay?.hellos.length).toBe(5);
  });
});

const older = olderNode();
describe.skipIf(older === null)(`the system's older Node (${older ?? 'none found: skipped'})`, () => {
  it('runs the shim, and says in one line that it runs nothing else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tt-build-'));
    try {
      const program = { node: older ?? '', file: build(folder) };
      const first = await startRelay();
      const shim = startShim([], program);
      send(shim, initialize, initialized);
      await first.until('notifications/initialized');
      await first.close();
      const second = await startRelay();
      await second.until('notifications/initialized');
      shim.child.stdin.end();
      expect(await shim.end).toBe(0);
      expect(received(shim)).toEqual([{ jsonrpc: '2.0', id: 0, result: { serverInfo: { name: 'relay' } } }]);

      for (const args of [['status'], ['token', 'linear'], ['--help']]) {
        const refused = await runToEnd(profile, args, program);
        expect(refused).toMatchObject({ code: 6, out: '' });
        expect(refused.err).toMatch(/^tokentray: Node 22\.13 or newer is needed, this is .*\n$/u);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
