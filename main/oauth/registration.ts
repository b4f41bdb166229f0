// How we become a client of an issuer: the specification's order of ways, and dynamic registration (RFC 7591).
import type { AuthorizationServer } from 'oauth4webapi';
import { TokentrayError } from '../errors.ts';
import type { Fetch } from '../ports.ts';
import { quote } from '../quote.ts';
import { isCimdUrl } from './cimd.ts';
import { checkRegistrationResponse, RegistrationRefused } from './registration-answer.ts';
import type { ClientAuthMethod, Registration } from './types.ts';

export type RegistrationChoice<Client> =
  | { readonly kind: 'pre-registered'; readonly client: Client }
  | { readonly kind: 'cimd'; readonly client_id: string }
  | { readonly kind: 'dcr'; readonly endpoint: string }
  /** Only the user can register: at the issuer, with our exact redirect URI. */
  | { readonly kind: 'ask' };

/** MCP specification, Client Registration: pre-registered, then CIMD, then DCR, then the person. */
export function chooseRegistration<Client>(ways: {
  readonly as: AuthorizationServer;
  /** The user's own client at this very issuer. */
  readonly preRegistered: Client | null;
  /** Where our Client ID Metadata Document is published. */
  readonly cimdUrl: string | null;
}): RegistrationChoice<Client> {
  const { as, preRegistered, cimdUrl } = ways;
  if (preRegistered !== null) return { kind: 'pre-registered', client: preRegistered };
  if (as.client_id_metadata_document_supported === true && cimdUrl !== null && isCimdUrl(cimdUrl)) {
    return { kind: 'cimd', client_id: cimdUrl };
  }
  if (as.registration_endpoint !== undefined) return { kind: 'dcr', endpoint: as.registration_endpoint };
  return { kind: 'ask' };
}

/**
 * How a client proves itself when nobody said: with what it has, in a way that the server takes. Basic is what every
 * server must take (RFC 6749 section 2.3.1) and what RFC 8414 section 2 assumes where nothing is listed.
 */
export function defaultAuthMethod(
  as: Pick<AuthorizationServer, 'token_endpoint_auth_methods_supported'>,
  has: { readonly secret: boolean; readonly key: boolean },
): ClientAuthMethod {
  if (has.key) return 'private_key_jwt';
  if (!has.secret) return 'none';
  const listed = as.token_endpoint_auth_methods_supported ?? [];
  const onlyPost = listed.includes('client_secret_post') && !listed.includes('client_secret_basic');
  return onlyPost ? 'client_secret_post' : 'client_secret_basic';
}

export interface DynamicClient {
  /** The first is the one that will be used; a server that refuses some of them may still get the others. */
  readonly redirectUris: readonly string[];
  readonly clientName: string;
  readonly clientUri?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly signal?: AbortSignal;
}

export interface RegistrationRequest {
  readonly redirect_uris: readonly string[];
  readonly token_endpoint_auth_method: ClientAuthMethod;
  readonly body: string;
}

/**
 * RFC 7591 section 2. No `scope`: some servers would freeze the client to it, and a step-up would end in `invalid_scope`.
 * `application_type` because its default, "web", forbids loopback redirects (OIDC Registration section 2).
 */
function registrationRequest(
  client: Pick<DynamicClient, 'clientName' | 'clientUri'>,
  redirectUris: readonly string[],
  method: ClientAuthMethod,
): RegistrationRequest {
  return {
    redirect_uris: redirectUris,
    token_endpoint_auth_method: method,
    body: JSON.stringify({
      client_name: client.clientName,
      ...(client.clientUri === undefined ? {} : { client_uri: client.clientUri }),
      application_type: 'native',
      redirect_uris: redirectUris,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: method,
    }),
  };
}

/**
 * Registers; where the server refuses the method or some redirect URIs, with the next that fits, four requests at most.
 * @throws registration_needed when there is no endpoint; registration_failed with the server's words; as the fetch throws
 */
export async function registerDynamically(
  http: Fetch,
  as: AuthorizationServer,
  client: DynamicClient,
): Promise<Registration> {
  const endpoint = as.registration_endpoint;
  if (endpoint === undefined) {
    throw new TokentrayError('registration_needed', `${quote(as.issuer)} registers no clients by itself`, {
      attempted: 'register with the authorization server',
      subject: quote(as.issuer),
    });
  }
  const methods = authMethods(as);
  const redirects = redirectSets(client.redirectUris);
  let method = methods.shift() ?? 'none';
  let redirectUris = redirects.shift() ?? [];
  for (let requests = 1; ; requests += 1) {
    const sent = registrationRequest(client, redirectUris, method);
    const response = await http(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: sent.body,
      ...(client.signal === undefined ? {} : { signal: client.signal }),
    });
    try {
      return await checkRegistrationResponse({ as, sent, now: client.now }, response);
    } catch (error) {
      if (!(error instanceof RegistrationRefused) || requests === 4) throw plain(error);
      // RFC 7591 section 3.2.2 names what was wrong; anything else would be refused again.
      const nextRedirects = error.reason === 'invalid_redirect_uri' ? redirects.shift() : undefined;
      const nextMethod = error.reason === 'invalid_client_metadata' ? methods.shift() : undefined;
      if (nextRedirects === undefined && nextMethod === undefined) throw error.failure;
      redirectUris = nextRedirects ?? redirectUris;
      method = nextMethod ?? method;
    }
  }
}

function plain(error: unknown): unknown {
  return error instanceof RegistrationRefused ? error.failure : error;
}

/**
 * We are a public client (RFC 8252 section 8.4) wherever the server lets us. A server that lists nothing is asked for
 * `none` too, then for what RFC 8414 assumes.
 */
function authMethods(as: AuthorizationServer): ClientAuthMethod[] {
  const listed = as.token_endpoint_auth_methods_supported;
  const able: ClientAuthMethod[] = ['none', 'client_secret_basic', 'client_secret_post'];
  if (listed === undefined) return able.slice(0, 2);
  const fitting = able.filter((method) => listed.includes(method));
  return fitting.length === 0 ? ['none'] : fitting;
}

/** All of them; then only those with the host `localhost` (some servers know no other), then only the addresses. */
function redirectSets(uris: readonly string[]): (readonly string[])[] {
  const named = uris.filter((uri) => new URL(uri).hostname === 'localhost');
  const rest = uris.filter((uri) => !named.includes(uri));
  return named.length === 0 || rest.length === 0 ? [uris] : [uris, named, rest];
}
