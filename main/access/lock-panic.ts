// Every grant of every account given back at its provider, all at once and each in bounded time: what hangs keeps nobody waiting.
import type { PanicReceipt } from './lock.ts';
import type { Grants } from '../grants/types.ts';
import type { Clock, Log } from '../ports.ts';

type Receipts = PanicReceipt['receipts'];

/** For each provider. */
export const providerMs = 10_000;
/** A keychain may be waiting for a person. */
const vaultMs = 5_000;

export interface RevokeParts {
  readonly grants: Pick<Grants, 'list' | 'revoke'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
}

/** One receipt for each grant that there was, or why there is none. Never rejects. */
export async function revokeEverything({ grants, clock, log }: RevokeParts): Promise<Receipts> {
  const each = grants.list().map(async ({ server, account }): Promise<Receipts[number]> => {
    const late = new AbortController();
    const stop = clock.after(providerMs, () => late.abort(new Error('it did not answer in time')));
    try {
      const receipt = await within(clock, providerMs + vaultMs, grants.revoke(server, account, late.signal));
      return { server, account, receipt, error: null };
    } catch (cause) {
      log.warn('a grant could not be revoked', { server, account, cause });
      const error = cause instanceof Error ? cause.message.slice(0, 1_024) : 'unknown failure';
      return { server, account, receipt: null, error };
    } finally {
      stop();
    }
  });
  const receipts = await Promise.all(each);
  // Of an account that nobody was signed in to there is nothing to tell.
  return receipts.filter(({ receipt, error }) => error !== null || receipt?.forgottenHere === true);
}

/** @throws when it takes longer */
function within<T>(clock: Pick<Clock, 'after'>, ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = clock.after(ms, () => reject(new Error('the vault does not answer: it may still be held here')));
    work.then(resolve, reject).finally(stop);
  });
}
