// A failed call in words for a person: what went wrong and what to do about it, from the contract's typed error.
import { ORPCError } from '@orpc/client';
import type { WireError } from '../../preload/contract.ts';

export interface Problem {
  /** The broker's stable code, or `unreachable-broker`, `session-over`, `unexpected` for what happens on this side. */
  readonly code: string;
  readonly message: string;
  readonly subject: string | null;
  readonly advice: string | null;
  readonly facts: WireError['facts'];
}

const problem = (code: string, message: string, advice: string | null): Problem => ({
  code,
  message,
  subject: null,
  advice,
  facts: {},
});

/** Never throws: whatever was thrown becomes something that can be shown. */
export function describeProblem(error: unknown): Problem {
  if (error instanceof ORPCError) return fromAnswer(error);
  if (isAbort(error)) return problem('cancelled', 'It was cancelled.', null);
  // What fetch throws when nobody answers is a TypeError, and a closed port is an Error: both mean that the broker is gone.
  return problem(
    'unreachable-broker',
    'The broker does not answer.',
    'It may have been stopped. This window connects again by itself as soon as it runs.',
  );
}

/** Whether the caller itself let go: nothing to tell. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

function fromAnswer(error: ORPCError<string, unknown>): Problem {
  const wire = error.data;
  // The contract's client has parsed it already or it is no answer of our broker: read with care, shown as text.
  if (error.code === 'TOKENTRAY' && isWireError(wire)) {
    return {
      code: wire.code,
      message: sentence(wire.message),
      subject: wire.subject ?? null,
      advice: wire.advice ?? null,
      facts: wire.facts,
    };
  }
  if (error.status === 401) {
    return problem(
      'session-over',
      'This browser is no longer signed in to the broker.',
      'Run `tokentray ui` for a new link.',
    );
  }
  if (error.code === 'BAD_REQUEST') return problem('invalid_input', firstIssue(wire), null);
  if (error.code === 'NOT_FOUND') {
    return problem(
      'protocol_error',
      'The broker does not know what this window asks for.',
      'It is of another version: quit Tokentray and start it again.',
    );
  }
  return problem('unexpected', 'The broker failed in a way it does not know.', 'Its log in the data folder has more.');
}

function isWireError(value: unknown): value is WireError {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    typeof value.code === 'string' &&
    'message' in value &&
    typeof value.message === 'string' &&
    'facts' in value &&
    typeof value.facts === 'object'
  );
}

/** oRPC says which input was refused and why; the first reason is enough for one field. */
function firstIssue(data: unknown): string {
  if (typeof data === 'object' && data !== null && 'issues' in data && Array.isArray(data.issues)) {
    const [issue] = data.issues as readonly unknown[];
    if (typeof issue === 'object' && issue !== null && 'message' in issue && typeof issue.message === 'string') {
      return sentence(issue.message);
    }
  }
  return 'The broker refused the input.';
}

/** The broker's messages are phrases; on a page they stand alone. */
export function sentence(phrase: string): string {
  const first = phrase.charAt(0).toUpperCase();
  return `${first}${phrase.slice(1)}${/[.!?]$/u.test(phrase) ? '' : '.'}`;
}
