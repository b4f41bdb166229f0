// Whose account a grant is: kept to be shown, and compared at every later sign-in, so that nobody is swapped for another silently.
import { plainText } from '../access/plain-text.ts';
import type { Discovery } from '../oauth/discovery.ts';
import type { DpopBinding } from '../oauth/dpop.ts';
import { whoSignedIn } from '../oauth/identity.ts';
import type { TokenSet } from '../oauth/types.ts';
import type { Fetch } from '../ports.ts';
import type { GrantIdentity } from '../store/types.ts';
import type { GrantDeps } from './deps.ts';
import { record } from './history.ts';
import type { HeldRegistration } from './registrations.ts';
import type { OfAccount } from './types.ts';

export interface Signed {
  readonly of: OfAccount;
  readonly discovery: Discovery;
  readonly held: HeldRegistration;
  readonly requested: readonly string[];
  readonly tokens: TokenSet;
  readonly dpop: DpopBinding | null;
}

/** The person waits at a page meanwhile, and a sign-in does not fail for want of a name. */
const withinMs = 10_000;

/** Null when it is not known; where something was told that is not to be believed, history says why. */
export async function identify(
  deps: GrantDeps,
  http: Fetch,
  { of, discovery, held, requested, tokens, dpop }: Signed,
  signal: AbortSignal,
): Promise<GrantIdentity | null> {
  const late = new AbortController();
  const stop = deps.clock.after(withinMs, () => late.abort());
  try {
    const openid = (tokens.scope ?? requested).includes('openid');
    const leg = {
      http,
      clock: deps.clock,
      as: discovery.as,
      client_id: held.registration.client_id,
      dpop,
      signal: AbortSignal.any([signal, late.signal]),
    };
    const found = await whoSignedIn(leg, tokens, openid);
    if (found.kind !== 'known') {
      if (found.why !== null) record(deps, 'identity-not-known', of, null, { why: found.why });
      return null;
    }
    const { sub, name, email, preferred_username } = found.claims;
    return { issuer: discovery.as.issuer, sub, name, email, preferred_username, from: found.from };
  } finally {
    stop();
  }
}

/** The last person that is known to have signed in to an account, whatever has become of that grant. */
export function knownIdentity({ store }: Pick<GrantDeps, 'store'>, of: OfAccount): GrantIdentity | null {
  const rows = store.grants.list().filter((row) => row.server === of.server && row.account === of.account);
  return rows.findLast((row) => row.identity !== null)?.identity ?? null;
}

/** One line to show: the name that says most to a person; never compared. */
export function shownIdentity(identity: GrantIdentity | null): string | null {
  if (identity === null) return null;
  const { email, preferred_username, name, sub } = identity;
  return plainText(email ?? preferred_username ?? name ?? sub);
}

export type Another =
  | { readonly kind: 'same'; readonly words: string | null }
  | { readonly kind: 'another'; readonly was: string; readonly is: string; readonly words: string };

/** A `sub` is one person at one issuer only (OIDC Core section 2): the same one at another issuer is somebody else. */
export function anotherPerson(before: GrantIdentity | null, now: GrantIdentity | null): Another {
  if (before === null) return { kind: 'same', words: null };
  const was = shownIdentity(before) ?? '';
  if (now === null) return { kind: 'same', words: `who signed in is not known this time; before it was ${was}` };
  if (before.issuer === now.issuer && before.sub === now.sub) return { kind: 'same', words: null };
  const is = shownIdentity(now) ?? '';
  const elsewhere = before.issuer === now.issuer ? '' : ', at another authorization server';
  return { kind: 'another', was, is, words: `this is another person than before${elsewhere}: ${was} → ${is}` };
}
