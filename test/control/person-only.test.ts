// A command that an agent started takes nothing from the person: each call of the contract is judged here, and what is refused is told.
import { isContractProcedure } from '@orpc/contract';
import { createRouterClient } from '@orpc/server';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CallContext } from '../../main/control/implement.ts';
import type { ControlDeps } from '../../main/control/deps.ts';
import { createControlRouter } from '../../main/control/router.ts';
import type { GrantView } from '../../main/grants/types.ts';
import { clearConfirmation, controlContract } from '../../preload/contract.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { fakeBroker } from './fake-broker/fake-broker.ts';
import type { FakeBroker } from './fake-broker/fake-broker.ts';

const server = 'linear';
const account = 'default';
const rules = { tools: 'everything', allow: [], deny: ['delete*'], ask: 'never' } as const;
const url = 'https://mcp.example/mcp';
const now = 1_700_000_000_000;

type Call = readonly [path: string, input: unknown];

/** Whatever the setting says about asking. */
const alwaysRefused: readonly Call[] = [
  ['approvals.decide', { id: 'p', decision: 'deny', lasts: 'once' }],
  ['approvals.answer', { id: 'p', allow: false }],
  ['approvals.change', { id: 'a', rules }],
  ['tools.setRules', { server, rules }],
  ['tools.accept', { server, tools: [] }],
  ['agents.rename', { id: 'mine', name: 'Cursor' }],
  ['agents.trust', { id: 'mine', trusted: true }],
  ['accounts.pin', { server, account, folder: '/work' }],
  ['accounts.unpin', { server, folder: '/work' }],
  ['accounts.setDefault', { server, account }],
  ['accounts.setEnd', { server, endsAt: null }],
  ['settings.set', { approvals: 'off' }],
  ['settings.set', { approvals: 'ask', approvalWait: 5_000 }],
  ['settings.set', { bridgePort: 23_456 }],
  ['settings.set', { signIn: 'auto' }],
  ['settings.set', { startAtLogin: false }],
  ['settings.set', { tools: { pinning: 'hold' } }],
  ['settings.set', { audit: { keepDays: 1 } }],
  ['settings.set', { lock: { afterIdleMinutes: null } }],
  ['lock.unlock', {}],
  ['broker.resume', {}],
  ['sessions.revoke', { id: 's' }],
  ['script.addAgent', { name: 'evil', trusted: true }],
  ['script.rotateAgent', { name: 'mine' }],
  ['script.openUi', { linkOnly: true }],
  // A link where there is no window.
  ['script.openUi', {}],
];

/** Where the person is asked about agents: it would go around them. */
const refusedWhereAsked: readonly Call[] = [
  ['servers.add', { name: 'new', url, settings: { signIn: 'auto' } }],
  ['servers.add', { name: 'new', url, settings: { allowHttp: true } }],
  ['servers.updateSettings', { server, settings: { signIn: 'ask' } }],
  ['servers.bringClient', { server, client: { client_id: 'mine' } }],
  ['servers.forget', { server }],
  ['signIn.start', { server, openBrowser: false }],
  ['signIn.complete', { id: 'a1b2c3', callback: 'http://127.0.0.1:8428/callback?code=c&state=s' }],
  ['adoption.adopt', { id: 'lost' }],
  ['accounts.forget', { server, account }],
  ['clearEverything', { confirm: clearConfirmation }],
  ['script.addServer', { name: 'new', url, settings: { allowHttp: true } }],
  ['script.addServer', { name: 'new', url, client: { client_id: 'mine' } }],
  ['script.addServer', { name: 'new', url, flow: { kind: 'client_credentials' } }],
  ['script.token', { server }],
  ['script.addAgent', { name: 'evil' }],
];

