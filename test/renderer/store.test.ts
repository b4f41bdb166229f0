// The window follows the broker: every change of the stream is seen at once, a broker that went away is said to be away.
import type { Change } from '../../preload/contract.ts';
import { ORPCError } from '@orpc/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyChange } from '../../renderer/store/apply.ts';
import type { Known } from '../../renderer/store/model.ts';
import { describeProblem } from '../../renderer/store/problem.ts';
import { createStore } from '../../renderer/store/store.ts';
import { listed, summary } from '../../renderer/servers/order.ts';
import { eventually } from '../support/eventually.ts';
import { liveBroker, type LiveBroker } from '../ui/live-broker.ts';
import { openWindow, type Window } from '../ui/window.ts';
import { approval, usePrompt } from './access.ts';
import { server } from './server.ts';

const snapshot = (...names: string[]): Extract<Change, { kind: 'snapshot' }> => ({
  kind: 'snapshot',
  servers: names.map((name) => server(name)),
  accountPins: [],
  uses: [],
  agents: [],
  settings: {
    bridgePort: { chosen: null, usual: 18_729, now: 18_729, fixedBy: null, afterRestart: false },
    signIn: 'ask',
    approvals: { chosen: 'ask', now: 'ask', fixedBy: null, wait: 50_000 },
    tools: { pinning: 'hold' },
    audit: { arguments: false, keepDays: 365, keepMegabytes: 256 },
    lock: { afterIdleMinutes: null, onScreenLock: null, streams: 'end' },
    startAtLogin: null,
    network: { httpProxy: null, httpsProxy: null, noProxy: null, caFiles: [] },
    dataFolder: '/data',
  },
  sessions: [],
  demo: { kind: 'off' },
  pausedSince: null,
  lock: { kind: 'open' },
  prompts: [],
  approvals: [],
  floods: [],
  heldTools: [],
});
const use = (agent: string, lastAt: number) => ({ server: 'notes', agent, via: 'http' as const, firstAt: 0, lastAt });
const after = (...changes: Change[]): Known | null => changes.reduce<Known | null>(applyChange, null);

describe('what is known', () => {
  it('begins with the snapshot and nothing before it', () => {
    expect(after({ kind: 'added', view: server('notes') })).toBeNull();
    expect([...(after(snapshot('a', 'b'))?.servers.keys() ?? [])]).toEqual(['a', 'b']);
  });
  it('takes in servers that come, change and go', () => {
    const state = { kind: 'retrying', at: 1, because: 'why' } as const;
    const known = after(
      snapshot('notes'),
      { kind: 'added', view: server('more') },
      { kind: 'state', server: 'notes', account: 'default', state },
      { kind: 'state', server: 'nobody', account: 'default', state },
      { kind: 'forgotten', server: 'more' },
    );
    expect([...(known?.servers.keys() ?? [])]).toEqual(['notes']);
    expect(known?.servers.get('notes')?.state).toEqual(state);
  });
  it('has the latest use of each agent first, once', () => {
    const known = after(
      { ...snapshot('notes'), uses: [use('old', 1), use('new', 5)] },
      { kind: 'used', use: use('old', 9) },
    );
    expect(known?.uses.get('notes')?.map(({ agent, lastAt }) => [agent, lastAt])).toEqual([
      ['old', 9],
      ['new', 5],
    ]);
    const renamed = known && applyChange(known, { kind: 'used', use: use('newer', 9), was: 'old' });
    expect(renamed?.uses.get('notes')?.map(({ agent }) => agent)).toEqual(['newer', 'new']);
    expect(known && applyChange(known, { kind: 'forgotten', server: 'notes' })?.uses.size).toBe(0);
  });
  it('has each server by its default account, and every account beside it', () => {
    const work = { ...server('notes'), account: 'work', isDefault: false };
    const connected = { kind: 'connected', accessTokenExpiresAt: null, refreshesAt: null, refreshable: true } as const;
    const known = after(
      { ...snapshot('notes'), servers: [server('notes'), work] },
      { kind: 'settings', view: { ...work, state: connected } },
    );
    expect(known?.servers.get('notes')?.state.kind).toBe('open');
    expect(known?.accounts.get('notes')?.get('work')?.state.kind).toBe('connected');
    expect([...(known?.accounts.get('notes')?.keys() ?? [])]).toEqual(['default', 'work']);
    const swapped =
      known && applyChange(known, { kind: 'state', server: 'notes', account: 'default', state: connected });
    expect(swapped?.servers.get('notes')?.state.kind).toBe('connected');
  });
  it('takes in questions, decisions, held tools, pinned accounts and the lock', () => {
    const locked = { kind: 'locked', since: 1, because: 'by-hand', unlocksBy: 'click' } as const;
    const known = after(
      { ...snapshot('notes'), heldTools: [{ server: 'notes', held: 1 }] },
      { kind: 'prompts', prompts: [usePrompt()], floods: [{ agent: 'x', since: 1, refused: 2 }] },
      { kind: 'approvals', approvals: [approval()] },
      { kind: 'tools', server: 'notes', held: 3 },
      { kind: 'account-pins', pins: [{ server: 'notes', account: 'work', agentId: 'a1', folder: null }] },
      { kind: 'lock', lock: locked },
    );
    expect(known).toMatchObject({ prompts: [{ id: 'p1' }], floods: [{ refused: 2 }], approvals: [{ id: 'ap1' }] });
    expect(known?.accountPins).toHaveLength(1);
    expect(known?.lock).toEqual(locked);
    expect(known?.held.get('notes')).toBe(3);
    expect(known && applyChange(known, { kind: 'tools', server: 'notes', held: 0 })?.held.size).toBe(0);
    expect(known && applyChange(known, { kind: 'forgotten', server: 'notes' })?.held.size).toBe(0);
  });
  it('a change that touches nothing gives the very same value, so that nothing is drawn again', () => {
    const known = after(snapshot('notes'));
    const item = { id: 1, at: 1, server: null, grantId: null, kind: 'x', detail: {}, agent: null };
    expect(applyChange(known, { kind: 'activity', item })).toBe(known);
    expect(applyChange(known, { kind: 'forgotten', server: 'nobody' })).toBe(known);
  });
});

