// Approvals, prompts and guards over a real database and a clock that a test moves; tools are as the test says.
import { createAccess, type Access, type AccessParts } from '../../main/access/access.ts';
import type { AccessEvent } from '../../main/access/approvals.ts';
import type { Question } from '../../main/access/questions.ts';
import type { ToolsRead } from '../../main/access/listings.ts';
import { memberOf } from '../../main/access/markings.ts';
import type { Standing } from '../../main/access/pins.ts';
import type { Marking } from '../../main/access/rules.ts';
import { createSteadyClock } from '../../main/access/steady-clock.ts';
import { everything } from '../../main/access/types.ts';
import type { Admitted, Caller, Guard, GuardedRequest, ToolRules } from '../../main/access/types.ts';
import type { ToolCall } from '../../main/audit/tool-call.ts';
import { TokentrayError } from '../../main/errors.ts';
import { openStore } from '../../main/store/open.ts';
import type { AgentRow, Store } from '../../main/store/types.ts';
import { silent } from '../support/silent.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';

export interface World extends AsyncDisposable {
  readonly store: Store;
  readonly clock: FakeClock;
  access: Access;
  readonly events: AccessEvent[];
  readonly calls: ToolCall[];
  mode: 'ask' | 'off';
  isLocked: boolean;
  wait: number;
  known: boolean;
  /** That everybody uses. */
  account: string;
  serverRules: ToolRules;
  /** What is remembered of a tool. */
  pin(tool: string, marked: Marking, state?: Standing['state']): void;
  readonly seen: unknown[];
  /** What the server says when it is asked for its tools. */
  readTools: () => Promise<ToolsRead>;
  agent(name: string, more?: Partial<AgentRow>): AgentRow;
  caller(agent: AgentRow, via?: 'http' | 'stdio', session?: string): Caller;
  guard(agent: AgentRow, more?: { via?: 'http' | 'stdio'; session?: string; server?: string }): Guard;
  /** The same database, as a broker finds it that starts now. */
  restart(): void;
  /** How it stands after everything that can happen by now has happened. */
  stateNow(one: Attempt): Promise<string>;
  /** The id of the one prompt that is open. */
  prompt(): string;
}

export const grantUrl = 'https://linear.example/mcp';

export function world(start = Date.UTC(2026, 0, 1), file = ':memory:'): World {
  const clock = createFakeClock(start);
  const { store } = openStore({ file, log: silent, clock });
  let sessions = 0;
  const settings = {
    signIn: 'ask',
    flow: 'authorization_code',
    pinnedScopes: null,
    removedScopes: [],
    chosenIssuer: null,
    allowHttp: false,
    era: null,
  } as const;
  for (const name of ['linear', 'notion']) store.servers.add({ name, url: grantUrl, addedAt: start, settings });

  const pins = new Map<unknown, Standing>();
  const pinned = (tool: unknown): Standing =>
    pins.get(tool) ?? { state: 'unknown', because: null, marked: 'unmarked', known: false, listed: false };

  const parts: Omit<AccessParts, 'steady'> = {
    store,
    clock,
    mode: () => self.mode,
    isLocked: () => self.isLocked,
    wait: () => self.wait,
    accountOf: () => self.account,
    known: () => (self.known ? { tools: [], capabilities: {} } : null),
    serverRules: () => self.serverRules,
    pins: {
      standing: (_server, _account, tool) => pinned(tool),
      seen: (_server, _account, tools, how) => void self.seen.push({ tools, ...how }),
      filter: (_server, _account, tools) => tools.filter((tool) => pinned(memberOf(tool, 'name')).state !== 'held'),
    },
    readTools: () => self.readTools(),
    audit: { toolCall: (call) => void self.calls.push(call) },
    agentView(id) {
      const row = store.agents.get(id);
      if (row === null) return null;
      const { keyHash: _hash, identity: _identity, ...view } = row;
      return { ...view, unused: false };
    },
    about: () => ({ url: grantUrl, identity: 'alice@example.com', scopes: ['read', 'write'] }),
    linkFor: (id) => `http://127.0.0.1:18729/approve/${id}`,
    tell: (event) => void self.events.push(event),
  };

  const begin = () => createAccess({ ...parts, steady: createSteadyClock({ clock, store }) });

  const self: World = {
    store,
    clock,
    access: begin(),
    events: [],
    calls: [],
    mode: 'ask',
    isLocked: false,
    wait: 50_000,
    known: true,
    account: 'default',
    serverRules: { ...everything, ask: 'never' },
    pin: (tool, marked, state = 'accepted') =>
      void pins.set(tool, { state, because: null, marked, known: true, listed: true }),
    seen: [],
    readTools: () => Promise.resolve({ kind: 'listed', pages: [] }),
    agent(name, more = {}) {
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
        ...more,
      };
      store.agents.add(row);
      return row;
    },
    caller(agent, via = 'stdio', session = via === 'http' ? `http ${agent.id}` : `stdio ${(sessions += 1)}`) {
      return { agent, via, session, folder: null };
    },
    guard(agent, { via, session, server = 'linear' } = {}) {
      return self.access.guards.guard(self.caller(agent, via, session), server);
    },
    restart() {
      self.access.close();
      self.access = begin();
    },
    async stateNow(one) {
      await clock.settle();
      return one.state();
    },
    prompt() {
      const [one, other] = self.access.prompts.list();
      if (one === undefined || other !== undefined) throw new Error('there is not exactly one prompt open');
      return one.id;
    },
    async [Symbol.asyncDispose]() {
      self.access.close();
      store.close();
    },
  };
  return self;
}

export const call = (name: unknown, args: unknown = {}): GuardedRequest => ({
  method: 'tools/call',
  params: { name, arguments: args },
  bytes: 100,
});
export const request = (method: string): GuardedRequest => ({ method, params: {}, bytes: 10 });

/** What became of a request, as soon as something did. */
export interface Attempt {
  readonly outcome: Promise<Admitted | TokentrayError>;
  /** `waiting`, `admitted`, or the error's code. */
  state(): string;
  readonly words: string[];
  giveUp(): void;
}

export function attempt(guard: Guard, asked: GuardedRequest = call('create_issue')): Attempt {
  const gone = new AbortController();
  const words: string[] = [];
  let state = 'waiting';
  const outcome = guard.admit(asked, { signal: gone.signal, onWait: (text) => words.push(text) }).then(
    (admitted) => {
      state = 'admitted';
      return admitted;
    },
    (error: unknown) => {
      if (!(error instanceof TokentrayError)) throw error;
      state = error.code;
      return error;
    },
  );
  return { outcome, state: () => state, words, giveUp: () => gone.abort() };
}

export const stateOf = async (one: Attempt): Promise<string> => {
  await one.outcome;
  return one.state();
};

export const useOf = (agent: AgentRow, tool: string | null = null, server = 'linear'): Question => ({
  kind: 'use',
  agent,
  via: 'stdio',
  server,
  account: 'default',
  session: 'stdio 0',
  tool,
});
