// The sign-ins of one server: at most one under way, joined by whoever asks; a forgotten client is registered again once.
import type { LoopbackHost, LoopbackLease } from './loopback-host.ts';
import { TokentrayError } from '../errors.ts';
import type { Discovery } from '../oauth/discovery.ts';
import type { Loopback } from '../oauth/loopback.ts';
import type { ServerRow } from '../store/types.ts';
import type { GrantDeps } from './deps.ts';
import type { Discovered } from './discovered.ts';
import { record } from './history.ts';
import { plannedScopes, signInPlan } from './plan.ts';
import { heldRegistration, obtainRegistration, type HeldRegistration } from './registrations.ts';
import { forgotOurClient, memoryWarning, startSignIn, type SignedIn } from './sign-in.ts';
import type { SignIn, SignInOptions, SignInPlan, SignInResult } from './types.ts';

export interface SignIns {
  /** `stepUp`: what a challenge wants added to what is held. */
  plan(options: SignInOptions, stepUp: { readonly scopes: readonly string[] } | null): Promise<SignInPlan>;
  /** Starts a sign-in, or joins the one under way if it asks for the same; a person's other wish replaces it. */
  start(options: SignInOptions): Promise<SignIn>;
  current(): { url: string; since: number } | null;
  cancel(): void;
  /** Resolves when no sign-in is under way. Never rejects. */
  settled(): Promise<void>;
  /** The answer for a flow that needed no browser. */
  withoutBrowser(expiresAt: number | null): SignIn;
}

interface Events {
  kept(signedIn: SignedIn): void;
  changed(): void;
}

export function createSignIns(
  deps: GrantDeps,
  discovery: Discovered,
  host: LoopbackHost,
  name: string,
  server: () => ServerRow,
  events: Events,
): SignIns {
  let pending: { readonly wish: string; readonly signIn: Promise<SignIn> } | null = null;
  let underWay: { readonly wish: string; readonly signIn: SignIn; readonly since: number; opened: boolean } | null =
    null;

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
    const found = await discover(options);
    const { lease, redirectUri, held } = await client(found, options);
    try {
      const planned = plannedScopes(server(), found, discovery.lastChallenge(), options);
      const signIn = await startSignIn(
        deps,
        discovery.http,
        lease.loopback,
        {
          server: server(),
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
      const done = finished(signIn, held, options, repeated, lease);
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
  ): Promise<SignInResult> {
    try {
      const result = await signIn.done;
      rememberPort(held, signIn);
      return result;
    } catch (error) {
      failed(error);
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
    record(deps, 'sign-in-failed', name, null, {
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
          if (underWay === current) underWay = null;
          events.changed();
        };
        opened.done.then(over, over);
        events.changed();
        return opened;
      })
      .catch((error: unknown) => {
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
    cancel: () => underWay?.signIn.cancel(),
    async settled() {
      const opened = await pending?.signIn.catch(() => null);
      await (opened ?? underWay?.signIn)?.done.catch(() => undefined);
    },
    withoutBrowser(expiresAt) {
      const row = deps.store.grants.forServer(name);
      const result: SignInResult = {
        server: name,
        issuer: row?.issuer ?? '',
        requestedScopes: row?.requestedScopes ?? [],
        grantedScopes: row?.grantedScopes ?? [],
        accessTokenExpiresAt: expiresAt,
        refreshable: true,
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
function wishOf({ scopes, issuer, freshConsent, registerAgain }: SignInOptions): string {
  const wanted = scopes === undefined ? null : [...scopes].sort();
  return JSON.stringify([wanted, issuer ?? null, freshConsent === true, registerAgain === true]);
}
