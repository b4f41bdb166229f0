// What is known of a server's authorization: discovered when needed, cached with the answers' own headers, thrown away on doubt.
import { bearerChallenge, type Challenge } from '../oauth/challenge.ts';
import { cachedFetch, documentScope } from '../oauth/discovery-cache.ts';
import { discover, type Discovery } from '../oauth/discovery.ts';
import type { Fetch } from '../ports.ts';
import type { ServerRow, ServerSettings } from '../store/types.ts';
import type { GrantDeps } from './deps.ts';

export interface Discovered {
  /** @throws discovery_failed, issuer_mismatch, resource_mismatch, pkce_not_supported, unreachable … */
  get(issuer?: string): Promise<Discovery>;
  /** Takes in a challenge; one that differs from the last drops what was cached. Returns it parsed. */
  challenged(wwwAuthenticate: string | null): Challenge | null;
  /** Asks the server without a token, as an agent would, for its challenge; null when it wants none. */
  probe(): Promise<Challenge | null>;
  /** Throws away what was cached for this server. Returns how many documents that were. */
  drop(): number;
  /** The plain fetch of the token and registration endpoints, under this server's address rules. */
  readonly http: Fetch;
  lastChallenge(): Challenge | null;
}

export function discovered(deps: GrantDeps, added: ServerRow): Discovered {
  const url = new URL(added.url);
  // A server that was forgotten still has to be told: its tokens are given back under the settings that it had.
  const settings = (): ServerSettings => deps.store.servers.get(added.name)?.settings ?? added.settings;
  // The user may allow http later: each request goes by the settings of its moment.
  const http: Fetch = (input, init) => deps.oauthFetch({ server: url, allowHttp: settings().allowHttp })(input, init);
  const fetched = new Set<string>();
  const documents = cachedFetch(
    http,
    {
      get: (address) => {
        fetched.add(address);
        return deps.store.documents.get(address);
      },
      put: (document) => {
        fetched.add(document.url);
        deps.store.documents.put(document);
      },
    },
    deps.clock,
    () => documentScope(url, settings().allowHttp),
  );
  let challenge: Challenge | null = null;

  function drop(): number {
    const dropped = deps.store.documents.drop([url.href, ...fetched]);
    fetched.clear();
    return dropped;
  }

  function challenged(wwwAuthenticate: string | null): Challenge | null {
    const next = bearerChallenge(wwwAuthenticate);
    if (next !== null && JSON.stringify(next) !== JSON.stringify(challenge)) {
      drop();
      challenge = next;
    }
    return next;
  }

  return {
    http,
    drop,
    challenged,
    lastChallenge: () => challenge,
    async get(issuer) {
      const preferIssuers = deps.store.grants
        .list()
        .map((grant) => grant.issuer)
        .filter((issuer) => deps.store.registrations.forIssuer(issuer) !== null);
      return discover(documents, {
        server: url,
        challenge,
        preferIssuers,
        chosenIssuer: issuer ?? settings().chosenIssuer,
        flow: settings().flow,
      });
    },
    async probe() {
      const response = await http(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'server/discover',
        },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 'tokentray-probe',
          method: 'server/discover',
          params: {
            _meta: {
              'io.modelcontextprotocol/protocolVersion': '2026-07-28',
              'io.modelcontextprotocol/clientCapabilities': {},
            },
          },
        }),
      });
      await response.body?.cancel();
      return response.status === 401 ? challenged(response.headers.get('www-authenticate')) : null;
    },
  };
}