/** Looks on, takes something from agents or from everybody, or asks for what the person has to agree to anyway. */
const allowed: readonly Call[] = [
  ['status', {}],
  ['servers.add', { name: 'new', url, settings: { signIn: 'ask', allowHttp: false } }],
  ['servers.list', {}],
  ['servers.show', { server }],
  ['servers.details', { server }],
  ['servers.snippets', { server }],
  ['servers.plan', { server }],
  ['signIn.wait', { id: 'a1b2c3' }],
  ['signIn.cancel', { id: 'a1b2c3' }],
  ['revoke', { server }],
  ['cache.clear', {}],
  ['doctor', { url }],
  ['agents.list', {}],
  ['agents.revoke', { name: 'mine' }],
  ['agents.trust', { id: 'mine', trusted: false }],
  ['events.list', {}],
  ['approvals.list', {}],
  ['approvals.revoke', { id: 'a' }],
  ['tools.rules', { server }],
  ['tools.list', { server }],
  ['accounts.list', { server }],
  ['accounts.pins', {}],
  ['accounts.setEnd', { server, endsAt: now + 1_000 }],
  ['adoption.list', {}],
  ['activity.list', {}],
  ['activity.choices', {}],
  ['activity.export', { format: 'csv' }],
  ['audit.list', {}],
  ['audit.choices', {}],
  ['audit.verify', {}],
  ['audit.export', { format: 'csv' }],
  ['lock.state', {}],
  ['lock.lock', {}],
  ['lock.panic', { revoke: true }],
  ['settings.get', {}],
  ['settings.set', { approvals: 'ask' }],
  ['broker.pause', {}],
  ['catalogue.list', {}],
  ['demo.start', {}],
  ['demo.stop', {}],
  ['sessions.list', {}],
  ['licences', {}],
  ['changes', {}],
  ['script.addServer', { name: 'newer', url, flow: { kind: 'authorization_code' } }],
];

const refused = [...alwaysRefused, ...refusedWhereAsked];

let fake: FakeBroker;
let mine: string;
beforeEach(async () => {
  fake = fakeBroker();
  await fake.deps.grants.addServer({ name: server, url });
  mine = fake.deps.agents.add('mine').agent.id;
  fake.calls.length = 0;
});

type StartedBy = NonNullable<CallContext['startedBy']>;
const ofAgent = (): StartedBy => async () => ({
  kind: 'agent',
  agent: { agentId: mine, pid: 7, startedAt: null },
});
const ofPerson: StartedBy = async () => ({ kind: 'somebody-else' });
const ofOrphan: StartedBy = async () => ({ kind: 'orphan' });

/** `done`, or the error's code. */
async function outcomeOf(
  [path, input]: Call,
  startedBy: StartedBy = ofAgent(),
  deps: ControlDeps = fake.deps,
): Promise<string> {
  const client: unknown = createRouterClient(createControlRouter(deps), { context: { session: null, startedBy } });
  const call = path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], client) as (
    input: unknown,
  ) => Promise<unknown>;
  return call(input).then(
    () => 'done',
    (error: { readonly data?: { readonly code?: string }; readonly code?: string }) =>
      error.data?.code ?? error.code ?? 'defect',
  );
}

const pathsOf = (router: unknown, path: readonly string[] = []): string[] =>
  isContractProcedure(router)
    ? [path.join('.')]
    : Object.entries(router as Record<string, unknown>).flatMap(([name, part]) => pathsOf(part, [...path, name]));

const refusals = () => fake.deps.store.events.page({ kind: 'command-refused' });
const withView = (change: Partial<GrantView>): ControlDeps => {
  const { grants } = fake.deps;
  const view = (name: string) => ({ ...grants.view(name), ...change });
  return { ...fake.deps, grants: { ...grants, view } };
};

describe('every call of the contract', () => {
  it('is judged: refused to commands that an agent started, or not', () => {
    const judged = new Set([...refused, ...allowed].map(([path]) => path));
    expect([...judged].toSorted()).toEqual(pathsOf(controlContract).toSorted());
  });
});

describe('a command that an agent started', () => {
  it.each(refused)('is refused %s %j, and changes nothing', async (path, input) => {
    expect(await outcomeOf([path, input])).toBe('agent_refused');
    expect(fake.calls).toEqual([]);
    expect(fake.deps.agents.list()).toMatchObject([{ id: mine, name: 'mine', trusted: false, revokedAt: null }]);
    expect(fake.deps.grants.list().map((view) => view.server)).toEqual([server]);
    expect((await fake.deps.settings.view()).approvals.now).toBe('ask');
  });

  it.each(allowed)('is not refused %s %j', async (path, input) => {
    expect(await outcomeOf([path, input])).not.toBe('agent_refused');
    expect(refusals()).toEqual([]);
  });

  it.each(refused.filter(([path]) => path !== 'script.token'))(
    'is refused %s %j though its starter has gone',
    async (path, input) => {
      expect(await outcomeOf([path, input], ofOrphan)).toBe('agent_refused');
    },
  );

  it('by a timer of the system may fetch a token: whoever set that up is no agent', async () => {
    expect(await outcomeOf(['script.token', { server }], ofOrphan)).toBe('done');
  });

  it('hears what to do instead', async () => {
    const client = createRouterClient(createControlRouter(fake.deps), {
      context: { session: null, startedBy: async () => ({ kind: 'orphan' }) },
    });
    await expect(client.lock.unlock({})).rejects.toMatchObject({
      data: {
        message: 'whoever started this command has gone, and this is for a person to decide',
        advice: 'Do it in Tokentray’s window, or in a terminal that no agent started.',
      },
    });
  });

  it.each(refused.filter(([path]) => path !== 'script.openUi'))(
    'was no agent’s: %s %j is not refused',
    async (path, input) => {
      expect(await outcomeOf([path, input], ofPerson)).not.toBe('agent_refused');
      expect(refusals()).toEqual([]);
    },
  );
});

