// A fetch whose requests end with a signal of ours as well as with their own.
import type { Fetch } from '../ports.ts';

export const until =
  (over: AbortSignal, fetch: Fetch): Fetch =>
  (input, init) => {
    const given = init?.signal ?? (input instanceof Request ? input.signal : null);
    return fetch(input, { ...init, signal: given === null ? over : AbortSignal.any([given, over]) });
  };
