// Each agent has its own key, which is shown once, kept only as a hash and can be taken back.
import { describe, expect, it } from 'vitest';
import { createAgents } from '../../main/access/agents.ts';
import { secret } from '../../main/secret.ts';
import { openStore } from '../../main/store/open.ts';
import { silentLog } from '../bridge/fixture.ts';
import { createFakeClock } from '../support/fake-clock.ts';

function fresh() {
  const clock = createFakeClock();
  const { store } = openStore({ file: ':memory:', log: silentLog, clock });
  const touches: number[] = [];
  const watched: typeof store = {
    ...store,
    agents: {
      ...store.agents,
      touch: (id, at) => {
        touches.push(at);
        store.agents.touch(id, at);
      },
    },
  };
  return { store, clock, touches, agents: createAgents({ store: watched, clock }) };
}

describe('an agent key', () => {
  it('is 256 random bits behind a prefix that people and secret scanners recognise', () => {
    const { agents } = fresh();
    const one = agents.add('one').key.reveal();
    const two = agents.add('two').key.reveal();
    expect(one).toMatch(/^ttk_[A-Za-z0-9_-]{43}$/u);
    expect(one).not.toBe(two);
  });

  it('is not in the store, nor in what a list shows', () => {
    const { agents, store } = fresh();
    const { agent, key } = agents.add('claude');
    const kept = JSON.stringify([store.agents.list(), agents.list(), agent]);
    expect(kept).not.toContain(key.reveal());
    expect(kept).not.toContain(key.reveal().slice(4));
    expect(JSON.stringify(agents.list())).not.toContain('keyHash');
    expect(String(key)).toBe('[secret]');
  });

  it('names its agent, and no other string does', () => {
    const { agents } = fresh();
    const { key } = agents.add('claude');
    expect(agents.verify(key)?.name).toBe('claude');
    expect(agents.verify(secret(`${key.reveal()}x`))).toBeNull();
    expect(agents.verify(secret(key.reveal().toLowerCase()))).toBeNull();
    expect(agents.verify(secret(''))).toBeNull();
    expect(agents.verify(secret('ttk_'))).toBeNull();
  });

  it('is refused when the store finds a row whose hash is another one', () => {
    const { store, clock } = fresh();
    const agents = createAgents({ store, clock });
    agents.add('victim');
    const [row] = store.agents.list();
    const loose = createAgents({
      store: { ...store, agents: { ...store.agents, byKeyHash: () => row ?? null } },
      clock,
    });
    expect(loose.verify(secret(`ttk_${'A'.repeat(43)}`))).toBeNull();
  });

  it('of a revoked agent is refused at once', () => {
    const { agents } = fresh();
    const { key } = agents.add('claude');
    expect(agents.revoke('claude')).toBe(true);
    expect(agents.verify(key)).toBeNull();
    expect(agents.revoke('claude')).toBe(false);
    expect(agents.list()[0]?.revokedAt).not.toBeNull();
  });

  it('can be replaced: the new one works and the old one does not', () => {
    const { agents } = fresh();
    const old = agents.add('claude').key;
    const { key } = agents.rotate('claude');
    expect(agents.verify(old)).toBeNull();
    expect(agents.verify(key)?.name).toBe('claude');
    agents.revoke('claude');
    for (const name of ['nobody', 'claude']) {
      expect(() => agents.rotate(name)).toThrow(expect.objectContaining({ code: 'unknown_agent' }));
    }
    expect(agents.verify(key)).toBeNull();
  });

  it('has its last use written at most once a minute', async () => {
    const { agents, touches, clock } = fresh();
    const { key } = agents.add('claude');
    for (let use = 0; use < 5; use += 1) agents.verify(key);
    expect(touches).toHaveLength(1);
    await clock.advance(59_999);
    agents.verify(key);
    expect(touches).toHaveLength(1);
    await clock.advance(1);
    agents.verify(key);
    expect(touches).toHaveLength(2);
    expect(agents.list()[0]?.lastUsedAt).toBe(clock.now());
  });
});

describe('the name of an agent', () => {
  it.each(['Claude Code', 'cursor-2', 'Überbot', 'a@b.c+d'])('may be %j', (name) => {
    expect(fresh().agents.add(name).agent.name).toBe(name);
  });

  it.each(['', ' ', '-x', 'a\nb', 'a\u001b[31m', 'a\u202eb', 'a\u200bb', '<b>', 'x'.repeat(65)])(
    'may not be %j, and the message shows it harmlessly',
    (name) => {
      const { agents, store } = fresh();
      expect(() => agents.add(name)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
      expect(() => agents.add(name)).not.toThrow(/[\n\u001b\u202e\u200b]/u);
      expect(store.agents.list()).toEqual([]);
    },
  );

  it('is given once', () => {
    const { agents } = fresh();
    agents.add('claude');
    expect(() => agents.add(' claude ')).toThrow(expect.objectContaining({ code: 'name_taken' }));
  });
});
