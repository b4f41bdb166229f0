// Activity is read page by page while more happens, found by server, agent and kind, and exported without a trap in it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { activityPage, exportActivity } from '../../main/control/activity.ts';
import { createUses } from '../../main/control/uses.ts';
import { openStore } from '../../main/store/open.ts';
import type { Store } from '../../main/store/types.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { serverRow } from '../store/fixture.ts';
import { silent } from '../support/silent.ts';

let clock: FakeClock;
let store: Store;
beforeEach(() => {
  clock = createFakeClock(Date.UTC(2026, 2, 1));
  store = openStore({ file: ':memory:', log: silent, clock }).store;
});
afterEach(() => store.close());

const happened = (kind: string, server: string | null = 'linear', detail: Record<string, unknown> = {}) =>
  store.events.append({ at: clock.now(), server, grantId: null, kind, detail });
const ids = (page: { items: readonly { id: number }[] }) => page.items.map(({ id }) => id);

describe('pages', () => {
  it('are newest first, follow each other without gap or overlap, and the last one says so', () => {
    for (let count = 0; count < 25; count += 1) happened('refreshed');
    const first = activityPage(store.events, { limit: 10 });
    // What happens while a person reads moves nothing.
    happened('refreshed');
    const second = activityPage(store.events, { limit: 10, before: first.next ?? 0 });
    const third = activityPage(store.events, { limit: 10, before: second.next ?? 0 });
    expect([...ids(first), ...ids(second), ...ids(third)]).toEqual(Array.from({ length: 25 }, (_, at) => 25 - at));
    expect(third.next).toBeNull();
  });

  it('of exactly the size that there is have no next', () => {
    for (let count = 0; count < 10; count += 1) happened('refreshed');
    expect(activityPage(store.events, { limit: 10 })).toMatchObject({ next: null });
  });

  it('can be of one server, one agent and one kind, and of all three', () => {
    happened('used', 'linear', { agent: 'cursor' });
    happened('used', 'notion', { agent: 'cursor' });
    happened('used', 'linear', { agent: 'other' });
    happened('refreshed', 'linear');
    happened('paused', null);
    expect(ids(activityPage(store.events, { server: 'linear' }))).toEqual([4, 3, 1]);
    expect(ids(activityPage(store.events, { agent: 'cursor' }))).toEqual([2, 1]);
    expect(ids(activityPage(store.events, { kind: 'used' }))).toEqual([3, 2, 1]);
    expect(ids(activityPage(store.events, { server: 'linear', agent: 'cursor', kind: 'used' }))).toEqual([1]);
    expect(store.events.named()).toEqual({
      servers: ['linear', 'notion'],
      agents: ['cursor', 'other'],
      kinds: ['paused', 'refreshed', 'used'],
    });
  });

  it('are found at once among 20,000', () => {
    store.transaction(() => {
      for (let count = 0; count < 20_000; count += 1)
        happened(count % 1_000 === 0 ? 'rare' : 'usual', 'linear', { agent: 'a' });
    });
    const at = performance.now();
    expect(activityPage(store.events, { kind: 'rare', agent: 'a', limit: 100 }).items).toHaveLength(20);
    expect(activityPage(store.events, { limit: 100, before: 10_000 }).items).toHaveLength(100);
    store.events.named();
    expect(performance.now() - at).toBeLessThan(1_000);
  });
});

describe('an export', () => {
  it('as JSONL is one object a line, oldest first, of what the filter leaves', () => {
    happened('refreshed');
    happened('used', 'linear', { agent: 'cursor' });
    happened('used', 'notion', { agent: 'cursor' });
    const file = exportActivity(store.events, 'jsonl', { kind: 'used' }, clock.now());
    expect(file.name).toBe('tokentray-activity-2026-03-01.jsonl');
    const lines = file.content.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ id: 2, server: 'linear', agent: 'cursor', at: '2026-03-01T00:00:00.000Z' }),
      expect.objectContaining({ id: 3, server: 'notion' }),
    ]);
  });

  it('as CSV has every row, however many steps they are read in', () => {
    store.transaction(() => {
      for (let count = 0; count < 2_500; count += 1) happened('refreshed');
    });
    const { content } = exportActivity(store.events, 'csv', {}, clock.now());
    const rows = content.trimEnd().split('\r\n');
    expect(rows[0]).toBe('"id","time","server","agent","kind","detail"');
    expect(rows.slice(1).map((row) => Number(row.split('"')[1]))).toEqual(
      Array.from({ length: 2_500 }, (_, at) => at + 1),
    );
  });

  it.each([
    '=HYPERLINK("http://evil.example","click")',
    '+1+1',
    '-2+3',
    '@SUM(A1)',
    '|calc',
    '%0a=1',
    '\t=1+1',
    '  =1+1',
    '\r=1+1',
    '＝1+1',
  ])('as CSV makes text of what a spreadsheet would run: %j', (agent) => {
    happened('used', 'linear', { agent });
    const { content } = exportActivity(store.events, 'csv', {}, clock.now());
    const cells = [...content.matchAll(/"((?:[^"]|"")*)"/gu)].map(([, cell = '']) => cell.replaceAll('""', '"'));
    // The second row's fourth.
    expect(cells[6 + 3]).toBe(`'${agent}`);
  });

  it('as CSV lets no quote or line break out of its cell', () => {
    happened('used', 'linear', { agent: 'a","b"\r\n"=1' });
    const { content } = exportActivity(store.events, 'csv', {}, clock.now());
    // Whole cells only, by RFC 4180: what is left when they are taken away are commas and line ends.
    expect(content.replaceAll(/"(?:[^"]|"")*"/gu, '')).toBe(',,,,,\r\n,,,,,\r\n');
  });
});

