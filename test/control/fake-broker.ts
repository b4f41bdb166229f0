// The control socket's other side for tests: real router and real socket over grants that are made up and can be steered.
import { EventEmitter } from 'node:events';
import { createAgents } from '../../main/access/agents.ts';
import type { Agents } from '../../main/access/agents.ts';
import { createPins } from '../../main/access/pins.ts';
import { pinningOf, serverRules } from '../../main/access/server-rules.ts';
import { aboutGrant } from '../../main/access/about-grant.ts';
import { createAccounts } from '../../main/access/accounts.ts';
import { createLock } from '../../main/access/lock.ts';
import { createAccess } from '../../main/access/access.ts';
import type { Access } from '../../main/access/access.ts';
import { createSteadyClock } from '../../main/access/steady-clock.ts';
import { publishAccess } from '../../main/control/access-changes.ts';
import { createChangeFeed } from '../../main/control/changes.ts';
import type { ControlDeps } from '../../main/control/deps.ts';
import { createPause } from '../../main/control/pause.ts';
import { createServers } from '../../main/control/servers.ts';
import { createSignIns } from '../../main/control/sign-ins.ts';
import { TokentrayError } from '../../main/errors.ts';
import type { GrantsOfUser } from '../../main/grants/grants.ts';
import type {
  GrantChange,
  GrantView,
  NewServer,
  RevocationReceipt,
  SignIn,
  SignInOptions,
  SignInPlan,
  SignInResult,
} from '../../main/grants/types.ts';
import type { Log } from '../../main/ports.ts';
import { secret } from '../../main/secret.ts';
import {
  approvalWait,
  chosenApprovals,
  createSettings,
  lockSettings,
  usualPinning,
  usualSignIn,
} from '../../main/settings/settings.ts';
import { openStore } from '../../main/store/open.ts';
import type { EventRow, ServerRow, Store } from '../../main/store/types.ts';
import { createSessions } from '../../main/ui/sessions.ts';
import { memoryVault } from '../../main/vault/memory.ts';
import { createFakeClock } from '../support/fake-clock.ts';

export const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silent,
};

const settings = {
  signIn: 'ask',
  flow: 'authorization_code',
  pinnedScopes: null,
  removedScopes: [],
  chosenIssuer: null,
  allowHttp: false,
  era: null,
} as const;

export const signedIn: SignInResult = {
  server: 'linear',
  issuer: 'https://as.example',
  requestedScopes: ['read'],
  grantedScopes: ['read'],
  accessTokenExpiresAt: 1_800_000_000_000,
  refreshable: true,
  account: 'default',
  identity: null,
  endsAt: null,
  warning: 'Grants end with this process.',
};

export interface FakeBroker {
  /** Real, with guards to ask through. */
  readonly access: Access;
  readonly deps: ControlDeps;
  /** What was asked of grants, in order. */
  readonly calls: Array<readonly [what: string, ...args: unknown[]]>;
  change(change: GrantChange): void;
  /** Resolves when grants were asked for `what`. */
  called(what: string): Promise<void>;
  /** Ends the sign-in under way. */
  finishSignIn(outcome: SignInResult | TokentrayError): void;
  /** Replaces one answer. */
  readonly answers: {
    token: () => Promise<{ access_token: ReturnType<typeof secret>; token_type: 'bearer'; expires_at: number }>;
    receipt: RevocationReceipt;
    signInUrl: string | null;
    /** Who is at the other end of the control socket. */
    startedBy: Awaited<ReturnType<ControlDeps['startedBy']>>;
  };
  readonly events: EventRow[];
}

export const theToken = 'canary-access-token-8f2c';
export const theKey = 'ttk_canary-agent-key';

const none = () => {
  throw new TokentrayError('internal', 'not in this test');
};

