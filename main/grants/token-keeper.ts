// One grant's access token: kept fresh, refreshed by one request however many wait, given up only when it is certain.
import { lockedNow } from '../access/lock-refusal.ts';
import { TokentrayError } from '../errors.ts';
import type { DpopBinding } from '../oauth/dpop.ts';
import type { TokenSet } from '../oauth/types.ts';
import type { GrantRow, ServerRow } from '../store/types.ts';
import { backoff } from './backoff.ts';
import type { GrantDeps } from './deps.ts';
import type { Discovered } from './discovered.ts';
import { record } from './history.ts';
import { keepMinted } from './keep-grant.ts';
import { liveToken, type LiveToken } from './live-token.ts';
import { mint } from './mint.ts';
import { plannedScopes } from './plan.ts';
import { keepAnswer, refreshGrant, type Refreshed } from './refresh.ts';
import { heldRegistration } from './registrations.ts';
import type { NeedsSignInReason, OfAccount } from './types.ts';
import { needsSignIn } from './waiting.ts';

export interface TokenKeeper {
  /** The token in memory, usable or not; null when there is none. */
  live(): LiveToken | null;
  /** Whether the token in memory may still be sent. */
  usable(): boolean;
  /** Good for at least `minTtlMs`. @throws needs_sign_in, token_unavailable, what a flow without a browser throws */
  token(minTtlMs: number): Promise<LiveToken>;
  /** A new token by a flow without a browser, with these scopes. */
  minted(scopes: readonly string[]): Promise<LiveToken>;
  /** Takes up what a sign-in or a refresh gave. */
  adopt(tokens: TokenSet, dpop: DpopBinding | null, row: GrantRow | null): LiveToken;
  /** From here on only a person can help; the error says so. */
  need(because: NeedsSignInReason): TokentrayError;
  /** The refresh token is gone from the vault. False: that is known. */
  lost(): boolean;
  needs(): { readonly because: NeedsSignInReason; readonly since: number } | null;
  retrying(): { readonly at: number; readonly because: string } | null;
  /** The server refused it, or it was thrown away: the next call gets another one. */
  drop(): void;
  /** What failed before no longer counts: a person wants another try now. */
  retryNow(): void;
  /** Resolves when no refresh, and no token without a browser, is on its way. Never rejects. */
  settled(): Promise<void>;
  woke(): void;
  /** Nothing new is begun; what is on its way is written down, and then every token is forgotten. Never rejects. */
  lock(): Promise<void>;
  unlock(): void;
  close(): void;
}

interface Surroundings {
  readonly of: OfAccount;
  readonly server: () => ServerRow;
  readonly livingRow: () => GrantRow | null;
  readonly discovery: Discovered;
  readonly browserless: () => boolean;
  readonly changed: () => void;
}

