// One server's grant: what state it is in, and what happens at a sign-in, a challenge, a step-up and a revocation.
import type { Authorization, UpstreamAuth } from '../bridge/upstream-auth.ts';
import { TokentrayError } from '../errors.ts';
import { bearerChallenge, type Challenge } from '../oauth/challenge.ts';
import { demandsDpopNonce, resourceHeaders } from '../oauth/dpop.ts';
import { normaliseScopes } from '../oauth/scope.ts';
import type { GrantRow, ServerRow } from '../store/types.ts';
import { browserBudget } from './browser-budget.ts';
import type { GrantDeps } from './deps.ts';
import { discovered } from './discovered.ts';
import { record } from './history.ts';
import type { LiveToken } from './live-token.ts';
import type { LoopbackHost } from './loopback-host.ts';
import { revokeGrant } from './revocation.ts';
import { createSignIns, type SignIns } from './sign-ins.ts';
import { stepUps } from './step-up.ts';
import { endedReason, tokenKeeper } from './token-keeper.ts';
import type { GrantState, NeedsSignInReason, RevocationReceipt, SignIn, SignInOptions, SignInPlan } from './types.ts';
import { needsSignIn, untilAborted } from './waiting.ts';

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

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly signal?: AbortSignal;
}

/** How long after a sign-in an unaccepted token means that signing in again would not help. */
const freshlySignedInMs = 60_000;

