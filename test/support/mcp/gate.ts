// The protection in front of a test MCP server: RFC 9728 metadata, challenges, scopes, audience and DPoP, per request.
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuthInfo } from '@modelcontextprotocol/server';
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose';
import type { AuthorizationServer, VerifiedToken } from '../authorization-server.ts';
import { hashToken } from './wire-log.ts';

export interface AuthOptions {
  readonly authorizationServer: AuthorizationServer;
  /** Needed for every request. Default: mcp. */
  readonly requiredScopes?: readonly string[];
  /** Needed on top for one tool. Default: `{ admin: 'admin' }`. */
  readonly toolScopes?: Readonly<Record<string, string>>;
  /** Where the metadata document is: after the path of the server (default), at the root, at both, or nowhere. */
  readonly metadataAt?: 'path' | 'root' | 'both' | 'none';
  /** The resource indicator in the metadata. Default: the server's URL. */
  readonly resource?: string;
  /** False: any audience is good enough (servers before RFC 8707). */
  readonly checkAudience?: boolean;
  /** More issuers, named before the real one. */
  readonly otherIssuers?: readonly string[];
  /** Left out of the metadata when null. Default: required and tool scopes. */
  readonly scopesSupported?: readonly string[] | null;
  readonly challenge?: ChallengeStyle;
  /** Wants a nonce of its own in every DPoP proof (RFC 9449 section 9). */
  readonly dpopNonce?: boolean;
}

export interface ChallengeStyle {
  /** Default: true. */
  readonly resourceMetadata?: boolean;
  /** Whether the 401 names the scopes it wants. Default: false. */
  readonly scope?: boolean;
  /** What a 403 names: just what is missing for this tool, or that with the required ones. Default: missing. */
  readonly insufficient?: 'missing' | 'all' | 'nothing';
  /** Whether there is a `WWW-Authenticate` at all. Default: true. */
  readonly header?: boolean;
}

export interface Gate {
  /** Tests may change it while the server runs. */
  challenge: ChallengeStyle;
  /** The next `times` requests with a good token get this status and challenge all the same. */
  readonly refuse: (answer: { status: 401 | 403; times?: number; wwwAuthenticate?: string }) => void;
  /** True when it was a metadata request and has been answered. */
  readonly serveMetadata: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Null when the request was refused and has been answered. */
  readonly admit: (request: IncomingMessage, response: ServerResponse, body: unknown) => Promise<AuthInfo | null>;
}