export function tokenKeeper(deps: GrantDeps, around: Surroundings): TokenKeeper {
  const { of, server, livingRow, discovery, browserless, changed } = around;
  const { server: name, account } = of;
  let live: LiveToken | null = null;
  let generation = 0;
  let refreshing: Promise<LiveToken> | null = null;
  const minting = new Set<Promise<LiveToken>>();
  let needs: { because: NeedsSignInReason; since: number } | null = null;
  let retry: { at: number; failures: number; because: string } | null = null;
  /** A refresh whose answer the vault would not take; nothing else may be tried before it is written. */
  let unwritten: { row: GrantRow; refreshed: Refreshed } | null = null;
  let usedSinceRefresh = false;
  let stopTimer: (() => void) | null = null;
  let locked = false;
  let closed = false;

  function usable(minTtlMs = 0): boolean {
    if (live === null) return false;
    if (live.schedule === null) return true;
    const now = deps.clock.now();
    return now < live.schedule.staleAt && (live.expiresAt ?? Infinity) - now >= minTtlMs;
  }

  function adopt(tokens: TokenSet, dpop: DpopBinding | null, row: GrantRow | null): LiveToken {
    generation += 1;
    const token = liveToken(tokens, deps.clock.now(), generation, dpop, deps.random);
    live = locked ? null : token;
    needs = null;
    retry = null;
    usedSinceRefresh = false;
    schedule(row?.hasRefreshToken === true || browserless());
    changed();
    return token;
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
    if (first) changed();
    return needsSignIn(of, because);
  }

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
    if (closed) throw needsSignIn(of, 'never-signed-in');
    if (locked) throw lockedNow('refresh the access token');
    if (retry !== null && deps.clock.now() < retry.at) throw tryingLater();
    if (browserless()) return minted();
    const row = livingRow();
    if (row === null || !row.hasRefreshToken) {
      throw need(row === null ? endedReason(deps.store.grants.forServer(name, account)) : 'no-refresh-token');
    }
    const outcome =
      unwritten?.row.id === row.id
        ? await keepAnswer(deps, row, server(), unwritten.refreshed)
        : await refreshGrant(deps, discovery.http, row, server(), discovery.get);
    unwritten = null;
    // Somebody signed in meanwhile: the answer was about a grant that is over.
    const newer = livingRow();
    if (live !== null && newer !== null && newer.id !== row.id) return live;
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

  function minted(scopes?: readonly string[]): Promise<LiveToken> {
    if (locked) return Promise.reject(lockedNow('get an access token'));
    const work = mintNow(scopes).finally(() => minting.delete(work));
    minting.add(work);
    return work;
  }

  async function mintNow(scopes?: readonly string[]): Promise<LiveToken> {
    try {
      const found = await discovery.get();
      const held = await heldRegistration(deps, found.as.issuer);
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
        account,
        resource: found.resource,
        held,
        requestedScopes: planned.scopes,
        tokens,
        dpop,
      });
      record(deps, 'refreshed', of, row.id, { flow: server().settings.flow, expiresAt: tokens.expires_at });
      return adopt(tokens, dpop, row);
    } catch (error) {
      if (!(error instanceof TokentrayError)) throw error;
      if (error.retry === 'later') throw later(error, null);
      record(deps, 'refresh-failed', of, null, { error: error.code, why: error.message });
      throw error;
    }
  }

  function later(error: TokentrayError, retryAfterMs: number | null): TokentrayError {
    const failures = (retry?.failures ?? 0) + 1;
    const wait = backoff(failures, deps.random, retryAfterMs);
    retry = { at: deps.clock.now() + wait, failures, because: error.message };
    stopTimer?.();
    stopTimer = locked
      ? null
      : deps.clock.after(wait, () => {
          if (usedSinceRefresh || live !== null) refreshInBackground();
        });
    changed();
    return tryingLater(error);
  }

  function tryingLater(cause?: TokentrayError): TokentrayError {
    const seconds = Math.max(1, Math.ceil(((retry?.at ?? 0) - deps.clock.now()) / 1000));
    const because = retry?.because ?? 'unknown failure';
    return new TokentrayError('token_unavailable', `no fresh token for ${name}: ${because}`, {
      attempted: 'refresh the access token',
      subject: name,
      advice: `The grant is kept; the next attempt is in ${seconds} s.`,
      facts: { retryAt: retry?.at ?? null },
      ...(cause === undefined ? {} : { cause }),
    });
  }

  /** Tried once more: it is the only copy of what the provider has rotated to. Should the vault still not take it, it stays. */
  async function writeUnwritten(): Promise<void> {
    const held = unwritten;
    if (held === null) return;
    const kept = await keepAnswer(deps, held.row, server(), held.refreshed).catch(() => null);
    if (kept !== null && kept.kind !== 'unwritten' && unwritten === held) unwritten = null;
  }

  async function settled(): Promise<void> {
    await Promise.allSettled([refreshing, ...minting]);
  }

  const mayRefresh = (): boolean =>
    (retry === null || deps.clock.now() >= retry.at) && (browserless() || livingRow()?.hasRefreshToken === true);

  const isDue = (): boolean => live?.schedule != null && deps.clock.now() >= live.schedule.refreshesAt;

  return {
    live: () => live,
    usable: () => usable(),
    adopt,
    need,
    minted,
    lost() {
      const isNew = needs?.because !== 'lost-from-vault';
      if (isNew) need('lost-from-vault');
      return isNew;
    },
    needs: () => needs,
    retrying: () => retry,
    async token(minTtlMs) {
      if (locked) throw lockedNow('get an access token');
      usedSinceRefresh = true;
      if (live !== null && usable(minTtlMs)) {
        if (isDue() && mayRefresh()) refreshInBackground();
        return live;
      }
      if (needs !== null) throw needsSignIn(of, needs.because);
      try {
        return await refreshOnce();
      } catch (error) {
        if (live !== null && usable(minTtlMs)) return live;
        throw error;
      }
    },
    drop() {
      live = null;
    },
    retryNow() {
      retry = null;
      needs = null;
    },
    settled,
    async lock() {
      locked = true;
      live = null;
      stopTimer?.();
      await settled();
      await writeUnwritten();
    },
    unlock() {
      locked = false;
      // Its timer ended with the lock, and a person has come.
      retry = null;
    },
    woke() {
      if (isDue() && usedSinceRefresh && mayRefresh()) refreshInBackground();
    },
    close() {
      closed = true;
      live = null;
      stopTimer?.();
    },
  };
}

/** Why the newest grant of an account is over. */
export function endedReason(row: GrantRow | null): NeedsSignInReason {
  switch (row?.endedBecause) {
    case 'ended-by-provider':
    case 'revoked-here':
    case 'lost-from-vault':
    case 'lifetime-over':
      return row.endedBecause;
    default:
      return 'never-signed-in';
  }
}
