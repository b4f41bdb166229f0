// The sign-ins of one server: at most one under way, joined by whoever asks; a forgotten client is registered again once.
import type { LoopbackHost, LoopbackLease } from './loopback-host.ts';
import { TokentrayError } from '../errors.ts';
import type { AuthorizationServer } from 'oauth4webapi';
import type { Discovery } from '../oauth/discovery.ts';
import type { Loopback } from '../oauth/loopback.ts';
import type { ServerRow } from '../store/types.ts';
import type { GrantDeps } from './deps.ts';
import type { Discovered } from './discovered.ts';
import { record } from './history.ts';
import { plannedScopes, signInPlan } from './plan.ts';
import {
  heldRegistration,
  keepRegistration,
  obtainRegistration,
  preRegistered,
  type HeldRegistration,
} from './registrations.ts';
import { forgotOurClient, memoryWarning, startSignIn, type SignedIn } from './sign-in.ts';
import type { SignIn, SignInOptions, SignInPlan, SignInResult } from './types.ts';
import { clientRef, decodeClient } from './vault-items.ts';

export interface SignIns {
  plan(options: SignInOptions): Promise<SignInPlan>;
  start(options: SignInOptions): Promise<SignIn>;
  current(): { url: string; since: number } | null;
  cancel(): void;
  /** The client that the user brought for this server, bound to the issuer that is found first and to no other. */
  ownClient(as: AuthorizationServer): Promise<HeldRegistration | null>;
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
  server: () => ServerRow,
  events: Events,
): SignIns {
  let pending: Promise<SignIn> | null = null;
  let underWay: { signIn: SignIn; since: number } | null = null;

  /** Discovery as the server's own challenge would have it: asked for when none was seen yet. */
  async function discover(options: SignInOptions): Promise<Discovery> {
    if (discovery.lastChallenge() === null) await discovery.probe();
    return discovery.get(options.issuer);
  }

  async function ownClient(as: AuthorizationServer): Promise<HeldRegistration | null> {
    const item = await deps.vault.read(clientRef(server().name, server().url));
    if (item === null) return null;
    const client = decodeClient(item, server().name);
    const kept = await keepRegistration(deps, preRegistered(as, client, deps.clock.now()));
    await deps.vault.delete(clientRef(server().name, server().url));
    record(deps, 'registered', server().name, null, {
      issuer: as.issuer,
      client_id: client.client_id,
      kind: 'pre-registered',
    });
    return kept;
  }

  /** The listener to answer at, and the client to ask as: a registration's own port wins over the preferred one. */
  async function client(
    found: Discovery,
    options: SignInOptions,
  ): Promise<{ lease: LoopbackLease; redirectUri: string; held: HeldRegistration }> {
    await ownClient(found.as);
    const before = await heldRegistration(deps, found.as.issuer);
    const registered = before?.registration.redirect_uris[0];
    const again = options.registerAgain === true;
    const ownPort = registered === undefined || again ? null : Number(new URL(registered).port) || null;
    const lease = await host.lease(ownPort ?? deps.config.callbackPort, false);
    try {
      // A dynamic client was registered with one port; on another one it is a new client (some servers compare ports).
      const moved = ownPort !== null && ownPort !== lease.loopback.port && before?.registration.kind === 'dcr';
      const held = await obtainRegistration(deps, discovery.http, {
        server: server().name,
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
      const { name } = server();
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
    record(deps, 'sign-in-failed', server().name, null, {
      code: error instanceof TokentrayError ? error.code : 'internal',
      why: error instanceof Error ? error.message : 'unknown failure',
    });
  }

  return {
    ownClient,
    async plan(options) {
      const found = await discover(options);
      const planned = plannedScopes(server(), found, discovery.lastChallenge(), options);
      const held = deps.store.registrations.forIssuer(found.as.issuer);
      const redirectUri = held?.redirect_uris[0] ?? `http://127.0.0.1:${deps.config.callbackPort}/callback`;
      return signInPlan(deps, server(), found, planned, redirectUri);
    },
    async start(options) {
      if (underWay !== null) return underWay.signIn;
      pending ??= open(options, false)
        .then((signIn) => {
          underWay = { signIn, since: deps.clock.now() };
          const over = (): void => {
            underWay = null;
            events.changed();
          };
          signIn.done.then(over, over);
          events.changed();
          return signIn;
        })
        .catch((error: unknown) => {
          if (underWay === null) failed(error);
          throw error;
        })
        .finally(() => {
          pending = null;
        });
      return pending;
    },
    current: () => (underWay?.signIn.url == null ? null : { url: underWay.signIn.url, since: underWay.since }),
    cancel: () => underWay?.signIn.cancel(),
    withoutBrowser(expiresAt) {
      const row = deps.store.grants.forServer(server().name);
      const result: SignInResult = {
        server: server().name,
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
