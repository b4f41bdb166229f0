// How a request ended, read off its answer, in the words of the audit.
import { TokentrayError } from '../errors.ts';
import type { JsonObject } from './relay/types.ts';

/** `goes-on`: the answer asks the agent for input, and the same call is tried again with it (2026-07-28 mrtr). */
export type Ending = 'ok' | 'tool-error' | 'error' | 'goes-on';

export function howItEnded(answer: { readonly result?: JsonObject; readonly error?: unknown }): Ending {
  if (answer.result === undefined) return 'error';
  if (answer.result['resultType'] === 'input_required') return 'goes-on';
  return answer.result['isError'] === true ? 'tool-error' : 'ok';
}

export const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** For what was under way when a person ended the agent's approval, or locked everything. */
export const goneAway = (server: string, { reason }: { readonly reason: unknown }): TokentrayError =>
  reason instanceof TokentrayError
    ? reason
    : new TokentrayError('approval_denied', `a person has ended this agent's use of ${server}`, {
        attempted: 'pass a request to the server',
      });
