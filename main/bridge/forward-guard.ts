// The guard on the forward path: each request of a POST is let through, or none of them is.
import { isTokentrayError } from '../errors.ts';
import type { Admission } from './admissions.ts';
import { isModern } from './eras.ts';
import type { ReadMessages } from './incoming.ts';
import { notAlone, refused } from './refused.ts';
import { noteTools } from './relay/modern-server.ts';
import { answerFromMemory, rememberTools } from './relay/sign-in.ts';
import type { GuardedUpstream, JsonObject } from './relay/types.ts';
import { describe } from './relay/mapping.ts';
import { asText, isCall, meta, metaOf, reply } from './relay/wire.ts';
import type { Call, Id, Reply } from './relay/wire.ts';

export type Passed =
  | { readonly kind: 'go'; readonly admissions: ReadonlyMap<Id, Admission> }
  /** What each of the requests is answered. */
  | { readonly kind: 'refused'; readonly answer: Reply | readonly Reply[] };

/** Notifications and responses pass: they belong to what was let through. @throws what is no answer to an agent */
export async function letThrough(
  read: ReadMessages,
  upstream: GuardedUpstream,
  signal: AbortSignal,
  onWait: (call: Call, words: string) => void,
): Promise<Passed> {
  const calls = read.messages.flatMap((message, at) =>
    isCall(message) ? [{ call: message, bytes: read.bytes[at] ?? 0 }] : [],
  );
  const asked = await Promise.allSettled(
    calls.map(({ call, bytes }) =>
      upstream.admissions.admit(
        { method: call.method, params: call.params ?? {}, bytes },
        { signal, onWait: (words) => onWait(call, words) },
      ),
    ),
  );
  const go = new Map<Id, Admission>();
  for (const [at, each] of asked.entries()) {
    const { call } = calls[at] ?? {};
    if (call !== undefined && each.status === 'fulfilled') go.set(call.id, remembering(call, each.value, upstream));
  }
  if (go.size === calls.length) return { kind: 'go', admissions: go };
  for (const admission of go.values()) admission.finished({ outcome: 'cancelled', bytes: 0 });
  const answers = calls.map(({ call }, at) => {
    const each = asked[at];
    const error: unknown = each?.status === 'rejected' ? each.reason : notAlone();
    if (!isTokentrayError(error)) throw error;
    // The relay knows what an agent hears of that.
    if (!read.batch && isTokentrayError(error, 'needs_sign_in')) throw error;
    // In a session of the server, what needs no server is answered all the same: an agent may not survive an error to it.
    const known = error.code === 'locked' ? answerFromMemory(upstream, call.method) : null;
    if (known !== null) return reply(call.id, known);
    const modern = isModern(asText(metaOf(call)[meta.protocolVersion]));
    return reply(call.id, refused(call.method, error, modern));
  });
  const [first] = answers;
  return { kind: 'refused', answer: read.batch || first === undefined ? answers : first };
}

/** What passes is remembered as the relay remembers it, for the next agent that may not reach the server yet. */
function remembering(call: Call, admission: Admission, upstream: GuardedUpstream): Admission {
  const { method, params } = call;
  if (method === 'initialize' || method === 'server/discover') {
    const learn = (said: JsonObject): void => upstream.known.set({ ...upstream.known.get(), ...describe(said) });
    return { ...admission, learn };
  }
  if (!admission.reads || method !== 'tools/list') return admission;
  return {
    ...admission,
    result(result) {
      noteTools(upstream, result['tools']);
      if (params?.['cursor'] === undefined) rememberTools(upstream, result['tools']);
      return admission.result(result);
    },
  };
}
