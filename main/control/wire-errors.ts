// Errors across the control socket: what leaves is a code and words, what arrives is the same `TokentrayError` again.
import { ORPCError } from '@orpc/client';
import { wireErrorName, wireErrorSchema } from '../../preload/contract.ts';
import type { WireError } from '../../preload/contract.ts';
import { isErrorCode, TokentrayError } from '../errors.ts';
import { quote } from '../quote.ts';
import { issueWords } from './issue-words.ts';

/** Broker's side: the typed error of the contract. A defect says only that it is one; the log has the rest. */
export function toWire(error: unknown): ORPCError<typeof wireErrorName, WireError> {
  const isInput = error instanceof ORPCError && error.code === 'BAD_REQUEST';
  const given = isInput ? invalidInput(error.data) : error;
  const known =
    given instanceof TokentrayError
      ? given
      : new TokentrayError('internal', 'the broker failed in a way it does not know', {
          advice: 'Look at the log of the broker; `tokentray status` says where its data is.',
        });
  return new ORPCError(wireErrorName, { status: 422, defined: true, message: known.message, data: known.toJSON() });
}

/** Caller's side: the broker's error again. What is none of its answers was not said by a broker. */
export function fromWire(error: unknown): TokentrayError {
  if (!(error instanceof ORPCError)) {
    return new TokentrayError('protocol_error', 'what answers at the control socket is no broker', { cause: error });
  }
  const wire = error.code === wireErrorName ? wireErrorSchema.safeParse(error.data) : null;
  if (wire?.success) return recreate(wire.data);
  // Said before there was a procedure that could have said it.
  if (error.code === 'BAD_REQUEST') return invalidInput(error.data);
  if (error.code === 'NOT_FOUND') {
    return new TokentrayError('protocol_error', 'the broker does not know this command', {
      advice: 'It is of another version: stop it, and the next command starts the current one.',
    });
  }
  return new TokentrayError('internal', `the broker answered ${quote(error.code)}`, { cause: error });
}

/** The error that the words on the wire describe. */
function recreate(wire: WireError): TokentrayError {
  return new TokentrayError(isErrorCode(wire.code) ? wire.code : 'internal', wire.message, {
    ...(wire.subject === undefined ? {} : { subject: wire.subject }),
    ...(wire.advice === undefined ? {} : { advice: wire.advice }),
    facts: wire.facts,
  });
}

/** Input that the contract refused. */
const invalidInput = (data: unknown): TokentrayError =>
  new TokentrayError('invalid_input', issueWords(data) ?? 'the broker refused the input');
