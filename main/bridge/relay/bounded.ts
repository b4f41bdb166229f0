// A fetch whose bodies fail once a single message in them is larger than allowed, so that none can fill the memory.
import { TokentrayError } from '../../errors.ts';
import type { Fetch } from '../../ports.ts';

/** A body is one message; a stream of events is as many as it has events. @throws response_too_large, in the body */
export function bounded(fetch: Fetch, limit: number): Fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (response.body === null) return response;
    const byEvent = (response.headers.get('content-type') ?? '').toLowerCase().startsWith('text/event-stream');
    const sizeWith = byEvent ? eventSizes() : totalSize();
    const counted = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          if (sizeWith(chunk) <= limit) return controller.enqueue(chunk);
          controller.error(
            new TokentrayError('response_too_large', `a message of the server is larger than ${limit} bytes`),
          );
        },
      }),
    );
    return new Response(counted, {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  };
}

function totalSize(): (chunk: Uint8Array) => number {
  let size = 0;
  return (chunk) => (size += chunk.length);
}

const lineFeed = 10;
const carriageReturn = 13;

/**
 * The size of the largest event that the chunk adds to. Only a blank line ends an event, however many lines it has, and
 * lines end in LF, CR LF or CR (HTML, Server-sent events, Parsing an event stream).
 */
export function eventSizes(): (chunk: Uint8Array) => number {
  let size = 0;
  let atLineStart = true;
  let afterReturn = false;
  return (chunk) => {
    let largest = 0;
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      const secondHalf = byte === lineFeed && afterReturn;
      afterReturn = byte === carriageReturn;
      if (secondHalf) continue;
      const ends = byte === lineFeed || byte === carriageReturn;
      if (ends && atLineStart) {
        largest = Math.max(largest, size + at - from);
        size = 0;
        from = at + 1;
      }
      atLineStart = ends;
    }
    size += chunk.length - from;
    return Math.max(largest, size);
  };
}
