// Who signed in: an ID token that the issuer signed for this client (OIDC Core section 3.1.3.7), else the issuer's own answer about the token.
import type { AuthorizationServer } from 'oauth4webapi';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { z } from 'zod';
import type { Clock, Fetch } from '../ports.ts';
import type { DpopBinding } from './dpop.ts';
import { resourceHeaders } from './dpop.ts';
import { readText } from './token-request.ts';
import type { TokenSet } from './types.ts';

export interface IdentityLeg {
  readonly http: Fetch;
  readonly clock: Clock;
  readonly as: Pick<AuthorizationServer, 'issuer' | 'jwks_uri' | 'userinfo_endpoint' | 'token_endpoint'>;
  readonly client_id: string;
  readonly dpop: DpopBinding | null;
  readonly signal?: AbortSignal;
}

/** The issuer's words, cut but else as it wrote them: whoever shows them makes them safe to show. */
export interface IdentityClaims {
  readonly sub: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly preferred_username: string | null;
}

export type IdentityFound =
  | { readonly kind: 'known'; readonly claims: IdentityClaims; readonly from: 'id-token' | 'userinfo' }
  /** It was not told, or in a way that cannot be checked here; nothing speaks against it. */
  | { readonly kind: 'unknown'; readonly why: string | null }
  /** It was told, and that is not to be believed. `why` holds nothing of what was told. */
  | { readonly kind: 'refused'; readonly why: string };

const longest = 256;
const shownClaim = z
  .string()
  .transform((value) => value.trim().slice(0, longest))
  .transform((value) => (value === '' ? null : value))
  .nullable()
  .catch(null);

const claimsSchema = z
  .object({
    // OIDC Core section 2: at most 255 characters; compared as they are.
    sub: z.string().min(1).max(255),
    name: shownClaim.default(null),
    email: shownClaim.default(null),
    email_verified: z.unknown().optional(),
    preferred_username: shownClaim.default(null),
  })
  .transform(({ sub, name, email, email_verified, preferred_username }): IdentityClaims => ({
    sub,
    name,
    // An address that is only the person's own word could be anybody's.
    email: email_verified === false || email_verified === 'false' ? null : email,
    preferred_username,
  }));

const keysSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string().max(16) })).max(100) });

const algorithms = 'ES256 ES384 ES512 EdDSA Ed25519 RS256 RS384 RS512 PS256 PS384 PS512'.split(' ');
/** Clocks differ. */
const toleranceSeconds = 60;

/**
 * Never throws for what the other side says or does. An ID token that does not hold is the end of it: who sends such a one is
 * not asked for another word. Userinfo is asked where `openid` was granted and no ID token could be checked; an ID token says by
 * itself that it was (for a token with an audience, providers name the scopes of that resource only).
 */
export async function whoSignedIn(leg: IdentityLeg, tokens: TokenSet, openid: boolean): Promise<IdentityFound> {
  const idToken = tokens.id_token?.reveal();
  if (idToken === undefined) return openid ? fromUserinfo(leg, tokens, null) : { kind: 'unknown', why: null };
  const found = await fromIdToken(leg, idToken);
  if (found.kind !== 'unknown') return found;
  const sub = subOf(idToken);
  if (sub === null) return { kind: 'refused', why: 'the ID token cannot be read' };
  return fromUserinfo(leg, tokens, sub);
}

async function fromIdToken(leg: IdentityLeg, idToken: string): Promise<IdentityFound> {
  let alg: string | undefined;
  try {
    ({ alg } = decodeProtectedHeader(idToken));
  } catch {
    return { kind: 'refused', why: 'the ID token cannot be read' };
  }
  // A shared secret as the key proves nothing that TLS had not proved; the issuer can be asked instead.
  if (alg?.startsWith('HS') === true) return { kind: 'unknown', why: 'the ID token has no signature of the issuer' };
  if (alg === undefined || !algorithms.includes(alg)) {
    return { kind: 'refused', why: 'the ID token is not signed in a way that can be trusted' };
  }
  const keys = await issuersKeys(leg);
  if (keys === null) return { kind: 'unknown', why: "the issuer's keys could not be had" };
  try {
    const payload = await verified(leg, idToken, keys);
    // OIDC Core section 3.1.3.7, 4 and 5: with several audiences it says for whom it is.
    const azp = payload['azp'];
    const several = Array.isArray(payload.aud) && payload.aud.length > 1;
    if (azp === undefined ? several : azp !== leg.client_id) {
      return { kind: 'refused', why: 'the ID token is for another client' };
    }
    if (payload['nonce'] !== undefined) return { kind: 'refused', why: 'the ID token answers another request' };
    const claims = claimsSchema.safeParse(payload);
    if (!claims.success) return { kind: 'refused', why: 'the ID token names nobody' };
    return { kind: 'known', claims: claims.data, from: 'id-token' };
  } catch (error) {
    return { kind: 'refused', why: `the ID token does not hold: ${whyNot(error)}` };
  }
}

