// What a person is told of a grant before an agent may use it: where it leads, whose it is, what it is good for.
import { TokentrayError } from '../errors.ts';
import { shownIdentity } from '../grants/identity.ts';
import type { Store } from '../store/types.ts';
import type { About } from './questions.ts';

/** @throws unknown_server */
export function aboutGrant(store: Pick<Store, 'servers' | 'grants'>, server: string, account: string): About {
  const row = store.servers.get(server);
  if (row === null) {
    throw new TokentrayError('unknown_server', `there is no server named ${server}`, { subject: server });
  }
  const grant = store.grants.forServer(server, account);
  return {
    url: row.url,
    // In the same words as where the accounts are listed.
    identity: shownIdentity(grant?.identity ?? null),
    scopes: grant?.endedAt === null ? grant.grantedScopes : (row.settings.pinnedScopes ?? []),
  };
}
