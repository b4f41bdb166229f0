// Every request of an agent to a server passes here: let through, or told why not, with progress while a person is asked.
import { isTokentrayError } from '../../errors.ts';
import type { Admission } from '../admissions.ts';
import { refused } from '../refused.ts';
import { goneAway, howItEnded, sizeOf } from '../outcomes.ts';
import type { Batch } from './batch.ts';
import { Cancelled } from './exchange.ts';
import { needsSignIn } from './sign-in.ts';
import type { GuardedUpstream } from './types.ts';
import { metaOf, notice } from './wire.ts';
import type { Call, Notice, Outcome } from './wire.ts';

export interface Asking {
  readonly signal: AbortSignal;
  /** To the agent, on the way of this request. */
  send(message: Notice): void;
  readonly modern: boolean;
  /** Null: it came alone. */
  readonly batch: Batch | null;
}

/**
 * Does `work` once the request is let through, and gives its outcome as the agent may see it. Its signal is aborted when the
 * agent gives up, and when it is shut out. @throws as `work`, Cancelled, needs_sign_in
 */
export async function admitted(
  upstream: GuardedUpstream,
  request: Call,
  asking: Asking,
  work: (signal: AbortSignal) => Promise<Outcome>,
): Promise<Outcome> {
  const given = { method: request.method, params: request.params ?? {}, bytes: sizeOf(request) };
  let admission: Admission;
  try {
    admission = await upstream.admissions.admit(given, {
      signal: asking.signal,
      onWait: progressOf(request, asking),
    });
  } catch (error) {
    asking.batch?.refuse();
    if (asking.signal.aborted) throw new Cancelled();
    // Nobody can judge it yet, for the server lists its tools to nobody who has not signed in.
    if (!isTokentrayError(error) || needsSignIn(error)) throw error;
    return refused(request.method, error, asking.modern);
  }
  let outcome: Outcome;
  const either = firstOf(asking.signal, upstream.guard.ended);
  try {
    await asking.batch?.letThrough();
    if (asking.signal.aborted) throw new Cancelled();
    outcome = await work(either.signal);
    // Broken off for the agent's own good or not, an error that comes then says less than why.
    if ('error' in outcome && upstream.guard.ended.aborted && !asking.signal.aborted) throw new Cancelled();
  } catch (error) {
    admission.finished({ outcome: asking.signal.aborted ? 'cancelled' : 'failed', bytes: 0 });
    if (upstream.guard.ended.aborted)
      return refused(request.method, goneAway(upstream.name, upstream.guard.ended), asking.modern);
    if (asking.batch !== null && isTokentrayError(error, 'tool_refused')) {
      return refused(request.method, error, asking.modern);
    }
    throw error;
  } finally {
    either.release();
  }
  const seen = 'result' in outcome ? { result: admission.result(outcome.result) } : outcome;
  const how = howItEnded(seen);
  if (asking.signal.aborted) admission.finished({ outcome: 'cancelled', bytes: 0 });
  else if (how === 'goes-on') admission.goesOn();
  else admission.finished({ outcome: how, bytes: sizeOf(seen) });
  return seen;
}

/** Aborted with the first of them. `AbortSignal.any` would keep each request for as long as a guard lives. */
function firstOf(...signals: readonly AbortSignal[]): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  for (const signal of signals) {
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }
  return {
    signal: controller.signal,
    release() {
      for (const signal of signals) signal.removeEventListener('abort', abort);
    },
  };
}

/** What a request with a progress token hears while a person is waited for; the server's own steps come after these. */
export function progressOf(
  request: { readonly params?: Call['params'] },
  { send, signal }: Pick<Asking, 'send' | 'signal'>,
): (words: string) => void {
  const { progressToken } = metaOf(request as Call);
  let steps = 0;
  return (message) => {
    if (signal.aborted || (typeof progressToken !== 'string' && typeof progressToken !== 'number')) return;
    steps += 1;
    // Far below the first step that a server may tell: a value has to be higher than the one before (progress).
    send(notice('notifications/progress', { progressToken, progress: steps / 1_000_000, message }));
  };
}
