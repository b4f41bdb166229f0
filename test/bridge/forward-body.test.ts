// A body can be sent again while it is small, streams on without being kept when it is not, and never loses a part.
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ReplayBody } from '../../main/bridge/forward-body.ts';
import { text } from './fixture.ts';

const source = (...chunks: string[]): Readable => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));

/** Until everything that can happen by itself has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('a body', () => {
  it('is the same however often it is opened', async () => {
    const body = new ReplayBody(source('a', 'b', 'c'));
    expect(await text(body.open())).toBe('abc');
    expect(body.replayable).toBe(true);
    expect(await text(body.open())).toBe('abc');
  });

  it('above the bound is given whole, once', async () => {
    const body = new ReplayBody(source('aa', 'bb', 'cc'), 3);
    expect(await text(body.open())).toBe('aabbcc');
    expect(body.replayable).toBe(false);
  });

  it('goes on for who opened it last, also when another one was waiting for the next part', async () => {
    const from = new PassThrough();
    const body = new ReplayBody(from, 3);
    const first = body.open();
    first.resume();
    from.write('aa');
    await settled();
    const second = text(body.open());
    from.write('bb');
    await settled();
    from.end('cc');
    expect(await second).toBe('aabbcc');
  });

  it('that broke off is broken for everybody, and never passes for a whole one', async () => {
    const from = new PassThrough();
    const body = new ReplayBody(from);
    const first = text(body.open());
    from.write('aa');
    await settled();
    from.destroy(new Error('hung up'));
    await expect(first).rejects.toThrow('hung up');
    await expect(text(body.open())).rejects.toThrow('hung up');
    await expect(body.peek(100)).rejects.toThrow('hung up');
  });

  it('is looked into without being used up, and only as far as asked', async () => {
    const small = new ReplayBody(source('ab', 'cd'));
    expect(String(await small.peek(4))).toBe('abcd');
    expect(await text(small.open())).toBe('abcd');

    let given = 0;
    const large = new ReplayBody(
      Readable.from(
        (function* () {
          for (; given < 1000; given += 1) yield Buffer.alloc(1024, 'x');
        })(),
        { highWaterMark: 1 },
      ),
    );
    expect(await large.peek(4096)).toBeNull();
    expect(given).toBeLessThan(10);
    expect(await text(large.open())).toHaveLength(1000 * 1024);
  });

  it('of any size takes no more memory than the bound and what is on its way', async () => {
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const blocks = (function* () {
      for (let at = 0; at < 400; at += 1) yield Buffer.alloc(1024 * 1024, 1);
    })();
    const body = new ReplayBody(Readable.from(blocks));
    let seen = 0;
    for await (const chunk of body.open() as AsyncIterable<Buffer>) {
      seen += chunk.length;
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(seen).toBe(400 * 1024 * 1024);
    // What the collector has not taken yet counts too; kept, it would be 400 MiB.
    expect(most).toBeLessThan(250 * 1024 * 1024);
  });
});
