// The sign-ins of one account: at most one under way, joined by whoever asks; a forgotten client is registered again once.
import type { LoopbackHost, LoopbackLease } from './loopback-host.ts';
import { isTokentrayError, TokentrayError } from '../errors.ts';
import type { Discovery } from '../oauth/discovery.ts';
import type { Loopback } from '../oauth/loopback.ts';
import type { ServerRow } from '../store/types.ts';
import type { GrantDeps } from './deps.ts';
import type { Discovered } from './discovered.ts';
import { record } from './history.ts';
import { plannedScopes, signInPlan } from './plan.ts';
import { heldRegistration, obtainRegistration, type HeldRegistration } from './registrations.ts';
import { forgotOurClient, memoryWarning, startSignIn, type SignedIn } from './sign-in.ts';
import type { OfAccount, SignIn, SignInOptions, SignInPlan, SignInResult } from './types.ts';

export interface SignIns {
  /** `stepUp`: what a challenge wants added to what is held. */
  plan(options: SignInOptions, stepUp: { readonly scopes: readonly string[] } | null): Promise<SignInPlan>;
  /** Starts a sign-in, or joins the one under way if it asks for the same; a person's other wish replaces it. */
  start(options: SignInOptions): Promise<SignIn>;
  current(): { url: string; since: number } | null;
  /** The id of the registration that a sign-in goes on with, `any` while that is being found out. */
  registration(): string | null;
  cancel(): void;
  /** Resolves when no sign-in is under way. Never rejects. */
  settled(): Promise<void>;
  /** Calls off the one under way, one that is about to begin as well, and resolves when it is over. Never rejects. */
  stop(): Promise<void>;
  /** The answer for a flow that needed no browser. */
  withoutBrowser(expiresAt: number | null): SignIn;
}

interface Events {
  kept(signedIn: SignedIn): void;
  /** The person, or the authorization server for them, refused what was asked for. */
  declined(scopes: readonly string[]): void;
  changed(): void;
}

