// All grants of this user: servers added and forgotten, one state machine each, one stream of changes.
import { TokentrayError } from '../errors.ts';
import type { ServerRow } from '../store/types.ts';
import { adoptableGrants, adoptGrant, type AdoptableGrant } from './adoption.ts';
import type { GrantDeps } from './deps.ts';
import { bindClient } from './brought-client.ts';
import { createGrant, type Grant } from './grant.ts';
import { record } from './history.ts';
import { loopbackHost } from './loopback-host.ts';
import { checkedServer, defaultServerSettings } from './server-settings.ts';
import type { GrantChange, Grants, GrantView, PreRegisteredClient } from './types.ts';
import { encodeFlow, flowRef } from './vault-items.ts';

export interface GrantsOfUser extends Grants {
  /** Grants that the vault holds and the store does not know. */
  adoptable(): Promise<AdoptableGrant[]>;
  adopt(id: string): Promise<GrantView | null>;
  /** Binds a client that the user registered to the issuer of a server that is there already. @throws issuer_mismatch */
  bringClient(name: string, client: PreRegisteredClient): Promise<GrantView>;
}

export function createGrants(deps: GrantDeps): GrantsOfUser {
  const host = loopbackHost(deps);
  const machines = new Map<string, Grant>();
  const listeners = new Set<(change: GrantChange) => void>();

  function serverRow(name: string): ServerRow {
    const row = deps.store.servers.get(name);
    if (row !== null) return row;
    throw new TokentrayError('unknown_server', `there is no server named ${name}`, {
      subject: name,
      advice: 'See what there is: tokentray list',
    });
  }

  function grant(name: string): Grant {
    serverRow(name);
    let machine = machines.get(name);
    if (machine === undefined) {
      machine = createGrant(deps, host, name, (state) => {
        for (const listener of listeners) listener({ server: name, state });
      });
      machines.set(name, machine);
    }
    return machine;
  }

  function view(name: string): GrantView {
    const { url, settings } = serverRow(name);
    const row = grant(name).row();
    // Of a grant that has ended, where it was from is still worth knowing.
    const newest = row ?? deps.store.grants.forServer(name);
    const registration = newest === null ? null : deps.store.registrations.get(newest.registrationId);
    return {
      server: name,
      url,
      account: newest?.account ?? 'default',
      state: grant(name).state(),
      issuer: newest?.issuer ?? null,
      resource: newest?.resource ?? null,
      registration: registration?.kind ?? null,
      requestedScopes: row?.requestedScopes ?? [],
      grantedScopes: row?.grantedScopes ?? [],
      settings,
    };
  }

  return {
    view,
    state: (name) => grant(name).state(),
    list: () => deps.store.servers.list().map((row) => view(row.name)),

    async addServer({ name, url, settings = {}, flow, client }) {
      const merged = {
        ...defaultServerSettings,
        ...settings,
        flow: flow?.kind ?? settings.flow ?? 'authorization_code',
      };
      const checked = checkedServer(name, url, merged);
      if (deps.store.servers.get(name) !== null) {
        throw new TokentrayError('name_taken', `there is already a server named ${name}`, {
          subject: name,
          advice: `Choose another name, or drop that one first: tokentray forget ${name}`,
        });
      }
      if (flow?.kind === 'id_jag') {
        await deps.vault.write(
          flowRef(name, checked.url),
          encodeFlow({
            v: 1,
            kind: 'id_jag',
            idp_token_endpoint: flow.idp_token_endpoint,
            idp_client_id: flow.idp_client_id,
            id_token: flow.id_token.reveal(),
          }),
        );
      }
      if (flow?.kind === 'jwt_bearer') {
        const item = encodeFlow({ v: 1, kind: 'jwt_bearer', assertion: flow.assertion.reveal() });
        await deps.vault.write(flowRef(name, checked.url), item);
      }
      const row: ServerRow = { ...checked, addedAt: deps.clock.now(), settings: merged };
      const chosenIssuer = client === undefined ? merged.chosenIssuer : await bindClient(deps, row, client);
      deps.store.servers.add({ ...row, settings: { ...merged, chosenIssuer } });
      record(deps, 'server-added', name, null, { url: checked.url });
      return view(name);
    },

    async forgetServer(name) {
      const { url } = serverRow(name);
      machines.get(name)?.close();
      machines.delete(name);
      const forgotten: string[] = [];
      const grants = deps.store.grants.list().filter((row) => row.server === name);
      // Ended before anything is deleted: an answer that is still on its way then finds that nobody wants it.
      deps.store.transaction(() => {
        for (const row of grants) {
          deps.store.grants.put({ ...row, endedAt: row.endedAt ?? deps.clock.now(), endedBecause: 'forgotten' });
        }
      });
      for (const row of grants) {
        if (await deps.vault.delete({ kind: 'grant', id: row.id })) forgotten.push('refresh token');
      }
      const flow = flowRef(name, url);
      if (await deps.vault.delete(flow)) forgotten.push(flow.label);
      deps.store.transaction(() => {
        for (const row of grants) deps.store.grants.remove(row.id);
        deps.store.servers.remove(name);
      });
      forgotten.push('server');
      record(deps, 'forgotten', name, null, { forgotten });
      return { forgotten };
    },

    async bringClient(name, client) {
      const chosenIssuer = await bindClient(deps, serverRow(name), client);
      // Forgotten meanwhile, it must not come back.
      serverRow(name);
      deps.store.servers.update(name, { chosenIssuer });
      return view(name);
    },

    updateSettings(name, settings) {
      serverRow(name);
      deps.store.servers.update(name, settings);
    },

    plan: (name, options) => grant(name).plan(options),
    signIn: (name, options) => grant(name).signIn(options),
    async accessToken(name, options = {}) {
      const token = await grant(name).token(options);
      return { access_token: token.access_token, token_type: token.token_type, expires_at: token.expiresAt };
    },
    upstreamAuth: (name) => grant(name).auth,
    revoke: (name) => grant(name).revoke(),

    async clearCache(name) {
      const names = name === undefined ? deps.store.servers.list().map((row) => row.name) : [name];
      const cleared = { documents: 0, accessTokens: 0, registrations: 0 };
      for (const each of names) {
        const { documents, accessTokens } = grant(each).clearCache();
        cleared.documents += documents;
        cleared.accessTokens += accessTokens;
        record(deps, 'cache-cleared', each, null, { documents, accessTokens });
      }
      if (name === undefined) cleared.documents += deps.store.documents.drop();
      return cleared;
    },

    woke() {
      for (const machine of machines.values()) machine.woke();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    adoptable: () => adoptableGrants(deps),
    async adopt(id) {
      const name = await adoptGrant(deps, id);
      return name === null ? null : view(name);
    },
    async close() {
      for (const machine of machines.values()) machine.close();
      machines.clear();
      await Promise.resolve();
    },
  };
}
