// All grants of this user: servers and their accounts, one state machine for each, one stream of changes.
import { isTokentrayError, TokentrayError } from '../errors.ts';
import type { UpstreamAuth } from '../bridge/upstream-auth.ts';
import type { GrantRow, ServerRow } from '../store/types.ts';
import { lockedNow } from '../access/lock-refusal.ts';
import { createSteadyClock } from '../access/steady-clock.ts';
import { checkedAccount } from './account-name.ts';
import { accountsOf } from './accounts-of.ts';
import { adoptableGrants, adoptGrant, type AdoptableGrant } from './adoption.ts';
import type { GrantDeps, GrantOptions } from './deps.ts';
import { bindClient } from './brought-client.ts';
import { dropRegistrations, registrationsOf } from './drop-registrations.ts';
import { createGrant, type Grant } from './grant.ts';
import { record } from './history.ts';
import { shownIdentity } from './identity.ts';
import { loopbackHost } from './loopback-host.ts';
import { checkedServer, defaultServerSettings } from './server-settings.ts';
import type { GrantChange, Grants, GrantView, OfAccount, PreRegisteredClient } from './types.ts';
import { encodeFlow, flowRef } from './vault-items.ts';
import { needsSignIn } from './waiting.ts';

export interface GrantsOfUser extends Grants {
  /** Grants that the vault holds and the store does not know. */
  adoptable(): Promise<AdoptableGrant[]>;
  adopt(id: string): Promise<GrantView | null>;
  /** Binds a client that the user registered to the issuer of a server that is there already. @throws issuer_mismatch */
  bringClient(name: string, client: PreRegisteredClient): Promise<GrantView>;
  /**
   * At once nothing is begun any more that needs the vault. Resolves when what was on its way is written down, and no access
   * token is in memory. Never rejects.
   */
  lock(): Promise<void>;
  unlock(): void;
  /** The vault has dropped what only memory held; gives how many grants need a sign-in from here on. */
  secretsDropped(): number;
}

/** For what is under way when the broker ends. */
const lastWordsMs = 2_000;
/** Beyond this a date is a mistake, and no end is what was meant. */
const longestLifeMs = 10 * 365 * 24 * 60 * 60_000;