export function createSignIns(
  deps: GrantDeps,
  discovery: Discovered,
  host: LoopbackHost,
  of: OfAccount,
  server: () => ServerRow,
  events: Events,
): SignIns {
  const { server: name, account } = of;
  let pending: { readonly wish: string; readonly signIn: Promise<SignIn> } | null = null;
  let underWay: { readonly wish: string; readonly signIn: SignIn; readonly since: number; opened: boolean } | null =
    null;

  let registration: string | null = null;

  /** Discovery as the server's own challenge would have it: asked for when none was seen yet. */
  async function discover(options: SignInOptions): Promise<Discovery> {
    if (discovery.lastChallenge() === null) await discovery.probe();
    return discovery.get(options.issuer);
  }

  /** The listener to answer at, and the client to ask as: a registration's own port wins over the preferred one. */
  async function client(
    found: Discovery,
    options: SignInOptions,
  ): Promise<{ lease: LoopbackLease; redirectUri: string; held: HeldRegistration }> {
    const before = await heldRegistration(deps, found.as.issuer);
    const registered = before?.registration.redirect_uris[0];
    const again = options.registerAgain === true;
    const ownPort = registered === undefined || again ? null : Number(new URL(registered).port) || null;
    const lease = await host.lease(ownPort ?? deps.config.callbackPort, false);
    try {
      // A dynamic client was registered with one port; on another one it is a new client (some servers compare ports).
      const moved = ownPort !== null && ownPort !== lease.loopback.port && before?.registration.kind === 'dcr';
      const held = await obtainRegistration(deps, discovery.http, {
        server: name,
        as: found.as,
        redirectUris: [lease.loopback.redirectUri('127.0.0.1'), lease.loopback.redirectUri('localhost')],
        again: again || moved,
      });
      return { lease, redirectUri: registeredUri(held, lease.loopback), held };
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  async function open(options: SignInOptions, repeated: boolean): Promise<SignIn> {
    registration = 'any';
    const found = await discover(options);
    const { lease, redirectUri, held } = await client(found, options);
    registration = held.id;
    try {
      const planned = plannedScopes(server(), found, discovery.lastChallenge(), options);
      const signIn = await startSignIn(
        deps,
        discovery.http,
        lease.loopback,
        {
          server: server(),
          account,
          ...(options.endsAt === undefined ? {} : { endsAt: options.endsAt }),
          discovery: found,
          challenge: discovery.lastChallenge(),
          held,
          redirectUri,
          scopes: planned.scopes,
          freshConsent: options.freshConsent === true,
          openBrowser: options.openBrowser !== false,
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        },
        events.kept,
      );
      const done = finished(signIn, held, options, repeated, lease, planned.scopes);
      done.catch(() => undefined);
      return { ...signIn, done };
    } catch (error) {
      await lease.release();
      // Where requests are pushed (RFC 9126), the server says before any page opens that it does not know us.
      if (!repeated && forgotOurClient(error, held)) return open({ ...options, registerAgain: true }, true);
      throw error;
    }
  }

  /** The flow's end; where the server had forgotten our client, the end of a second flow with a new one. */
  async function finished(
    signIn: SignIn,
    held: HeldRegistration,
    options: SignInOptions,
    repeated: boolean,
    lease: LoopbackLease,
    scopes: readonly string[],
  ): Promise<SignInResult> {
    try {
      const result = await signIn.done;
      rememberPort(held, signIn);
      return result;
    } catch (error) {
      failed(error);
      if (isTokentrayError(error, 'authorization_denied')) events.declined(scopes);
      if (repeated || !forgotOurClient(error, held)) throw error;
      const next = await open({ ...options, registerAgain: true }, true);
      if (options.openBrowser !== false) return await next.done;
      next.cancel();
      throw new TokentrayError('client_unknown', `${name}'s authorization server had forgotten this client`, {
        attempted: 'sign in',
        subject: name,
        advice: `It was registered again; sign in once more: tokentray connect ${name}`,
        cause: error,
      });
    } finally {
      await lease.release();
    }
  }

  /** A client that the user registered proved to work with this redirect URI: it keeps it, port and all. */
  function rememberPort(held: HeldRegistration, signIn: SignIn): void {
    const row = deps.store.registrations.get(held.id);
    if (row === null || row.redirect_uris.length > 0 || signIn.redirectUri === null) return;
    deps.store.registrations.put({ ...row, redirect_uris: [signIn.redirectUri] });
  }

  function failed(error: unknown): void {
    // What was cached may be what is wrong; the next attempt looks again.
    discovery.drop();
    record(deps, 'sign-in-failed', of, null, {
      error: error instanceof TokentrayError ? error.code : 'internal',
      why: error instanceof Error ? error.message : 'unknown failure',
    });
  }

  function begin(options: SignInOptions): Promise<SignIn> {
    const wish = wishOf(options);
    const signIn = open(options, false)
      .then((opened) => {
        const current = { wish, signIn: opened, since: deps.clock.now(), opened: options.openBrowser !== false };
        underWay = current;
        const over = (): void => {
          if (underWay === current) {
            underWay = null;
            registration = null;
          }
          events.changed();
        };
        opened.done.then(over, over);
        events.changed();
        return opened;
      })
      .catch((error: unknown) => {
        registration = null;
        failed(error);
        throw error;
      })
      .finally(() => {
        pending = null;
      });
    pending = { wish, signIn };
    return signIn;
  }

  /** Opens the page of a flow that so far only handed out its address, once. */
  async function showOnce(flow: NonNullable<typeof underWay>): Promise<void> {
    if (flow.opened || flow.signIn.url === null) return;
    flow.opened = true;
    await deps.openUrl(new URL(flow.signIn.url)).catch((error: unknown) => {
      deps.log.warn('could not open the browser', { server: name, error });
    });
  }

  return {
    async plan(options, stepUp) {
      const found = await discover(options);
      const planned = plannedScopes(server(), found, discovery.lastChallenge(), options, stepUp);
      const held = deps.store.registrations.forIssuer(found.as.issuer);
      const redirectUri = held?.redirect_uris[0] ?? `http://127.0.0.1:${deps.config.callbackPort}/callback`;
      return signInPlan(deps, server(), found, planned, redirectUri);
    },
    async start(options) {
      const wish = wishOf(options);
      for (;;) {
        if (pending !== null) {
          if (options.joinAny === true || pending.wish === wish) return pending.signIn;
          await pending.signIn.catch(() => undefined);
        } else if (underWay !== null) {
          const flow = underWay;
          if (options.joinAny === true || flow.wish === wish) {
            if (options.openBrowser !== false && options.joinAny !== true) await showOnce(flow);
            return flow.signIn;
          }
          // What the person agrees to now is what the page has to ask for.
          flow.signIn.cancel();
          await flow.signIn.done.catch(() => undefined);
          if (underWay === flow) underWay = null;
        } else {
          return begin(options);
        }
      }
    },
    current: () => (underWay?.signIn.url == null ? null : { url: underWay.signIn.url, since: underWay.since }),
    registration: () => registration,
    cancel: () => underWay?.signIn.cancel(),
    async settled() {
      const opened = await pending?.signIn.catch(() => null);
      await (opened ?? underWay?.signIn)?.done.catch(() => undefined);
    },
    async stop() {
      const opened = (await pending?.signIn.catch(() => null)) ?? underWay?.signIn;
      opened?.cancel();
      await opened?.done.catch(() => undefined);
    },
    withoutBrowser(expiresAt) {
      const row = deps.store.grants.forServer(name, account);
      const result: SignInResult = {
        server: name,
        issuer: row?.issuer ?? '',
        requestedScopes: row?.requestedScopes ?? [],
        grantedScopes: row?.grantedScopes ?? [],
        accessTokenExpiresAt: expiresAt,
        refreshable: true,
        account,
        identity: null,
        endsAt: row?.endsAt ?? null,
        warning: deps.vault.persistent ? null : memoryWarning,
      };
      return {
        url: null,
        redirectUri: null,
        done: Promise.resolve(result),
        complete: () => Promise.resolve(),
        cancel: () => undefined,
      };
    },
  };
}

/** The redirect URI that the server knows, by address or by name; what a server registers of the two is its choice. */
function registeredUri(held: HeldRegistration, loopback: Loopback): string {
  const known = held.registration.redirect_uris;
  const byAddress = loopback.redirectUri('127.0.0.1');
  const byName = loopback.redirectUri('localhost');
  return !known.includes(byAddress) && known.includes(byName) ? byName : byAddress;
}

/** What a sign-in is to ask for, as far as somebody said so: two with the same wish are one. */
function wishOf({ scopes, issuer, freshConsent, registerAgain, endsAt }: SignInOptions): string {
  const wanted = scopes === undefined ? null : [...scopes].sort();
  return JSON.stringify([wanted, issuer ?? null, freshConsent === true, registerAgain === true, endsAt]);
}
