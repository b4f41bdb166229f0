// One sign-in through the browser: authorization request, callback, code exchange, grant kept, person told.
import type { AuthorizationServer } from 'oauth4webapi';
import { isTokentrayError, TokentrayError } from '../errors.ts';
import { authorizationRequest, checkAuthorizationResponse } from '../oauth/authorize.ts';
import type { DpopBinding } from '../oauth/dpop.ts';
import type { Challenge } from '../oauth/challenge.ts';
import type { Discovery } from '../oauth/discovery.ts';
import type { Loopback } from '../oauth/loopback.ts';
import { revokeToken } from '../oauth/revoke.ts';
import { exchangeCode } from '../oauth/token.ts';
import type { TokenSet } from '../oauth/types.ts';
import type { Fetch } from '../ports.ts';
import { quote } from '../quote.ts';
import type { GrantRow, ServerRow } from '../store/types.ts';
import type { GrantDeps } from './deps.ts';
import { record } from './history.ts';
import { type Another, anotherPerson, identify, knownIdentity, shownIdentity } from './identity.ts';
import { keepNewGrant } from './keep-grant.ts';
import type { HeldRegistration } from './registrations.ts';
import { newDpopBinding, tokenLeg } from './token-leg.ts';
import type { SignIn, SignInResult } from './types.ts';

export interface SignInRequest {
  readonly server: ServerRow;
  readonly account: string;
  /** By the machine's clock; absent: as the grant has it that this one takes the place of. */
  readonly endsAt?: number | null;
  readonly discovery: Discovery;
  readonly challenge: Challenge | null;
  readonly held: HeldRegistration;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly freshConsent: boolean;
  readonly openBrowser: boolean;
  readonly signal?: AbortSignal;
}

export interface SignedIn {
  readonly row: GrantRow;
  readonly tokens: TokenSet;
  readonly dpop: DpopBinding | null;
}

/** Opens the flow; the address is known when this resolves. `kept` is called before the person sees success. */
export async function startSignIn(
  deps: GrantDeps,
  http: Fetch,
  loopback: Loopback,
  request: SignInRequest,
  kept: (signedIn: SignedIn) => void,
): Promise<SignIn> {
  const { server, account, discovery, held } = request;
  const of = { server: server.name, account };
  const as: AuthorizationServer = discovery.as;
  const dpop = await newDpopBinding(discovery, request.challenge === null ? [] : [request.challenge.scheme]);
  // Some providers answer `offline_access` with a refresh token only after a fresh consent (OIDC Core section 11).
  const freshConsent = request.freshConsent || request.scopes.includes('offline_access');
  const authorization = await authorizationRequest({
    as,
    registration: held.registration,
    redirectUri: request.redirectUri,
    resource: discovery.resource,
    scopes: request.scopes,
    ...(freshConsent ? { prompt: 'consent' as const } : {}),
    ...(dpop === null ? {} : { dpopKey: dpop.key }),
    allowHttp: server.settings.allowHttp,
    server: new URL(server.url),
    http,
    clock: deps.clock,
    plainBasic: discovery.profile.plainBasic,
  });

  const cancelled = new AbortController();
  const cancel = (): void => cancelled.abort(calledOff(server.name));
  request.signal?.addEventListener('abort', cancel, { once: true });
  const stopTimers = [
    deps.clock.after(deps.config.silenceMs, () => {
      deps.log.warn('no answer from the authorization page yet', { server: server.name, issuer: as.issuer });
    }),
    deps.clock.after(deps.config.signInTimeoutMs, () => cancelled.abort(noAnswer(deps, request))),
  ];

  const callback = loopback.wait(authorization.state, cancelled.signal);
  const done = finish().finally(() => {
    for (const stop of stopTimers) stop();
    request.signal?.removeEventListener('abort', cancel);
  });
  // Whoever awaits `done` sees the failure; nobody has to.
  done.catch(() => undefined);

  async function finish(): Promise<SignInResult> {
    const answer = await callback;
    try {
      const response = checkAuthorizationResponse({ request: authorization }, answer.url);
      const leg = tokenLeg(deps, http, discovery, held, discovery.resource, dpop);
      const tokens = await exchangeCode(leg, authorization, response);
      const stillWanted = (): void => {
        cancelled.signal.throwIfAborted();
        if (deps.store.servers.get(server.name) === null) throw calledOff(server.name);
      };
      const before = knownIdentity(deps, of);
      let another: Another = { kind: 'same', words: null };
      const row = await keepNewGrant(deps, {
        server,
        account,
        ...(request.endsAt === undefined
          ? {}
          : { endsAt: request.endsAt === null ? null : deps.steady.fromWall(request.endsAt) }),
        identify: () =>
          identify(deps, http, { of, discovery, held, requested: request.scopes, tokens, dpop }, cancelled.signal),
        taken(row) {
          another = anotherPerson(before, row.identity);
          if (another.kind === 'same') return;
          record(deps, 'account-changed', of, row.id, { was: another.was, is: another.is });
          // What was allowed was allowed for the other person's account.
          deps.onIdentityChanged?.(server.name, account);
        },
        resource: discovery.resource,
        held,
        requestedScopes: request.scopes,
        tokens,
        dpop,
        stillWanted,
      }).catch(async (error: unknown) => {
        // Tokens that nobody will keep are not left valid at the provider either.
        await giveBack(deps, http, discovery, held, tokens);
        throw error;
      });
      kept({ row, tokens, dpop });
      const result: SignInResult = {
        server: server.name,
        issuer: as.issuer,
        requestedScopes: request.scopes,
        grantedScopes: row.grantedScopes,
        accessTokenExpiresAt: tokens.expires_at,
        refreshable: tokens.refresh_token !== undefined,
        account,
        identity: shownIdentity(row.identity),
        endsAt: row.endsAt === null ? null : deps.steady.toWall(row.endsAt),
        warning: warningOf([another.words, deps.vault.persistent ? null : memoryWarning]),
      };
      record(deps, 'signed-in', of, row.id, {
        issuer: as.issuer,
        requested: request.scopes,
        granted: row.grantedScopes,
        refreshable: result.refreshable,
      });
      if (result.warning !== null) deps.log.warn(result.warning, { server: server.name });
      answer.reply({ kind: 'granted', server: server.name, issuer: as.issuer, scopes: row.grantedScopes });
      return result;
    } catch (error) {
      answer.reply({
        kind: 'failed',
        server: server.name,
        message: error instanceof TokentrayError ? error.message : 'something went wrong in Tokentray',
        advice: error instanceof TokentrayError ? (error.advice ?? null) : null,
      });
      throw error;
    }
  }

  if (request.openBrowser) {
    await deps.openUrl(authorization.url).catch((error: unknown) => {
      // The address is in the log and in `status`: the person can still open it by hand.
      deps.log.warn('could not open the browser', { server: server.name, error });
    });
  }
  return {
    url: authorization.url.href,
    redirectUri: request.redirectUri,
    done,
    cancel,
    async complete(pastedUrl) {
      if (!URL.canParse(pastedUrl) || !loopback.paste(new URL(pastedUrl))) {
        throw new TokentrayError('callback_mismatch', 'that address is not the answer to this sign-in', {
          attempted: 'finish the sign-in',
          subject: server.name,
          advice: `Paste the whole address that the browser ended on; it begins with ${request.redirectUri}`,
        });
      }
      await done;
    },
  };
}

