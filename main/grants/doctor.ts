// Walks a server's authorization as a sign-in would, and says at every step what is there, missing, wrong or unusual.
// Nothing is registered, nobody is signed in, nothing is kept.
import { isTokentrayError, TokentrayError } from '../errors.ts';
import { bearerChallenge, parseChallenges, type Challenge } from '../oauth/challenge.ts';
import { isCimdUrl } from '../oauth/cimd.ts';
import { discoverResource, type ResourceDiscovery } from '../oauth/resource-metadata.ts';
import type { Clock, Fetch } from '../ports.ts';
import { quote } from '../quote.ts';
import { examineServer } from './doctor-server.ts';

export interface DoctorStep {
  readonly name: string;
  readonly verdict: 'ok' | 'unusual' | 'missing' | 'wrong' | 'skipped';
  /** What was found and, where it is not as it should be, what can be done. Foreign text is quoted. */
  readonly detail: string;
  /** The section that the verdict rests on: `RFC 9728 section 3.1`. */
  readonly section: string | null;
}

export interface DoctorReport {
  readonly url: string;
  readonly steps: readonly DoctorStep[];
}

export interface DoctorDeps {
  /** The guarded fetch of net/, on behalf of this very server, without a cache. */
  readonly http: Fetch;
  readonly clock?: Pick<Clock, 'now'>;
  /** Where our Client ID Metadata Document is published; null or absent: nowhere. */
  readonly cimdUrl?: string | null;
}

const mostServers = 5;

/** @throws invalid_input when `url` is no http(s) address; every other trouble is a step of the report */
export async function diagnose(deps: DoctorDeps, url: string): Promise<DoctorReport> {
  const server = readUrl(url);
  const steps: DoctorStep[] = [];
  const done = (): DoctorReport => ({ url: server.href, steps });

  const asked = await ask(deps.http, server);
  steps.push(...asked.steps);
  if (asked.kind === 'unreachable') return done();
  steps.push(...examineChallenge(asked));

  const resource = await examineResource(deps.http, server, asked.challenge, steps);
  if (resource === null) return done();
  if (resource.kind === 'none' && asked.kind === 'open') {
    const detail = 'it asks for no token and publishes nothing about one';
    steps.push({ name: 'authorization server', verdict: 'skipped', detail, section: null });
    return done();
  }
  const listed = resource.kind === 'metadata' ? resource.authorizationServers : [];
  const issuers = listed.length > 0 ? listed.slice(0, mostServers) : [server.origin];
  for (const issuer of issuers) {
    const examined = await examineServer(deps.http, {
      issuer,
      server,
      modern:
        resource.kind === 'metadata' ||
        (asked.challenge?.resource_metadata !== undefined && asked.challenge.resource_metadata !== null),
      resource: resource.kind === 'metadata' ? resource.metadata : null,
      cimdUrl: deps.cimdUrl !== undefined && deps.cimdUrl !== null && isCimdUrl(deps.cimdUrl) ? deps.cimdUrl : null,
    });
    const prefix = issuers.length > 1 ? `${issuer}: ` : '';
    steps.push(...examined.map((step) => ({ ...step, name: `${prefix}${step.name}` })));
  }
  return done();
}

function readUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol) || parsed.username !== '') {
    throw new TokentrayError('invalid_input', `${quote(url)} is no http(s) address of a server`, {
      subject: quote(url),
    });
  }
  parsed.hash = '';
  return parsed;
}

// the unauthenticated request ---------------------------------------------------------------------------------------

type Asked =
  | { readonly kind: 'unreachable'; readonly steps: DoctorStep[] }
  | {
      readonly kind: 'challenged' | 'open' | 'other';
      readonly steps: DoctorStep[];
      readonly header: string | null;
      readonly challenge: Challenge | null;
    };

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'tokentray-doctor', version: '0' } },
};

/** Some servers let `initialize` pass and challenge what comes after, so that is asked too; a session is ended again. */
async function ask(http: Fetch, server: URL): Promise<Asked> {
  const name = 'unauthenticated request';
  const section = 'MCP 2026-07-28, Authorization, Error Handling';
  try {
    let response = await post(http, server, initialize, {});
    const session = response.headers.get('mcp-session-id');
    if (response.ok) {
      const headers = {
        'mcp-protocol-version': '2025-11-25',
        ...(session === null ? {} : { 'mcp-session-id': session }),
      };
      const list = await post(http, server, { jsonrpc: '2.0', id: 2, method: 'tools/list', params: {} }, headers);
      if (list.status === 401 || list.status === 403) response = list;
      if (session !== null) await http(server, { method: 'DELETE', headers });
    }
    const header = response.headers.get('www-authenticate');
    const challenge = bearerChallenge(header);
    const { status } = response;
    const kind = status === 401 ? 'challenged' : response.ok ? 'open' : 'other';
    const step = (verdict: DoctorStep['verdict'], detail: string): DoctorStep => ({ name, verdict, detail, section });
    if (kind === 'challenged') return { kind, header, challenge, steps: [step('ok', 'it is refused with 401')] };
    if (kind === 'open')
      return {
        kind,
        header,
        challenge,
        steps: [step('unusual', `it is answered with ${status}: no token is asked for`)],
      };
    const verdict = status === 403 ? 'wrong' : 'unusual';
    return { kind, header, challenge, steps: [step(verdict, `it is answered with ${status} instead of 401`)] };
  } catch (error) {
    if (!isTokentrayError(error)) throw error;
    const detail = [error.message, error.advice].filter((part) => part !== undefined).join('. ');
    return { kind: 'unreachable', steps: [{ name, verdict: 'wrong', detail, section: null }] };
  }
}

