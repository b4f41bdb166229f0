// The state machine of one server's grant: who may have a token now, who waits, who refreshes, and when a person is needed.
import type { Authorization, UpstreamAuth, UpstreamChallenge } from '../bridge/upstream-auth.ts';
import { TokentrayError } from '../errors.ts';
import { bearerChallenge, type Challenge } from '../oauth/challenge.ts';
import { demandsDpopNonce, resourceHeaders, type DpopBinding } from '../oauth/dpop.ts';
import { normaliseScopes } from '../oauth/scope.ts';
import type { TokenSet } from '../oauth/types.ts';
import type { GrantRow, ServerRow } from '../store/types.ts';
import { backoff } from './backoff.ts';
import type { GrantDeps } from './deps.ts';
import { discovered } from './discovered.ts';
import { record } from './history.ts';
import { keepMinted } from './keep-grant.ts';
import { liveToken, type LiveToken } from './live-token.ts';
import { mint } from './mint.ts';
import { plannedScopes } from './plan.ts';
import { keepAnswer, refreshGrant, type Refreshed } from './refresh.ts';
import { heldRegistration } from './registrations.ts';
import { revokeGrant } from './revocation.ts';
import { needsSignIn, untilAborted } from './waiting.ts';
import { createSignIns, type SignIns } from './sign-ins.ts';
import { stepUps } from './step-up.ts';
import type { GrantState, NeedsSignInReason, RevocationReceipt, SignIn, SignInOptions, SignInPlan } from './types.ts';
import type { LoopbackHost } from './loopback-host.ts';

export interface Grant {
  state(): GrantState;
  row(): GrantRow | null;
  plan(options?: SignInOptions): Promise<SignInPlan>;
  signIn(options?: SignInOptions): Promise<SignIn>;
  token(options?: { minTtlMs?: number; signal?: AbortSignal }): Promise<LiveToken>;
  readonly auth: UpstreamAuth;
  revoke(): Promise<RevocationReceipt>;
  /** Drops discovery documents and the access token; the refresh token stays. */
  clearCache(): { documents: number; accessTokens: number };
  woke(): void;
  close(): void;
}

/** How long after a sign-in an unaccepted token means that signing in again would not help. */
const freshlySignedInMs = 60_000;