export function createGrant(
  deps: GrantDeps,
  loopbackHost: LoopbackHost,
  name: string,
  listener: (state: GrantState) => void,
): Grant {
  const server = (): ServerRow => {
    const row = deps.store.servers.get(name);
    if (row === null) throw new TokentrayError('unknown_server', `there is no server named ${name}`, { subject: name });
    return row;
  };
  const livingRow = (): GrantRow | null => {
    const row = deps.store.grants.forServer(name);
    return row === null || row.endedAt !== null ? null : row;
  };
  const browserless = (): boolean => server().settings.flow !== 'authorization_code';
  const discovery = discovered(deps, server());
  const attempts = stepUps(deps.clock.now);
  const budget = browserBudget(deps.clock.now);
  /** Whether the server was ever seen to want a token: until then requests go without. */
  let wantsAuthorization = false;
  /** What the next sign-in has to ask for besides: a step-up that waits for the person. */
  let wanted: { scopes: readonly string[]; freshConsent: boolean; challenged: readonly string[] } | null = null;
  let signedInAt = 0;
  let closed = false;

  const changed = (): void => {
    if (!closed) listener(state());
  };
  const keeper = tokenKeeper(deps, { name, server, livingRow, discovery, browserless, changed });
  const signIns: SignIns = createSignIns(deps, discovery, loopbackHost, name, server, {
    kept({ row, tokens, dpop }) {
      signedInAt = deps.clock.now();
      if (wanted !== null) attempts.tried(wanted.challenged);
      wanted = null;
      wantsAuthorization = true;
      keeper.adopt(tokens, dpop, row);
    },
    changed,
  });

  function state(): GrantState {
    const under = signIns.current();
    if (under !== null) return { kind: 'signing-in', url: under.url, since: under.since };
    const needs = keeper.needs();
    if (needs !== null) return { kind: 'needs-sign-in', ...needs };
    const row = livingRow();
    const retry = keeper.retrying();
    if (retry !== null && !keeper.usable()) return { kind: 'retrying', at: retry.at, because: retry.because };
    const live = keeper.live();
    if (live !== null || row?.hasRefreshToken === true || (browserless() && wantsAuthorization)) {
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

  async function token(options: { minTtlMs?: number; signal?: AbortSignal } = {}): Promise<LiveToken> {
    const fresh = keeper.token(options.minTtlMs ?? 0).catch((error: unknown) => {
      const needs = keeper.needs();
      if (needs === null) throw error;
      return throughSignIn(needs.because);
    });
    return untilAborted(fresh, options.signal);
  }

  /** Where the person set `sign-in: auto` the browser opens by itself, within limits; else they are told. */
  async function throughSignIn(because: NeedsSignInReason): Promise<LiveToken> {
    const told = keeper.need(because);
    // Signing in again and again cannot mend a server that refuses what its authorization server issues.
    const inVain = because === 'token-refused-by-server' && deps.clock.now() - signedInAt < freshlySignedInMs;
    if (inVain) throw told;
    await opensByItself(wanted ?? {}, told);
    const live = keeper.live();
    if (live === null) throw keeper.need('never-signed-in');
    return live;
  }

  /** Never at another authorization server than before: the person has to look at that first. */
  async function opensByItself(options: SignInOptions, otherwise: TokentrayError): Promise<void> {
    if (server().settings.signIn !== 'auto' || browserless()) throw otherwise;
    const last = deps.store.grants.forServer(name);
    if (last !== null && last.issuer !== (await discovery.get()).as.issuer) {
      throw keeper.need('authorization-server-changed');
    }
    if (signIns.current() === null && !budget.spend()) throw otherwise;
    const { done } = await signIns.start({ ...options, joinAny: true });
    await done.catch((error: unknown) => {
      budget.declined();
      throw error;
    });
  }

  const auth: UpstreamAuth = {
    async authorize(asked) {
      const unasked = !wantsAuthorization && keeper.needs() === null && keeper.live() === null && !browserless();
      if (unasked && deps.store.grants.forServer(name) === null) return { headers: {}, generation: 0 };
      return authorizationFor(await token(waiting(asked)), asked);
    },
    async challenged(used, challenge, asked) {
      const live = keeper.live();
      if (demandsDpopNonce(challenge.wwwAuthenticate) && challenge.dpopNonce !== null && live?.dpop != null) {
        live.dpop.nonces.remember(asked.url, new Headers({ 'dpop-nonce': challenge.dpopNonce }));
        return authorizationFor(live, asked);
      }
      switch (challenge.status) {
        case 401:
          discovery.challenged(challenge.wwwAuthenticate);
          return afterRefusal(used, asked);
        case 403: {
          // What to ask for at a sign-in is the 401's to say; this one names what a single call lacks.
          const parsed = bearerChallenge(challenge.wwwAuthenticate);
          return parsed?.error === 'insufficient_scope' ? steppedUp(used, parsed, asked) : null;
        }
        default:
          return null;
      }
    },
    answered(response) {
      const live = keeper.live();
      if (live !== null && response.status < 400) live.accepted = true;
      live?.dpop?.nonces.remember(server().url, response.headers);
    },
  };

  async function authorizationFor(live: LiveToken, { method, url }: Asked): Promise<Authorization> {
    const headers = await resourceHeaders(live, { method, url }, live.dpop ?? undefined, deps.clock);
    return { headers, generation: live.generation };
  }

  /** A 401: refresh once, unless the token that was refused is no longer the one in use, or was never accepted at all. */
  async function afterRefusal(used: Authorization, asked: Asked): Promise<Authorization> {
    wantsAuthorization = true;
    const refused = keeper.live();
    if (refused !== null && used.generation < refused.generation) return authorizationFor(refused, asked);
    keeper.drop();
    discovery.drop();
    const next =
      refused !== null && !refused.accepted
        ? untilAborted(throughSignIn('token-refused-by-server'), asked.signal)
        : token(waiting(asked));
    return authorizationFor(await next, asked);
  }

  async function steppedUp(used: Authorization, challenge: Challenge, asked: Asked): Promise<Authorization> {
    const live = keeper.live();
    if (live !== null && used.generation < live.generation) return authorizationFor(live, asked);
    const challenged = normaliseScopes(challenge.scope);
    const grantId = livingRow()?.id ?? null;
    const step = attempts.next(server(), livingRow(), challenged);
    if (step.kind === 'give-up') {
      record(deps, 'step-up-failed', name, grantId, { scopes: challenged });
      throw step.error;
    }
    record(deps, 'step-up-asked', name, grantId, { scopes: step.scopes });
    if (browserless()) return authorizationFor(await keeper.minted(step.scopes), asked);
    wanted = { scopes: step.scopes, freshConsent: step.freshConsent, challenged };
    const signedIn = opensByItself(wanted, needsSignIn(name, 'more-scopes-wanted', step.scopes));
    await untilAborted(signedIn, asked.signal);
    return authorizationFor(await token(waiting(asked)), asked);
  }

  return {
    state,
    row: livingRow,
    auth,
    token,
    plan: (options = {}) => signIns.plan(options, wanted),
    async signIn(options = {}) {
      budget.personActed();
      if (wanted === null) attempts.reset();
      if (browserless()) {
        keeper.retryNow();
        keeper.drop();
        const live = await keeper.token(0);
        return signIns.withoutBrowser(live.expiresAt);
      }
      return signIns.start({ ...wanted, ...options });
    },
    async revoke() {
      signIns.cancel();
      // What is on its way would bring tokens that nobody revoked: its end is waited for, and then it is the newest.
      await Promise.all([keeper.settled(), signIns.settled()]);
      const accessToken = keeper.live()?.access_token ?? null;
      const receipt = await revokeGrant(deps, discovery.http, server(), livingRow(), accessToken, discovery.get);
      if (receipt.forgottenHere) keeper.need('revoked-here');
      return receipt;
    },
    clearCache() {
      // Without a refresh token the access token is all there is of the grant: it is no cache.
      const accessTokens = keeper.live() !== null && livingRow()?.hasRefreshToken === true ? 1 : 0;
      if (accessTokens === 1) keeper.drop();
      return { documents: discovery.drop(), accessTokens };
    },
    woke: () => keeper.woke(),
    close() {
      closed = true;
      keeper.close();
      signIns.cancel();
    },
  };
}

const waiting = ({ signal }: Asked): { signal?: AbortSignal } => (signal === undefined ? {} : { signal });
