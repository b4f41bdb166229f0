// A stream of events that breaks off between two of them ends in words, where there is something to say; else it is cut.
import type { ServerResponse } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What an agent hears in place of what the server has not said yet, as whole events; null: nothing, its connection breaks off. */
type LastWords = () => string | null;

const lineFeed = 10;
const carriageReturn = 13;

/** Rejects as the streams do, whatever was said. */
export async function pourWithLastWords(
  source: Readable,
  through: readonly Transform[],
  res: ServerResponse,
  lastWords: LastWords,
): Promise<void> {
  let tail: number[] = [];
  (through.at(-1) ?? source).on('data', (chunk: Buffer) => {
    tail = [...tail, ...chunk.subarray(-4)].slice(-4);
  });
  try {
    // The answer stays open when what it is made of breaks off.
    await pipeline([source, ...through, res], { end: false });
    res.end();
  } catch (error) {
    // In the middle of an event nobody would read them.
    const words = !res.destroyed && isBetweenEvents(tail) ? lastWords() : null;
    if (words === null) res.destroy();
    else res.end(words);
    throw error;
  }
}

/** Behind a blank line, however lines end there. */
function isBetweenEvents(tail: readonly number[]): boolean {
  const [before, last] = tail.slice(-2);
  if (last === undefined) return true;
  if (last === lineFeed && before === lineFeed) return true;
  if (last === carriageReturn && before === carriageReturn) return true;
  return tail.join() === [carriageReturn, lineFeed, carriageReturn, lineFeed].join();
}
