// DPoP (RFC 9449): a key per grant, a fresh proof per request, and the nonces that servers hand out, kept per origin.
import { createHash, randomUUID } from 'node:crypto';
import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK } from 'jose';
import type { JWK } from 'jose';
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { Secret } from '../secret.ts';
import type { AuthorizationServerMetadata, TokenSet } from './types.ts';

// The one algorithm that every deployment is expected to take; we make no other keys.
const algorithm = 'ES256';

const keySchema = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string().max(64),
  y: z.string().max(64),
  d: z.string().max(64),
});

/** What a grant carries when its tokens are bound to a key. */
export interface DpopBinding {
  /** A private JWK as JSON, made by `createDpopKey`. */
  readonly key: Secret;
  readonly nonces: DpopNonces;
}

/** The newest nonce that each origin handed out (RFC 9449 sections 8 and 9). */
export interface DpopNonces {
  get(origin: string): string | undefined;
  /** Keeps an answer's `DPoP-Nonce`; anything that cannot be one is ignored. True when it was new. */
  remember(url: string | URL, headers: Headers): boolean;
}

/** A new ES256 key, exportable so that the vault can hold it beside the refresh token that it binds. */
export async function createDpopKey(): Promise<Secret> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return new Secret(JSON.stringify(keySchema.parse(await exportJWK(privateKey))));
}

/** `dpop_jkt` of RFC 9449 section 10: the key's SHA-256 thumbprint, base64url. */
export async function dpopThumbprint(key: Secret): Promise<string> {
  return calculateJwkThumbprint(publicPart(readKey(key)), 'sha256');
}

export interface DpopProofInput {
  readonly key: Secret;
  readonly htm: string;
  readonly htu: string | URL;
  readonly nonce?: string | undefined;
  /** Becomes `ath`: for requests to a resource, not to the token endpoint. */
  readonly accessToken?: Secret | undefined;
}

/** One proof for one request (RFC 9449 section 4.2), with its own `jti`. `htu` loses query and fragment. */
export async function dpopProof(
  { key, htm, htu, nonce, accessToken }: DpopProofInput,
  clock: Pick<Clock, 'now'>,
): Promise<string> {
  const jwk = readKey(key);
  const url = new URL(htu);
  const claims = {
    jti: randomUUID(),
    htm,
    htu: `${url.origin}${url.pathname}`,
    ...(nonce === undefined ? {} : { nonce }),
    ...(accessToken === undefined ? {} : { ath: hash(accessToken) }),
  };
  return new SignJWT(claims)
    .setIssuedAt(Math.floor(clock.now() / 1000))
    .setProtectedHeader({ alg: algorithm, typ: 'dpop+jwt', jwk: publicPart(jwk) })
    .sign(await importJWK(jwk, algorithm));
}

const hash = (token: Secret): string => createHash('sha256').update(token.reveal()).digest('base64url');

/** The headers that present a token to its resource: Bearer (RFC 6750), or DPoP with a fresh proof (RFC 9449 section 7). */
export async function resourceHeaders(
  token: Pick<TokenSet, 'access_token' | 'token_type'>,
  request: { readonly method: string; readonly url: URL },
  dpop: DpopBinding | undefined,
  clock: Pick<Clock, 'now'>,
): Promise<Record<string, string>> {
  if (token.token_type === 'bearer') return { authorization: `Bearer ${token.access_token.reveal()}` };
  if (dpop === undefined) throw new TokentrayError('internal', 'a DPoP-bound token has lost its key');
  const proof = await dpopProof(
    {
      key: dpop.key,
      htm: request.method,
      htu: request.url,
      nonce: dpop.nonces.get(request.url.origin),
      accessToken: token.access_token,
    },
    clock,
  );
  return { authorization: `DPoP ${token.access_token.reveal()}`, dpop: proof };
}

/**
 * Whether to ask for a bound token: the authorization server must be able to (it lists ES256), and the resource must
 * want it, by its metadata (RFC 9728 `dpop_bound_access_tokens_required`) or by challenging with the DPoP scheme.
 */
export function wantsDpop(
  as: Pick<AuthorizationServerMetadata, 'dpop_signing_alg_values_supported'>,
  resourceMetadata: DpopResource | null,
  challengeSchemes: readonly string[],
): boolean {
  if (as.dpop_signing_alg_values_supported?.includes(algorithm) !== true) return false;
  const taken = resourceMetadata?.dpop_signing_alg_values_supported;
  if (taken !== undefined && taken.length > 0 && !taken.includes(algorithm)) return false;
  return (
    resourceMetadata?.dpop_bound_access_tokens_required === true ||
    challengeSchemes.some((scheme) => scheme.toLowerCase() === 'dpop')
  );
}

export interface DpopResource {
  readonly dpop_bound_access_tokens_required?: boolean | undefined;
  readonly dpop_signing_alg_values_supported?: readonly string[] | undefined;
}

/** Whether a `WWW-Authenticate` asks for nothing but a nonce (RFC 9449 section 9): repeat the request, do not refresh. */
export function demandsDpopNonce(wwwAuthenticate: string | null): boolean {
  return (
    wwwAuthenticate !== null && /\bdpop\b.*\berror\s*=\s*"?use_dpop_nonce\b/is.test(wwwAuthenticate.slice(0, 8192))
  );
}

/** Nonces for one grant. Beyond fifty origins the one that was renewed longest ago is forgotten. */
export function createDpopNonces(): DpopNonces {
  const nonces = new Map<string, string>();
  return {
    get: (origin) => nonces.get(origin),
    remember(url, headers) {
      const nonce = headers.get('dpop-nonce');
      // RFC 9449 section 8.1 gives the characters; anything else cannot be meant for us.
      if (nonce === null || nonce.length > 1024 || !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(nonce)) return false;
      const { origin } = new URL(url);
      const isNew = nonces.get(origin) !== nonce;
      nonces.delete(origin);
      nonces.set(origin, nonce);
      const [oldest] = nonces.keys();
      if (nonces.size > 50 && oldest !== undefined) nonces.delete(oldest);
      return isNew;
    },
  };
}

function readKey(key: Secret): z.infer<typeof keySchema> {
  try {
    return keySchema.parse(JSON.parse(key.reveal()));
  } catch {
    // No cause: a JSON error quotes the text that it failed on, and this text is a private key.
    throw new TokentrayError('vault_damaged', 'the DPoP key of this grant cannot be read', {
      advice: 'Sign in again.',
    });
  }
}

function publicPart({ kty, crv, x, y }: z.infer<typeof keySchema>): JWK {
  return { kty, crv, x, y };
}