export function createGate(serverUrl: URL, options: AuthOptions): Gate {
  const resource = options.resource ?? serverUrl.href;
  const required = options.requiredScopes ?? ['mcp'];
  const toolScopes = options.toolScopes ?? { admin: 'admin' };
  const wellKnown = '/.well-known/oauth-protected-resource';
  const at = options.metadataAt ?? 'path';
  const path = serverUrl.pathname === '/' ? '' : serverUrl.pathname;
  const places = new Set<string>();
  if (at === 'path' || at === 'both') places.add(wellKnown + path);
  if (at === 'root' || at === 'both') places.add(wellKnown);
  const metadataUrl = `${serverUrl.origin}${wellKnown}${at === 'root' ? '' : path}`;
  const refusals: { status: 401 | 403; left: number; wwwAuthenticate: string | undefined }[] = [];
  const nonce = randomUUID();

  const supported =
    options.scopesSupported === undefined
      ? [...new Set([...required, ...Object.values(toolScopes)])]
      : options.scopesSupported;
  const document = {
    resource,
    authorization_servers: [...(options.otherIssuers ?? []), options.authorizationServer.issuer],
    bearer_methods_supported: ['header'],
    ...(supported === null ? {} : { scopes_supported: supported }),
  };

  const gate: Gate = {
    challenge: options.challenge ?? {},
    refuse: ({ status, times = 1, wwwAuthenticate }) => void refusals.push({ status, left: times, wwwAuthenticate }),
    serveMetadata: (request, response) => {
      const pathname = (request.url ?? '').split('?', 1)[0] ?? '';
      if (!pathname.startsWith(wellKnown)) return false;
      if (places.has(pathname)) answer(response, 200, {}, document);
      else answer(response, 404, {}, { error: 'not_found' });
      return true;
    },
    admit: async (request, response, body) => {
      const [scheme = '', token = ''] = (request.headers.authorization ?? '').split(' ', 2);
      if (token === '') return unauthorized(response, 'Bearer', null);
      const audience = options.checkAudience === false ? null : resource;
      const verified = await options.authorizationServer.verifyAccessToken(token, audience);
      if (!verified.active) return unauthorized(response, scheme, 'invalid_token');
      const refusal = refusals.find((entry) => entry.left > 0);
      if (refusal !== undefined) {
        refusal.left -= 1;
        const error = refusal.status === 401 ? 'invalid_token' : 'insufficient_scope';
        return refused(response, refusal.status, refusal.wwwAuthenticate ?? header(scheme, error, null));
      }
      if (verified.jkt !== null || /^dpop$/i.test(scheme)) {
        const wrong = await checkProof(request, serverUrl, token, verified, options.dpopNonce === true ? nonce : null);
        if (wrong !== null) {
          if (wrong === 'use_dpop_nonce') response.setHeader('dpop-nonce', nonce);
          return unauthorized(response, 'DPoP', wrong);
        }
      }
      const tool = toolOf(body);
      const extra = tool === null ? undefined : toolScopes[tool];
      const needed = extra === undefined ? required : [...required, extra];
      const missing = needed.filter((scope) => !verified.scopes.includes(scope));
      if (missing.length > 0) {
        const style = gate.challenge.insufficient ?? 'missing';
        const named = style === 'nothing' ? null : style === 'all' ? needed : missing;
        return refused(response, 403, header(scheme, 'insufficient_scope', named));
      }
      return {
        token,
        clientId: verified.clientId ?? '',
        scopes: [...verified.scopes],
        ...(verified.expiresAt === null ? {} : { expiresAt: verified.expiresAt }),
        extra: { sub: verified.sub, tokenHash: hashToken(token), scheme },
      };
    },
  };

  function header(scheme: string, error: string | null, scopes: readonly string[] | null): string | null {
    const style = gate.challenge;
    if (style.header === false) return null;
    const parts = [
      ...(error === null ? [] : [`error="${error}"`]),
      ...(scopes === null ? [] : [`scope="${scopes.join(' ')}"`]),
      ...((style.resourceMetadata ?? true) ? [`resource_metadata="${metadataUrl}"`] : []),
    ];
    const name = /^dpop$/i.test(scheme) ? 'DPoP' : 'Bearer';
    return parts.length === 0 ? name : `${name} ${parts.join(', ')}`;
  }

  function unauthorized(response: ServerResponse, scheme: string, error: string | null): null {
    return refused(response, 401, header(scheme, error, gate.challenge.scope === true ? required : null));
  }

  return gate;
}

function refused(response: ServerResponse, status: number, wwwAuthenticate: string | null): null {
  const headers = wwwAuthenticate === null ? {} : { 'www-authenticate': wwwAuthenticate };
  answer(response, status, headers, { error: status === 401 ? 'invalid_token' : 'insufficient_scope' });
  return null;
}

/** RFC 9449 section 4.3: what a resource server checks. Null when the proof is good. */
async function checkProof(
  request: IncomingMessage,
  serverUrl: URL,
  token: string,
  verified: VerifiedToken,
  nonce: string | null,
): Promise<'invalid_dpop_proof' | 'use_dpop_nonce' | 'invalid_token' | null> {
  const proof = request.headers['dpop'];
  if (typeof proof !== 'string' || verified.jkt === null) return 'invalid_token';
  if (!/^dpop /i.test(request.headers.authorization ?? '')) return 'invalid_token';
  const checked = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt' }).catch(() => null);
  if (checked === null || checked.protectedHeader.jwk === undefined) return 'invalid_dpop_proof';
  const { htm, htu, ath, iat, jti } = checked.payload;
  const good =
    htm === request.method &&
    htu === `${serverUrl.origin}${(request.url ?? '').split('?', 1)[0]}` &&
    ath === createHash('sha256').update(token).digest('base64url') &&
    typeof jti === 'string' &&
    Math.abs(Date.now() / 1000 - (iat ?? 0)) < 120 &&
    (await calculateJwkThumbprint(checked.protectedHeader.jwk)) === verified.jkt;
  if (!good) return 'invalid_dpop_proof';
  return nonce !== null && checked.payload['nonce'] !== nonce ? 'use_dpop_nonce' : null;
}

function toolOf(body: unknown): string | null {
  const call = body as { method?: unknown; params?: { name?: unknown } } | null | undefined;
  return call?.method === 'tools/call' && typeof call.params?.name === 'string' ? call.params.name : null;
}

export function answer(response: ServerResponse, status: number, headers: Record<string, string>, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