export function createGrant(
  deps: GrantDeps,
  loopbackHost: LoopbackHost,
  name: string,
  changed: (state: GrantState) => void,
): Grant {
  const server = (): ServerRow => {
    const row = deps.store.servers.get(name);
    if (row === null) throw new TokentrayError('unknown_server', `there is no server named ${name}`, { subject: name });
    return row;
  };
  const discovery = discovered(deps, server);
  const attempts = stepUps(deps.clock.now);

  let live: LiveToken | null = null;
  let generation = 0;
  let refreshing: Promise<LiveToken> | null = null;
  let wantsAuthorization = false;
  let needs: { because: NeedsSignInReason; since: number } | null = null;
  let retry: { at: number; failures: number; because: string } | null = null;
  let wantedScopes: { scopes: readonly string[]; freshConsent: boolean; challenged: readonly string[] } | null = null;
  /** A refresh whose answer the vault would not take; nothing else may be tried before it is written. */
  let unwritten: { row: GrantRow; refreshed: Refreshed } | null = null;
  let signedInAt = 0;
  let usedSinceRefresh = false;
  let stopTimer: (() => void) | null = null;

  const signIns: SignIns = createSignIns(deps, discovery, loopbackHost, server, {
    kept: ({ row, tokens, dpop }) => {
      signedInAt = deps.clock.now();
      if (wantedScopes !== null) attempts.tried(wantedScopes.challenged);
      adopt(tokens, dpop, row);
    },
    changed: () => changed(state()),
  });

  const browserless = (): boolean => server().settings.flow !== 'authorization_code';
  const livingRow = (): GrantRow | null => {
    const row = deps.store.grants.forServer(name);
    return row === null || row.endedAt !== null ? null : row;
  };

  function state(): GrantState {
    const under = signIns.current();
    if (under !== null) return { kind: 'signing-in', url: under.url, since: under.since };
    if (needs !== null) return { kind: 'needs-sign-in', ...needs };
    const row = livingRow();
    if (retry !== null && !usable()) return { kind: 'retrying', at: retry.at, because: retry.because };
    if (live !== null || (row !== null && row.hasRefreshToken) || (browserless() && wantsAuthorization)) {
      return {
        kind: 'connected',
        accessTokenExpiresAt: live?.expiresAt ?? null,
        refreshesAt: live?.schedule?.refreshesAt ?? null,
        refreshable: row?.hasRefreshToken === true || browserless(),
      };
    }
    if (row !== null) return { kind: 'needs-sign-in', because: 'no-refresh-token', since: row.accessTokenExpiresAt };
    const ended = deps.store.grants.forServer(name);
    if (ended !== null) return { kind: 'needs-sign-in', because: endedReason(ended), since: ended.endedAt };
    return wantsAuthorization ? { kind: 'needs-sign-in', because: 'never-signed-in', since: null } : { kind: 'open' };
  }

  /** Whether the token in memory may still be sent. */
  function usable(minTtlMs = 0): boolean {
    if (live === null) return false;
    if (live.schedule === null) return true;
    const now = deps.clock.now();
    return now < live.schedule.staleAt && (live.expiresAt ?? Infinity) - now >= minTtlMs;
  }

  function adopt(tokens: TokenSet, dpop: DpopBinding | null, row: GrantRow | null): LiveToken {
    generation += 1;
    live = liveToken(tokens, deps.clock.now(), generation, dpop, deps.random);
    needs = null;
    retry = null;
    wantedScopes = null;
    wantsAuthorization = true;
    usedSinceRefresh = false;
    schedule(row?.hasRefreshToken === true || browserless());
    changed(state());
    return live;
  }

  function schedule(refreshable: boolean): void {
    stopTimer?.();
    if (live?.schedule == null || !refreshable) return;
    // A grant that nobody used since is left alone: its next call refreshes it.
    stopTimer = deps.clock.after(Math.max(0, live.schedule.refreshesAt - deps.clock.now()), () => {
      if (usedSinceRefresh) refreshInBackground();
    });
  }

  function need(because: NeedsSignInReason): TokentrayError {
    live = null;
    stopTimer?.();
    const first = needs?.because !== because;
    needs = { because, since: needs?.since ?? deps.clock.now() };
    if (first) changed(state());
    return needsSignIn(name, because);
  }

  /** Whatever the flow: a new access token, by one request however many wait for it. */
  function refreshOnce(): Promise<LiveToken> {
    refreshing ??= obtain().finally(() => {
      refreshing = null;
    });
    return refreshing;
  }

  function refreshInBackground(): void {
    refreshOnce().catch((error: unknown) => {
      deps.log.debug('refresh ahead failed', { server: name, error });
    });
  }

  async function obtain(): Promise<LiveToken> {
    if (retry !== null && deps.clock.now() < retry.at) throw tryingLater();
    if (browserless()) return obtainByMinting();
    const row = livingRow();
    if (row === null || !row.hasRefreshToken)
      throw need(row === null ? endedReason(deps.store.grants.forServer(name)) : 'no-refresh-token');
    const outcome =
      unwritten?.row.id === row.id
        ? await keepAnswer(deps, row, server(), unwritten.refreshed)
        : await refreshGrant(deps, discovery.http, row, server(), discovery.get);
    unwritten = null;
    switch (outcome.kind) {
      case 'unwritten':
        unwritten = { row, refreshed: outcome.refreshed };
        throw later(outcome.error, null);
      case 'refreshed':
        return adopt(outcome.tokens, outcome.dpop, outcome.row);
      case 'needs-sign-in':
        discovery.drop();
        throw need(outcome.because);
      case 'try-later':
        throw later(outcome.error, outcome.retryAfterMs);
    }
  }

  async function obtainByMinting(scopes?: readonly string[]): Promise<LiveToken> {
    try {
      const found = await discovery.get();
      const held = (await heldRegistration(deps, found.as.issuer)) ?? (await signIns.ownClient(found.as));
      if (held === null) throw need('registration-needed');
      const planned = plannedScopes(server(), found, discovery.lastChallenge(), scopes === undefined ? {} : { scopes });
      const { tokens, dpop } = await mint(deps, discovery.http, {
        server: server(),
        discovery: found,
        held,
        scopes: planned.scopes,
      });
      const row = keepMinted(deps, livingRow(), {
        server: server(),
        resource: found.resource,
        held,
        requestedScopes: planned.scopes,
        tokens,
        dpop,
      });
      record(deps, 'refreshed', name, row.id, { flow: server().settings.flow, expiresAt: tokens.expires_at });
      return adopt(tokens, dpop, row);
    } catch (error) {
      if (!(error instanceof TokentrayError)) throw error;
      if (error.retry === 'later') throw later(error, null);
      record(deps, 'refresh-failed', name, null, { code: error.code, why: error.message });
      throw error;
    }
  }

  function later(error: TokentrayError, retryAfterMs: number | null): TokentrayError {
    const failures = (retry?.failures ?? 0) + 1;
    const wait = backoff(failures, deps.random, retryAfterMs);
    retry = { at: deps.clock.now() + wait, failures, because: error.message };
    stopTimer?.();
    stopTimer = deps.clock.after(wait, () => {
      if (usedSinceRefresh || live !== null) refreshInBackground();
    });
    changed(state());
    return tryingLater(error);
  }

  function tryingLater(cause?: TokentrayError): TokentrayError {
    const seconds = Math.max(1, Math.ceil(((retry?.at ?? 0) - deps.clock.now()) / 1000));
    return new TokentrayError(
      'token_unavailable',
      `no fresh token for ${name}: ${retry?.because ?? 'unknown failure'}`,
      {
        attempted: 'refresh the access token',
        subject: name,
        advice: `The grant is kept; the next attempt is in ${seconds} s.`,
        facts: { retryAt: retry?.at ?? null },
        ...(cause === undefined ? {} : { cause }),
      },
    );
  }

  async function token(options: { minTtlMs?: number; signal?: AbortSignal } = {}): Promise<LiveToken> {
    usedSinceRefresh = true;
    const { minTtlMs = 0, signal } = options;
    if (live !== null && usable(minTtlMs)) {
      if (live.schedule !== null && deps.clock.now() >= live.schedule.refreshesAt && mayRefresh())
        refreshInBackground();
      return live;
    }
    if (needs !== null) return untilAborted(throughSignIn(needs.because), signal);
    return untilAborted(
      refreshOnce().catch((error: unknown) => {
        if (live !== null && usable()) return live;
        if (needs !== null) return throughSignIn(needs.because);
        throw error;
      }),
      signal,
    );
  }

  const mayRefresh = (): boolean =>
    (retry === null || deps.clock.now() >= retry.at) && (browserless() || livingRow()?.hasRefreshToken === true);

  /** Where the person set `sign-in: auto` the browser opens by itself; else they are told. */
  async function throughSignIn(because: NeedsSignInReason): Promise<LiveToken> {
    const told = need(because);
    if (server().settings.signIn !== 'auto' || browserless()) throw told;
    // Signing in again and again cannot mend a server that refuses what its authorization server issues.
    if (because === 'token-refused-by-server' && deps.clock.now() - signedInAt < freshlySignedInMs) throw told;
    const { done } = await signIns.start(wantedScopes ?? {});
    await done;
    if (live === null) throw need('never-signed-in');
    return live;
  }

  const auth: UpstreamAuth = {
    async authorize(request) {
      if (!wantsAuthorization && live === null && livingRow() === null && !browserless() && needs === null) {
        const ended = deps.store.grants.forServer(name);
        if (ended === null) return { headers: {}, generation: 0 };
      }
      const current = await token(request.signal === undefined ? {} : { signal: request.signal });
      return authorizationFor(current, request);
    },
    async challenged(used, challenge, request) {
      // A step-up's challenge names what one call lacks; what to ask for at a sign-in is the 401's to say.
      const parsed =
        challenge.status === 401
          ? discovery.challenged(challenge.wwwAuthenticate)
          : bearerChallenge(challenge.wwwAuthenticate);
      if (demandsDpopNonce(challenge.wwwAuthenticate) && challenge.dpopNonce !== null && live?.dpop != null) {
        live.dpop.nonces.remember(request.url, new Headers({ 'dpop-nonce': challenge.dpopNonce }));
        return authorizationFor(live, request);
      }
      if (challenge.status === 403)
        return parsed?.error === 'insufficient_scope' ? steppedUp(used, parsed, request) : null;
      if (challenge.status !== 401) return null;
      return afterRefusal(used, challenge, request);
    },
    answered(response) {
      if (live !== null && response.status < 400) live.accepted = true;
      live?.dpop?.nonces.remember(server().url, response.headers);
    },
  };

  async function authorizationFor(current: LiveToken, request: { method: string; url: URL }): Promise<Authorization> {
    return {
      headers: await resourceHeaders(current, request, current.dpop ?? undefined, deps.clock),
      generation: current.generation,
    };
  }

  /** A 401: refresh once, unless the token that was refused is no longer the one in use, or was never accepted at all. */
  async function afterRefusal(
    used: Authorization,
    _challenge: UpstreamChallenge,
    request: { method: string; url: URL; signal?: AbortSignal },
  ): Promise<Authorization> {
    wantsAuthorization = true;
    if (live !== null && used.generation < live.generation) return authorizationFor(live, request);
    const refused = live;
    live = null;
    discovery.drop();
    if (refused !== null && !refused.accepted) {
      return authorizationFor(await untilAborted(throughSignIn('token-refused-by-server'), request.signal), request);
    }
    return authorizationFor(await token(request.signal === undefined ? {} : { signal: request.signal }), request);
  }

  async function steppedUp(
    used: Authorization,
    challenge: Challenge,
    request: { method: string; url: URL; signal?: AbortSignal },
  ): Promise<Authorization> {
    if (live !== null && used.generation < live.generation) return authorizationFor(live, request);
    const step = attempts.next(server(), livingRow(), normaliseScopes(challenge.scope));
    if (step.kind === 'give-up') {
      record(deps, 'step-up-failed', name, livingRow()?.id ?? null, { scopes: normaliseScopes(challenge.scope) });
      throw step.error;
    }
    record(deps, 'step-up-asked', name, livingRow()?.id ?? null, { scopes: step.scopes });
    if (browserless()) return authorizationFor(await obtainByMinting(step.scopes), request);
    const challenged = normaliseScopes(challenge.scope);
    wantedScopes = { scopes: step.scopes, freshConsent: step.freshConsent, challenged };
    if (server().settings.signIn !== 'auto') throw needsSignIn(name, 'more-scopes-wanted', step.scopes);
    const { done } = await signIns.start(wantedScopes);
    done.catch(() => attempts.tried(challenged));
    await untilAborted(done, request.signal);
    return authorizationFor(await token(), request);
  }

  return {
    state,
    row: livingRow,
    auth,
    token,
    plan: (options = {}) => signIns.plan({ ...wantedScopes, ...options }),
    async signIn(options = {}) {
      if (wantedScopes === null) attempts.reset();
      if (browserless()) {
        retry = null;
        needs = null;
        const current = await refreshOnce();
        return signIns.withoutBrowser(current.expiresAt);
      }
      return signIns.start({ ...wantedScopes, ...options });
    },
    async revoke() {
      signIns.cancel();
      const accessToken = live?.access_token ?? null;
      const receipt = await revokeGrant(deps, discovery.http, server(), livingRow(), accessToken, discovery.get);
      if (receipt.forgottenHere) need('revoked-here');
      return receipt;
    },
    clearCache() {
      const accessTokens = live === null || livingRow()?.hasRefreshToken !== true ? 0 : 1;
      // Without a refresh token the access token is all there is of the grant: it is no cache.
      if (accessTokens === 1) live = null;
      return { documents: discovery.drop(), accessTokens };
    },
    woke() {
      if (live?.schedule != null && deps.clock.now() >= live.schedule.refreshesAt && usedSinceRefresh && mayRefresh()) {
        refreshInBackground();
      }
    },
    close() {
      stopTimer?.();
      signIns.cancel();
    },
  };
}

function endedReason(row: GrantRow | null): NeedsSignInReason {
  switch (row?.endedBecause) {
    case 'ended-by-provider':
    case 'revoked-here':
    case 'lost-from-vault':
      return row.endedBecause;
    default:
      return 'never-signed-in';
  }
}