export function fakeBroker(): FakeBroker {
  const calls: FakeBroker['calls'] = [];
  const watchers = new Set<() => void>();
  const asked = (...call: FakeBroker['calls'][number]) => {
    calls.push(call);
    for (const watcher of watchers) watcher();
  };
  const rows = new Map<string, ServerRow>();
  const listeners = new Set<(change: GrantChange) => void>();
  const events: EventRow[] = [];
  let under: { signIn: SignIn; end: (outcome: SignInResult | TokentrayError) => void } | null = null;

  const answers: FakeBroker['answers'] = {
    token: async () => ({ access_token: secret(theToken), token_type: 'bearer', expires_at: 1_800_000_000_000 }),
    receipt: {
      server: 'linear',
      issuer: 'https://as.example',
      tokens: [
        { token: 'refresh_token', outcome: { kind: 'revoked', status: 200 } },
        { token: 'access_token', outcome: { kind: 'not-held' } },
      ],
      confirmed: true,
      forgottenHere: true,
    },
    signInUrl: 'https://as.example/authorize?state=s',
    startedBy: { kind: 'somebody-else' },
  };

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
  const newSignIn = (): NonNullable<typeof under> => {
    const ending = new EventEmitter<{ end: [SignInResult | TokentrayError] }>();
    const end = (outcome: SignInResult | TokentrayError) => void ending.emit('end', outcome);
    const done = new Promise<SignInResult>((resolve, reject) => {
      ending.once('end', (outcome) => {
        under = null;
        if (outcome instanceof TokentrayError) reject(outcome);
        else resolve(outcome);
      });
    });
    const signIn: SignIn = {
      url: answers.signInUrl,
      redirectUri: 'http://127.0.0.1:8428/callback',
      done,
      async complete(pasted) {
        asked('complete', pasted);
        if (!pasted.startsWith('http://127.0.0.1:8428/callback?')) {
          throw new TokentrayError('callback_mismatch', 'that is not the address of this sign-in');
        }
        end(signedIn);
      },
      cancel() {
        asked('cancel');
        end(new TokentrayError('sign_in_cancelled', 'the sign-in was cancelled'));
      },
    };
    return { signIn, end };
  };

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
      // What approvals are about has to be there.
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
      under ??= newSignIn();
      return under.signIn;
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
    adoptable: async () => [],
    adopt: async () => null,
    async bringClient(name, client) {
      asked('bringClient', name, client);
      return view(name);
    },
  };

  const clock = createFakeClock(1_700_000_000_000);
  const real = openStore({ file: ':memory:', log: silent, clock }).store;
  const store: Store = {
    ...real,
    servers: {
      list: () => [...rows.values()],
      get: (name: string) => rows.get(name) ?? null,
      add: none,
      update: none,
      remove: none,
    },
    events: { ...real.events, list: () => events },
  };
  const changes = createChangeFeed();

  const agents: Agents = createAgents({
    store,
    clock,
    onChange: () => changes.publish({ kind: 'agents', agents: agents.list() }),
  });

  const pins = createPins({
    store,
    clock,
    pinning: (server) => pinningOf(store, server, () => usualPinning(store)),
    onHeld: (server, held) => changes.publish({ kind: 'tools', server, held }),
  });
  const accounts = createAccounts({
    store,
    grants,
    clock,
    onChange: (accountPins) => changes.publish({ kind: 'account-pins', pins: accountPins }),
  });
  const access = createAccess({
    store,
    clock,
    steady: createSteadyClock({ clock, store }),
    isLocked: () => lock.isLocked(),
    mode: () => chosenApprovals(store),
    wait: () => approvalWait(store),
    accountOf: ({ agent, folder }, server) => accounts.accountFor({ server, agentId: agent.id, folder }),
    known: () => null,
    serverRules: (server) => serverRules(store, server).rules,
    pins,
    readTools: () => Promise.resolve({ kind: 'listed', pages: [] }),
    audit: { toolCall: () => undefined },
    agentView: (id) => agents.view(id),
    about: (server, account) => aboutGrant(store, server, account),
    linkFor: (id) => `http://127.0.0.1:8427/approve/${id}`,
    tell: ({ kind, server, account, agent, detail }) =>
      events.push({ id: 0, at: clock.now(), server, grantId: null, kind, detail: { ...detail, agent, account } }),
  });
  publishAccess(access, changes);

  const lock = createLock({
    clock,
    steady: createSteadyClock({ clock, store: real }),
    store: real,
    log: silent,
    vault: memoryVault(),
    grants,
    audit: { lock: async () => undefined, unlock: async () => undefined },
    settings: () => lockSettings(real),
    systemCheck: null,
    connections: { count: () => 0, locked: (end) => access.locked(end), unlocked: () => access.unlocked() },
    endPassingApprovals: () => access.approvals.endPassing(),
    onChange: (state) => changes.publish({ kind: 'lock', lock: state }),
    tell: (kind, detail) => events.push({ id: 0, at: clock.now(), server: null, grantId: null, kind, detail }),
  });

  return {
    access,
    calls,
    called: (what) =>
      new Promise((resolve) => {
        const watcher = () => {
          if (!calls.some(([name]) => name === what)) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        watcher();
      }),
    answers,
    events,
    change: (change) => listeners.forEach((listener) => listener(change)),
    finishSignIn: (outcome) => under?.end(outcome),
    deps: {
      grants,
      accounts,
      servers: createServers({ grants, changes, signIn: () => usualSignIn(store) }),
      store,
      audit: {
        append: () => undefined,
        page: async () => ({ items: [], next: null }),
        choices: () => store.audit.named(),
        verify: none,
      },
      changes,
      signIns: createSignIns(),
      lock,
      pause: createPause(clock, (pausedSince) => changes.publish({ kind: 'paused', pausedSince })),
      settings: createSettings({
        store,
        loginItem: null,
        bridge: { usual: 18_729, now: () => ({ port: 8427, wanted: 18_729 }), fixedBy: null },
        approvals: null,
        env: {},
        caFiles: [],
        dataFolder: '/nowhere/data',
      }),
      pins,
      access,
      sessions: createSessions(clock, (sessions) => changes.publish({ kind: 'sessions', sessions })),
      demo: { state: () => ({ kind: 'off' }), start: none, stop: async () => ({ kind: 'off' }) },
      catalogue: [],
      licences: () => [],
      shim: ['tokentray', 'stdio'],
      openUi: async () => ({ kind: 'link', link: 'http://127.0.0.1:18730/open/once' }),
      clock,
      agents: {
        ...agents,
        add: (...words) => ({ ...agents.add(...words), key: secret(theKey) }),
        rotate: (agent) => ({ ...agents.rotate(agent), key: secret(theKey) }),
      },
      startedBy: async () => answers.startedBy,
      vault: { ...memoryVault(), reason: 'There is no keychain.' },
      bridge: { url: 'http://127.0.0.1:8427', port: 8427, onPreferredPort: true },
      diagnose: async (url) => ({
        url,
        steps: [
          { name: 'resource metadata', verdict: 'ok', detail: 'found', section: 'RFC 9728 section 3.1' },
          { name: 'revocation', verdict: 'missing', detail: 'no endpoint', section: 'RFC 7009 section 2' },
        ],
      }),
      version: '0.1.0',
      startedAt: 1_700_000_000_000,
      dataFolder: '/nowhere/data',
      databaseSetAside: null,
      log: silent,
    },
  };
}
