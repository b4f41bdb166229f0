// Approvals in the database: one stands for an agent and an account, and each ends once.
import { beforeEach, describe, expect, it } from 'vitest';
import { everything, type ApprovalRow } from '../../main/access/types.ts';
import type { Store } from '../../main/store/types.ts';
import { open, serverRow } from './fixture.ts';

let store: Store;
beforeEach(() => {
  ({ store } = open());
  store.servers.add(serverRow());
  for (const id of ['a1', 'a2']) {
    store.agents.add({
      id,
      name: id,
      kind: 'stdio',
      keyHash: null,
      identity: id,
      trusted: false,
      claimed: { name: null, client: null, clientUri: null },
      checked: null,
      createdAt: 1,
      lastUsedAt: null,
      revokedAt: null,
    });
  }
});

const row = (id: string, over: Partial<ApprovalRow> = {}): ApprovalRow => ({
  id,
  agentId: 'a1',
  server: 'linear',
  account: 'default',
  decision: 'allow',
  lasts: 'always',
  until: null,
  session: null,
  rules: { ...everything, deny: ['drop*'] },
  decidedAt: 5,
  decidedBy: 'window',
  endedAt: null,
  endedBecause: null,
  ...over,
});

describe('approvals', () => {
  it('are given back as they were added', () => {
    const one = row('p1', { lasts: 'session', session: 's', until: 9 });
    store.approvals.add(one);
    expect(store.approvals.get('p1')).toEqual(one);
    expect(store.approvals.of('a1', 'linear', 'default')).toEqual([one]);
    expect(store.approvals.of('a2', 'linear', 'default')).toEqual([]);
    expect(store.approvals.living()).toEqual([one]);
  });

  it('stand at most once for an agent and an account, and once more for each of its sessions', () => {
    store.approvals.add(row('p1'));
    store.approvals.add(row('p2', { session: 's' }));
    store.approvals.add(row('p3', { session: 't' }));
    expect(() => store.approvals.add(row('p4'))).toThrow();
    expect(() => store.approvals.add(row('p5', { session: 's' }))).toThrow();
    store.approvals.add(row('p6', { agentId: 'a2' }));
    store.approvals.end('p1', 7, 'revoked');
    store.approvals.add(row('p7'));
  });

  it('end once, and are neither changed nor ended again', () => {
    store.approvals.add(row('p1', { lasts: 'once' }));
    const ends = [1, 2, 3].map((at) => store.approvals.end('p1', at, 'used'));
    expect(ends).toEqual([true, false, false]);
    expect(store.approvals.get('p1')).toMatchObject({ endedAt: 1, endedBecause: 'used' });
    expect(store.approvals.change('p1', { rules: everything, until: null })).toBe(false);
    expect(store.approvals.living()).toEqual([]);
  });

  it('go with their agent or their server', () => {
    store.approvals.add(row('p1'));
    store.servers.remove('linear');
    expect(store.approvals.get('p1')).toBeNull();
    store.servers.add(serverRow());
    store.approvals.add(row('p2'));
    store.agents.drop();
    expect(store.approvals.get('p2')).toBeNull();
  });

  it('that ended long ago are forgotten, but not that a trusted agent lost one', () => {
    store.approvals.add(row('old', { endedAt: 1, endedBecause: 'expired' }));
    store.approvals.add(row('lost', { endedAt: 1, endedBecause: 'revoked', decidedBy: 'trusted' }));
    store.approvals.add(row('new', { endedAt: 50, endedBecause: 'expired' }));
    expect(store.approvals.forgetEndedBefore(10)).toBe(1);
    expect(store.approvals.get('old')).toBeNull();
    expect(store.approvals.endedAs('a1', 'linear', 'default', 'trusted', 'revoked')).toBe(true);
    expect(store.approvals.endedAs('a1', 'linear', 'default', 'window', 'revoked')).toBe(false);
  });

  it('with rules that cannot be read are damage, not everything', () => {
    expect(() => {
      store.approvals.add(row('p1', { rules: { tools: 'all' } as never }));
      store.approvals.get('p1');
    }).toThrow(/damaged at "rules/u);
  });
});
