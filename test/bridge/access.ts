// Guards as the broker has them, over a real database: by default nobody is asked, and a test decides what it is about.
import { createAccess, type Access, type AccessParts } from '../../main/access/access.ts';
import { createPins } from '../../main/access/pins.ts';
import { createSteadyClock } from '../../main/access/steady-clock.ts';
import { everything } from '../../main/access/types.ts';
import type { Caller, Guard, Lasts, ToolRules } from '../../main/access/types.ts';
import type { KnownServer } from '../../main/bridge/relay/types.ts';
import type { ToolCall } from '../../main/audit/tool-call.ts';
import type { Clock } from '../../main/ports.ts';
import { openStore } from '../../main/store/open.ts';
import type { AgentRow, ServerSettings, Store } from '../../main/store/types.ts';
import { silent } from '../support/silent.ts';
import { createFakeClock } from '../support/fake-clock.ts';

export const serverSettings: ServerSettings = {
  signIn: 'ask',
  flow: 'authorization_code',
  pinnedScopes: null,
  removedScopes: [],
  chosenIssuer: null,
  allowHttp: false,
  era: null,
};

export const withoutRules: ToolRules = { ...everything, ask: 'never' };

export interface TestAccess {
  readonly access: Access;
  readonly store: Store;
  readonly calls: ToolCall[];
  mode: 'ask' | 'off';
  wait: number;
  locked: boolean;
  serverRules: ToolRules;
  /** That everybody uses. */
  account: string;
  agent(name?: string): AgentRow;
  caller(agent: AgentRow, via?: 'http' | 'stdio'): Caller;
  guard(caller: Caller): Guard;
  /** As the person says it in the window; the id of the approval. */
  allow(agent: AgentRow, rules?: ToolRules, lasts?: Lasts): string;
  revoke(id: string): void;
  /** Resolves with the one prompt that is open. */
  prompt(): Promise<string>;
}

export interface TestAccessOptions {
  readonly store?: Store;
  /** Of the access alone: its timers are no others'. */
  readonly clock?: Clock;
  readonly server?: string;
  readonly url?: string;
  readonly mode?: 'ask' | 'off';
  readonly known?: () => KnownServer | null;
  /** By default the server lists no tools. */
  readonly readTools?: AccessParts['readTools'];
}

export function testAccess(options: TestAccessOptions = {}): TestAccess {
  const clock = options.clock ?? createFakeClock();
  const store = options.store ?? openStore({ file: ':memory:', log: silent, clock }).store;
  const server = options.server ?? 'everything';
  if (store.servers.get(server) === null) {
    const url = options.url ?? 'http://127.0.0.1:9/mcp';
    store.servers.add({ name: server, url, addedAt: 0, settings: serverSettings });
  }
  let connections = 0;
  const access = createAccess({
    store,
    clock,
    steady: createSteadyClock({ clock, store }),
    mode: () => self.mode,
    isLocked: () => self.locked,
    wait: () => self.wait,
    accountOf: () => self.account,
    known: options.known ?? (() => null),
    serverRules: () => self.serverRules,
    pins: createPins({ store, clock, pinning: () => 'hold', onHeld: () => undefined }),
    readTools: options.readTools ?? (() => Promise.resolve({ kind: 'listed', pages: [] })),
    audit: { toolCall: (call) => void self.calls.push(call) },
    agentView(id) {
      const row = store.agents.get(id);
      if (row === null) return null;
      const { keyHash: _hash, identity: _identity, ...view } = row;
      void [_hash, _identity];
      return { ...view, unused: false };
    },
    about: () => ({ url: 'https://everything.example/mcp', identity: null, scopes: [] }),
    linkFor: (id) => `http://127.0.0.1:18729/approve/${id}`,
    tell: () => undefined,
  });
  const self: TestAccess = {
    access,
    store,
    calls: [],
    mode: options.mode ?? 'off',
    wait: 50_000,
    locked: false,
    serverRules: withoutRules,
    account: 'default',
    agent(name = 'tester') {
      const id = crypto.randomUUID();
      const row: AgentRow = {
        id,
        name,
        kind: 'stdio',
        keyHash: null,
        identity: id,
        trusted: false,
        claimed: { name, client: null, clientUri: null },
        checked: null,
        createdAt: clock.now(),
        lastUsedAt: null,
        revokedAt: null,
      };
      store.agents.add(row);
      return row;
    },
    caller(agent, via = 'stdio') {
      connections += 1;
      return { agent, via, session: via === 'http' ? `http:${agent.id}` : `stdio:${connections}`, folder: null };
    },
    guard: (caller) => access.guards.guard(caller, server),
    allow(agent, rules = withoutRules, lasts = 'always') {
      const who = { agent, server, account: self.account };
      return access.approvals.decide(who, [`http:${agent.id}`], { decision: 'allow', lasts, rules }, 'window').id;
    },
    revoke: (id) => void access.approvals.revoke(id),
    prompt: () =>
      new Promise((resolve) => {
        const look = (): void => {
          const [open] = access.prompts.list();
          if (open === undefined) return;
          off();
          resolve(open.id);
        };
        const off = access.prompts.onChange(look);
        look();
      }),
  };
  return self;
}
