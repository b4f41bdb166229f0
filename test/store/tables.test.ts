// The store gives back every row as it was written, and keeps the promises between rows.
import { beforeEach, describe, expect, it } from 'vitest';
import type { AgentRow, ServerSettings, Store } from '../../main/store/types.ts';
import { agentRow, grantRow, open, registrationRow, serverRow } from './fixture.ts';

let store: Store;

beforeEach(() => {
  store = open().store;
});

describe('servers', () => {
  it('are given back as they were added, by name', () => {
    store.servers.add(serverRow('sentry'));
    store.servers.add(serverRow('linear'));
    expect(store.servers.get('linear')).toEqual(serverRow('linear'));
    expect(store.servers.list().map((row) => row.name)).toEqual(['linear', 'sentry']);
    expect(store.servers.get('other')).toBeNull();
  });

  it('have names of their own', () => {
    store.servers.add(serverRow());
    expect(() => store.servers.add({ ...serverRow(), url: 'https://else.example' })).toThrowError(
      expect.objectContaining({ code: 'name_taken' }),
    );
    expect(store.servers.get('linear')?.url).toBe('https://mcp.linear.app/mcp');
  });

  it('cannot be called what a path or a shell would misread', () => {
    for (const name of ['', 'Linear', 'a/b', 'a b', 'ü', 'x'.repeat(65)]) {
      expect(() => store.servers.add(serverRow(name)), name).toThrowError(
        expect.objectContaining({ code: 'invalid_input' }),
      );
    }
  });

  it('change one setting without the others', () => {
    store.servers.add(serverRow());
    store.servers.update('linear', { signIn: 'auto', pinnedScopes: ['read'] });
    expect(store.servers.get('linear')?.settings).toEqual({
      ...serverRow().settings,
      signIn: 'auto',
      pinnedScopes: ['read'],
    });
    expect(() => store.servers.update('other', {})).toThrowError(expect.objectContaining({ code: 'unknown_server' }));
  });

  it('refuse settings that could not be read again', () => {
    store.servers.add(serverRow());
    const wrong = { signIn: 'sometimes' } as unknown as Partial<ServerSettings>;
    expect(() => store.servers.update('linear', wrong)).toThrowError(
      expect.objectContaining({ code: 'invalid_input' }),
    );
    expect(store.servers.get('linear')).toEqual(serverRow());
  });

  it('take their grants with them, but not their history', () => {
    store.servers.add(serverRow());
    store.grants.put(grantRow());
    store.events.append({ at: 1, server: 'linear', grantId: 'g1', kind: 'signed-in', detail: {} });
    expect(store.servers.remove('linear')).toBe(true);
    expect(store.servers.remove('linear')).toBe(false);
    expect(store.grants.list()).toEqual([]);
    expect(store.events.list({ server: 'linear' })).toHaveLength(1);
  });
});

describe('registrations', () => {
  it('are given back as they were put, and replaced under the same id', () => {
    store.registrations.put(registrationRow());
    expect(store.registrations.get('r1')).toEqual(registrationRow());
    const changed = registrationRow('r1', { client_secret_expires_at: 9_000, hasSecret: false });
    store.registrations.put(changed);
    expect(store.registrations.get('r1')).toEqual(changed);
  });

  it('of an issuer: the newest that still serves, and the history, newest first', () => {
    store.registrations.put(registrationRow('old', { registered_at: 1 }));
    store.registrations.put(registrationRow('new', { registered_at: 2 }));
    store.registrations.put(registrationRow('elsewhere', { issuer: 'https://as.example', registered_at: 3 }));
    expect(store.registrations.forIssuer('https://as.example/')?.id).toBe('new');
    store.registrations.markReplaced('new', 7);
    expect(store.registrations.forIssuer('https://as.example/')?.id).toBe('old');
    expect(store.registrations.history('https://as.example/').map((row) => [row.id, row.replaced_at])).toEqual([
      ['new', 7],
      ['old', null],
    ]);
    expect(store.registrations.remove('old')).toBe(true);
    expect(store.registrations.forIssuer('https://as.example/')).toBeNull();
  });
});