type Payload = Awaited<ReturnType<typeof jwtVerify>>['payload'];
type Keys = Parameters<typeof createLocalJWKSet>[0];

async function verified(leg: IdentityLeg, idToken: string, keys: Keys): Promise<Payload> {
  const expected = {
    issuer: leg.as.issuer,
    audience: leg.client_id,
    algorithms,
    currentDate: new Date(leg.clock.now()),
    clockTolerance: toleranceSeconds,
    requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat'],
  };
  try {
    return (await jwtVerify(idToken, createLocalJWKSet(keys), expected)).payload;
  } catch (error) {
    // Without a `kid` every key of the right kind is tried.
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return (await jwtVerify(idToken, key, expected)).payload;
      } catch (failed) {
        if (!(failed instanceof errors.JWSSignatureVerificationFailed)) throw failed;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** Words of ours for the library's codes: its messages may repeat what the token says. */
function whyNot(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is not the issuer’s';
  if (error instanceof errors.JWKSNoMatchingKey) return 'it is signed with a key that is not the issuer’s';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iss') return 'another issuer made it';
    if (error.claim === 'aud') return 'it is for another client';
    return 'a claim is missing or wrong';
  }
  return 'it cannot be checked';
}

async function issuersKeys({ http, as, signal }: IdentityLeg): Promise<Keys | null> {
  if (as.jwks_uri === undefined || !URL.canParse(as.jwks_uri)) return null;
  const answer = await json(http, new URL(as.jwks_uri), { accept: 'application/json' }, signal);
  const keys = keysSchema.safeParse(answer);
  return keys.success ? keys.data : null;
}

/**
 * OIDC Core section 5.3. The token goes to nobody but its issuer: an endpoint at another place than the issuer and its token
 * endpoint, which have the token already, is not asked.
 * @param sub what the answer must name; null: there was no ID token to say it
 */
async function fromUserinfo(leg: IdentityLeg, tokens: TokenSet, sub: string | null): Promise<IdentityFound> {
  const { as, http, clock, dpop, signal } = leg;
  const url = as.userinfo_endpoint === undefined ? null : URL.parse(as.userinfo_endpoint);
  const homes = [as.issuer, as.token_endpoint].map((place) => (place === undefined ? null : URL.parse(place)?.origin));
  if (url === null || !homes.includes(url.origin)) return { kind: 'unknown', why: null };
  const request = { method: 'GET', url };
  const headers = await resourceHeaders(tokens, request, dpop ?? undefined, clock).catch(() => null);
  if (headers === null) return { kind: 'unknown', why: null };
  const answer = await json(http, url, { ...headers, accept: 'application/json' }, signal);
  if (answer === null) return { kind: 'unknown', why: 'the userinfo endpoint did not answer' };
  const claims = claimsSchema.safeParse(answer);
  if (!claims.success) return { kind: 'refused', why: 'the userinfo endpoint names nobody' };
  // OIDC Core section 5.3.2: else it could be about somebody else's token.
  if (sub !== null && claims.data.sub !== sub) {
    return { kind: 'refused', why: 'the userinfo endpoint names another person than the ID token' };
  }
  return { kind: 'known', claims: claims.data, from: 'userinfo' };
}

/** Null for everything but a 200 with JSON in it. */
async function json(
  http: Fetch,
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  try {
    const response = await http(url, { headers: { ...headers }, ...(signal === undefined ? {} : { signal }) });
    const text = await readText(response);
    return response.status === 200 ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

function subOf(idToken: string): string | null {
  try {
    return decodeJwt(idToken).sub ?? null;
  } catch {
    return null;
  }
}
