// The control socket's other side for tests: real router and real socket over grants that are made up and can be steered.
import { EventEmitter } from 'node:events';
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
import { createSettings, usualSignIn } from '../../main/settings/settings.ts';
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
  warning: 'Grants end with this process.',
};

export interface FakeBroker {
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
  const agents = new Map<string, { name: string; createdAt: number; lastUsedAt: null; revokedAt: null }>();
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
      return view(server.name);
    },
    async forgetServer(name) {
      row(name);
      rows.delete(name);
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
      return { documents: 3, accessTokens: 1, registrations: 0 };
    },
    woke: () => undefined,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => undefined,
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

  const newAgent = (name: string) => {
    const agent = { name, createdAt: 1, lastUsedAt: null, revokedAt: null };
    agents.set(name, agent);
    return { agent, key: secret(theKey) };
  };

  return {
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
      servers: createServers({ grants, changes, signIn: () => usualSignIn(store) }),
      store,
      changes,
      signIns: createSignIns(),
      pause: createPause(clock, (pausedSince) => changes.publish({ kind: 'paused', pausedSince })),
      settings: createSettings({
        store,
        loginItem: null,
        bridge: { usual: 18_729, now: () => ({ port: 8427, wanted: 18_729 }), fixedBy: null },
        env: {},
        caFiles: [],
        dataFolder: '/nowhere/data',
      }),
      sessions: createSessions(clock, (sessions) => changes.publish({ kind: 'sessions', sessions })),
      demo: { state: () => ({ kind: 'off' }), start: none, stop: async () => ({ kind: 'off' }) },
      catalogue: [],
      licences: () => [],
      shim: ['tokentray', 'stdio'],
      openUi: async () => ({ kind: 'link', link: 'http://127.0.0.1:18730/open/once' }),
      clock,
      agents: {
        add: newAgent,
        rotate: newAgent,
        list: () => [...agents.values()],
        revoke: (name) => agents.delete(name),
      },
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
