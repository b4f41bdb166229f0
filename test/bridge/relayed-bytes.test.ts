// Messages that agents begin and do not finish hold neither the bridge's memory nor its connections.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { relayedMemory } from '../../main/bridge/relayed-bytes.ts';
import { agentHeaders, ask, call, setup, text, type Setup, type SetupOptions } from './fixture.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function bridged(options: Partial<SetupOptions>): Promise<Setup> {
  const made = await setup({ upstream: 'http://127.0.0.1:9/mcp', state: () => 'needs-sign-in', ...options });
  open.push(made);
  return made;
}

/** Sends the head of a request with a body of `length` bytes, and these of them. */
function begin(made: Setup, length: number, body: string | Buffer): Socket {
  const headers = {
    ...agentHeaders(made.key),
    host: `127.0.0.1:${made.bridge.port}`,
    'content-length': length,
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
  const socket = connect(made.bridge.port, '127.0.0.1').on('error', () => undefined);
  socket.write(['POST /mcp/notes HTTP/1.1', ...lines, '', ''].join('\r\n'));
  socket.write(body);
  return socket;
}

describe('what the relay holds', () => {
  it('is so much of one agent and so much of all, and what is given back is free again', () => {
    const memoryFor = relayedMemory(100, 60);
    const [a, again, b] = [memoryFor('a'), memoryFor('a'), memoryFor('b')];
    a.take(50);
    expect(() => again.take(11)).toThrow(expect.objectContaining({ code: 'overloaded' }));
    again.take(10);
    b.take(40);
    expect(() => b.take(1)).toThrow(expect.objectContaining({ code: 'overloaded' }));
    a.giveBack();
    a.giveBack();
    b.take(20);
    expect(() => again.take(51)).toThrow(expect.objectContaining({ code: 'overloaded' }));
    again.take(30);
    expect(() => memoryFor('c').take(1)).toThrow(expect.objectContaining({ code: 'overloaded' }));
  });
});

describe('a message', () => {
  it('is refused while unfinished ones of the same agent take all there is, and let in when they have gone', async () => {
    const made = await bridged({});
    const part = Buffer.alloc(30 * 1024 * 1024, ' ');
    const unfinished = [begin(made, part.length + 1, part), begin(made, part.length + 1, part)];
    const post = () =>
      ask(made.mcp, { method: 'POST', headers: agentHeaders(made.key), body: `${call(1)}${' '.repeat(8_000_000)}` });
    // Once both have sent what they have.
    await expect.poll(async () => (await post()).text, { timeout: 5000 }).toContain('overloaded');
    expect((await post()).status).toBe(503);
    for (const socket of unfinished) socket.destroy();
    await expect.poll(async () => (await post()).status).toBe(200);
  });

  it.each([
    ['before its way is known', 'open', 100],
    ['on its way', 'needs-sign-in', 1_000_000],
  ] as const)('that stalls %s is ended', async (_, state, length) => {
    const made = await bridged({
      state: () => state,
    });
    const socket = begin(made, length, '{"jsonrpc":').resume();
    const ended = once(socket, 'close');
    await expect.poll(() => made.clock.pending()).toBe(1);
    await made.clock.advance(29_000);
    expect(socket.destroyed).toBe(false);
    await made.clock.advance(1_000);
    await ended;
  });

  it('may take long as a whole', async () => {
    const made = await bridged({ relay: { handle: async (_request, read) => Response.json(read) } });
    const body = call(1);
    const socket = begin(made, body.length, body.slice(0, 5));
    const answered = text(socket);
    for (let at = 5; at < body.length; at += 20) {
      await made.clock.advance(20_000);
      socket.write(body.slice(at, at + 20));
    }
    expect(await answered).toContain('"messages":');
  });
});
