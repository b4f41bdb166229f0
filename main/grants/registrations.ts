// Our client id at one issuer: found, or obtained in the specification's order; its secrets go to the vault first.
import { randomUUID } from 'node:crypto';
import type { AuthorizationServer } from 'oauth4webapi';
import { TokentrayError } from '../errors.ts';
import { chooseRegistration, defaultAuthMethod, registerDynamically } from '../oauth/registration.ts';
import type { Registration } from '../oauth/types.ts';
import type { Fetch } from '../ports.ts';
import { quote } from '../quote.ts';
import { secret } from '../secret.ts';
import type { RegistrationRow } from '../store/types.ts';
import type { GrantDeps } from './deps.ts';
import { record } from './history.ts';
import type { PreRegisteredClient } from './types.ts';
import { decodeRegistration, encodeRegistration, registrationRef } from './vault-items.ts';

export interface HeldRegistration {
  readonly id: string;
  readonly registration: Registration;
}

/** The registration in force at an issuer, with its secrets; null when there is none that still works. */
export async function heldRegistration(deps: GrantDeps, issuer: string): Promise<HeldRegistration | null> {
  const row = deps.store.registrations.forIssuer(issuer);
  if (row === null) return null;
  const expired = row.client_secret_expires_at !== null && row.client_secret_expires_at <= deps.clock.now();
  return expired && row.kind === 'dcr' ? null : withSecrets(deps, row);
}

/** A registration by its id, replaced or not: a grant keeps using the client that it was given to. */
export async function registrationById(deps: GrantDeps, id: string): Promise<HeldRegistration | null> {
  const row = deps.store.registrations.get(id);
  return row === null ? null : withSecrets(deps, row);
}

async function withSecrets(deps: GrantDeps, row: RegistrationRow): Promise<HeldRegistration | null> {
  const base: Registration = {
    issuer: row.issuer,
    kind: row.kind,
    client_id: row.client_id,
    token_endpoint_auth_method: row.token_endpoint_auth_method,
    redirect_uris: row.redirect_uris,
    client_secret_expires_at: row.client_secret_expires_at,
    registered_at: row.registered_at,
    ...(row.signing_alg === null ? {} : { signing_alg: row.signing_alg }),
  };
  if (!row.hasSecret) return { id: row.id, registration: base };
  const item = await deps.vault.read({ kind: 'registration', id: row.id });
  // Without its secret the client cannot prove itself: as good as no registration (a memory vault after a restart).
  if (item === null) return null;
  const { client_secret, private_key } = decodeRegistration(item, row.issuer);
  return {
    id: row.id,
    registration: {
      ...base,
      ...(client_secret === null ? {} : { client_secret: secret(client_secret) }),
      ...(private_key === null ? {} : { private_key: secret(private_key) }),
    },
  };
}

export async function keepRegistration(deps: GrantDeps, registration: Registration): Promise<HeldRegistration> {
  const id = randomUUID();
  const hasSecret = registration.client_secret !== undefined || registration.private_key !== undefined;
  if (hasSecret) {
    await deps.vault.write(
      registrationRef(id, registration.issuer),
      encodeRegistration({
        v: 1,
        client_secret: registration.client_secret?.reveal() ?? null,
        private_key: registration.private_key?.reveal() ?? null,
      }),
    );
  }
  deps.store.transaction(() => {
    const previous = deps.store.registrations.forIssuer(registration.issuer);
    if (previous !== null) deps.store.registrations.markReplaced(previous.id, deps.clock.now());
    deps.store.registrations.put({
      id,
      issuer: registration.issuer,
      kind: registration.kind,
      client_id: registration.client_id,
      token_endpoint_auth_method: registration.token_endpoint_auth_method,
      signing_alg: registration.signing_alg ?? null,
      redirect_uris: registration.redirect_uris,
      client_secret_expires_at: registration.client_secret_expires_at,
      registered_at: registration.registered_at,
      replaced_at: null,
      hasSecret,
    });
  });
  return { id, registration };
}

/** The user's own client at one issuer, as a registration. The method defaults to what the credentials allow. */
export function preRegistered(as: AuthorizationServer, client: PreRegisteredClient, now: number): Registration {
  const method =
    client.token_endpoint_auth_method ??
    defaultAuthMethod(as, { secret: client.client_secret !== undefined, key: client.private_key !== undefined });
  return {
    issuer: as.issuer,
    kind: 'pre-registered',
    client_id: client.client_id,
    token_endpoint_auth_method: method,
    ...(client.client_secret === undefined ? {} : { client_secret: client.client_secret }),
    ...(client.private_key === undefined ? {} : { private_key: client.private_key }),
    ...(client.signing_alg === undefined ? {} : { signing_alg: client.signing_alg }),
    redirect_uris: [],
    client_secret_expires_at: null,
    registered_at: now,
  };
}

/**
 * The registration to sign in with: the one held, else a new one in the order pre-registered, CIMD, DCR.
 * @throws registration_needed when only the user can register; registration_failed when the server refused
 */
export async function obtainRegistration(
  deps: GrantDeps,
  http: Fetch,
  request: { server: string; as: AuthorizationServer; redirectUris: readonly [string, ...string[]]; again: boolean },
): Promise<HeldRegistration> {
  const { as, redirectUris, server } = request;
  const [redirectUri] = redirectUris;
  const held = await heldRegistration(deps, as.issuer);
  if (held !== null && (!request.again || held.registration.kind === 'pre-registered')) return held;

  const choice = chooseRegistration({ as, preRegistered: null, cimdUrl: deps.config.cimdUrl });
  switch (choice.kind) {
    case 'cimd': {
      const { client_id } = choice;
      const kept = await keepRegistration(deps, {
        issuer: as.issuer,
        kind: 'cimd',
        client_id,
        token_endpoint_auth_method: 'none',
        redirect_uris: redirectUris,
        client_secret_expires_at: null,
        registered_at: deps.clock.now(),
      });
      record(deps, 'registered', server, null, { issuer: as.issuer, client_id, kind: 'cimd' });
      return kept;
    }
    case 'dcr': {
      const registration = await registerDynamically(http, as, {
        redirectUris,
        clientName: deps.config.clientName,
        clientUri: deps.config.clientUri,
        now: deps.clock.now(),
      });
      const kept = await keepRegistration(deps, registration);
      record(deps, held === null ? 'registered' : 'registration-replaced', server, null, {
        issuer: as.issuer,
        client_id: registration.client_id,
        kind: 'dcr',
      });
      return kept;
    }
    case 'pre-registered':
    case 'ask':
      throw new TokentrayError('registration_needed', `${quote(as.issuer)} registers no clients by itself`, {
        attempted: 'register with the authorization server',
        subject: server,
        advice: `Register an application there with the redirect URI ${redirectUri}, then add its id: tokentray add ${server} … --client-id ID`,
        facts: { issuer: as.issuer, redirectUri },
      });
  }
}
