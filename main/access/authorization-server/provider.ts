// oidc-provider as the bridge needs it: codes with PKCE for one server each, short opaque tokens, rotation, and no way past the person.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { errors, interactionPolicy, Provider } from 'oidc-provider';
import type { Configuration, JWK, KoaContextWithOIDC } from 'oidc-provider';
import { localPage, localPageHeaders, shown } from '../../local-page.ts';
import type { Fetch } from '../../ports.ts';
import { promptLivesMs } from '../prompts.ts';
import { createAdapters, type AdapterParts } from './adapter.ts';
import { prefix, scope, type Addresses } from './addresses.ts';
import { backPage } from './waiting-page.ts';
import { heldWhileLocked, lockedAnswer, retryAfterSeconds } from './while-locked.ts';

/** The one who owns this broker. Who that is, is settled by the machine, not by a password here. */
export const owner = 'owner';

const accessTokenSeconds = 10 * 60;
const day = 24 * 60 * 60;
/** An agent that was not there for so long signs in again. */
const refreshTokenSeconds = 30 * day;
const grantSeconds = 365 * day;
/** A moment longer than the question: whoever waits for it is told that nobody answered, and so is the agent. */
const interactionSeconds = promptLivesMs / 1_000 + 60;

export interface ProviderParts extends AdapterParts {
  readonly addresses: Addresses;
  readonly serverExists: (server: string) => boolean;
  readonly isLocked: () => boolean;
  /** For the documents of clients. */
  readonly fetch: Fetch;
}

/** Reads nothing and writes nothing until it is used; prints nothing. */
export function createProvider(parts: ProviderParts): Provider {
  const provider = new Provider(parts.addresses.issuer, configuration(parts));
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.status === 503) ctx.set('retry-after', String(retryAfterSeconds));
    backToProgram(ctx as KoaContextWithOIDC);
  });
  return provider;
}

function configuration(parts: ProviderParts): Configuration {
  const { addresses, serverExists, isLocked } = parts;
  const resourceServer = (ctx: KoaContextWithOIDC, indicator: string) => {
    const server = addresses.serverOf(indicator);
    // RFC 8707 section 2: one token, one server.
    if (server === null || !serverExists(server) || Array.isArray(ctx.oidc.params?.['resource'])) {
      throw new errors.InvalidTarget('resource must name exactly one server of this bridge, as its metadata does');
    }
    return { scope, audience: indicator, accessTokenTTL: accessTokenSeconds, accessTokenFormat: 'opaque' as const };
  };
  return {
    adapter: heldWhileLocked(createAdapters(parts), isLocked, () =>
      Object.assign(whileLocked(), { status: 503, statusCode: 503 }),
    ),
    // No ID token is ever asked for (`openid` is no scope here); the provider wants to have a key all the same.
    jwks: { keys: [throwawayKey()] },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256', token_endpoint_auth_method: 'none' },
    clientAuthMethods: ['none'],
    responseTypes: ['code'],
    scopes: [],
    // Other servers on 127.0.0.1 share its cookies, whatever their port: names and paths of our own.
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      names: { session: 'tokentray_session', interaction: 'tokentray_sign_in', resume: 'tokentray_resume' },
      long: { httpOnly: true, sameSite: 'lax', signed: true, path: prefix, overwrite: true },
      short: { httpOnly: true, sameSite: 'lax', signed: true, overwrite: true },
    },
    pkce: { required: () => true },
    // OAuth 2.1 section 4.1.1: what is not said is not guessed.
    allowOmittingSingleRegisteredRedirectUri: false,
    rotateRefreshToken: (ctx) => {
      checkRefreshed(ctx);
      return true;
    },
    issueRefreshToken: () => true,
    expiresWithSession: () => false,
    formats: { bitsOfOpaqueRandomness: 256 },
    ttl: {
      AccessToken: accessTokenSeconds,
      AuthorizationCode: 60,
      RefreshToken: refreshTokenSeconds,
      Grant: grantSeconds,
      Session: interactionSeconds,
      Interaction: interactionSeconds,
    },
    routes: { authorization: '/authorize', token: '/token', revocation: '/revoke' },
    interactions: {
      url: (_ctx, { uid }) => `${prefix}/interaction/${uid}`,
      // Each time: what was decided before says nothing about who is asking now.
      policy: [
        new interactionPolicy.Prompt(
          { name: 'consent', requestable: true },
          new interactionPolicy.Check('person', 'a person has to decide', 'consent_required', ({ oidc }) => {
            // Here it is known where an answer may be sent, and neither a question nor a code has been made.
            if (isLocked()) throw whileLocked();
            return oidc.result?.consent?.grantId === undefined
              ? interactionPolicy.Check.REQUEST_PROMPT
              : interactionPolicy.Check.NO_NEED_TO_PROMPT;
          }),
        ),
      ],
    },
    // Of this very sign-in; never one that the browser's session remembers.
    loadExistingGrant: async ({ oidc }) => {
      const grantId = oidc.result?.consent?.grantId;
      return grantId === undefined ? undefined : await oidc.provider.Grant.find(grantId);
    },
    findAccount: (_ctx, sub) => (sub === owner ? { accountId: sub, claims: () => ({ sub }) } : undefined),
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      registration: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      requestObjects: { enabled: false },
      dPoP: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      clientIdMetadataDocument: { enabled: true, ack: 'draft-02', cacheDuration: { min: 300, max: day } },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, _client, oneOf) => {
          if (oneOf === undefined) throw new errors.InvalidTarget('resource is missing');
          return oneOf;
        },
        useGrantedResource: () => true,
        getResourceServerInfo: resourceServer,
      },
    },
    fetch: async (input: string | URL | Request, init?: RequestInit) => await parts.fetch(input, init),
    renderError(ctx, out) {
      ctx.set(localPageHeaders(`'none'`, 'no-referrer'));
      const said = [out.error_description ?? '', out.error].map((text) => `<p>${shown(text, 400)}</p>`);
      ctx.body = localPage({ title: 'This sign-in cannot go on', tone: 'bad', body: [...said, startAgain] });
    },
  };
}

/**
 * Looked at again when the new access token is made; by then the old refresh token is used up, and an agent that only asked for the
 * wrong thing would be a thief at its next try. @throws InvalidTarget
 */
function checkRefreshed({ oidc }: KoaContextWithOIDC): void {
  const asked = oidc.params?.['resource'];
  if (asked === undefined) return;
  const granted = [oidc.entities.RefreshToken?.resource ?? []].flat();
  if (typeof asked === 'string' && granted.includes(asked)) return;
  throw new errors.InvalidTarget('resource must name the one server that the sign-in was for');
}

const whileLocked = () => new errors.TemporarilyUnavailable(lockedAnswer.error_description);

const startAgain = '<p class="soft">Nothing was given to anybody. Start the sign-in again from your agent.</p>';

/** Browsers start another program on a person's click only: the answer for it waits on a page with a link. */
function backToProgram(ctx: KoaContextWithOIDC): void {
  const location = ctx.response.get('location');
  if (ctx.status !== 303 || /^https?:/iu.test(location) || !URL.canParse(location)) return;
  ctx.remove('location');
  ctx.status = 200;
  ctx.set(localPageHeaders(`'none'`, 'no-referrer'));
  ctx.body = backPage(location);
}

function throwawayKey(): JWK {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...(privateKey.export({ format: 'jwk' }) as JWK), use: 'sig', alg: 'ES256' };
}
