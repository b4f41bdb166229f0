// From a server's address to who issues its tokens and how: resource metadata, then one of its authorization servers,
// then the way of 2025-03-26 for servers that publish neither.
import type { AuthorizationServer } from 'oauth4webapi';
import { TokentrayError } from '../errors.ts';
import type { Fetch } from '../ports.ts';
import { quote } from '../quote.ts';
import {
  checkUsable,
  defaultServer,
  discoverAuthorizationServer,
  type ServerDiscovery,
} from './authorization-server-metadata.ts';
import type { Challenge } from './challenge.ts';
import type { DocumentFetch } from './discovery-cache.ts';
import type { Finding } from './discovery-document.ts';
import { profileFor, type IssuerProfile } from './profiles.ts';
import { discoverResource, type ResourceDiscovery, type ResourceMetadata } from './resource-metadata.ts';
import type { Flow } from './types.ts';

export interface DiscoveryRequest {
  readonly server: URL;
  readonly challenge: Challenge | null;
  /** Issuers where there is a grant or a registration already, the best first. */
  readonly preferIssuers?: readonly string[];
  /** The user's choice; it counts as long as the resource names it. */
  readonly chosenIssuer?: string | null;
  /** Only the code flow needs PKCE and an authorization endpoint. */
  readonly flow?: Flow['kind'];
}

export interface Discovery {
  /** The exact string for the `resource` parameter (RFC 8707); null for a server without resource metadata. */
  readonly resource: string | null;
  readonly resourceMetadataUrl: string | null;
  readonly resourceMetadata: ResourceMetadata | null;
  readonly scopesSupported: readonly string[] | null;
  /** Every authorization server that the resource names; the user may choose another one. */
  readonly authorizationServers: readonly string[];
  /** `as.issuer` is the key of everything that is stored. */
  readonly as: AuthorizationServer;
  readonly profile: IssuerProfile;
  /** Milliseconds for which the documents may be used without asking again. */
  readonly freshForMs: number;
  /** What was seen at each address, in order. */
  readonly findings: readonly Finding[];
}

/**
 * @throws resource_mismatch, issuer_mismatch, pkce_not_supported, unsafe_url, discovery_failed; unreachable,
 * forbidden_address, insecure_url as the fetch judges. When it throws, nothing that it read stays in the cache.
 */
export async function discover(http: Fetch, request: DiscoveryRequest): Promise<Discovery> {
  const { fetch, forgetAll } = remembering(http);
  try {
    const resource = await discoverResource(fetch, request.server, request.challenge);
    return resource.kind === 'metadata'
      ? await fromMetadata(fetch, request, resource)
      : await withoutMetadata(fetch, request, resource.tried);
  } catch (error) {
    forgetAll();
    throw error;
  }
}

async function fromMetadata(
  http: Fetch,
  request: DiscoveryRequest,
  resource: Extract<ResourceDiscovery, { kind: 'metadata' }>,
): Promise<Discovery> {
  const findings = [...resource.findings];
  // RFC 9728 section 2 makes the list optional; a server that leaves it out can only mean itself.
  const named = resource.authorizationServers.length > 0 ? resource.authorizationServers : [request.server.origin];
  const errors: TokentrayError[] = [];
  for (const issuer of inOrder(named, request)) {
    try {
      const server = await discoverAuthorizationServer(http, issuer, request.flow);
      if (server.kind === 'metadata') {
        return {
          ...found(server, findings),
          resource: resource.resource,
          resourceMetadataUrl: resource.url,
          resourceMetadata: resource.metadata,
          scopesSupported: resource.scopesSupported,
          authorizationServers: named,
          freshForMs: Math.min(resource.freshForMs, server.freshForMs),
        };
      }
      findings.push(...server.tried);
      errors.push(nowhere(issuer));
    } catch (error) {
      if (!(error instanceof TokentrayError)) throw error;
      findings.push({
        about: 'issuer',
        url: issuer,
        outcome: error.retry === 'later' ? 'later' : 'rejected',
        status: null,
        detail: error.message,
      });
      errors.push(error);
      // Bad weather at an issuer that holds a grant is no reason to sign in anew at another.
      if (error.retry === 'later' && known(issuer, request)) throw error;
    }
    if (sameIssuer(issuer, request.chosenIssuer ?? '')) break;
  }
  throw errors[0] ?? nowhere(request.server.origin);
}

/** 2025-03-26: metadata at the server's origin, else default endpoints there. */
async function withoutMetadata(http: Fetch, request: DiscoveryRequest, tried: readonly Finding[]): Promise<Discovery> {
  const { origin } = request.server;
  const base = {
    resource: null,
    resourceMetadataUrl: null,
    resourceMetadata: null,
    scopesSupported: null,
    authorizationServers: [origin],
  };
  const server = await discoverAuthorizationServer(http, origin, request.flow);
  if (server.kind === 'metadata') return { ...base, ...found(server, tried) };
  // A server that points to resource metadata knows newer rules: its metadata is broken, not missing.
  if (request.challenge !== null && request.challenge.resource_metadata !== null) throw nowhere(origin);
  const as = defaultServer(origin);
  const profile = profileFor(origin);
  checkUsable(as, profile, request.flow ?? 'authorization_code');
  const detail = 'nothing is published: the default endpoints of the 2025-03-26 specification are assumed';
  return {
    ...base,
    as,
    profile,
    freshForMs: 60_000,
    findings: [
      ...tried,
      ...server.tried,
      { about: 'authorization server metadata', url: origin, outcome: 'unusual', status: null, detail },
    ],
  };
}

function found(
  server: Extract<ServerDiscovery, { kind: 'metadata' }>,
  before: readonly Finding[],
): Pick<Discovery, 'as' | 'profile' | 'freshForMs' | 'findings'> {
  return {
    as: server.as,
    profile: server.profile,
    freshForMs: server.freshForMs,
    findings: [...before, ...server.findings],
  };
}

/** The user's choice, then those already known here, then the resource's own order. */
function inOrder(named: readonly string[], request: DiscoveryRequest): string[] {
  const chosen = named.filter((issuer) => sameIssuer(issuer, request.chosenIssuer ?? ''));
  const preferred = (request.preferIssuers ?? []).flatMap((wanted) =>
    named.filter((issuer) => sameIssuer(issuer, wanted)),
  );
  return [...new Set([...chosen, ...preferred, ...named])];
}

function known(issuer: string, request: DiscoveryRequest): boolean {
  return [request.chosenIssuer ?? '', ...(request.preferIssuers ?? [])].some((other) => sameIssuer(issuer, other));
}

/** Only for choosing among names; whether a document is believed is decided in checkServerMetadata. */
function sameIssuer(a: string, b: string): boolean {
  return a.replace(/\/$/, '') === b.replace(/\/$/, '');
}

function nowhere(issuer: string): TokentrayError {
  return new TokentrayError('discovery_failed', `${quote(issuer)} publishes no authorization server metadata`, {
    attempted: 'find out how to sign in',
    subject: quote(issuer),
    advice: 'Run "tokentray doctor" with the address of the server to see what was asked and answered.',
  });
}

/** A fetch that knows what it was asked, so that all of it can be dropped from the cache. */
function remembering(http: DocumentFetch): { fetch: DocumentFetch; forgetAll: () => void } {
  const asked = new Set<string>();
  const fetch: DocumentFetch = (input, init) => {
    asked.add(input instanceof Request ? input.url : new URL(input).href);
    return http(input, init);
  };
  fetch.forget = (url) => http.forget?.(url);
  return {
    fetch,
    forgetAll: () => {
      for (const url of asked) http.forget?.(url);
    },
  };
}
