// A server cannot fill the memory with one message, however it cuts it into lines and chunks.
import { describe, expect, it } from 'vitest';
import { bounded } from '../../../main/bridge/relay/bounded.ts';

const encoder = new TextEncoder();

/** Reads an answer that comes in these chunks through a bound of 100 bytes. */
async function read(chunks: readonly string[], type = 'text/event-stream'): Promise<string> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  });
  const answer = await bounded(async () => new Response(body, { headers: { 'content-type': type } }), 100)('http://x/');
  return answer.text();
}

const line = `data: ${'x'.repeat(30)}`;
const inPieces = (text: string): string[] => text.match(/[^]{1,3}/gu) ?? [];
const byteByByte = (text: string): string[] => text.match(/[^]/gu) ?? [];

describe.each([
  ['LF', '\n'],
  ['CR LF', '\r\n'],
  ['CR', '\r'],
])('an event stream with lines that end in %s', (_, end) => {
  const event = `${line}${end}${line}${end}${end}`;
  const tooLarge = `${line}${end}${line}${end}${line}${end}`;

  it('may go on for ever with events that each are small, wherever it is cut', async () => {
    const stream = event.repeat(5);
    for (const chunks of [[stream], byteByByte(stream), inPieces(stream)]) expect(await read(chunks)).toBe(stream);
  });

  it('is broken off at an event that is too large, however short its lines are', async () => {
    for (const before of ['', event, `: a comment${end}${end}`]) {
      const stream = `${before}${tooLarge}`;
      for (const chunks of [[stream], byteByByte(stream), inPieces(stream), [`${stream}${end}${event}`]]) {
        await expect(read(chunks)).rejects.toMatchObject({ code: 'response_too_large' });
      }
    }
  });
});

describe('a body that is one message', () => {
  it('is broken off when it is too large, blank lines in it or not', async () => {
    expect(await read(['x'.repeat(100)], 'application/json')).toHaveLength(100);
    await expect(read(['x'.repeat(60), '\n\n', 'x'.repeat(60)], 'application/json')).rejects.toMatchObject({
      code: 'response_too_large',
    });
  });
});