describe('grants', () => {
  beforeEach(() => {
    store.servers.add(serverRow());
  });

  it('are given back as they were put', () => {
    const row = grantRow('g1', { resource: null, refreshedAt: 3_000, endedAt: 4_000, endedBecause: 'revoked-here' });
    store.grants.put(grantRow());
    store.grants.put(row);
    expect(store.grants.get('g1')).toEqual(row);
    expect(store.grants.remove('g1')).toBe(true);
    expect(store.grants.get('g1')).toBeNull();
  });

  it('live at most once for a server and account', () => {
    store.grants.put(grantRow('g1'));
    expect(() => store.grants.put(grantRow('g2'))).toThrowError(/already has a living grant/u);
    store.grants.put(grantRow('g3', { account: 'work' }));
    store.grants.put(grantRow('g1', { endedAt: 2_000, endedBecause: 'superseded' }));
    store.grants.put(grantRow('g2', { createdAt: 2_000 }));
    expect(store.grants.list().map((row) => row.id)).toEqual(['g1', 'g3', 'g2']);
  });

  it('are found by server: the living one before any ended one, then the newest', () => {
    store.grants.put(grantRow('old', { createdAt: 1, endedAt: 5, endedBecause: 'x' }));
    store.grants.put(grantRow('newer', { createdAt: 9, endedAt: 10, endedBecause: 'x' }));
    expect(store.grants.forServer('linear')?.id).toBe('newer');
    store.grants.put(grantRow('living', { createdAt: 2 }));
    expect(store.grants.forServer('linear')?.id).toBe('living');
    expect(store.grants.forServer('linear', 'default')?.id).toBe('living');
    expect(store.grants.forServer('linear', 'work')).toBeNull();
  });

  it('belong to a server that is there', () => {
    expect(() => store.grants.put(grantRow('g1', { server: 'ghost' }))).toThrowError(
      expect.objectContaining({ code: 'unknown_server' }),
    );
  });
});

const stdio = (n: number, over: Partial<AgentRow> = {}) =>
  agentRow(`a${n}`, { kind: 'stdio', keyHash: null, identity: `i${n}`, createdAt: n, ...over });

describe('agents', () => {
  it('are found by the hash of their key until they are revoked', () => {
    store.agents.add(agentRow());
    store.agents.touch(agentRow().id, 7_000);
    const { id, keyHash } = agentRow();
    expect(store.agents.byKeyHash(keyHash ?? '')).toEqual({ ...agentRow(), lastUsedAt: 7_000 });
    expect(store.agents.revoke(id, 8_000)).toBe(true);
    expect(store.agents.revoke(id, 9_000)).toBe(false);
    expect(store.agents.byKeyHash(keyHash ?? '')).toBeNull();
    expect(store.agents.change(id, { trusted: true })).toBe(false);
    expect(store.agents.list()).toEqual([{ ...agentRow(), lastUsedAt: 7_000, revokedAt: 8_000 }]);
  });

  it('have names of their own, free again after a revocation', () => {
    store.agents.add(agentRow());
    const second = agentRow('cursor', { id: 'second', keyHash: 'f'.repeat(64) });
    expect(() => store.agents.add(second)).toThrowError(expect.objectContaining({ code: 'name_taken' }));
    store.agents.revoke(agentRow().id, 1);
    store.agents.add(second);
    expect(store.agents.list()).toHaveLength(2);
  });

  it('of other kinds are found by what they are recognised by, each kind for itself', () => {
    const signedIn = agentRow('Cursor', { id: 'o', kind: 'oauth', keyHash: null, identity: 'client-1' });
    const started = agentRow('Claude', { id: 's', kind: 'stdio', keyHash: null, identity: 'client-1' });
    store.agents.add(signedIn);
    store.agents.add(started);
    expect(store.agents.byIdentity('oauth', 'client-1')).toEqual(signedIn);
    expect(store.agents.byIdentity('stdio', 'client-1')).toEqual(started);
    expect(store.agents.byIdentity('stdio', 'client-2')).toBeNull();
    expect([store.agents.byName('Claude')?.id, store.agents.byName('claude'), store.agents.names()]).toEqual([
      's',
      null,
      expect.arrayContaining(['Cursor', 'Claude']),
    ]);
    const again = { ...signedIn, id: 'o2', name: 'Cursor 2' };
    expect(() => store.agents.add(again)).toThrowError(expect.objectContaining({ code: 'internal' }));
    store.agents.revoke('o', 1);
    store.agents.add(again);
    expect(store.agents.byIdentity('oauth', 'client-1')?.id).toBe('o2');
  });

  it('have a key or an identity, never both and never none', () => {
    const wrong = [{ identity: 'x' }, { keyHash: null }, { kind: 'oauth' }, { kind: 'stdio', keyHash: null }] as const;
    for (const over of wrong) {
      expect(() => store.agents.add(agentRow('x', over)), JSON.stringify(over)).toThrowError(
        expect.objectContaining({ code: 'internal' }),
      );
    }
  });

  it('are changed in part, and not into another one’s name', () => {
    store.agents.add(agentRow());
    store.agents.add(agentRow('claude'));
    const client = { name: 'cursor-vscode', version: null };
    const change = { name: 'Cursor', trusted: true, claimed: { ...agentRow().claimed, client } };
    expect(store.agents.change(agentRow().id, change)).toBe(true);
    expect(store.agents.get(agentRow().id)).toEqual({ ...agentRow(), ...change });
    expect(() => store.agents.change(agentRow().id, { name: 'claude' })).toThrowError(
      expect.objectContaining({ code: 'name_taken' }),
    );
    expect(() => store.agents.change(agentRow().id, { keyHash: 'ttk_key' })).toThrowError(
      expect.objectContaining({ code: 'internal' }),
    );
    expect(store.agents.change('nobody', { trusted: true })).toBe(false);
  });

  it('that nobody decided about make room, the longest unused first', () => {
    for (const row of [stdio(1, { lastUsedAt: 100 }), stdio(2), stdio(3), stdio(4), stdio(5, { trusted: true })]) {
      store.agents.add(row);
    }
    store.agents.add(agentRow());
    expect(store.agents.prune('stdio', 4, [])).toEqual([]);
    expect(store.agents.prune('stdio', 2, [stdio(2).id])).toEqual([stdio(3).id]);
    expect(store.agents.prune('oauth', 0, [])).toEqual([]);
    expect(store.agents.list().map(({ name }) => name)).toEqual(['a1', 'a2', 'a4', 'a5', 'cursor']);
  });

  it('cannot be stored with a key instead of its hash', () => {
    expect(() => store.agents.add(agentRow('x', { keyHash: 'tt_agent_key' }))).toThrowError(
      expect.objectContaining({ code: 'internal' }),
    );
  });
});

