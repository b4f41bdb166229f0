// The body of a request as a whole, within what one message may be and what all messages together may take.
import type { IncomingMessage } from 'node:http';
import { TokentrayError } from '../errors.ts';
import { relayedBytes, type Share } from './relayed-bytes.ts';

/** Called when the sender is waited for; it calls what it got back as soon as something came. */
export type StallWatch = () => () => void;

/**
 * Whatever of a refused body is still to come is read and thrown away, so that its sender gets to reading the answer.
 * @throws invalid_input when it is too large, overloaded
 */
export function readBody(req: IncomingMessage, share: Share, stall: StallWatch): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > relayedBytes) {
    req.resume();
    return Promise.reject(tooLarge());
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let seen = stall();
    const settle = (done: () => void): void => {
      seen();
      req.off('data', onData).off('end', onEnd).off('close', onClose);
      done();
    };
    const onData = (chunk: Buffer): void => {
      seen();
      size += chunk.length;
      try {
        if (size > relayedBytes) throw tooLarge();
        share.take(chunk.length);
      } catch (error) {
        settle(() => reject(error));
        req.resume();
        return;
      }
      chunks.push(chunk);
      seen = stall();
    };
    const onEnd = (): void =>
      settle(() => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)));
    // Half a body must never pass for a whole one.
    const onClose = (): void => settle(() => reject(new Error('the agent hung up')));
    req.on('error', () => undefined);
    req.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}

const tooLarge = (): TokentrayError =>
  new TokentrayError('invalid_input', `a message is larger than ${relayedBytes} bytes`, {
    attempted: 'read the request',
  });