describe('the list', () => {
  const servers = [
    server('zebra', { kind: 'needs-sign-in', because: 'ended-by-provider', since: null }),
    server('server-10'),
    server('server-9'),
    server('slow', { kind: 'retrying', at: 1, because: '' }),
  ];
  const names = (search = '', show: 'all' | 'needs-you' = 'all') =>
    listed(servers, search, show).map((one) => one.server);
  it('has who needs the person first, then who waits, then all by name', () => {
    expect(names()).toEqual(['zebra', 'slow', 'server-9', 'server-10']);
    expect(names('', 'needs-you')).toEqual(['zebra']);
  });
  it('is searched by every word in name and address', () => {
    expect(names('SERVER 10')).toEqual(['server-10']);
    expect(names('slow.example')).toEqual(['slow']);
    expect(names('nothing')).toEqual([]);
  });
  it('counts held tools as something that needs the person', () => {
    const held = new Map([['server-10', 2]]);
    expect(listed(servers, '', 'needs-you', held).map((one) => one.server)).toEqual(['server-10', 'zebra']);
    expect(summary(servers, held)).toContain('2 need you');
  });
  it('is summed up in a line', () => {
    expect(summary(servers)).toBe('4 servers, 1 needs you, 1 waiting for a provider');
    expect(summary([server('one')])).toBe('1 server, nothing needs you');
  });

  it('does not say that nothing needs the person while agents wait for an answer', () => {
    expect(summary([server('one')], new Map(), 1)).toBe('1 server, 1 question waits for you');
    expect(summary([server('one')], new Map([['one', 1]]), 19)).toBe(
      '1 server, 1 needs you, 19 questions wait for you',
    );
  });
});

describe('the store', () => {
  let live: LiveBroker;
  const windows: Window[] = [];
  const storeOfWindow = async () => {
    const way = await live.client.script.openUi({ linkOnly: true });
    const window = await openWindow(way.kind === 'link' ? way.link : '');
    windows.push(window);
    return createStore(window.call);
  };
  beforeEach(async () => {
    live = await liveBroker();
  });
  afterEach(async () => {
    for (const window of windows.splice(0)) await window.close();
    await live[Symbol.asyncDispose]();
  });

  it('shows what a real broker has, and each change of it without asking', async () => {
    const store = await storeOfWindow();
    const stop = store.start();
    await eventually(() => store.get().known?.servers.has('notes') === true);
    await eventually(() => store.get().status !== null);
    await live.client.servers.add({ name: 'more', url: 'https://more.example/mcp' });
    await eventually(() => store.get().known?.servers.has('more') === true);
    await live.client.broker.pause({});
    await eventually(() => store.get().known?.pausedSince !== null);
    await live.signIn('notes');
    await eventually(() => store.get().known?.servers.get('notes')?.state.kind === 'connected');
    expect(store.get().known?.servers.get('notes')?.grantedScopes).toContain('mcp');
    stop();
  });
  it('says that the broker is away, keeps what was known, and tries again by itself and at once on a word', async () => {
    const store = await storeOfWindow();
    const stop = store.start();
    await eventually(() => store.get().link.kind === 'live');
    // It comes back at another port: at this one nobody answers any more.
    await live.restart();
    await eventually(() => store.get().link.kind === 'lost');
    expect(store.get().known?.servers.has('notes')).toBe(true);
    const first = store.get().link;
    store.reconnect();
    await eventually(() => store.get().link !== first && store.get().link.kind === 'lost');
    stop();
  });
  it('does not try again for ever where the session is over', async () => {
    const store = await storeOfWindow();
    const stop = store.start();
    await eventually(() => store.get().link.kind === 'live');
    const [session] = live.broker.control.sessions.list();
    live.broker.control.sessions.revoke(session?.id ?? '');
    await eventually(() => store.get().link.kind === 'shut-out');
    stop();
  });
});

describe('a failure', () => {
  it('is told with the broker’s own words and advice', () => {
    const data = { code: 'unreachable', message: 'nobody answers', advice: 'Look at the address.', facts: {} };
    expect(describeProblem(new ORPCError('TOKENTRAY', { status: 422, data }))).toMatchObject({
      code: 'unreachable',
      message: 'Nobody answers.',
      advice: 'Look at the address.',
    });
  });
  it('is told in some words, whatever was thrown', () => {
    for (const thrown of [new TypeError('x'), new ORPCError('TOKENTRAY', { data: 'junk' }), null, 'text', 7]) {
      expect(describeProblem(thrown).message).not.toBe('');
    }
    expect(describeProblem(new TypeError('fetch failed')).code).toBe('unreachable-broker');
  });
  it('of the input says which input', () => {
    const data = { issues: [{ message: 'a port is at least 1024', path: ['bridgePort'] }] };
    expect(describeProblem(new ORPCError('BAD_REQUEST', { data })).message).toBe('A port is at least 1024.');
  });
});