const warningOf = (words: readonly (string | null)[]): string | null =>
  words.filter((each) => each !== null).join('; ') || null;

export const memoryWarning = 'no keychain: this sign-in lives in memory only and is forgotten when the broker ends';

const calledOff = (server: string): TokentrayError =>
  new TokentrayError('sign_in_cancelled', `the sign-in to ${server} was cancelled`, { subject: server });

async function giveBack(
  deps: GrantDeps,
  http: Fetch,
  discovery: Discovery,
  held: HeldRegistration,
  tokens: TokenSet,
): Promise<void> {
  const { as, profile } = discovery;
  for (const [hint, token] of [
    ['refresh_token', tokens.refresh_token],
    ['access_token', tokens.access_token],
  ] as const) {
    if (token === undefined) continue;
    const revocation = { as, registration: held.registration, profile, token, hint, now: deps.clock.now };
    const outcome = await revokeToken(http, revocation).catch(() => null);
    deps.log.info('gave back a token that is no longer wanted', { hint, outcome: outcome?.kind ?? 'failed' });
  }
}

/** A time-out, or, where our client came from an earlier registration, what silence at that page usually means. */
function noAnswer(deps: GrantDeps, request: SignInRequest): TokentrayError {
  const { server, held } = request;
  const { kind, registered_at, issuer } = held.registration;
  const minutes = Math.round(deps.config.signInTimeoutMs / 60_000);
  const registeredEarlier = kind === 'dcr' && registered_at < deps.clock.now() - deps.config.signInTimeoutMs - 60_000;
  return registeredEarlier
    ? new TokentrayError('sign_in_silent', `${quote(issuer)} never sent the browser back within ${minutes} minutes`, {
        attempted: 'sign in',
        subject: server.name,
        advice: `If it showed an error page, it has probably forgotten this client: tokentray connect ${server.name} --register-again`,
        facts: { issuer, registeredAt: registered_at },
      })
    : new TokentrayError('sign_in_timeout', `nobody finished the sign-in to ${server.name} within ${minutes} minutes`, {
        attempted: 'sign in',
        subject: server.name,
        advice: `Start it again: tokentray connect ${server.name}`,
      });
}

/** Whether a failed sign-in says that the server no longer knows our client, which registering again may mend. */
export function forgotOurClient(error: unknown, held: HeldRegistration): boolean {
  return held.registration.kind === 'dcr' && isTokentrayError(error, 'client_unknown');
}
