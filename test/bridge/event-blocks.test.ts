// Events are cut out of a stream without a byte lost, wherever its chunks begin and end and however its lines do.
import { describe, expect, it } from 'vitest';
import { dataOf, EventBlocks, eventOf, withData } from '../../main/bridge/event-blocks.ts';

const streams = [
  'data: a\n\ndata: b\n\n',
  'data: a\r\n\r\ndata: b\r\n\r\n',
  'data: a\r\rdata: b\r\r',
  '\ufeffid: 1\ndata: a\n\r\n: comment\n\n\n\ndata:b\n\n',
];

describe('a stream of events', () => {
  it.each(streams)('%j is the same in one piece and cut anywhere', (stream) => {
    const bytes = Buffer.from(stream);
    for (let at = 0; at <= bytes.length; at += 1) {
      const blocks = new EventBlocks(1000);
      const found = [bytes.subarray(0, at), bytes.subarray(at)].flatMap((chunk) => blocks.take(chunk));
      expect(Buffer.concat([...found, blocks.rest()]).toString()).toBe(stream);
      expect(found.flatMap((block) => dataOf(block)?.toString() ?? [])).toEqual(['a', 'b']);
    }
  });

  it('has no event that is larger than agreed', () => {
    const blocks = new EventBlocks(10);
    expect(blocks.take(Buffer.from('data: 1\n\ndata: 2\n\n'))).toHaveLength(2);
    expect(() => blocks.take(Buffer.from('data: 1234567890'))).toThrow(
      expect.objectContaining({ code: 'response_too_large' }),
    );
  });
});

describe('an event', () => {
  it('carries its data lines as one text, or nothing', () => {
    expect(dataOf(Buffer.from('data: {\ndata:  1}\nid: 7\n\n'))?.toString()).toBe('{\n 1}');
    expect(dataOf(Buffer.from('id: 7\ndata\n\n'))).toBeNull();
    expect(dataOf(Buffer.from(': data: x\n\n'))).toBeNull();
    expect(dataOf(Buffer.from(eventOf({ a: 'é' })))?.toString()).toBe('{"a":"é"}');
  });

  it('keeps its id and name when it carries something else', () => {
    const changed = withData(Buffer.from('event: message\nid: é\ndata: a\ndata: b\nretry: 5\n\n'), '{}');
    expect(changed.toString()).toBe('event: message\nid: é\nretry: 5\ndata: {}\n\n');
  });
});
