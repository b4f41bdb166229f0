// A protected resource's metadata (RFC 9728): asked for where the challenge points, then where the path does, then at
// the root; believed only when it is about the server that was asked.
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import type { Fetch } from '../ports.ts';
import { quote } from '../quote.ts';
import type { Challenge } from './challenge.ts';
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
import { coversServer, issuerProblem, resourceMetadataUrls } from './discovery-url.ts';
import { normaliseScopes } from './scope.ts';

const schema = z.object({
  resource: z.string().min(1).max(4_096),
  authorization_servers: optionalList,
  scopes_supported: z
    .unknown()
    .transform((value) => (value === null ? undefined : normaliseScopes(value)))
    .optional(),
  bearer_methods_supported: optionalList,
  resource_name: optionalText,
  resource_documentation: optionalText,
  dpop_signing_alg_values_supported: optionalList,
  dpop_bound_access_tokens_required: optionalFlag,
});

export interface ResourceMetadata {
  /** Exactly as written: it goes on every request as the `resource` parameter. */
  readonly resource: string;
  readonly authorization_servers?: readonly string[];
  readonly scopes_supported?: readonly string[];
  readonly bearer_methods_supported?: readonly string[];
  readonly resource_name?: string;
  readonly resource_documentation?: string;
  readonly dpop_signing_alg_values_supported?: readonly string[];
  readonly dpop_bound_access_tokens_required?: boolean;
}

export type ResourceDiscovery =
  | {
      readonly kind: 'metadata';
      readonly url: string;
      readonly metadata: ResourceMetadata;
      readonly resource: string;
      /** Those that can be issuers at all, in the document's order. */
      readonly authorizationServers: readonly string[];
      readonly scopesSupported: readonly string[] | null;
      readonly freshForMs: number;
      readonly findings: readonly Finding[];
    }
  /** Nothing is published: a server of the 2025-03-26 specification, perhaps. */
  | { readonly kind: 'none'; readonly tried: readonly Finding[] };

const about = 'resource metadata';

/**
 * @throws resource_mismatch when the only documents are about another resource; discovery_failed when one was there but
 * unusable, or when the weather hid what may be there; forbidden_address and insecure_url as the fetch judges
 */
export async function discoverResource(
  http: Fetch,
  server: URL,
  challenge: Challenge | null,
): Promise<ResourceDiscovery> {
  const fetch: DocumentFetch = http;
  const named = challenge?.resource_metadata ?? null;
  const urls = [...new Set([...(named === null ? [] : [named]), ...resourceMetadataUrls(server)])];
  const tried: Finding[] = [];
  const errors: TokentrayError[] = [];
  let weather: TokentrayError | null = null;
  const silent = new Set<string>();
  for (const url of urls) {
    const { origin } = new URL(url);
    if (silent.has(origin)) continue;
    const answer = await requestDocument(fetch, url);
    if (answer.kind !== 'document') {
      tried.push(deadEnd(about, url, answer));
      if (answer.kind === 'refused') errors.push(answer.error);
      if (answer.kind === 'later') weather ??= answer.error;
      if (answer.kind === 'later' && answer.status === null) silent.add(origin);
      continue;
    }
    try {
      const metadata = checkResourceMetadata(server, answer.json);
      const { usable, findings } = issuers(metadata, url);
      return {
        kind: 'metadata',
        url,
        metadata,
        resource: metadata.resource,
        authorizationServers: usable,
        scopesSupported: metadata.scopes_supported ?? null,
        freshForMs: answer.freshForMs,
        findings: [...tried, { about, url, outcome: 'used', status: answer.status, detail: 'found' }, ...findings],
      };
    } catch (error) {
      if (!(error instanceof TokentrayError)) throw error;
      fetch.forget?.(url);
      tried.push({ about, url, outcome: 'rejected', status: answer.status, detail: error.message });
      errors.push(error);
    }
  }
  const [problem] = errors;
  if (problem !== undefined) throw problem;
  const later = tried.find(({ outcome }) => outcome === 'later');
  if (later !== undefined) throw weather ?? notNow(server, later);
  return { kind: 'none', tried };
}

/**
 * The document, when it is about this server.
 * @throws resource_mismatch (RFC 9728 section 3.3), discovery_failed
 */
function checkResourceMetadata(server: URL, json: Record<string, unknown>): ResourceMetadata {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new TokentrayError('discovery_failed', `the resource metadata of ${quote(server.href)} names no resource`, {
      attempted: 'read the resource metadata',
      subject: quote(server.href),
      advice: 'Ask the operator of the server to add "resource" (RFC 9728 section 2).',
    });
  }
  const { resource } = parsed.data;
  if (!coversServer(resource, server)) {
    throw new TokentrayError(
      'resource_mismatch',
      `the metadata is about ${quote(resource)}, not about ${quote(server.href)}`,
      {
        attempted: 'find out who issues tokens for the server',
        subject: quote(server.href),
        advice: 'If you know that address, add the server under it; otherwise do not sign in to this server.',
        facts: { expected: server.href, found: resource.slice(0, 2_048) },
      },
    );
  }
  return present(parsed.data);
}

function issuers(metadata: ResourceMetadata, url: string): { usable: string[]; findings: Finding[] } {
  const usable: string[] = [];
  const findings: Finding[] = [];
  for (const issuer of new Set(metadata.authorization_servers ?? [])) {
    const problem = issuerProblem(issuer);
    if (problem === null) usable.push(issuer);
    else
      findings.push({
        about: 'issuer',
        url,
        outcome: 'rejected',
        status: null,
        detail: `${quote(issuer)}: ${problem}`,
      });
  }
  return { usable: usable.slice(0, 20), findings };
}

function notNow(server: URL, finding: Finding): TokentrayError {
  return new TokentrayError(
    'discovery_failed',
    `${quote(finding.url)} cannot say now who issues its tokens: ${finding.detail}`,
    {
      attempted: 'find out who issues tokens for the server',
      subject: quote(server.href),
      advice: 'Try again later.',
      facts: { url: finding.url, status: finding.status },
    },
  );
}
