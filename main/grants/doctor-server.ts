// The doctor's look at one authorization server: its metadata, and what each of its promises is worth to a sign-in.
import type { AuthorizationServer } from 'oauth4webapi';
import { assertNever, isTokentrayError } from '../errors.ts';
import { defaultServer, discoverAuthorizationServer } from '../oauth/authorization-server-metadata.ts';
import { maySend, otherSignInHost } from '../oauth/authorize.ts';
import type { Finding } from '../oauth/discovery-document.ts';
import { profileFor } from '../oauth/profiles.ts';
import { chooseRegistration } from '../oauth/registration.ts';
import type { ResourceMetadata } from '../oauth/resource-metadata.ts';
import type { Fetch } from '../ports.ts';
import { quote } from '../quote.ts';
import type { DoctorStep } from './doctor.ts';

export interface ExaminedServer {
  readonly issuer: string;
  /** The MCP server that names it. */
  readonly server: URL;
  /** Whether that server publishes, or claims to publish, resource metadata. */
  readonly modern: boolean;
  readonly resource: ResourceMetadata | null;
  readonly cimdUrl: string | null;
}

export async function examineServer(http: Fetch, examined: ExaminedServer): Promise<DoctorStep[]> {
  const name = 'authorization server metadata';
  const section = 'RFC 8414 section 3';
  const { issuer } = examined;
  let as: AuthorizationServer;
  const steps: DoctorStep[] = [];
  try {
    // As for a flow without a browser, so that a server without PKCE is examined to the end.
    const discovery = await discoverAuthorizationServer(http, issuer, 'client_credentials');
    if (discovery.kind === 'none') {
      const tried = discovery.tried.map(({ url, detail }) => `${quote(url)} ${detail}`).join('; ');
      if (examined.modern)
        return [{ name, verdict: 'missing', detail: `${quote(issuer)} publishes none (${tried})`, section }];
      const detail = `none is published (${tried}); /authorize, /token and /register are assumed`;
      steps.push({
        name,
        verdict: 'unusual',
        detail,
        section: 'MCP 2025-03-26, Fallbacks for Servers without Metadata Discovery',
      });
      as = defaultServer(issuer);
    } else {
      as = discovery.as;
      steps.push({ name, verdict: 'ok', detail: quote(discovery.url), section }, ...discovery.findings.flatMap(stepOf));
    }
  } catch (error) {
    if (!isTokentrayError(error)) throw error;
    const where = error.code === 'issuer_mismatch' ? 'RFC 8414 section 3.3' : section;
    const detail = [error.message, error.advice].filter((part) => part !== undefined).join('. ');
    return [{ name, verdict: 'wrong', detail, section: where }];
  }
  return [
    ...steps,
    codeFlow(as, examined.server),
    ...pushedRequests(as),
    pkce(as),
    registration(as, examined.cimdUrl),
    publicClients(as),
    resourceIndicator(examined),
    ...refresh(as),
    revocation(as),
    iss(as),
    ...dpop(as, examined.resource),
  ];
}

function stepOf(finding: Finding): DoctorStep[] {
  const detail = `${quote(finding.url)}: ${finding.detail}`;
  if (finding.about === 'issuer')
    return [{ name: 'issuer', verdict: 'unusual', detail, section: 'RFC 8414 section 3.3' }];
  if (finding.about === 'endpoint')
    return [{ name: 'endpoint', verdict: 'wrong', detail, section: 'RFC 8414 section 2' }];
  if (finding.outcome === 'rejected')
    return [{ name: 'authorization server metadata', verdict: 'wrong', detail, section: 'RFC 8414 section 3.3' }];
  if (finding.outcome === 'unusual')
    return [{ name: 'authorization server metadata', verdict: 'unusual', detail, section: 'RFC 8414 section 5' }];
  return [];
}

function codeFlow(as: AuthorizationServer, server: URL): DoctorStep {
  const base = { name: 'authorization_endpoint', section: 'RFC 8414 section 2' };
  const endpoint = as.authorization_endpoint;
  if (endpoint === undefined)
    return { ...base, verdict: 'missing', detail: 'there is none: only flows without a browser can be used' };
  const page = URL.parse(endpoint);
  if (page === null || !maySend({ server, issuer: as.issuer }, page)) {
    const detail = `${quote(endpoint)} is in a place that this server may not name: a sign-in is refused`;
    return { ...base, verdict: 'wrong', detail };
  }
  return otherSignInHost(as) === null
    ? { ...base, verdict: 'ok', detail: quote(endpoint) }
    : { ...base, verdict: 'unusual', detail: `${quote(endpoint)} is not on the host of the issuer` };
}

function pushedRequests(as: AuthorizationServer): DoctorStep[] {
  if (as.require_pushed_authorization_requests !== true) return [];
  const endpoint = as.pushed_authorization_request_endpoint;
  return [
    {
      name: 'pushed requests',
      verdict: endpoint === undefined ? 'wrong' : 'ok',
      detail: endpoint === undefined ? 'required, but there is no endpoint for them' : `required: ${quote(endpoint)}`,
      section: 'RFC 9126 section 5',
    },
  ];
}

