// Grants that are made up: servers in memory, every question noted, every answer the test's to choose.
import { TokentrayError } from '../../../main/errors.ts';
import type { GrantsOfUser } from '../../../main/grants/grants.ts';
import type { GrantChange, GrantView, NewServer, SignInOptions, SignInPlan } from '../../../main/grants/types.ts';
import type { ServerRow, Store } from '../../../main/store/types.ts';
import type { Answers } from './answers.ts';
import type { Calls } from './calls.ts';
import type { FakeSignIns } from './sign-in.ts';

export interface FakeGrants {
  readonly grants: GrantsOfUser;
  /** By name. */
  readonly rows: ReadonlyMap<string, ServerRow>;
  change(change: GrantChange): void;
}

interface Parts {
  readonly asked: Calls['asked'];
  readonly answers: Answers;
  readonly signIns: FakeSignIns;
  /** What approvals are about has to be there. */
  readonly real: Pick<Store, 'servers'>;
}

const settings = {
  signIn: 'ask',
  flow: 'authorization_code',
  pinnedScopes: null,
  removedScopes: [],
  chosenIssuer: null,
  allowHttp: false,
  era: null,
} as const;

export function createFakeGrants({ asked, answers, signIns, real }: Parts): FakeGrants {
  const rows = new Map<string, ServerRow>();
  const listeners = new Set<(change: GrantChange) => void>();

  const row = (name: string): ServerRow => {
    const found = rows.get(name);
    if (found === undefined) {
      throw new TokentrayError('unknown_server', `there is no server named ${name}`, {
        subject: name,
        advice: 'See what there is: tokentray list',
        facts: { name },
      });
    }
    return found;
  };
  const view = (name: string): GrantView => ({
    server: name,
    url: row(name).url,
    account: 'default',
    isDefault: true,
    identity: null,
    endsAt: null,
    state: { kind: 'needs-sign-in', because: 'never-signed-in', since: null },
    issuer: null,
    resource: null,
    registration: null,
    requestedScopes: [],
    grantedScopes: [],
    settings: row(name).settings,
  });

  const grants: GrantsOfUser = {
    state: (name) => grants.view(name).state,
    accounts: (name) => [view(name).account],
    defaultAccount: (name) => view(name).account,
    setDefaultAccount: (name, account) => asked('setDefaultAccount', name, account),
    async forgetAccount(name, account) {
      asked('forgetAccount', name, account);
      return { forgotten: ['refresh token', 'account'] };
    },
    setEnd(name, endsAt, account) {
      asked('setEnd', name, endsAt, account);
      return { ...view(name), endsAt };
    },
    async addServer(server: NewServer) {
      asked('addServer', server);
      if (rows.has(server.name))
        throw new TokentrayError('name_taken', `there is a server named ${server.name} already`);
      rows.set(server.name, {
        name: server.name,
        url: server.url,
        addedAt: 1,
        settings: { ...settings, ...server.settings, ...(server.flow === undefined ? {} : { flow: server.flow.kind }) },
      });
      real.servers.add(row(server.name));
      return view(server.name);
    },
    async forgetServer(name) {
      row(name);
      rows.delete(name);
      real.servers.remove(name);
      return { forgotten: [name] };
    },
    updateSettings(name, change) {
      rows.set(name, { ...row(name), settings: { ...row(name).settings, ...change } });
    },
    view,
    list: () => [...rows.keys()].map(view),
    async plan(name, options?: SignInOptions): Promise<SignInPlan> {
      asked('plan', name, options);
      row(name);
      return {
        server: name,
        issuer: 'https://as.example',
        issuers: ['https://as.example', 'https://other.example'],
        resource: row(name).url,
        registration: 'dcr',
        redirectUri: 'http://127.0.0.1:8428/callback',
        scopes: options?.scopes ?? ['read'],
        scopesFrom: options?.scopes === undefined ? 'challenge' : 'pinned',
        audienceAsked: true,
        otherHost: null,
      };
    },
    async signIn(name, options) {
      asked('signIn', name, options);
      row(name);
      return signIns.current();
    },
    accessToken: (name, options) => {
      asked('accessToken', name, options);
      row(name);
      return answers.token();
    },
    upstreamAuth: () => {
      throw new TokentrayError('internal', 'not in this test');
    },
    async revoke(name) {
      row(name);
      return answers.receipt;
    },
    async clearCache(name) {
      asked('clearCache', name);
      return {
        documents: 3,
        accessTokens: 1,
        registrations: 2,
        registrationsKept: { neededByGrant: 1, signInUnderWay: 0, preRegistered: 1 },
      };
    },
    woke: () => undefined,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => undefined,
    async lock() {
      asked('lock');
    },
    unlock: () => asked('unlock'),
    secretsDropped: () => 0,
    adoptable: async () => [],
    adopt: async () => null,
    async bringClient(name, client) {
      asked('bringClient', name, client);
      return view(name);
    },
  };
  return { grants, rows, change: (change) => listeners.forEach((listener) => listener(change)) };
}
