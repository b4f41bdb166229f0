// One grant, of one server and account: what state it is in, and what happens at a sign-in, a challenge, a step-up and a revocation.
import { lockedNow } from '../access/lock-refusal.ts';
import type { SteadyClock } from '../access/steady-clock.ts';
import type { Authorization, UpstreamAuth } from '../bridge/upstream-auth.ts';
import { TokentrayError } from '../errors.ts';
import { bearerChallenge, type Challenge } from '../oauth/challenge.ts';
import { demandsDpopNonce, resourceHeaders } from '../oauth/dpop.ts';
import { normaliseScopes } from '../oauth/scope.ts';
import type { GrantRow, ServerRow } from '../store/types.ts';
import { beingRevoked, revokedHere } from './being-revoked.ts';
import { browserBudget } from './browser-budget.ts';
import type { GrantDeps } from './deps.ts';
import { discovered } from './discovered.ts';
import type { RegistrationUse } from './drop-registrations.ts';
import { record } from './history.ts';
import type { LiveToken } from './live-token.ts';
import type { LoopbackHost } from './loopback-host.ts';
import { lifetimeOf, lifetimeOver } from './lifetime.ts';
import { endLifetime, revokeGrant } from './revocation.ts';
import { createSignIns, type SignIns } from './sign-ins.ts';
import { stepUps } from './step-up.ts';
import { waitingStepUp } from './waiting-step-up.ts';
import { endedReason, tokenKeeper } from './token-keeper.ts';
import type {
  GrantState,
  NeedsSignInReason,
  OfAccount,
  RevocationReceipt,
  SignIn,
  SignInOptions,
  SignInPlan,
} from './types.ts';
import { needsSignIn, untilAborted } from './waiting.ts';

export interface Grant {
  state(): GrantState;
  row(): GrantRow | null;
  plan(options?: SignInOptions): Promise<SignInPlan>;
  signIn(options?: SignInOptions): Promise<SignIn>;
  token(options?: { minTtlMs?: number; signal?: AbortSignal }): Promise<LiveToken>;
  readonly auth: UpstreamAuth;
  /** Once `within` is aborted nobody is asked any more: it is forgotten here, and the receipt says so. */
  revoke(within?: AbortSignal): Promise<RevocationReceipt>;
  registrationUse(): RegistrationUse;
  isSigningIn(): boolean;
  /** Its end was set, taken away, or has to be looked for again. */
  looked(): void;
  /** The vault has not its refresh token: it says so from here on, not at the first use only. False: it needs none, or says so. */
  lost(): boolean;
  /** Drops discovery documents and the access token; the refresh token stays. */
  clearCache(): { documents: number; accessTokens: number };
  woke(): void;
  /** Resolves when what was on its way is written and no token is in memory; nothing begins until `unlock`. Never rejects. */
  lock(): Promise<void>;
  unlock(): void;
  close(): void;
  /** Resolves when what has ended is given back and removed, or could not be. Never rejects. */
  settled(): Promise<void>;
}

type Asked = Parameters<UpstreamAuth['authorize']>[0];

/** How long after a sign-in an unaccepted token means that signing in again would not help. */
const freshlySignedInMs = 60_000;