const seen = (filter: Parameters<Store['events']['list']>[0]): unknown[] =>
  store.events.list(filter).map((row) => row.detail['n']);

describe('events', () => {
  it('are listed newest first, filtered and limited', () => {
    for (const [n, kind] of ['signed-in', 'refreshed', 'refreshed', 'revoked'].entries()) {
      store.events.append({
        at: n,
        server: n === 0 ? null : 'linear',
        grantId: n < 2 ? null : 'g1',
        kind,
        detail: { n },
      });
    }
    expect(seen({})).toEqual([3, 2, 1, 0]);
    expect(seen({ server: 'linear', limit: 2 })).toEqual([3, 2]);
    expect(seen({ grantId: 'g1', kind: 'refreshed' })).toEqual([2]);
  });

  it('forget the oldest beyond 20,000', () => {
    store.transaction(() => {
      for (let n = 1; n <= 20_005; n += 1) {
        store.events.append({ at: n, server: null, grantId: null, kind: 'refreshed', detail: {} });
      }
    });
    const all = store.events.list({ limit: 30_000 });
    expect([all.length, all[0]?.at, all.at(-1)?.at]).toEqual([20_000, 20_005, 6]);
  });
});

const document = (url: string) => ({ url, body: '{"issuer":"x"}', fetchedAt: 1, expiresAt: 2 });

describe('documents', () => {
  it('are given back until they are replaced or dropped, by origin or all', () => {
    store.documents.put(document('https://a.example/.well-known/oauth-authorization-server'));
    store.documents.put(document('https://a.example/.well-known/openid-configuration'));
    store.documents.put(document('https://b.example/.well-known/openid-configuration'));
    store.documents.put({ ...document('https://b.example/.well-known/openid-configuration'), expiresAt: 9 });
    expect(store.documents.get('https://b.example/.well-known/openid-configuration')?.expiresAt).toBe(9);
    expect(store.documents.drop(['https://a.example/tenant', 'https://a.example/'])).toBe(2);
    expect(store.documents.get('https://a.example/.well-known/openid-configuration')).toBeNull();
    expect(store.documents.drop([])).toBe(0);
    expect(store.documents.drop()).toBe(1);
  });

  it('are dropped by their own origin, whoever they were kept for', () => {
    const metadata = 'https://a.example/.well-known/oauth-authorization-server';
    const keys = [`https://mcp.example ${metadata}`, `http://[::1]:1+http ${metadata}`, 'https://a.example https://b/'];
    for (const key of keys) store.documents.put(document(key));
    expect(store.documents.get(keys[0] ?? '')?.url).toBe(keys[0]);
    expect(store.documents.get(metadata)).toBeNull();
    expect(store.documents.drop([keys[0] ?? ''])).toBe(2);
    expect(store.documents.get(keys[2] ?? '')).not.toBeNull();
    expect(store.documents.drop(['https://b/'])).toBe(1);
  });
});

describe('settings', () => {
  it('are given back as they were last set', () => {
    expect(store.settings.get('port')).toBeNull();
    store.settings.set('port', '1');
    store.settings.set('port', '2');
    expect(store.settings.get('port')).toBe('2');
  });
});