function pkce(as: AuthorizationServer): DoctorStep {
  const methods = as.code_challenge_methods_supported;
  const base = { name: 'PKCE', section: 'MCP 2026-07-28, Authorization Code Protection' };
  if (methods?.includes('S256') === true) return { ...base, verdict: 'ok', detail: 'S256 is advertised' };
  if (profileFor(as.issuer).knownToSupportS256 === true) {
    return { ...base, verdict: 'unusual', detail: 'S256 is not advertised, but this provider is known to do it' };
  }
  return methods === undefined
    ? { ...base, verdict: 'missing', detail: 'code_challenge_methods_supported is absent: a sign-in is refused' }
    : {
        ...base,
        verdict: 'wrong',
        detail: `only ${quote(methods.join(' '))} is advertised, not S256: a sign-in is refused`,
      };
}

function registration(as: AuthorizationServer, cimdUrl: string | null): DoctorStep {
  const name = 'registration';
  const cimd = as.client_id_metadata_document_supported === true;
  const choice = chooseRegistration({ as, preRegistered: null, cimdUrl });
  switch (choice.kind) {
    case 'cimd':
      return {
        name,
        verdict: 'ok',
        detail: 'by Client ID Metadata Document',
        section: 'MCP 2026-07-28, Client Registration',
      };
    case 'dcr':
      return {
        name,
        verdict: 'ok',
        detail: cimd
          ? 'dynamic; it would also take a Client ID Metadata Document, but the address of ours is not configured'
          : 'dynamic',
        section: 'RFC 7591 section 3',
      };
    case 'ask':
    case 'pre-registered':
      return {
        name,
        verdict: 'missing',
        detail: cimd
          ? 'only by Client ID Metadata Document, and the address of ours is not configured: configure it, or register an application and add its client id'
          : 'there is no way for a program to register: register an application there and add its client id',
        section: 'MCP 2026-07-28, Client Registration',
      };
    default:
      return assertNever(choice);
  }
}

function publicClients(as: AuthorizationServer): DoctorStep {
  const name = 'client authentication';
  const section = 'RFC 8414 section 2';
  const methods = as.token_endpoint_auth_methods_supported;
  if (methods === undefined)
    return { name, verdict: 'unusual', detail: 'not said, which means client_secret_basic', section };
  const usable = methods.some((method) =>
    ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'].includes(method),
  );
  return { name, verdict: usable ? 'ok' : 'wrong', detail: quote(methods.join(' ')), section };
}

function resourceIndicator({ resource }: ExaminedServer): DoctorStep {
  return {
    name: 'resource indicator',
    verdict: resource === null ? 'missing' : 'ok',
    detail:
      resource === null
        ? 'without resource metadata there is no resource to name: its tokens are bound to nothing'
        : `${quote(resource.resource)} goes on every request; no metadata says whether tokens are bound to it`,
    section: 'RFC 8707 section 2',
  };
}

function refresh(as: AuthorizationServer): DoctorStep[] {
  const grants = as.grant_types_supported;
  const offline = as.scopes_supported?.includes('offline_access') === true;
  return [
    {
      name: 'refresh',
      verdict: grants === undefined ? 'unusual' : grants.includes('refresh_token') ? 'ok' : 'missing',
      detail:
        grants === undefined
          ? 'grant_types_supported is absent, which leaves out refresh_token; a refresh token is used if one comes'
          : grants.includes('refresh_token')
            ? 'refresh_token is among the grant types'
            : 'refresh_token is not among the grant types: expect to sign in again when a token ends',
      section: 'RFC 8414 section 2',
    },
    {
      name: 'offline_access',
      verdict: offline ? 'ok' : 'unusual',
      detail: offline ? 'offered: it is asked for' : 'not offered: whether a refresh token comes is up to the server',
      section: 'OpenID Connect Core section 11',
    },
  ];
}

function revocation(as: AuthorizationServer): DoctorStep {
  const endpoint = as.revocation_endpoint;
  return {
    name: 'revocation',
    verdict: endpoint === undefined ? 'missing' : 'ok',
    detail: endpoint === undefined ? 'there is no endpoint: revoking can only forget the tokens here' : quote(endpoint),
    section: 'RFC 7009 section 2',
  };
}

function iss(as: AuthorizationServer): DoctorStep {
  const promised = as.authorization_response_iss_parameter_supported === true;
  return {
    name: 'iss in answers',
    verdict: promised ? 'ok' : 'unusual',
    detail: promised
      ? 'promised, and therefore required'
      : 'not promised: an answer of another server is only told apart by state',
    section: 'RFC 9207 section 3',
  };
}

function dpop(as: AuthorizationServer, resource: ResourceMetadata | null): DoctorStep[] {
  const able = as.dpop_signing_alg_values_supported?.includes('ES256') === true;
  const required = resource?.dpop_bound_access_tokens_required === true;
  if (!required) return [];
  const detail = able
    ? 'required by the resource and possible'
    : 'required by the resource, but this server does not offer it with ES256';
  return [{ name: 'DPoP', verdict: able ? 'ok' : 'wrong', detail, section: 'RFC 9449 section 5.1' }];
}
