// Sign-ins that begin: no event says so, for nothing came of them yet.
import type { GrantsOfUser } from '../grants/grants.ts';
import type { Audit } from './types.ts';

/** The returned function ends it. */
export function watchSignIns(grants: Pick<GrantsOfUser, 'onChange'>, audit: Pick<Audit, 'append'>): () => void {
  /** A state may be told several times; each beginning once. */
  const begun = new Map<string, number>();
  return grants.onChange(({ server, account, state }) => {
    const key = JSON.stringify([server, account]);
    if (state.kind !== 'signing-in') begun.delete(key);
    else if (begun.get(key) !== state.since) {
      begun.set(key, state.since);
      // The rest of the address names the attempt and is worth something while it lasts.
      const at = URL.canParse(state.url) ? new URL(state.url).origin : null;
      audit.append({ kind: 'sign-in-started', server, account, detail: { at } });
    }
  });
}
