// A stream of events cut into its events, byte for byte, so that single ones can be read, rewritten or left out.
// https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
import { TokentrayError } from '../errors.ts';

const lineFeed = 10;
const carriageReturn = 13;

/** Gives the events that each chunk completes, with the blank line that ends each; `rest` is what came after the last one. */
export class EventBlocks {
  readonly #most: number;
  #parts: Buffer[] = [];
  #size = 0;
  #atLineStart = true;
  #afterReturn = false;

  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  /** @throws response_too_large */
  take(chunk: Buffer): Buffer[] {
    const blocks: Buffer[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      const secondHalf = byte === lineFeed && this.#afterReturn;
      this.#afterReturn = byte === carriageReturn;
      // The line feed of a CR LF that ended an event begins the next one, where it says nothing.
      if (secondHalf) continue;
      const ends = byte === lineFeed || byte === carriageReturn;
      if (ends && this.#atLineStart) {
        const upTo = byte === carriageReturn && chunk[at + 1] === lineFeed ? at + 2 : at + 1;
        blocks.push(Buffer.concat([...this.#parts, chunk.subarray(from, upTo)]));
        this.#parts = [];
        this.#size = 0;
        from = upTo;
      }
      this.#atLineStart = ends;
    }
    const left = chunk.subarray(from);
    if (left.length > 0) this.#parts.push(left);
    this.#size += left.length;
    if (this.#size > this.#most) {
      throw new TokentrayError('response_too_large', `an event of the server is larger than ${this.#most} bytes`);
    }
    return blocks;
  }

  rest(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** What an event carries; null: nothing, as of a comment or an event that only has an id. */
export function dataOf(block: Buffer): Buffer | null {
  const data = linesOf(block).flatMap((line) => {
    if (line === 'data') return [''];
    return line.startsWith('data:') ? [line.slice(line.startsWith('data: ') ? 6 : 5)] : [];
  });
  const text = data.join('\n');
  return text === '' ? null : Buffer.from(text, 'latin1');
}

/** The event with this instead of what it carried, its id and name kept. */
export function withData(block: Buffer, text: string): Buffer {
  const others = linesOf(block).filter((line) => line !== '' && line !== 'data' && !line.startsWith('data:'));
  const head = others.map((line) => `${line}\n`).join('');
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(`data: ${text}\n\n`, 'utf8')]);
}

// Python's splitlines ends a line there, and httpx-sse read streams by it: behind one of them a comment becomes data.
const otherEnds = /[\v\f\x1c-\x1e]|\xc2\x85|\xe2\x80[\xa8\xa9]/u;

/** Whether there are readers that find more in it than it carries. JSON that is valid has no such end outside of its texts. */
export const hasOtherLines = (block: Buffer): boolean =>
  linesOf(block).some((line) => !line.startsWith('data:') && otherEnds.test(line));

/** Byte for byte: what is no valid text is still to be told from what is. */
const linesOf = (block: Buffer): string[] => {
  const text = block.toString('latin1');
  return (text.startsWith('\xef\xbb\xbf') ? text.slice(3) : text).split(/\r\n|\n|\r/u);
};

export const eventOf = (message: unknown): string => `event: message\ndata: ${JSON.stringify(message)}\n\n`;
