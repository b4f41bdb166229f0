// The test authorization server's options, and the oidc-provider configuration that they mean.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { errors, type AllClientMetadata, type Configuration, type JWK } from 'oidc-provider';
import { errorPage } from './pages.ts';
import type { ArtifactStore } from './store.ts';

export interface AuthorizationServerOptions {
  /** 0 (default): any free port. */
  readonly port?: number;
  /** What follows the origin in the issuer: '' (default), '/', '/tenant', '/tenant/'. */
  readonly issuerPath?: string;
  /** Which metadata documents exist. Default: all. */
  readonly metadata?: { readonly oauth?: boolean; readonly oidc?: boolean };
  /** Dynamic client registration (RFC 7591). Default: on. */
  readonly registration?: boolean;
  /** Client ID Metadata Documents, fetched from here instead of the network; on when given. */
  readonly clientIdMetadataDocuments?: Readonly<Record<string, object>>;
  /** Clients that somebody registered beforehand; `client_id` is needed. */
  readonly clients?: readonly AllClientMetadata[];
  /** What resources have to offer. Default: mcp, admin, extra. */
  readonly scopes?: readonly string[];
  /** Resource indicators that are known; default: any. Others get `invalid_target`. */
  readonly allowResource?: (resource: string) => boolean;
  /** The resource of requests that name none (providers before RFC 8707). */
  readonly defaultResource?: string;
  readonly accessTokenFormat?: 'opaque' | 'jwt';
  /** Seconds, or what gives them for the next token. Default: 3600. */
  readonly accessTokenTtl?: number | (() => number);
  /** Seconds. Default: 14 days. */
  readonly refreshTokenTtl?: number;
  /** `offline_access`: only for that scope together with `prompt=consent`. Default: always. */
  readonly refreshTokens?: 'always' | 'offline_access' | 'never';
  /**
   * `strict` (default): every refresh rotates and a reused token ends the grant. `lenient`: rotates, the old one keeps
   * working. `off`: the refresh token stays the same.
   */
  readonly rotation?: 'strict' | 'lenient' | 'off';
  readonly revocation?: boolean;
  readonly introspection?: boolean;
  readonly dpop?: boolean | 'nonce';
  /** What an ID token says of an account beside its `sub`, whatever scopes are granted. Default: nothing. */
  readonly people?: Readonly<Record<string, Readonly<Record<string, string | boolean>>>>;
  /** Pushed authorization requests (RFC 9126). Default: off. */
  readonly par?: boolean | 'required';
}

const defaultScopes = ['mcp', 'admin', 'extra'] as const;

export interface ConfigurationParts {
  readonly options: AuthorizationServerOptions;
  readonly store: ArtifactStore;
  readonly prefix: string;
  readonly signingKey: JWK;
  /** Goes into JWT access tokens, so that all that were issued so far can be declared expired. */
  readonly serial: () => number;
}

export function providerConfiguration({
  options,
  store,
  prefix,
  signingKey,
  serial,
}: ConfigurationParts): Configuration {
  const resourceScopes = options.scopes ?? defaultScopes;
  const refreshTokens = options.refreshTokens ?? 'always';
  const given = options.accessTokenTtl ?? 3600;
  const accessTokenTtl = (): number => (typeof given === 'number' ? given : given());
  const format = options.accessTokenFormat ?? 'opaque';
  const documents = options.clientIdMetadataDocuments;
  const offline = refreshTokens === 'offline_access' ? ['offline_access'] : [];
  return {
    adapter: (model: string) => store.adapter(model),
    jwks: { keys: [signingKey] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    scopes: ['openid', ...offline, ...resourceScopes],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    pkce: { required: () => true },
    rotateRefreshToken: options.rotation !== 'off',
    issueRefreshToken: (_ctx, client, source) =>
      refreshTokens !== 'never' &&
      client.grantTypeAllowed('refresh_token') &&
      (refreshTokens === 'always' || source.scopes.has('offline_access')),
    // Tokens live on their own: closing the browser does not end them.
    expiresWithSession: () => false,
    extraTokenClaims: (_ctx, token) => ({
      serial: serial(),
      ...('grantId' in token && token.grantId !== undefined ? { grant_id: token.grantId } : {}),
    }),
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...options.people?.[sub] }) }),
    ...(options.people === undefined
      ? {}
      : {
          claims: { openid: ['sub', ...new Set(Object.values(options.people).flatMap(Object.keys))] },
          conformIdTokenClaims: false,
        }),
    interactions: { url: (_ctx, interaction) => `${prefix}/interaction/${interaction.uid}` },
    renderError: (ctx, out) => errorPage(ctx, { ...out }),
    clientBasedCORS: () => false,
    ttl: {
      AccessToken: accessTokenTtl,
      ClientCredentials: accessTokenTtl,
      AuthorizationCode: 60,
      RefreshToken: options.refreshTokenTtl ?? 14 * 24 * 3600,
      Grant: 14 * 24 * 3600,
      Session: 24 * 3600,
      Interaction: 3600,
      IdToken: 3600,
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      registration: { enabled: options.registration ?? true, issueRegistrationAccessToken: false },
      revocation: {
        enabled: options.revocation ?? true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      introspection: { enabled: options.introspection ?? true, allowedPolicy: () => true },
      pushedAuthorizationRequests: {
        enabled: (options.par ?? false) !== false,
        requirePushedAuthorizationRequests: options.par === 'required',
      },
      dPoP: {
        enabled: (options.dpop ?? false) !== false,
        ...(options.dpop === 'nonce' ? { nonceSecret: randomBytes(32), requireNonce: () => true } : {}),
      },
      clientIdMetadataDocument: { enabled: documents !== undefined, ack: 'draft-02' },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, _client, oneOf) => (oneOf === undefined ? (options.defaultResource ?? []) : oneOf),
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => {
          if (options.allowResource?.(resource) === false) throw invalidTarget();
          return {
            scope: resourceScopes.join(' '),
            audience: resource,
            accessTokenTTL: accessTokenTtl(),
            accessTokenFormat: format,
            ...(format === 'jwt' ? { jwt: { sign: { alg: 'ES256' as const } } } : {}),
          };
        },
      },
    },
    fetch: async (input: string | URL | Request) => {
      const url = input instanceof Request ? input.url : String(input);
      const document = documents?.[url];
      if (document === undefined) return new Response('no such document', { status: 404 });
      return Response.json(document);
    },
  };
}

export function createSigningKey(): JWK {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = privateKey.export({ format: 'jwk' }) as JWK;
  return { ...jwk, use: 'sig', alg: 'ES256', kid: 'test' };
}

function invalidTarget(): Error {
  return new errors.InvalidTarget();
}
