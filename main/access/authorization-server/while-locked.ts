// What agents hear while Tokentray is locked, in the words of their protocol; nothing is issued, and nothing of theirs is used up.
import type { ServerResponse } from 'node:http';
import type { AdapterFactory } from 'oidc-provider';
import { sendJson } from './wire.ts';

/** RFC 6749 section 4.1.2.1 has the word for the authorization endpoint; with 503 the others use it, too. */
const error = 'temporarily_unavailable';
export const lockedAnswer = { error, error_description: 'Tokentray is locked: a person has to unlock it' } as const;

/** Nobody knows when the person is back. */
export const retryAfterSeconds = 30;

/** RFC 9110 section 15.6.4. */
export function sendLocked(res: ServerResponse): void {
  res.setHeader('retry-after', retryAfterSeconds);
  sendJson(res, 503, lockedAnswer);
}

/**
 * A request that began before the lock gets no further than to using up its code or token: from there on a new one is issued in
 * one go.
 */
export const heldWhileLocked =
  (make: AdapterFactory, isLocked: () => boolean, refusal: () => Error): AdapterFactory =>
  (model) => {
    const adapter = make(model);
    return {
      ...adapter,
      async consume(id) {
        if (isLocked()) throw refusal();
        await adapter.consume(id);
      },
    };
  };
