// What may wait in a stream for an agent that does not read it: so much, and then the stream ends.
import { TokentrayError } from '../../errors.ts';

/** What may wait to be read before an agent is taken for dead, in messages of the largest size; as over stdio. */
export const mostUnread = 4;

/**
 * The stream of events with an end to what it keeps: the transports take messages whether anybody reads them or not.
 * Other answers are one message and pass as they are. `onDead` is told when more than `limit` bytes were left unread.
 */
export function endWhenUnread(response: Response, limit: number, onDead: () => void): Response {
  const streams = (response.headers.get('content-type') ?? '').startsWith('text/event-stream');
  if (response.body === null || !streams) return response;
  const source = response.body.getReader();
  const pass = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    for (;;) {
      const { done, value } = await source.read();
      if (done) return controller.close();
      controller.enqueue(value);
      if ((controller.desiredSize ?? 0) >= 0) continue;
      controller.error(new TokentrayError('overloaded', 'the agent does not read what it is sent'));
      onDead();
      return source.cancel();
    }
  };
  const kept = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // After a cancel there is nobody left to tell.
        pass(controller).catch((error: unknown) => controller.error(error));
      },
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: limit, size: (chunk) => chunk.byteLength },
  );
  return new Response(kept, { status: response.status, headers: response.headers });
}
