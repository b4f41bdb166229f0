// An authorization server's metadata (RFC 8414, OIDC Discovery): asked for at every place in order, believed only when
// it names the very issuer that was asked for, and refused when it cannot do PKCE.
import type { AuthorizationServer } from 'oauth4webapi';
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import type { Fetch } from '../ports.ts';
import { quote } from '../quote.ts';
import type { DocumentFetch } from './discovery-cache.ts';
import {
  deadEnd,
  optionalFlag,
  optionalList,
  optionalText,
  present,
  requestDocument,
  type Finding,
} from './discovery-document.ts';
import { addressProblem, issuerProblem, serverMetadataUrls } from './discovery-url.ts';
import { profileFor, type IssuerProfile } from './profiles.ts';
import type { Flow } from './types.ts';

const schema = z.object({
  issuer: z.string().min(1).max(4_096),
  authorization_endpoint: optionalText,
  token_endpoint: optionalText,
  registration_endpoint: optionalText,
  revocation_endpoint: optionalText,
  introspection_endpoint: optionalText,
  device_authorization_endpoint: optionalText,
  pushed_authorization_request_endpoint: optionalText,
  require_pushed_authorization_requests: optionalFlag,
  jwks_uri: optionalText,
  userinfo_endpoint: optionalText,
  service_documentation: optionalText,
  scopes_supported: optionalList,
  response_types_supported: optionalList,
  response_modes_supported: optionalList,
  grant_types_supported: optionalList,
  authorization_grant_profiles_supported: optionalList,
  token_endpoint_auth_methods_supported: optionalList,
  token_endpoint_auth_signing_alg_values_supported: optionalList,
  revocation_endpoint_auth_methods_supported: optionalList,
  code_challenge_methods_supported: optionalList,
  prompt_values_supported: optionalList,
  dpop_signing_alg_values_supported: optionalList,
  id_token_signing_alg_values_supported: optionalList,
  authorization_response_iss_parameter_supported: optionalFlag,
  client_id_metadata_document_supported: optionalFlag,
});

const endpoints = [
  'authorization_endpoint',
  'token_endpoint',
  'registration_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
  'device_authorization_endpoint',
  'pushed_authorization_request_endpoint',
  'jwks_uri',
  'userinfo_endpoint',
] as const;

interface CheckedMetadata {
  readonly as: AuthorizationServer;
  readonly findings: readonly Finding[];
}

export type ServerDiscovery =
  | {
      readonly kind: 'metadata';
      readonly url: string;
      readonly as: AuthorizationServer;
      readonly profile: IssuerProfile;
      readonly freshForMs: number;
      readonly findings: readonly Finding[];
    }
  | { readonly kind: 'none'; readonly tried: readonly Finding[] };

const about = 'authorization server metadata';

/**
 * @param flow what the metadata is for: only the code flow needs an authorization endpoint and PKCE
 * @throws issuer_mismatch, pkce_not_supported, unsafe_url, discovery_failed; forbidden_address, insecure_url as the
 * fetch judges
 */
export async function discoverAuthorizationServer(
  http: Fetch,
  issuer: string,
  flow: Flow['kind'] = 'authorization_code',
): Promise<ServerDiscovery> {
  const fetch: DocumentFetch = http;
  const problem = issuerProblem(issuer);
  if (problem !== null) {
    throw new TokentrayError('unsafe_url', `${quote(issuer)} cannot be an issuer: ${problem}`, {
      subject: quote(issuer),
    });
  }
  const { oauth, oidc } = serverMetadataUrls(issuer);
  const tried: Finding[] = [];
  const errors: TokentrayError[] = [];
  let weather: TokentrayError | null = null;
  let found: { url: string; as: AuthorizationServer; freshForMs: number } | null = null;
  for (const url of [oauth, ...oidc]) {
    if (found !== null && !lacksSomething(found.as)) break;
    const answer = await requestDocument(fetch, url);
    if (answer.kind !== 'document') {
      // The OIDC document is only a supplement once there is another.
      if (found !== null) continue;
      tried.push(deadEnd(about, url, answer));
      if (answer.kind === 'refused') errors.push(answer.error);
      if (answer.kind === 'later') weather ??= answer.error;
      if (answer.kind === 'later' && answer.status === null) break;
      continue;
    }
    try {
      const checked = checkServerMetadata(found?.as.issuer ?? issuer, url, answer.json);
      if (found === null) {
        found = { url, as: checked.as, freshForMs: answer.freshForMs };
        tried.push({ about, url, outcome: 'used', status: answer.status, detail: 'found' }, ...checked.findings);
        continue;
      }
      const supplement = missingIn(found.as, checked.as);
      const names = Object.keys(supplement).join(', ');
      if (names !== '') {
        found = {
          ...found,
          as: { ...found.as, ...supplement },
          freshForMs: Math.min(found.freshForMs, answer.freshForMs),
        };
        tried.push({
          about,
          url,
          outcome: 'unusual',
          status: answer.status,
          detail: `only this document names ${names}`,
        });
      }
    } catch (error) {
      if (!(error instanceof TokentrayError)) throw error;
      fetch.forget?.(url);
      if (found !== null) continue;
      tried.push({ about, url, outcome: 'rejected', status: answer.status, detail: error.message });
      errors.push(error);
    }
  }
  if (found === null) {
    if (errors[0] !== undefined) throw errors[0];
    const later = tried.find(({ outcome }) => outcome === 'later');
    if (later !== undefined) throw weather ?? notNow(issuer, later);
    return { kind: 'none', tried };
  }
  const profile = profileFor(found.as.issuer);
  checkUsable(found.as, profile, flow);
  return { kind: 'metadata', ...found, profile, findings: tried };
}

