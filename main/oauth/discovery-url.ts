// Addresses that metadata names: which of them may be used at all, and where the well-known ones lie.

// What no endpoint needs and what a shell or a launcher would take for its own. A well-known bridge handed an
// authorization_endpoint with `$(…)` to a shell (CVE-2025-6514).
const suspicious = /[\s\p{Cc}\p{Cf}"'`<>\\^|{};]|\$\(/u;

/** Why an address in metadata cannot be used, or null when it can. */
export function addressProblem(
  value: string,
): 'no address' | 'no http(s) address' | 'suspicious characters' | 'a password inside' | null {
  // Before it is parsed: parsing drops tabs and line ends, and encodes the rest away.
  if (suspicious.test(value) || value.length > 4_096) return 'suspicious characters';
  if (!URL.canParse(value)) return 'no address';
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'no http(s) address';
  if (url.username !== '' || url.password !== '') return 'a password inside';
  return url.pathname.includes('&') ? 'suspicious characters' : null;
}

/** Why a string is no issuer identifier (RFC 8414 section 2), or null when it is one. Http is judged by the fetch. */
export function issuerProblem(issuer: string): string | null {
  const problem = addressProblem(issuer);
  if (problem !== null) return problem;
  return issuer.includes('?') || issuer.includes('#') ? 'a query or fragment, which an issuer must not have' : null;
}

/** Where a protected resource's metadata can be: with its path inserted, then at the root (RFC 9728 section 3.1). */
export function resourceMetadataUrls(server: URL): string[] {
  const root = `${server.origin}/.well-known/oauth-protected-resource`;
  const path = server.pathname.replace(/\/+$/, '');
  return [...new Set([`${root}${path}${server.search}`, root])];
}

/** In the MCP specification's order: RFC 8414 with path insertion, OIDC with path insertion, OIDC appended. */
export function serverMetadataUrls(issuer: string): { oauth: string; oidc: string[] } {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/+$/, '');
  const oidc = [
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
  return { oauth: `${origin}/.well-known/oauth-authorization-server${path}`, oidc: [...new Set(oidc)] };
}

/** Whether the server lies at or under the resource: same origin, and its path at or below (RFC 9728 section 3.3). */
export function coversServer(resource: string, server: URL): boolean {
  if (addressProblem(resource) !== null || resource.includes('#')) return false;
  const url = new URL(resource);
  if (url.origin !== server.origin) return false;
  if (url.search !== '' && url.search !== server.search) return false;
  const base = url.pathname.replace(/\/+$/, '');
  return server.pathname === base || server.pathname.startsWith(`${base}/`);
}
