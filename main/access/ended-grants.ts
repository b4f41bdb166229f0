// What agents have open with a grant ends in the moment in which the grant does, whoever ended it, and each is told so once.
import { TokentrayError } from '../errors.ts';
import type { GrantChange, OfAccount } from '../grants/types.ts';
import type { LiveGuards } from './guards.ts';

/** A listener for every change of a grant's state. @param now of every grant, before any change is told */
export function endsWithGrants(
  { grantEnded }: Pick<LiveGuards, 'grantEnded'>,
  now: readonly GrantChange[],
): (change: GrantChange) => void {
  /** Since they were last told to be of use, nobody has been told of their end: what is open may have been opened with them. */
  const inUse = new Set(now.filter(isOfUse).map(keyOf));
  return (change) => {
    const { server, account, state } = change;
    if (isOfUse(change)) inUse.add(keyOf(change));
    const because = state.kind === 'needs-sign-in' ? ends[state.because] : undefined;
    // Once: whoever comes afterwards waits for a sign-in, and is not cut off when one is begun and given up.
    if (because !== undefined && inUse.delete(keyOf(change))) {
      grantEnded(server, account, grantOver({ server, account }, because));
    }
  };
}

const keyOf = ({ server, account }: OfAccount): string => JSON.stringify([server, account]);
const isOfUse = ({ state: { kind } }: GrantChange): boolean =>
  kind === 'connected' || kind === 'retrying' || kind === 'open';

/** By a person's word, now or before. What a provider ended, or a vault lost, ends by itself at the next request. */
const ends: Readonly<Partial<Record<string, string>>> = {
  'revoked-here': 'was revoked by a person',
  'lifetime-over': 'came to the end that a person had set for it',
};

const grantOver = ({ server, account }: OfAccount, because: string): TokentrayError =>
  new TokentrayError('grant_ended', `The sign-in to "${server}" ${because} while this request was under way`, {
    attempted: 'pass a request to the server',
    advice: 'Sent again, the request is answered with what a person can do',
    facts: { server, account },
  });