/**
 * The document, when it names the issuer that was asked for, by simple string comparison (RFC 8414 section 3.3). The
 * one latitude: `https://host` and `https://host/` are the same address with the same well-known documents (RFC 3986
 * section 6.2.3), and resources at large providers name the one while the issuer calls itself the other. The issuer's
 * own spelling then counts from here on, for `iss` and for stored credentials, without any latitude.
 * @throws issuer_mismatch, unsafe_url, discovery_failed
 */
function checkServerMetadata(issuer: string, url: string, json: Record<string, unknown>): CheckedMetadata {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new TokentrayError('discovery_failed', `the metadata at ${quote(url)} names no issuer`, {
      attempted: 'read the authorization server metadata',
      subject: quote(issuer),
    });
  }
  const metadata = parsed.data;
  const findings: Finding[] = [];
  if (metadata.issuer !== issuer) {
    if (withoutRootSlash(metadata.issuer) !== withoutRootSlash(issuer)) throw mismatch(issuer, metadata.issuer);
    const detail = `the resource names it ${quote(issuer)}, it names itself ${quote(metadata.issuer)}`;
    findings.push({ about: 'issuer', url, outcome: 'unusual', status: null, detail });
  }
  for (const name of endpoints) {
    const value = metadata[name];
    const problem = value === undefined ? null : addressProblem(value);
    if (value === undefined || problem === null) continue;
    if (name === 'authorization_endpoint' || name === 'token_endpoint') {
      throw new TokentrayError('unsafe_url', `the ${name} ${quote(value)} has ${problem}`, {
        attempted: 'read the authorization server metadata',
        subject: quote(issuer),
        advice: 'Do not sign in to this server: no honest one has such an address.',
        facts: { endpoint: name },
      });
    }
    delete metadata[name];
    findings.push({
      about: 'endpoint',
      url,
      outcome: 'rejected',
      status: null,
      detail: `${name} ${quote(value)} has ${problem}`,
    });
  }
  return { as: present(metadata), findings };
}

/**
 * Whether the flow can be done with this server at all.
 * @throws pkce_not_supported (MCP specification, Authorization Code Protection), discovery_failed
 */
export function checkUsable(as: AuthorizationServer, profile: IssuerProfile, flow: Flow['kind']): void {
  const code = flow === 'authorization_code';
  const missing =
    as.token_endpoint === undefined
      ? 'token_endpoint'
      : code && as.authorization_endpoint === undefined
        ? 'authorization_endpoint'
        : null;
  if (missing !== null) {
    throw new TokentrayError('discovery_failed', `${quote(as.issuer)} names no ${missing}`, {
      attempted: 'read the authorization server metadata',
      subject: quote(as.issuer),
    });
  }
  if (!code || as.code_challenge_methods_supported?.includes('S256') === true || profile.knownToSupportS256 === true)
    return;
  throw new TokentrayError('pkce_not_supported', `${quote(as.issuer)} does not say that it supports PKCE with S256`, {
    attempted: 'check that a stolen code would be worthless',
    subject: quote(as.issuer),
    advice: 'Ask its operator to list "S256" in code_challenge_methods_supported.',
    facts: { code_challenge_methods_supported: as.code_challenge_methods_supported?.join(' ').slice(0, 500) ?? null },
  });
}

/** The 2025-03-26 specification's default endpoints, for a server without any metadata. */
export function defaultServer(origin: string): AuthorizationServer {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    response_types_supported: ['code'],
    // That specification requires PKCE of every client and server, and has no place to say so.
    code_challenge_methods_supported: ['S256'],
  };
}

/** What an OIDC document is asked for when the RFC 8414 one leaves it out; nothing that is there is overruled. */
const supplemented = ['revocation_endpoint', 'registration_endpoint', 'code_challenge_methods_supported'] as const;

function lacksSomething(as: AuthorizationServer): boolean {
  return supplemented.some((name) => as[name] === undefined);
}

function missingIn(as: AuthorizationServer, other: AuthorizationServer): Partial<AuthorizationServer> {
  const added: Record<string, unknown> = {};
  for (const name of supplemented) if (as[name] === undefined && other[name] !== undefined) added[name] = other[name];
  const methods = other.revocation_endpoint_auth_methods_supported;
  if ('revocation_endpoint' in added && methods !== undefined)
    added['revocation_endpoint_auth_methods_supported'] = methods;
  return added as Partial<AuthorizationServer>;
}

function withoutRootSlash(issuer: string): string {
  return /^https?:\/\/[^/?#]+\/$/.test(issuer) ? issuer.slice(0, -1) : issuer;
}

function mismatch(issuer: string, found: string): TokentrayError {
  return new TokentrayError('issuer_mismatch', `the metadata of ${quote(issuer)} calls itself ${quote(found)}`, {
    attempted: 'read the authorization server metadata',
    subject: quote(issuer),
    advice: 'Ask the operator of the server to name its issuer exactly; until then do not sign in.',
    facts: { expected: issuer.slice(0, 2_048), found: found.slice(0, 2_048) },
  });
}

function notNow(issuer: string, finding: Finding): TokentrayError {
  return new TokentrayError(
    'discovery_failed',
    `${quote(issuer)} cannot be asked for its metadata now: ${finding.detail}`,
    {
      attempted: 'read the authorization server metadata',
      subject: quote(issuer),
      advice: 'Try again later.',
      facts: { url: finding.url, status: finding.status },
    },
  );
}
