// Our Client ID Metadata Document: what we are, at an https address that is then our client id everywhere
// (draft-ietf-oauth-client-id-metadata-document). client-metadata.json is this document, ready to be published.

/** Where the shipped file says that it lies; whoever publishes it puts the real address in and configures the same. */
export const cimdPlaceholderUrl = 'https://tokentray.example/oauth/client-metadata.json';

/** Ports are left out of two of them: a server must take any port there (RFC 8252 section 7.3). Some compare exactly. */
function cimdRedirectUris(callbackPort: number): string[] {
  return ['127.0.0.1', 'localhost'].flatMap((host) => [
    `http://${host}:${callbackPort}/callback`,
    `http://${host}/callback`,
  ]);
}

export interface ClientMetadataDocument {
  readonly client_id: string;
  readonly client_name: string;
  readonly client_uri: string;
  readonly application_type: 'native';
  readonly redirect_uris: readonly string[];
  readonly grant_types: readonly string[];
  readonly response_types: readonly string[];
  readonly token_endpoint_auth_method: 'none';
}

/** The document to publish at `url`. `client_id` must be that very address. */
export function clientMetadataDocument(
  url: string,
  client: { readonly clientName: string; readonly clientUri: string; readonly callbackPort: number },
): ClientMetadataDocument {
  return {
    client_id: url,
    client_name: client.clientName,
    client_uri: client.clientUri,
    application_type: 'native',
    redirect_uris: cimdRedirectUris(client.callbackPort),
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  };
}

/** Section 3 of the draft: https, with a path, without dots for segments, fragment or user. */
export function isCimdUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  const bare = url.hash === '' && url.username === '' && url.password === '' && !value.includes('#');
  return url.protocol === 'https:' && url.pathname !== '/' && bare && !/\/\.{1,2}(?:\/|$)/.test(value);
}
