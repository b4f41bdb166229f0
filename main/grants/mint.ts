// Flows without a browser: the client's own credentials or an assertion become an access token (no refresh token needed).
import type { Discovery } from '../oauth/discovery.ts';
import type { DpopBinding } from '../oauth/dpop.ts';
import { exchangeForIdJag, jwtBearer, redeemIdJag } from '../oauth/extension-grants.ts';
import { clientCredentials } from '../oauth/token.ts';
import { TokentrayError } from '../errors.ts';
import type { TokenSet } from '../oauth/types.ts';
import type { Fetch } from '../ports.ts';
import { secret } from '../secret.ts';
import type { ServerRow } from '../store/types.ts';
import type { GrantDeps } from './deps.ts';
import type { HeldRegistration } from './registrations.ts';
import { newDpopBinding, tokenLeg } from './token-leg.ts';
import { decodeFlow } from './vault-items.ts';

export interface MintRequest {
  readonly server: ServerRow;
  readonly discovery: Discovery;
  readonly held: HeldRegistration;
  readonly scopes: readonly string[];
}

/**
 * One access token by the server's configured flow.
 * @throws token_refused, token_unavailable, client_unknown; a refused assertion is not tried again nor in another way
 */
export async function mint(
  deps: GrantDeps,
  http: Fetch,
  request: MintRequest,
): Promise<{ tokens: TokenSet; dpop: DpopBinding | null }> {
  const { server, discovery, held, scopes } = request;
  const dpop = await newDpopBinding(discovery, []);
  const leg = tokenLeg(deps, http, discovery, held, discovery.resource, dpop);
  const item = await deps.vault.read({ kind: 'registration', id: `flow-${server.name}` });
  const flow = item === null ? null : decodeFlow(item, server.name);
  switch (server.settings.flow) {
    case 'client_credentials':
      return { tokens: await clientCredentials(leg, scopes), dpop };
    case 'jwt_bearer': {
      if (flow?.kind !== 'jwt_bearer') throw withoutAssertion(server);
      return { tokens: await jwtBearer(leg, secret(flow.assertion), scopes), dpop };
    }
    case 'id_jag': {
      if (flow?.kind !== 'id_jag') throw withoutAssertion(server);
      const idJag = await exchangeForIdJag({
        // The user named this endpoint, not the server: its own place decides which addresses it may have.
        http: deps.oauthFetch({ server: new URL(flow.idp_token_endpoint), allowHttp: server.settings.allowHttp }),
        clock: deps.clock,
        idp_token_endpoint: flow.idp_token_endpoint,
        idp_client_id: flow.idp_client_id,
        id_token: secret(flow.id_token),
        audience: discovery.as.issuer,
        resource: discovery.resource,
        scopes,
      });
      return { tokens: await redeemIdJag(leg, idJag, scopes), dpop };
    }
    case 'authorization_code':
      throw new TokentrayError('internal', 'the authorization code flow needs a person');
  }
}

function withoutAssertion(server: ServerRow): TokentrayError {
  return new TokentrayError('needs_sign_in', `the assertion for ${server.name} is not in the vault`, {
    attempted: 'get an access token',
    subject: server.name,
    advice: `Add the server again with its assertion: tokentray add ${server.name} …`,
  });
}