function post(http: Fetch, server: URL, message: unknown, headers: Record<string, string>): Promise<Response> {
  return http(server, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify(message),
  });
}

// the challenge -----------------------------------------------------------------------------------------------------

function examineChallenge(asked: Exclude<Asked, { kind: 'unreachable' }>): DoctorStep[] {
  const { challenge, header } = asked;
  if (asked.kind !== 'challenged') return [];
  if (challenge === null) {
    const schemes = parseChallenges(header).map(({ scheme }) => scheme);
    const found =
      header === null ? 'there is no WWW-Authenticate header' : `only ${quote(schemes.join(', '))} is offered`;
    return [
      {
        name: 'challenge',
        verdict: header === null ? 'missing' : 'wrong',
        detail: `${found}; a 401 must say Bearer (or DPoP)`,
        section: 'RFC 6750 section 3',
      },
    ];
  }
  const { resource_metadata, scope } = challenge;
  return [
    {
      name: 'challenge',
      verdict: 'ok',
      detail: `the scheme is ${quote(challenge.scheme)}`,
      section: 'RFC 6750 section 3',
    },
    {
      name: 'challenge: resource_metadata',
      verdict: resource_metadata === null ? 'unusual' : 'ok',
      detail:
        resource_metadata === null
          ? 'the challenge does not say where the resource metadata is; the well-known addresses are tried'
          : quote(resource_metadata),
      section: 'RFC 9728 section 5.1',
    },
    {
      name: 'challenge: scope',
      verdict: scope === null ? 'unusual' : 'ok',
      detail: scope === null ? 'the challenge names no scope; scopes_supported is used' : quote(scope.join(' ')),
      section: 'MCP 2026-07-28, Authorization, Scope Selection Strategy',
    },
  ];
}

// the resource ------------------------------------------------------------------------------------------------------

/** Null when nothing after it can be examined. */
async function examineResource(
  http: Fetch,
  server: URL,
  challenge: Challenge | null,
  steps: DoctorStep[],
): Promise<ResourceDiscovery | null> {
  const name = 'resource metadata';
  const section = 'RFC 9728 section 3.1';
  let resource: ResourceDiscovery;
  try {
    resource = await discoverResource(http, server, challenge);
  } catch (error) {
    if (!isTokentrayError(error)) throw error;
    const mismatch = error.code === 'resource_mismatch';
    const detail = [error.message, error.advice].filter((part) => part !== undefined).join('. ');
    steps.push({ name, verdict: 'wrong', detail, section: mismatch ? 'RFC 9728 section 3.3' : section });
    return null;
  }
  if (resource.kind === 'none') {
    const tried = resource.tried.map(({ url, detail }) => `${quote(url)} ${detail}`).join('; ');
    const detail = `none is published (${tried}); the 2025-03-26 rules are tried`;
    steps.push({ name, verdict: 'missing', detail, section });
    return resource;
  }
  const { metadata } = resource;
  steps.push({ name, verdict: 'ok', detail: quote(resource.url), section });
  for (const finding of resource.findings) {
    if (finding.outcome !== 'rejected') continue;
    const about = finding.about === 'issuer' ? 'authorization_servers' : name;
    steps.push({
      name: about,
      verdict: 'wrong',
      detail: `${quote(finding.url)}: ${finding.detail}`,
      section: 'RFC 9728 section 2',
    });
  }
  const exact = resource.resource === server.href || `${resource.resource}/` === server.href;
  steps.push({
    name: 'resource',
    verdict: exact ? 'ok' : 'unusual',
    detail: exact
      ? quote(resource.resource)
      : `${quote(resource.resource)} covers more than this server: its tokens are good for all of it`,
    section: 'RFC 9728 section 3.3',
  });
  const count = resource.authorizationServers.length;
  steps.push({
    name: 'authorization_servers',
    verdict: count === 0 ? 'missing' : 'ok',
    detail:
      count === 0
        ? 'none is named; the server itself is tried'
        : resource.authorizationServers.map((issuer) => quote(issuer)).join(', '),
    section: 'RFC 9728 section 2',
  });
  steps.push({
    name: 'scopes_supported',
    verdict: metadata.scopes_supported === undefined ? 'unusual' : 'ok',
    detail:
      metadata.scopes_supported === undefined
        ? 'not said: without a challenged scope none is asked for'
        : quote(metadata.scopes_supported.join(' ')),
    section: 'RFC 9728 section 2',
  });
  return resource;
}
