// Where the local authorization server is, and what it says about itself and the bridge: everything follows from the bridge's port.

/** What comes before every address of the server; its issuer is the bridge's address with this. */
export const prefix = '/oauth';

/** There is one thing to ask for: use of the server that `resource` names. What that allows is the approval's business. */
export const scope = 'mcp';

export interface Addresses {
  /** With its own path, so that no library can add or lose a slash at its end. */
  readonly issuer: string;
  /** `http://127.0.0.1:<port>` */
  readonly base: string;
  resource(server: string): string;
  /** The server that a resource indicator names, exactly as it was published; null: none of ours. */
  serverOf(resource: string): string | null;
  /** RFC 9728 section 3.1: the well-known part goes before the resource's path. */
  metadataOf(server: string): string;
}

const resourcePath = /^\/mcp\/([a-z0-9-]{1,64})$/u;

export function addressesAt(base: string): Addresses {
  return {
    issuer: `${base}${prefix}`,
    base,
    resource: (server) => `${base}/mcp/${server}`,
    serverOf: (resource) =>
      resource.startsWith(base) ? (resourcePath.exec(resource.slice(base.length))?.[1] ?? null) : null,
    metadataOf: (server) => `${base}/.well-known/oauth-protected-resource/mcp/${server}`,
  };
}

/** RFC 9728 section 2. */
export const resourceMetadata = ({ issuer, resource }: Addresses, server: string) => ({
  resource: resource(server),
  authorization_servers: [issuer],
  bearer_methods_supported: ['header'],
  scopes_supported: [scope],
  resource_name: `${server}, through Tokentray`,
});

/** RFC 8414 section 2, RFC 9207 section 3, and the CIMD draft's section 5.1. */
export const serverMetadata = ({ issuer }: Addresses) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  registration_endpoint: `${issuer}/register`,
  revocation_endpoint: `${issuer}/revoke`,
  scopes_supported: [scope],
  response_types_supported: ['code'],
  response_modes_supported: ['query'],
  grant_types_supported: ['authorization_code', 'refresh_token'],
  code_challenge_methods_supported: ['S256'],
  // Programs on this machine cannot keep a secret from each other, and one that is not kept proves nothing.
  token_endpoint_auth_methods_supported: ['none'],
  revocation_endpoint_auth_methods_supported: ['none'],
  authorization_response_iss_parameter_supported: true,
  client_id_metadata_document_supported: true,
});

/** Where agents look for it: RFC 8414 section 3.1, both forms of OpenID Connect Discovery, and where 2025-03-26 looks. */
export const serverMetadataPaths: ReadonlySet<string> = new Set([
  `/.well-known/oauth-authorization-server${prefix}`,
  `/.well-known/openid-configuration${prefix}`,
  `${prefix}/.well-known/openid-configuration`,
  '/.well-known/oauth-authorization-server',
]);

const resourceMetadataPath = /^\/\.well-known\/oauth-protected-resource\/mcp\/([a-z0-9-]{1,64})$/u;

export const resourceMetadataServer = (path: string): string | null => resourceMetadataPath.exec(path)?.[1] ?? null;

/**
 * RFC 6750 section 3 with RFC 9728 section 5.1. Without a token the challenge carries no error (RFC 6750 section 3.1).
 * @param server null where there is none of that name
 */
export function challengeFor(addresses: Addresses, server: string | null, given: boolean): string {
  const parts = ['realm="tokentray"'];
  if (given)
    parts.push('error="invalid_token"', 'error_description="The token is unknown, has expired or was revoked"');
  if (server !== null) parts.push(`scope="${scope}"`, `resource_metadata="${addresses.metadataOf(server)}"`);
  return `Bearer ${parts.join(', ')}`;
}
