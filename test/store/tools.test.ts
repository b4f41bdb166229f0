// Rules and pinned tools are given back as they were written, belong to their server, and cannot be agreed to by mistake.
import { beforeEach, describe, expect, it } from 'vitest';
import type { PinnedDefinition, Store } from '../../main/store/types.ts';
import { databaseFolder, open, serverRow } from './fixture.ts';
import { openDatabase, storeOver } from '../../main/store/open.ts';

let store: Store;
const key = { server: 'linear', account: 'default', tool: 'read' };
const definition = (hash = 'a', over: Partial<PinnedDefinition> = {}): PinnedDefinition => ({
  hash: hash.repeat(64).slice(0, 64),
  marked: 'read-only',
  length: 20,
  copies: 1,
  parts: {
    title: null,
    description: 'Reads. \ud800\u0000"',
    inputSchema: '{}',
    outputSchema: null,
    annotations: null,
    rest: null,
  },
  ...over,
});

beforeEach(() => {
  store = open().store;
  store.servers.add(serverRow());
});

describe('the rules of a server', () => {
  const rules = { tools: 'read-only', allow: ['read_*', '\u202e?'], deny: ['"x"'], ask: 'changes' } as const;

  it('are given back as they were last put', () => {
    expect(store.serverRules.get('linear')).toBeNull();
    expect(store.serverRules.put({ server: 'linear', rules, pinning: null })).toBe(true);
    expect(store.serverRules.get('linear')).toEqual({ server: 'linear', rules, pinning: null });
    store.serverRules.put({ server: 'linear', rules: { ...rules, deny: [] }, pinning: 'warn' });
    expect(store.serverRules.get('linear')).toEqual({
      server: 'linear',
      rules: { ...rules, deny: [] },
      pinning: 'warn',
    });
  });

  it('are of a server that there is, and go with it', () => {
    expect(store.serverRules.put({ server: 'other', rules, pinning: null })).toBe(false);
    store.serverRules.put({ server: 'linear', rules, pinning: null });
    store.servers.remove('linear');
    store.servers.add(serverRow());
    expect(store.serverRules.get('linear')).toBeNull();
  });

  it('that somebody damaged let nothing through in silence', async () => {
    const { file, remove } = await databaseFolder();
    const db = openDatabase(file);
    const own = storeOver(db);
    own.servers.add(serverRow());
    own.serverRules.put({ server: 'linear', rules, pinning: null });
    for (const text of ['{}', 'null', 'x', '{"tools":"all","allow":[],"deny":[],"ask":"never"}']) {
      db.prepare('UPDATE server_rules SET rules = ?').run(text);
      expect(() => own.serverRules.get('linear'), text).toThrowError(
        expect.objectContaining({ code: 'store_damaged' }),
      );
    }
    own.close();
    await remove();
  });
});

describe('pinned tools', () => {
  it('are given back as they were seen and accepted', () => {
    expect(store.pinnedTools.see(key, definition(), 5)).toBe(true);
    expect(store.pinnedTools.list('linear', 'default')).toEqual([
      { ...key, accepted: null, acceptedAt: null, seen: definition(), seenAt: 5 },
    ]);
    expect(store.pinnedTools.accept(key, 5, 7)).toBe(true);
    store.pinnedTools.see(key, definition('b', { copies: 2, marked: 'destructive' }), 9);
    const { parts: _, ...accepted } = definition();
    const { parts: __, ...seen } = definition('b', { copies: 2, marked: 'destructive' });
    expect(store.pinnedTools.heads('linear')).toEqual([
      { ...key, accepted, acceptedAt: 7, seen, seenAt: 9, size: expect.any(Number) },
    ]);
    expect(store.pinnedTools.list('linear', 'default')[0]).toMatchObject({
      accepted: definition(),
      acceptedAt: 7,
      seenAt: 9,
    });
    expect(store.pinnedTools.servers()).toEqual(['linear']);
  });

  it('are accepted only as they were looked at', () => {
    store.pinnedTools.see(key, definition(), 5);
    store.pinnedTools.see(key, definition('b'), 6);
    expect(store.pinnedTools.accept(key, 5, 7)).toBe(false);
    expect(store.pinnedTools.accept({ ...key, account: 'work' }, 6, 7)).toBe(false);
    expect(store.pinnedTools.list('linear', 'default')[0]?.accepted).toBeNull();
  });

  it('are of a server that there is, and go with it or with their account', () => {
    expect(store.pinnedTools.see({ ...key, server: 'other' }, definition(), 5)).toBe(false);
    for (const account of ['default', 'work'])
      for (const tool of ['a', 'b']) store.pinnedTools.see({ ...key, account, tool }, definition(), 5);
    expect(store.pinnedTools.remove({ ...key, tool: 'a' })).toBe(true);
    expect(store.pinnedTools.drop('linear', 'work')).toBe(2);
    expect(store.pinnedTools.heads('linear').map(({ account, tool }) => [account, tool])).toEqual([['default', 'b']]);
    store.servers.remove('linear');
    expect(store.pinnedTools.servers()).toEqual([]);
  });
});
