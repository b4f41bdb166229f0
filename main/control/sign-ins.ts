// Sign-ins under way, by an id that crosses the socket: several callers may wait for, complete or cancel the same one.
import { randomUUID } from 'node:crypto';
import { TokentrayError } from '../errors.ts';
import type { SignIn, SignInResult } from '../grants/types.ts';

/** How many ended sign-ins are remembered, so that a late `wait` still learns how it went. */
const rememberedEnds = 100;

export interface SignIns {
  /** The same sign-in gets the same id, however many joined it. */
  track(signIn: SignIn): string;
  wait(id: string, signal: AbortSignal | undefined): Promise<SignInResult>;
  complete(id: string, callback: string): Promise<void>;
  cancel(id: string): void;
}

export function createSignIns(): SignIns {
  const byId = new Map<string, SignIn>();
  const ids = new WeakMap<SignIn, string>();
  const ended: string[] = [];

  const find = (id: string): SignIn => {
    const signIn = byId.get(id);
    if (signIn === undefined) {
      throw new TokentrayError('invalid_input', 'there is no such sign-in', { advice: 'Start it again.' });
    }
    return signIn;
  };
  const remember = (id: string) => {
    ended.push(id);
    const oldest = ended.length > rememberedEnds ? ended.shift() : undefined;
    if (oldest !== undefined) byId.delete(oldest);
  };

  return {
    track(signIn) {
      const known = ids.get(signIn);
      if (known !== undefined && byId.has(known)) return known;
      const id = randomUUID();
      ids.set(signIn, id);
      byId.set(id, signIn);
      // Both outcomes are the waiters' to see; a sign-in that nobody waits for must not count as unhandled.
      signIn.done.then(
        () => remember(id),
        () => remember(id),
      );
      return id;
    },
    wait(id, signal) {
      return untilAborted(find(id).done, signal);
    },
    async complete(id, callback) {
      await find(id).complete(callback);
    },
    cancel(id) {
      find(id).cancel();
    },
  };
}

/** Lets go of a waiter that hung up; what it waited for goes on. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(new TokentrayError('sign_in_cancelled', 'the caller went away'));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