export function createGrants(options: GrantOptions): GrantsOfUser {
  const deps: GrantDeps = { ...options, steady: options.steady ?? createSteadyClock(options) };
  const host = loopbackHost(deps);
  /** By server, then by account. */
  const machines = new Map<string, Map<string, Grant>>();
  const listeners = new Set<(change: GrantChange) => void>();
  let locked = false;
  const checkUnlocked = (attempted: string): void => {
    if (locked) throw lockedNow(attempted);
  };
  const accounts = accountsOf(deps.store, (name) =>
    [...(machines.get(name) ?? [])].flatMap(([account, machine]) => (machine.isSigningIn() ? [account] : [])),
  );

  function serverRow(name: string): ServerRow {
    const row = deps.store.servers.get(name);
    if (row !== null) return row;
    throw new TokentrayError('unknown_server', `there is no server named ${name}`, {
      subject: name,
      advice: 'See what there is: tokentray list',
    });
  }

  function machineOf(of: OfAccount): Grant {
    serverRow(of.server);
    const ofServer = machines.get(of.server) ?? new Map<string, Grant>();
    machines.set(of.server, ofServer);
    let machine = ofServer.get(of.account);
    if (machine === undefined) {
      machine = createGrant(deps, host, deps.steady, of, (state) => {
        for (const listener of listeners) listener({ ...of, state });
      });
      ofServer.set(of.account, machine);
      if (locked) void machine.lock();
    }
    return machine;
  }

  /** Of an account that is there. @throws unknown_server, account_missing */
  function grant(name: string, account: string | undefined): Grant {
    serverRow(name);
    return machineOf({ server: name, account: accounts.existing(name, account) });
  }

  /** Of an account that need not be there yet: to be signed in to. @throws unknown_server, invalid_input */
  function toBeSignedIn(name: string, account: string | undefined): Grant {
    serverRow(name);
    return machineOf({
      server: name,
      account: account === undefined ? accounts.default(name) : checkedAccount(account),
    });
  }

  function everyAccount(): OfAccount[] {
    return deps.store.servers
      .list()
      .flatMap(({ name }) => accounts.list(name).map((account) => ({ server: name, account })));
  }

  function view(name: string, wanted?: string): GrantView {
    const { url, settings } = serverRow(name);
    const account = accounts.existing(name, wanted);
    const machine = machineOf({ server: name, account });
    const row = machine.row();
    // Of a grant that has ended, where it was from is still worth knowing.
    const newest = row ?? deps.store.grants.forServer(name, account);
    const registration = newest === null ? null : deps.store.registrations.get(newest.registrationId);
    return {
      server: name,
      url,
      account,
      isDefault: account === accounts.default(name),
      identity: shownIdentity(newest?.identity ?? null),
      endsAt: row === null || row.endsAt === null ? null : deps.steady.toWall(row.endsAt),
      state: machine.state(),
      issuer: newest?.issuer ?? null,
      resource: newest?.resource ?? null,
      registration: registration?.kind ?? null,
      requestedScopes: row?.requestedScopes ?? [],
      grantedScopes: row?.grantedScopes ?? [],
      settings,
    };
  }

  function checkEnd(endsAt: number | null | undefined): void {
    if (endsAt == null) return;
    const life = deps.steady.fromWall(endsAt) - deps.steady.now();
    if (life > 0 && life <= longestLifeMs) return;
    throw new TokentrayError('invalid_input', 'a grant ends in the future, and within ten years', {
      attempted: 'set the end of a grant',
    });
  }

  /** Of the grant as it is at each request: one account may be dropped and signed in to again, but never is one server another. */
  function authOf(server: string, account: string): UpstreamAuth {
    const { addedAt, url } = serverRow(server);
    const current = (): UpstreamAuth => {
      const row = serverRow(server);
      if (row.addedAt === addedAt && row.url === url) return grant(server, account).auth;
      throw new TokentrayError('unknown_server', `${server} is another server now`, { subject: server });
    };
    return {
      authorize: async (asked) => current().authorize(asked),
      challenged: async (used, challenge, asked) => current().challenged(used, challenge, asked),
      answered(response) {
        // The answer to a request that outlived its grant has nothing to tell anybody.
        if (deps.store.servers.get(server)?.addedAt !== addedAt) return;
        machines.get(server)?.get(account)?.auth.answered(response);
      },
    };
  }

  const everyMachine = (): Grant[] => [...machines.values()].flatMap((ofServer) => [...ofServer.values()]);

  /** Takes grants out of the store and the vault. Nothing of them can be used from the first moment on. */
  async function forgetGrants(rows: readonly GrantRow[], forgotten: string[]): Promise<void> {
    // Ended before anything is deleted: an answer that is still on its way then finds that nobody wants it.
    deps.store.transaction(() => {
      for (const row of rows) {
        deps.store.grants.put({ ...row, endedAt: row.endedAt ?? deps.clock.now(), endedBecause: 'forgotten' });
      }
    });
    for (const row of rows) {
      if (await deps.vault.delete({ kind: 'grant', id: row.id })) forgotten.push('refresh token');
    }
  }

  /** Of grants that need a secret. */
  const lostOnes = (isLost: (id: string) => boolean): number =>
    everyAccount().filter((of) => {
      const row = deps.store.grants.forServer(of.server, of.account);
      return row !== null && row.endedAt === null && row.hasRefreshToken && isLost(row.id) && machineOf(of).lost();
    }).length;

  /** A vault that does not outlive its process has not what an earlier one kept: that shows at once, not at the first use. */
  async function lookForSecrets(): Promise<void> {
    if (deps.vault.persistent) return;
    try {
      const held = new Set((await deps.vault.list()).map(({ kind, id }) => `${kind} ${id}`));
      lostOnes((id) => !held.has(`grant ${id}`));
    } catch (cause) {
      if (!isTokentrayError(cause, 'vault_locked')) deps.log.warn('the vault does not say what it holds', { cause });
    }
  }
  void lookForSecrets();

  // An end that came while no broker ran, and one that has to be waited for.
  for (const { name } of deps.store.servers.list()) {
    for (const account of deps.store.grants.accounts(name)) {
      const row = deps.store.grants.forServer(name, account);
      if (row?.endsAt != null) machineOf({ server: name, account }).looked();
    }
  }

  return {
    view,
    state: (name, account) => grant(name, account).state(),
    list: () => everyAccount().map(({ server, account }) => view(server, account)),
    accounts(name) {
      serverRow(name);
      return accounts.list(name);
    },
    defaultAccount(name) {
      serverRow(name);
      return accounts.default(name);
    },
    setDefaultAccount(name, account) {
      serverRow(name);
      const was = accounts.default(name);
      accounts.setDefault(name, account);
      record(deps, 'default-account-set', { server: name, account: accounts.default(name) }, null, { was });
    },

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
      if (flow?.kind === 'id_jag' || flow?.kind === 'jwt_bearer' || client !== undefined)
        checkUnlocked('keep a credential');
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
      checkUnlocked('forget the server');
      const { url } = serverRow(name);
      for (const machine of machines.get(name)?.values() ?? []) machine.close();
      machines.delete(name);
      const forgotten: string[] = [];
      const grants = deps.store.grants.list().filter((row) => row.server === name);
      await forgetGrants(grants, forgotten);
      const flow = flowRef(name, url);
      if (await deps.vault.delete(flow)) forgotten.push(flow.label);
      deps.store.transaction(() => {
        for (const row of grants) deps.store.grants.remove(row.id);
        deps.store.servers.remove(name);
        accounts.forgetServer(name);
      });
      forgotten.push('server');
      record(deps, 'forgotten', name, null, { forgotten });
      return { forgotten };
    },

    async forgetAccount(name, wanted) {
      checkUnlocked('forget the account');
      serverRow(name);
      const account = accounts.existing(name, wanted);
      machines.get(name)?.get(account)?.close();
      machines.get(name)?.delete(account);
      const forgotten: string[] = [];
      const grants = deps.store.grants.list().filter((row) => row.server === name && row.account === account);
      await forgetGrants(grants, forgotten);
      deps.store.transaction(() => {
        for (const row of grants) deps.store.grants.remove(row.id);
      });
      // What was allowed was allowed for this account: another one with its name begins with nothing.
      deps.onIdentityChanged?.(name, account);
      forgotten.push('account');
      record(deps, 'account-forgotten', { server: name, account }, null, { forgotten });
      return { forgotten };
    },

    setEnd(name, endsAt, wanted) {
      const machine = grant(name, wanted);
      const row = machine.row();
      const of = { server: name, account: accounts.existing(name, wanted) };
      if (row === null || machine.state().kind === 'needs-sign-in') throw needsSignIn(of, 'never-signed-in');
      checkEnd(endsAt);
      deps.store.grants.put({ ...row, endsAt: endsAt === null ? null : deps.steady.fromWall(endsAt) });
      record(deps, 'end-set', of, row.id, { endsAt });
      machine.looked();
      return view(name, of.account);
    },

    async bringClient(name, client) {
      checkUnlocked('keep a credential');
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

    plan: async (name, asked = {}) => toBeSignedIn(name, asked.account).plan(asked),
    async signIn(name, asked = {}) {
      checkUnlocked('sign in');
      checkEnd(asked.endsAt);
      return toBeSignedIn(name, asked.account).signIn(asked);
    },
    async accessToken(name, { account, ...asked } = {}) {
      const token = await grant(name, account).token(asked);
      return { access_token: token.access_token, token_type: token.token_type, expires_at: token.expiresAt };
    },
    upstreamAuth: (name, account) => authOf(name, accounts.existing(name, account)),
    revoke: async (name, account, within) => grant(name, account).revoke(within),

    async clearCache(name) {
      checkUnlocked('clear the cache');
      const names = name === undefined ? deps.store.servers.list().map((row) => row.name) : [name];
      const cleared = names.map((server) => {
        const each = accounts.list(server).map((account) => grant(server, account).clearCache());
        return {
          server,
          documents: each.reduce((sum, { documents }) => sum + documents, 0),
          accessTokens: each.reduce((sum, { accessTokens }) => sum + accessTokens, 0),
          of: registrationsOf(deps, server),
        };
      });
      const rest = name === undefined ? deps.store.documents.drop() : 0;
      const rows = name === undefined ? deps.store.registrations.list() : cleared.flatMap(({ of }) => of);
      const { dropped, kept } = await dropRegistrations(deps, rows, everyAccount, (of) =>
        machineOf(of).registrationUse(),
      );
      for (const { server, documents, accessTokens, of } of cleared) {
        const registrations = of.filter(({ id }) => dropped.has(id)).length;
        record(deps, 'cache-cleared', server, null, { documents, accessTokens, registrations });
      }
      return {
        documents: cleared.reduce((sum, { documents }) => sum + documents, rest),
        accessTokens: cleared.reduce((sum, { accessTokens }) => sum + accessTokens, 0),
        registrations: dropped.size,
        registrationsKept: kept,
      };
    },

    woke() {
      for (const machine of everyMachine()) machine.woke();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    // Who asks how things are is told, locked or not: what the vault holds shows when it is opened.
    adoptable: async () => (locked ? [] : adoptableGrants(deps)),
    async adopt(id) {
      checkUnlocked('take up a grant');
      const of = await adoptGrant(deps, id);
      if (of === null) return null;
      machineOf(of).looked();
      return view(of.server, of.account);
    },
    async lock() {
      locked = true;
      await Promise.all(everyMachine().map((machine) => machine.lock()));
    },
    unlock() {
      locked = false;
      for (const machine of everyMachine()) machine.unlock();
      void lookForSecrets();
    },
    secretsDropped: () => lostOnes(() => true),
    async close() {
      const all = everyMachine();
      for (const machine of all) machine.close();
      machines.clear();
      // What is being given back is written down; what takes longer is finished by the next broker.
      await new Promise<void>((resolve) => {
        const late = deps.clock.after(lastWordsMs, resolve);
        void Promise.all(all.map((machine) => machine.settled()))
          .then(late)
          .then(resolve);
      });
    },
  };
}