describe('where nobody is asked about agents', () => {
  beforeEach(async () => {
    await fake.deps.settings.set({ approvals: 'off' });
  });

  it.each(refusedWhereAsked)('a command of an agent may %s %j', async (path, input) => {
    expect(await outcomeOf([path, input])).not.toBe('agent_refused');
  });

  it.each(alwaysRefused)('it is refused %s %j all the same', async (path, input) => {
    expect(await outcomeOf([path, input])).toBe('agent_refused');
  });

  it.each<Call>([
    ['script.token', { server }],
    ['servers.forget', { server }],
    ['clearEverything', { confirm: clearConfirmation }],
  ])('rules of the person hold, and %s would get around them', async (path, input) => {
    fake.deps.store.serverRules.put({ server, rules, pinning: null });
    expect(await outcomeOf([path, input])).toBe('agent_refused');
    expect(fake.calls).toEqual([]);
  });

  it.each([
    ['the end that has come', { state: { kind: 'needs-sign-in', because: 'lifetime-over', since: 1 } }, {}],
    ['a later end', { endsAt: now + 1_000 }, { endsAt: now + 2_000 }],
    ['no end any more', { endsAt: now + 1_000 }, { endsAt: null }],
  ] as const)('a sign-in of an agent’s command does not take a grant past its end: %s', async (_what, view, wish) => {
    expect(await outcomeOf(['signIn.start', { server, ...wish }], ofAgent(), withView(view))).toBe('agent_refused');
    expect(fake.calls).toEqual([]);
  });

  it('a sign-in that ends sooner may be begun', async () => {
    const call: Call = ['signIn.start', { server, endsAt: now + 500 }];
    expect(await outcomeOf(call, ofAgent(), withView({ endsAt: now + 1_000 }))).toBe('done');
  });
});

describe('an agent that the person denied something', () => {
  it.each(['id', 'name'] as const)('cannot shed that by having itself revoked (by its %s)', async (by) => {
    const { access } = fake.deps;
    const row = fake.deps.store.agents.get(mine);
    if (row === null) throw new Error('the agent is not there');
    const denial = { decision: 'deny', lasts: 'always' } as const;
    const { id } = access.approvals.decide({ agent: row, server, account }, [], denial, 'window');
    expect(await outcomeOf(['agents.revoke', by === 'id' ? { id: mine } : { name: ' mine ' }])).toBe('agent_refused');
    expect(await outcomeOf(['approvals.revoke', { id }])).toBe('agent_refused');
    expect(fake.deps.agents.view(mine)?.revokedAt).toBeNull();
    expect(await outcomeOf(['agents.revoke', { id: mine }], ofPerson)).toBe('done');
  });
});

describe('what is refused', () => {
  it('is told in the activity: who tried what with which server', async () => {
    await outcomeOf(['servers.forget', { server }]);
    await outcomeOf(['lock.unlock', {}], ofOrphan);
    expect(refusals()).toMatchObject([
      { server: null, detail: { attempted: 'unlock', startedBy: 'orphan' } },
      { server, detail: { agent: 'mine', attempted: 'forget the server', startedBy: 'agent' } },
    ]);
  });

  it('is told once a minute, however often it is tried', async () => {
    const context: CallContext = { session: null, startedBy: async () => ({ kind: 'orphan' }) };
    const client = createRouterClient(createControlRouter(fake.deps), { context });
    const tryIt = () => client.lock.unlock({}).catch(() => undefined);
    for (let n = 0; n < 5; n += 1) await tryIt();
    expect(refusals()).toHaveLength(1);
    await client.broker.resume().catch(() => undefined);
    expect(refusals()).toHaveLength(2);
    await (fake.deps.clock as FakeClock).advance(60_000);
    await tryIt();
    expect(refusals()).toHaveLength(3);
  });
});