export function createGrant(
  deps: GrantDeps,
  loopbackHost: LoopbackHost,
  steady: SteadyClock,
  of: OfAccount,
  listener: (state: GrantState) => void,
): Grant {
  const { server: name, account } = of;
  const server = (): ServerRow => {
    const row = deps.store.servers.get(name);
    if (row === null) throw new TokentrayError('unknown_server', `there is no server named ${name}`, { subject: name });
    return row;
  };
  const newestRow = (): GrantRow | null => deps.store.grants.forServer(name, account);
  const livingRow = (): GrantRow | null => {
    const row = newestRow();
    return row === null || row.endedAt !== null ? null : row;
  };
  const browserless = (): boolean => server().settings.flow !== 'authorization_code';
  const discovery = discovered(deps, server());
  const attempts = stepUps(deps.clock.now);
  const budget = browserBudget(deps.clock.now);
  /** Whether the server was ever seen to want a token: until then requests go without. */
  let wantsAuthorization = false;
  const wanted = waitingStepUp(deps.clock.now);
  let signedInAt = 0;
  let locked = false;
  let closed = false;

  const changed = (): void => {
    if (closed) return;
    const now = state();
    if (!revoking.isTold(now)) listener(now);
  };
  const keeper = tokenKeeper(deps, { of, server, livingRow, discovery, browserless, changed });
  const revoking = beingRevoked({ clock: deps.clock, changed, isOver: () => keeper.needs() !== null });
  const signIns: SignIns = createSignIns(deps, discovery, loopbackHost, of, server, {
    kept({ row, tokens, dpop }) {
      signedInAt = deps.clock.now();
      settleStepUp();
      wantsAuthorization = true;
      keeper.adopt(tokens, dpop, row);
      life.look();
    },
    declined(scopes) {
      if (wanted.isWithin(scopes)) settleStepUp();
    },
    changed,
  });
  const life = lifetimeOf({ clock: deps.clock, steady, log: deps.log, newest: newestRow, finish: end });

  /** The end has come: used by nobody from here on, then given back and removed. */
  async function end(): Promise<void> {
    const before = keeper.live()?.access_token ?? null;
    signIns.cancel();
    keeper.need(lifetimeOver);
    // What is on its way would bring tokens that nobody gives back: its end is waited for, and then it is the newest.
    await Promise.all([keeper.settled(), signIns.settled()]);
    // A sign-in that could not be called off any more has begun another one.
    if (!life.isOver()) return;
    const accessToken = keeper.live()?.access_token ?? before;
    keeper.need(lifetimeOver);
    await endLifetime(deps, discovery.http, server(), newestRow(), accessToken, discovery.get);
    wanted.settle();
    changed();
  }

  /** The person has decided, one way or the other: it counts as tried, and waits no longer. */
  function settleStepUp(): void {
    for (const challenged of wanted.settle()) attempts.tried(challenged);
  }

  function state(): GrantState {
    const under = signIns.current();
    if (under !== null) return { kind: 'signing-in', url: under.url, since: under.since };
    const row = livingRow();
    if (life.isOver()) {
      const at = row === null ? newestRow()?.endedAt : row.endsAt;
      return {
        kind: 'needs-sign-in',
        because: lifetimeOver,
        since: at == null ? null : row === null ? at : steady.toWall(at),
      };
    }
    const revokedSince = revoking.since();
    if (revokedSince !== null) return { kind: 'needs-sign-in', because: revokedHere, since: revokedSince };
    const needs = keeper.needs();
    if (needs !== null) return { kind: 'needs-sign-in', ...needs };
    const retry = keeper.retrying();
    if (retry !== null && !keeper.usable()) return { kind: 'retrying', at: retry.at, because: retry.because };
    const live = keeper.live();
    if (live !== null || row?.hasRefreshToken === true || (browserless() && wantsAuthorization)) {
      const stepUp = wanted.shown(row?.grantedScopes ?? [], server().settings.removedScopes);
      return {
        kind: 'connected',
        accessTokenExpiresAt: live?.expiresAt ?? null,
        refreshesAt: live?.schedule?.refreshesAt ?? null,
        refreshable: row?.hasRefreshToken === true || browserless(),
        ...(stepUp === null ? {} : { stepUp }),
      };
    }
    if (row !== null) return { kind: 'needs-sign-in', because: 'no-refresh-token', since: row.accessTokenExpiresAt };
    const ended = newestRow();
    if (ended !== null) return { kind: 'needs-sign-in', because: endedReason(ended), since: ended.endedAt };
    if (wantsAuthorization) return { kind: 'needs-sign-in', because: 'never-signed-in', since: null };
    const answersSince = server().settings.openSince ?? null;
    return { kind: 'open', ...(answersSince === null ? {} : { answersSince }) };
  }

  async function token(options: { minTtlMs?: number; signal?: AbortSignal } = {}): Promise<LiveToken> {
    checkGoesOn();
    const fresh = keeper.token(options.minTtlMs ?? 0).catch((error: unknown) => {
      if (life.isOver()) throw overdue();
      const needs = keeper.needs();
      if (needs === null) throw error;
      return throughSignIn(needs.because);
    });
    const live = await untilAborted(fresh, options.signal);
    if (locked) throw lockedNow('get an access token');
    // It may have ended while the token was on its way.
    checkGoesOn();
    return live;
  }

  /** @throws needs_sign_in */
  function checkGoesOn(): void {
    if (life.isOver()) throw overdue();
    if (revoking.since() !== null) throw needsSignIn(of, revokedHere);
  }

  /** No browser opens by itself for it: the person said when it ends, and only they begin it anew. */
  function overdue(): TokentrayError {
    life.look();
    return needsSignIn(of, lifetimeOver);
  }

  /** Where the person set `sign-in: auto` the browser opens by itself, within limits; else they are told. */
  async function throughSignIn(because: NeedsSignInReason): Promise<LiveToken> {
    const told = keeper.need(because);
    // Signing in again and again cannot mend a server that refuses what its authorization server issues.
    const inVain = because === 'token-refused-by-server' && deps.clock.now() - signedInAt < freshlySignedInMs;
    if (inVain) throw told;
    await opensByItself(wanted.wish() ?? {}, told);
    const live = keeper.live();
    if (live === null) throw keeper.need('never-signed-in');
    return live;
  }

  /** Never at another authorization server than before: the person has to look at that first. */
  async function opensByItself(options: SignInOptions, otherwise: TokentrayError): Promise<void> {
    if (server().settings.signIn !== 'auto' || browserless()) throw otherwise;
    const last = newestRow();
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
      if (closed) throw needsSignIn(of, 'never-signed-in');
      if (locked) throw lockedNow('authorize the request');
      const unasked = !wantsAuthorization && keeper.needs() === null && keeper.live() === null && !browserless();
      if (unasked && newestRow() === null) return { headers: {}, generation: 0 };
      return authorizationFor(await token(waiting(asked)), asked);
    },
    async challenged(used, challenge, asked) {
      if (locked) throw lockedNow('authorize the request');
      checkGoesOn();
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
      if (live === null && response.status >= 200 && response.status < 300) answeredOpenly();
    },
  };

  /** A request that carried no token was answered: until the server wants one, it needs no sign-in. */
  function answeredOpenly(): void {
    if (wantsAuthorization || closed || browserless() || server().settings.openSince != null) return;
    if (newestRow() !== null) return;
    deps.store.servers.update(name, { openSince: deps.clock.now() });
    changed();
  }

  async function authorizationFor(live: LiveToken, { method, url }: Asked): Promise<Authorization> {
    const headers = await resourceHeaders(live, { method, url }, live.dpop ?? undefined, deps.clock);
    return { headers, generation: live.generation };
  }

  /** A 401: refresh once, unless the token that was refused is no longer the one in use, or was never accepted at all. */
  async function afterRefusal(used: Authorization, asked: Asked): Promise<Authorization> {
    wantsAuthorization = true;
    if (server().settings.openSince != null) deps.store.servers.update(name, { openSince: null });
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
      record(deps, 'step-up-failed', of, grantId, { scopes: challenged });
      throw step.error;
    }
    if (browserless()) {
      record(deps, 'step-up-asked', of, grantId, { scopes: step.scopes });
      return authorizationFor(await keeper.minted(step.scopes), asked);
    }
    // Said once while it waits: a call comes here again when the relay takes it over, and agents try again by themselves.
    const { isNew, wish } = wanted.add(step, challenged);
    if (isNew) record(deps, 'step-up-asked', of, grantId, { scopes: wish.scopes });
    const signedIn = opensByItself(wish, needsSignIn(of, 'more-scopes-wanted', wish.scopes)).catch((error: unknown) => {
      if (isNew) changed();
      throw error;
    });
    await untilAborted(signedIn, asked.signal);
    return authorizationFor(await token(waiting(asked)), asked);
  }

  return {
    state,
    row: livingRow,
    auth,
    token,
    plan: (options = {}) => signIns.plan(options, wanted.wish()),
    async signIn(options = {}) {
      if (locked) throw lockedNow('sign in');
      budget.personActed();
      if (wanted.wish() === null) attempts.reset();
      if (browserless()) {
        keeper.retryNow();
        keeper.drop();
        const live = await keeper.token(0);
        const row = livingRow();
        if (row !== null && options.endsAt !== undefined) {
          const endsAt = options.endsAt === null ? null : steady.fromWall(options.endsAt);
          deps.store.grants.put({ ...row, endsAt });
        }
        life.look();
        changed();
        return signIns.withoutBrowser(live.expiresAt);
      }
      return signIns.start({ ...wanted.wish(), ...options });
    },
    async revoke(within) {
      if (locked) throw lockedNow('revoke the grant');
      signIns.cancel();
      return revoking.during(livingRow() !== null, async () => {
        // What is on its way would bring tokens that nobody revoked: its end is waited for, and then it is the newest.
        const settled = Promise.all([keeper.settled(), signIns.settled()]);
        await untilAborted(settled, within).catch(() => undefined);
        const token = keeper.live()?.access_token ?? null;
        const receipt = await revokeGrant(deps, discovery.http, server(), livingRow(), token, discovery.get, within);
        if (receipt.forgottenHere) {
          wanted.settle();
          keeper.need(revokedHere);
        }
        return receipt;
      });
    },
    isSigningIn: () => signIns.registration() !== null || signIns.current() !== null,
    looked() {
      life.look();
      changed();
    },
    lost: () => livingRow()?.hasRefreshToken === true && keeper.lost(),
    registrationUse: () => ({ state: state(), signingInWith: signIns.registration() }),
    clearCache() {
      // Without a refresh token the access token is all there is of the grant: it is no cache.
      const accessTokens = keeper.live() !== null && livingRow()?.hasRefreshToken === true ? 1 : 0;
      if (accessTokens === 1) {
        keeper.drop();
        changed();
      }
      return { documents: discovery.drop(), accessTokens };
    },
    settled: () => life.settled(),
    woke() {
      life.look();
      keeper.woke();
    },
    async lock() {
      locked = true;
      await Promise.all([keeper.lock(), signIns.stop()]);
    },
    unlock() {
      locked = false;
      keeper.unlock();
      life.look();
    },
    close() {
      closed = true;
      life.close();
      keeper.close();
      signIns.cancel();
    },
  };
}

const waiting = ({ signal }: Asked): { signal?: AbortSignal } => (signal === undefined ? {} : { signal });
