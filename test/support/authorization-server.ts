// A real OAuth authorization server (oidc-provider) on 127.0.0.1 that tests can watch, break and take grants away from.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importJWK, jwtVerify, type JWK } from 'jose';
import { Provider } from 'oidc-provider';
import {
  createSigningKey,
  providerConfiguration,
  type AuthorizationServerOptions,
} from './authorization/configuration.ts';
import { interactionPages, type ConsentPolicy } from './authorization/pages.ts';
import { createArtifactStore } from './authorization/store.ts';
import {
  createTraffic,
  type Endpoint,
  type Fault,
  type FaultHandle,
  type Rewrite,
  type TrafficLog,
} from './authorization/traffic.ts';
import { deferred } from './deferred.ts';

export type { AuthorizationServerOptions } from './authorization/configuration.ts';
export type { RecordedRequest } from './authorization/traffic.ts';

/** What a resource server learns about a token. */
export interface VerifiedToken {
  readonly active: boolean;
  readonly scopes: readonly string[];
  readonly sub: string | null;
  readonly clientId: string | null;
  /** Seconds since the epoch. */
  readonly expiresAt: number | null;
  /** The DPoP key's thumbprint (RFC 9449 section 6); null for a bearer token. */
  readonly jkt: string | null;
}

export interface AuthorizationServer {
  readonly issuer: string;
  readonly origin: string;
  readonly port: number;
  /** Every request that came in, with its outcome, without secrets. */
  readonly stats: TrafficLog;
  /** Every token and client secret that was ever issued. */
  readonly issuedSecrets: ReadonlySet<string>;
  /** Failures inside the server itself; empty in a healthy test. */
  readonly defects: readonly unknown[];
  /** What an approval grants; tests may replace `grantScopes`. */
  readonly policy: ConsentPolicy;
  /** @param resource the audience that the token must have; null: any, as servers before RFC 8707 did. */
  readonly verifyAccessToken: (token: string, resource: string | null) => Promise<VerifiedToken>;
  /** Ends everything that this account ever agreed to, as a "sign out everywhere" does. */
  readonly revokeAllGrants: (account: string) => number;
  /** As a server that lost its registrations: authorization shows an error page, the token endpoint says invalid_client. */
  readonly forgetClient: (clientId: string) => boolean;
  /** Access tokens issued so far are refused from now on; refresh tokens stay good. */
  readonly expireAccessTokens: () => void;
  readonly fault: (fault: Fault) => FaultHandle;
  /** Holds the next request to an endpoint until `release` is called. */
  readonly hold: (endpoint: Endpoint, when?: 'before' | 'after') => { release: () => void };
  /** Changes the JSON answers of an endpoint; null takes the change back. */
  readonly rewrite: (endpoint: Endpoint, change: Rewrite | null) => void;
  /** Lets something else answer on the same origin first; it says whether it took the request. */
  readonly mount: (taker: (request: IncomingMessage, response: ServerResponse) => boolean) => void;
  readonly close: () => Promise<void>;
}

const endpoints: Readonly<Record<string, Endpoint>> = {
  '/.well-known/oauth-authorization-server': 'oauth-metadata',
  '/.well-known/openid-configuration': 'oidc-metadata',
  '/jwks': 'jwks',
  '/reg': 'registration',
  '/auth': 'authorization',
  '/request': 'pushed-authorization',
  '/token': 'token',
  '/token/revocation': 'revocation',
  '/token/introspection': 'introspection',
  '/me': 'userinfo',
};

