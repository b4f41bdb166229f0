// One server in full: its view, its grant's times, the client it was given to, who uses it, and how an agent is set up with it.
import type { ContractOutputs } from '../../preload/contract.ts';
import { TokentrayError } from '../errors.ts';
import type { GrantsOfUser } from '../grants/grants.ts';
import type { Store } from '../store/types.ts';

/** With the grant of one account, by default of the default one. @throws unknown_server, account_missing */
export function serverDetails(
  {
    grants,
    store,
  }: { readonly grants: GrantsOfUser; readonly store: Pick<Store, 'servers' | 'grants' | 'registrations' | 'uses'> },
  name: string,
  account?: string,
): ContractOutputs['servers']['details'] {
  const view = grants.view(name, account);
  const row = store.grants.forServer(name, view.account);
  const registration = row === null ? null : store.registrations.get(row.registrationId);
  return {
    view,
    addedAt: store.servers.get(name)?.addedAt ?? 0,
    grant:
      row === null
        ? null
        : {
            signedInAt: row.createdAt,
            refreshedAt: row.refreshedAt,
            accessTokenExpiresAt: row.accessTokenExpiresAt,
            refreshable: row.hasRefreshToken,
            endedAt: row.endedAt,
            endedBecause: row.endedBecause,
          },
    client:
      registration === null
        ? null
        : {
            kind: registration.kind,
            id: registration.client_id,
            authentication: registration.token_endpoint_auth_method,
            redirectUris: registration.redirect_uris,
            registeredAt: registration.registered_at,
            expiresAt: registration.client_secret_expires_at,
          },
    uses: store.uses.list(name),
  };
}

/** No key is ever in here: keys are shown once, by the command that makes them. */
const placeholder = 'ttk_YOUR_AGENT_KEY';

/** @param shim the program and the words that start the stdio shim; the server's name follows */
export function snippets(
  name: string,
  shim: readonly string[],
  bridge: { readonly url: string } | null,
): ContractOutputs['servers']['snippets'] {
  const [command, ...words] = shim;
  if (command === undefined) throw new TokentrayError('internal', 'there is no program for the stdio shim');
  const url = bridge === null ? null : `${bridge.url}/mcp/${name}`;
  const file = (server: object): string => JSON.stringify({ mcpServers: { [name]: server } }, null, 2);
  return {
    stdio: file({ command, args: [...words, name] }),
    http: url === null ? null : file({ type: 'http', url, headers: { Authorization: `Bearer ${placeholder}` } }),
    signIn: url === null ? null : { url, file: file({ type: 'http', url }) },
    placeholder,
  };
}