describe('uses', () => {
  const noted: string[] = [];
  const uses = () => createUses({ store, clock, onUse: ({ agent }) => noted.push(agent) });
  beforeEach(() => {
    noted.length = 0;
    store.servers.add(serverRow('linear'));
  });

  it('are written once a minute for each agent and server, and told as often', async () => {
    const { note } = uses();
    const use = { server: 'linear', agent: 'cursor', via: 'http' } as const;
    for (let count = 0; count < 5; count += 1) note(use);
    expect(noted).toEqual(['cursor']);
    await clock.advance(59_999);
    note(use);
    expect(noted).toHaveLength(1);
    await clock.advance(1);
    note(use);
    expect(noted).toHaveLength(2);
    note({ ...use, agent: 'other' });
    expect(store.uses.list('linear').map(({ agent, lastAt }) => [agent, lastAt - Date.UTC(2026, 2, 1)])).toEqual([
      ['cursor', 60_000],
      ['other', 60_000],
    ]);
  });

  it('are a line in the activity only when an agent comes after an hour of silence', async () => {
    const { note } = uses();
    const use = { server: 'linear', agent: 'cursor', via: 'stdio' } as const;
    for (let minute = 0; minute < 120; minute += 1) {
      note(use);
      await clock.advance(60_000);
    }
    expect(store.events.page({ kind: 'used' })).toHaveLength(1);
    await clock.advance(60 * 60_000);
    note(use);
    expect(store.events.page({ kind: 'used', agent: 'cursor' })).toHaveLength(2);
  });

  it('are gone with their server, and none come afterwards', () => {
    const { note } = uses();
    note({ server: 'linear', agent: 'cursor', via: 'http' });
    store.servers.remove('linear');
    expect(store.uses.list()).toEqual([]);
    note({ server: 'linear', agent: 'late', via: 'http' });
    expect(store.uses.list()).toEqual([]);
  });

  it('are told under the name that the agent has now, those of before it among them', async () => {
    const told: unknown[] = [];
    const { note, renamed } = createUses({
      store,
      clock,
      onUse: ({ server, agent }, was) => told.push([server, agent, was]),
    });
    store.servers.add(serverRow('notion'));
    const start = clock.now();
    note({ server: 'linear', agent: 'Claude', via: 'stdio' });
    await clock.advance(60_000);
    note({ server: 'linear', agent: 'node "x"', via: 'stdio' });
    note({ server: 'notion', agent: 'node "x"', via: 'stdio' });
    note({ server: 'notion', agent: 'other', via: 'stdio' });
    told.length = 0;
    renamed('node "x"', 'Claude');
    expect(told).toEqual([
      ['linear', 'Claude', 'node "x"'],
      ['notion', 'Claude', 'node "x"'],
    ]);
    expect(store.uses.list('linear')).toEqual([
      { server: 'linear', agent: 'Claude', via: 'stdio', firstAt: start, lastAt: start + 60_000 },
    ]);
    expect(store.uses.list('notion').map(({ agent }) => agent)).toEqual(['Claude', 'other']);
    // Under its name of before another agent may come, at once.
    note({ server: 'linear', agent: 'node "x"', via: 'stdio' });
    expect(
      store.uses
        .list('linear')
        .map(({ agent }) => agent)
        .toSorted(),
    ).toEqual(['Claude', 'node "x"']);
  });

  it('show what an agent calls itself as one short line', () => {
    const { note } = uses();
    note({ server: 'linear', agent: `a\nb\u202e${'x'.repeat(500)}`, via: 'stdio' });
    note({ server: 'linear', agent: ' ', via: 'stdio' });
    const names = store.uses.list().map(({ agent }) => agent);
    expect(names).toContain('unnamed agent');
    for (const name of names) expect(name).toMatch(/^[^\u0000-\u001f\u202e]{1,90}$/u);
  });

  it('by agents that rename themselves without end stay few', () => {
    const { note } = uses();
    for (let count = 0; count < 300; count += 1) note({ server: 'linear', agent: `agent ${count}`, via: 'stdio' });
    expect(store.uses.list('linear')).toHaveLength(200);
  });
});