export async function startAuthorizationServer(options: AuthorizationServerOptions = {}): Promise<AuthorizationServer> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const issuerPath = options.issuerPath ?? '';
  const prefix = issuerPath.replace(/\/$/, '');
  const issuer = `${origin}${issuerPath}`;

  const store = createArtifactStore(options.rotation === 'lenient');
  const traffic = createTraffic();
  const policy: ConsentPolicy = { grantScopes: (requested) => requested };
  const defects: unknown[] = [];
  let serial = 0;

  const signingKey = createSigningKey();
  const parts = { options, store, prefix, signingKey, serial: () => serial };
  const provider = new Provider(issuer, providerConfiguration(parts));
  provider.on('server_error', (_ctx, error) => defects.push(error));
  for (const client of options.clients ?? []) {
    if (client.client_id === undefined) throw new Error('a pre-registered client needs a client_id');
    store.put('Client', client.client_id, client);
    if (client.client_secret !== undefined) (traffic.secrets as Set<string>).add(client.client_secret);
  }

  const seen = new WeakMap<IncomingMessage, Endpoint>();
  provider.use(traffic.middleware((request) => seen.get(request) ?? 'other'));
  provider.use(async (ctx, next) => {
    const endpoint = seen.get(ctx.req);
    const hidden =
      (endpoint === 'oauth-metadata' && options.metadata?.oauth === false) ||
      ((endpoint === 'oidc-metadata' || endpoint === 'oidc-metadata-inserted') && options.metadata?.oidc === false);
    if (!hidden) await next();
  });
  provider.use(interactionPages(() => provider, prefix, policy));

  const handle = provider.callback();
  const takers: ((request: IncomingMessage, response: ServerResponse) => boolean)[] = [];
  server.on('request', (request, response) => {
    if (takers.some((taker) => taker(request, response))) return;
    const [path = '/', query] = (request.url ?? '/').split('?', 2);
    const routed = route(path, prefix);
    if (routed === null) {
      response.writeHead(404).end();
      return;
    }
    seen.set(request, routed.endpoint);
    const rest = query === undefined ? routed.path : `${routed.path}?${query}`;
    request.url = rest;
    // The provider finds the path that it is mounted at by comparing these two.
    Object.assign(request, { originalUrl: `${prefix}${rest}` });
    void handle(request, response);
  });

  async function verifyOpaque(token: string, resource: string | null): Promise<VerifiedToken> {
    const found = (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token));
    if (found === undefined || !found.isValid || !audienceIs(found.aud, resource)) return inactive;
    const grantId = 'grantId' in found ? found.grantId : undefined;
    if (grantId !== undefined && !store.has('Grant', grantId)) return inactive;
    return {
      active: true,
      scopes: [...found.scopes],
      sub: 'accountId' in found ? (found.accountId ?? null) : null,
      clientId: found.clientId ?? null,
      expiresAt: found.exp ?? null,
      jkt: found.jkt ?? null,
    };
  }

  async function verifyJwt(token: string, resource: string | null): Promise<VerifiedToken> {
    const { d: _private, ...publicKey } = signingKey;
    const key = await importJWK(publicKey as JWK, 'ES256');
    const expected = { issuer, typ: 'at+jwt', ...(resource === null ? {} : { audience: resource }) };
    const verified = await jwtVerify(token, key, expected).catch(() => null);
    if (verified === null) return inactive;
    const claims = verified.payload;
    const grantId = claims['grant_id'];
    // A JWT outlives its grant unless the resource server asks; ours does, so that revocation really ends it.
    if (typeof grantId === 'string' && !store.has('Grant', grantId)) return inactive;
    if (Number(claims['serial'] ?? 0) < serial) return inactive;
    const confirmation = claims['cnf'] as { jkt?: string } | undefined;
    return {
      active: true,
      scopes: (typeof claims['scope'] === 'string' ? claims['scope'] : '').split(' ').filter((scope) => scope !== ''),
      sub: claims.sub ?? null,
      clientId: typeof claims['client_id'] === 'string' ? claims['client_id'] : null,
      expiresAt: claims.exp ?? null,
      jkt: confirmation?.jkt ?? null,
    };
  }

  return {
    issuer,
    origin,
    port,
    stats: traffic.log,
    issuedSecrets: traffic.secrets,
    defects,
    policy,
    verifyAccessToken: (token, resource) =>
      token.split('.').length === 3 ? verifyJwt(token, resource) : verifyOpaque(token, resource),
    revokeAllGrants: (account) => store.drop((model, payload) => model !== 'Session' && payload.accountId === account),
    forgetClient: (clientId) => store.remove('Client', clientId),
    expireAccessTokens: () => {
      serial += 1;
      store.drop((model) => model === 'AccessToken' || model === 'ClientCredentials');
    },
    fault: traffic.fault,
    hold: (endpoint, when = 'before') => {
      const gate = deferred();
      traffic.fault({ endpoint, when, until: gate.promise });
      return { release: gate.resolve };
    },
    rewrite: (endpoint, change) =>
      void (change === null ? traffic.rewrites.delete(endpoint) : traffic.rewrites.set(endpoint, change)),
    mount: (taker) => void takers.push(taker),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

const inactive: VerifiedToken = { active: false, scopes: [], sub: null, clientId: null, expiresAt: null, jkt: null };

const audienceIs = (aud: string | string[] | undefined, resource: string | null): boolean =>
  resource === null || (Array.isArray(aud) ? aud.includes(resource) : aud === resource);

/** Which endpoint a path is, and what the provider calls it: it knows nothing of the path in its issuer. */
function route(path: string, prefix: string): { endpoint: Endpoint; path: string } | null {
  const oauth = '/.well-known/oauth-authorization-server';
  const oidc = '/.well-known/openid-configuration';
  // RFC 8414 section 3.1: the well-known part goes between the host and the issuer's path.
  if (path === `${oauth}${prefix}`) return { endpoint: 'oauth-metadata', path: oauth };
  if (prefix !== '' && path === `${oidc}${prefix}`) return { endpoint: 'oidc-metadata-inserted', path: oidc };
  if (!path.startsWith(`${prefix}/`)) return null;
  const inner = path.slice(prefix.length);
  if (prefix !== '' && inner === oauth) return null;
  if (inner.startsWith('/interaction/')) return { endpoint: 'interaction', path: inner };
  if (inner.startsWith('/auth/')) return { endpoint: 'authorization', path: inner };
  return { endpoint: endpoints[inner] ?? 'other', path: inner };
}
