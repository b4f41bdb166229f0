// Newline-delimited JSON over a stream, both ways: bounded, with back-pressure, and deaf to nothing but broken lines.
import type { Duplex } from 'node:stream';
import { readIncoming } from '../incoming.ts';
import { fail, nothing } from './wire.ts';
import type { Message } from './wire.ts';

export interface Lines {
  send(message: Message): void;
  /** Resolves when the stream has ended or failed. */
  readonly ended: Promise<void>;
  close(): void;
}

interface Handlers {
  /** `batch`: they came as one (2025-03-26). */
  onMessages(messages: readonly Message[], batch: boolean): void;
  /** Why the connection cannot go on. */
  onBroken(because: string): void;
}

/** What may wait to be written before the agent is taken for dead; far above any burst of a reader that is alive. */
const mostUnwritten = 4;

/** Reads messages from `stream` and writes them to it; a line longer than `limit` bytes ends the connection. */
export function openLines(stream: Duplex, limit: number, handlers: Handlers): Lines {
  let parts: Buffer[] = [];
  let size = 0;
  let end: () => void = nothing;
  const ended = new Promise<void>((resolve) => (end = resolve));

  const send = (message: unknown): void => {
    if (stream.destroyed || stream.writableEnded) return;
    if (stream.writableLength > limit * mostUnwritten) return stop('the agent does not read what it is sent');
    stream.write(`${JSON.stringify(message)}\n`);
  };
  const stop = (because: string): void => {
    handlers.onBroken(because);
    stream.destroy();
    end();
  };

  const line = (bytes: Buffer): void => {
    if (isBlank(bytes)) return;
    const read = readIncoming(bytes);
    if (read.kind === 'read') handlers.onMessages(read.messages, read.batch);
    else send({ jsonrpc: '2.0', id: null, ...fail(read.code, read.because) });
  };

  stream.on('data', (chunk: Buffer | string) => {
    let rest = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
      parts.push(rest.subarray(0, at));
      if (size + at > limit) return stop('a line of the agent is too long');
      const whole = Buffer.concat(parts);
      parts = [];
      size = 0;
      rest = rest.subarray(at + 1);
      line(whole);
    }
    if (rest.length > 0) parts.push(rest);
    size += rest.length;
    if (size > limit) stop('a line of the agent is too long');
  });
  stream.on('error', end);
  stream.on('end', end);
  stream.on('close', end);

  return { send, ended, close: () => void stream.end() };
}

const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte === 32 || (byte >= 9 && byte <= 13));
