// Each agent has its own key, which is shown once, kept only as a hash and can be taken back.
import { describe, expect, it } from 'vitest';
import { createAgents } from '../../main/access/agents.ts';
import { secret } from '../../main/secret.ts';
import { openStore } from '../../main/store/open.ts';
import { cleanName, longestName, uniqueName } from '../../main/access/agent-name.ts';
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
    expect(agents.revoke({ name: 'claude' })?.name).toBe('claude');
    expect(agents.verify(key)).toBeNull();
    expect(agents.revoke({ name: 'claude' })).toBeNull();
    expect(agents.list()[0]?.revokedAt).not.toBeNull();
  });

  it('can be replaced: the new one works and the old one does not', () => {
    const { agents } = fresh();
    const old = agents.add('claude').key;
    const { key } = agents.rotate({ name: 'claude' });
    expect(agents.verify(old)).toBeNull();
    expect(agents.verify(key)?.name).toBe('claude');
    agents.revoke({ name: 'claude' });
    for (const name of ['nobody', 'claude']) {
      expect(() => agents.rotate({ name })).toThrow(expect.objectContaining({ code: 'unknown_agent' }));
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

  it.each(['a\u3164b', '\u115fa', 'a\u2800b', 'a\u00adb', 'a\u{e0041}b'])(
    'may not be %j, which looks like another',
    (name) => {
      expect(() => fresh().agents.add(name)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
    },
  );

  it('is given once', () => {
    const { agents } = fresh();
    agents.add('claude');
    expect(() => agents.add(' claude ')).toThrow(expect.objectContaining({ code: 'name_taken' }));
  });
});

const claimed = { name: null, client: null, clientUri: null };
const signedIn = (made: ReturnType<typeof fresh>, identity: string, name = 'Cursor') =>
  made.agents.oauth(identity, { name, claimed: { ...claimed, name } });

describe('an agent that a person added', () => {
  it('is trusted only where they said so, and until they say otherwise', () => {
    const { agents } = fresh();
    const { agent } = agents.add('ci', { trusted: true });
    expect(agent.trusted).toBe(true);
    expect(agents.add('cursor').agent.trusted).toBe(false);
    expect(agents.trust({ id: agent.id }, false).trusted).toBe(false);
    expect(agents.get(agent.id)?.trusted).toBe(false);
    expect(agents.trust({ name: 'cursor' }, true)).toMatchObject({ name: 'cursor', trusted: true });
    expect(() => agents.trust({ name: 'nobody' }, true)).toThrow(expect.objectContaining({ code: 'unknown_agent' }));
  });

  it('keeps its key, its id and its history under another name', () => {
    const { agents } = fresh();
    const { agent, key } = agents.add('claude');
    agents.add('cursor');
    expect(agents.rename({ name: 'claude' }, ' Claude Code ')).toMatchObject({ id: agent.id, name: 'Claude Code' });
    expect(agents.verify(key)?.name).toBe('Claude Code');
    expect(() => agents.rename({ id: agent.id }, 'cursor')).toThrow(expect.objectContaining({ code: 'name_taken' }));
    expect(() => agents.rename({ id: agent.id }, 'a\nb')).toThrow(expect.objectContaining({ code: 'invalid_input' }));
    expect(() => agents.rename({ name: 'claude' }, 'x')).toThrow(expect.objectContaining({ code: 'unknown_agent' }));
    expect(agents.rename({ id: agent.id }, 'Claude Code').name).toBe('Claude Code');
  });

  it('keeps what it is and may do with a new key', () => {
    const { agents } = fresh();
    const { agent } = agents.add('claude', { trusted: true });
    const rotated = agents.rotate({ id: agent.id });
    expect(rotated.agent).toEqual(agent);
    expect(agents.verify(rotated.key)?.id).toBe(agent.id);
  });

  it('is flagged when nobody used it for 30 days', async () => {
    const { agents, clock } = fresh();
    const { agent, key } = agents.add('claude');
    const unused = () => agents.view(agent.id)?.unused;
    await clock.advance(30 * 86_400_000 - 1);
    expect(unused()).toBe(false);
    await clock.advance(1);
    expect(unused()).toBe(true);
    agents.verify(key);
    expect(unused()).toBe(false);
    await clock.advance(30 * 86_400_000);
    expect(unused()).toBe(true);
    agents.revoke({ id: agent.id });
    expect(unused()).toBe(false);
  });

  it('is ended for whoever holds its streams: revoked, and with a key that was replaced', () => {
    const { agents } = fresh();
    const { agent } = agents.add('claude');
    const told: string[] = [];
    const stop = agents.onEnd((id, because) => told.push(`${id} ${because}`));
    agents.rename({ id: agent.id }, 'other');
    agents.rotate({ id: agent.id });
    expect(agents.revoke({ id: agent.id })).toMatchObject({ id: agent.id, revokedAt: expect.any(Number) });
    expect(agents.revoke({ id: agent.id })).toBeNull();
    expect(told).toEqual([`${agent.id} rotated`, `${agent.id} revoked`]);
    expect([agents.get(agent.id), agents.view(agent.id)?.name]).toEqual([null, 'other']);
    stop();
    agents.revoke({ id: agents.add('another').agent.id });
    expect(told).toHaveLength(2);
  });
});

describe('a forged key', () => {
  it('is refused: of the right shape, a hash out of the database, an identity, another kind’s row', () => {
    const made = fresh();
    const { agents, store } = made;
    const { key } = agents.add('claude');
    const agent = signedIn(made, 'client-1');
    const [hash = ''] = store.agents.list().flatMap((row) => row.keyHash ?? []);
    for (const forged of [
      `ttk_${'A'.repeat(43)}`,
      hash,
      `ttk_${hash.slice(0, 43)}`,
      'client-1',
      agent.id,
      `${key.reveal()}=`,
    ]) {
      expect(agents.verify(secret(forged)), forged).toBeNull();
    }
    const row = store.agents.byKeyHash(hash);
    const other: typeof store = {
      ...store,
      agents: { ...store.agents, byKeyHash: () => row && { ...row, kind: 'oauth' } },
    };
    expect(createAgents({ store: other, clock: made.clock }).verify(key)).toBeNull();
    expect(agents.verify(key)?.name).toBe('claude');
  });
});

describe('an agent that signed in to the bridge', () => {
  it('is the same one each time, and a new one after it was revoked', () => {
    const made = fresh();
    const first = signedIn(made, 'client-1');
    expect(first).toMatchObject({ name: 'Cursor', kind: 'oauth', keyHash: null, identity: 'client-1', checked: null });
    expect(signedIn(made, 'client-1', 'Another name')).toMatchObject({ id: first.id, name: 'Cursor' });
    expect(made.agents.get(first.id)?.claimed.name).toBe('Another name');
    made.agents.revoke({ id: first.id });
    expect(signedIn(made, 'client-1').id).not.toBe(first.id);
  });

  it('has no name that another one has, or seems to have', () => {
    const made = fresh();
    made.agents.add('cursor');
    const names = ['Cursor', 'Cursor', 'CURSOR', 'Ｃｕｒｓｏｒ', 'Cur\u200bsor'].map(
      (name, at) => signedIn(made, `c${at}`, name).name,
    );
    expect(names).toEqual(['Cursor 2', 'Cursor 3', 'CURSOR 4', 'Ｃｕｒｓｏｒ 5', 'Cursor 6']);
  });

  it('has no key to be replaced', () => {
    const made = fresh();
    const { id } = signedIn(made, 'client-1');
    expect(() => made.agents.rotate({ id })).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });

  it('cannot crowd out those that were decided about', () => {
    const made = fresh();
    const { agents } = made;
    const decided = signedIn(made, 'decided', 'Decided');
    agents.trust({ id: decided.id }, true);
    for (let n = 0; n < 250; n += 1) signedIn(made, `flood ${n}`, 'Flood');
    expect(agents.get(decided.id)).not.toBeNull();
    expect(agents.list()).toHaveLength(201);
  });
});

describe('a name that a program gave itself', () => {
  it.each([
    ['Cursor', 'Cursor'],
    ['  Claude \t Code\n', 'Claude Code'],
    ['evil\u202egnp.exe', 'evilgnp.exe'],
    ['a\u2066b\u2069c\u200b\u200d\ufeff', 'abc'],
    ['\u001b[31mred\u0007', '[31mred'],
    ['one\r\ntwo\u2028three\u0085four', 'one two three four'],
    ['<b onclick="x()">bold</b>', '<b onclick="x()">bold</b>'],
    ['a\u3164\u115f\u2800b', 'ab'],
    ['tag\u{e0041}\u{e0042}', 'tag'],
    [`z${'\u0335\u0310'.repeat(40)}o`, 'z\u0335\u0335o'],
    ['\ud800half', 'half'],
    ['\u200b\u202e \n', null],
    ['', null],
    [null, null],
  ])('%j becomes %j', (name, clean) => {
    expect(cleanName(name)).toBe(clean);
  });

  it('of 10,000 characters is a line, cut between characters', () => {
    expect(cleanName('x'.repeat(10_000))).toBe('x'.repeat(longestName));
    expect(cleanName('😀'.repeat(10_000))).toBe('😀'.repeat(longestName));
    const taken = ['x'.repeat(longestName)];
    expect(uniqueName('x'.repeat(longestName), taken)).toBe(`${'x'.repeat(longestName - 2)} 2`);
  });

  it('is text wherever it goes: in the list, in an event, in an error', () => {
    const made = fresh();
    const { agents, store } = made;
    const hostile = 'Cursor</td><script>\u202e\nAPPROVED';
    const { id, name } = signedIn(made, 'c', hostile);
    expect(name).toBe('Cursor</td><script> APPROVED');
    agents.noteClient(id, { name: `${hostile}1`, version: 'v\u202e1' });
    agents.noteClient(id, { name: `${hostile}2`, version: null });
    expect(JSON.stringify([agents.list(), store.events.list({})])).not.toMatch(/[\u202e\n]|\\n|\\u202e/u);
  });
});

describe('what an agent’s messages call it', () => {
  it('is what they say now, beside what they said first; another name is noted once an hour', async () => {
    const made = fresh();
    const { agents, store, clock } = made;
    const { id } = signedIn(made, 'client-1');
    const claims = () => agents.view(id)?.claimed;
    agents.noteClient(id, { name: 'cursor-vscode', version: '1.0' });
    agents.noteClient(id, { name: 'cursor-vscode', version: '1.1' });
    expect(claims()).toEqual({
      name: 'Cursor',
      client: { name: 'cursor-vscode', version: '1.1' },
      clientUri: null,
    });
    for (let n = 0; n < 100; n += 1) agents.noteClient(id, { name: `other ${n}`, version: null });
    const first = { name: 'cursor-vscode', version: '1.1' };
    expect(claims()).toMatchObject({ client: { name: 'other 99', version: null }, firstClient: first });
    expect(agents.list()[0]?.claimed).toEqual(claims());
    const noted = () => store.events.list({ kind: 'agent-client-changed' }).map(({ detail }) => detail);
    expect(noted()).toEqual([{ agent: 'Cursor', was: 'cursor-vscode', is: 'other 0' }]);
    await clock.advance(60 * 60_000);
    agents.noteClient(id, { name: 'again', version: null });
    expect(noted()).toHaveLength(2);
    // As a broker finds it that starts now, and as it comes in again.
    signedIn(made, 'client-1');
    expect(createAgents({ store, clock }).view(id)?.claimed).toMatchObject({
      client: { name: 'again' },
      firstClient: first,
    });
    // A name that a person or the agent's own sign-in gave is not touched.
    expect(agents.get(id)?.name).toBe('Cursor');
    agents.noteClient(id, { name: 'cursor-vscode', version: '2.0' });
    expect(claims()?.client).toEqual({ name: 'cursor-vscode', version: '2.0' });
    expect(claims()).not.toHaveProperty('firstClient');
  });

  it('is written down at most once a minute, however many programs share one key', async () => {
    const made = fresh();
    const { agents, store, clock } = made;
    const { id } = signedIn(made, 'client-1');
    const written = () => store.agents.get(id)?.claimed.client?.name;
    agents.noteClient(id, { name: 'one', version: null });
    agents.noteClient(id, { name: 'two', version: null });
    for (let n = 0; n < 50; n += 1) agents.noteClient(id, { name: n % 2 === 0 ? 'one' : 'two', version: null });
    agents.noteClient(id, { name: 'one', version: null });
    expect(written()).toBe('two');
    expect(agents.view(id)?.claimed.client?.name).toBe('one');
    await clock.advance(60_000);
    agents.noteClient(id, { name: 'three', version: null });
    expect(written()).toBe('three');
  });
});

describe('two agents', () => {
  const cursors = [
    'CURSOR',
    '\u0441ursor',
    'Cursor',
    'cur\u0455or',
    '\uff43ursor',
    'curs\u03bfr',
    'c\u00fcrsor',
    'curs0r',
  ];

  it.each(cursors)('are never called “cursor” and %j: not by the person who adds them', (name) => {
    const { agents, store } = fresh();
    agents.add('cursor');
    expect(() => agents.add(name)).toThrow(expect.objectContaining({ code: 'name_taken' }));
    expect(store.agents.list()).toHaveLength(1);
    const { id } = agents.add('other').agent;
    expect(() => agents.rename({ id }, name)).toThrow(expect.objectContaining({ code: 'name_taken' }));
    expect(agents.view(id)?.name).toBe('other');
  });

  it.each(cursors)('are never called “cursor” and %j: not by their own word', (name) => {
    const made = fresh();
    const { agents } = made;
    agents.add('cursor');
    expect(signedIn(made, 'c', name).name).toBe(`${name} 2`);
    const stdio = agents.recognise({
      kind: 'stdio',
      identity: 's',
      name,
      claimed: { ...claimed, name },
      checked: null,
    });
    expect(stdio.name).toBe(`${name} 3`);
  });

  it.each([
    ['claude', 'cIaude'],
    ['claude', 'c1aude'],
    ['HELPER', '\u041d\u0395LPER'],
    ['modern', 'modem'],
    ['v-w', 'v\u2010vv'],
    ['Helper', 'Hel\u200bper'],
  ])('are told apart by no one as %j and %j', (one, other) => {
    const made = fresh();
    made.agents.add(one);
    expect(signedIn(made, 'c', other).name).toMatch(/ 2$/u);
  });

  it.each([
    ['cursor', 'cursor 2'],
    ['claude', 'claude code'],
    ['ci-1', 'ci-2'],
    ['\u0906\u0915\u093f', '\u0906\u0915\u0940'],
  ])('may be called %j and %j, which nobody takes for one another', (one, other) => {
    const { agents } = fresh();
    agents.add(one);
    expect(agents.add(other).agent.name).toBe(other.normalize('NFC'));
  });

  it('that a database has with names alike keep them, and work', () => {
    const made = fresh();
    const { agents, store } = made;
    const { agent, key } = agents.add('cursor');
    store.agents.add({
      ...agent,
      id: 'before',
      name: 'CURSOR',
      keyHash: 'a'.repeat(64),
      identity: null,
      createdAt: made.clock.now(),
    });
    expect(agents.verify(key)?.id).toBe(agent.id);
    expect(agents.trust({ name: 'CURSOR' }, true)).toMatchObject({ id: 'before', name: 'CURSOR' });
    expect(agents.rename({ name: 'CURSOR' }, 'CURSOR').name).toBe('CURSOR');
    expect(agents.rename({ name: 'CURSOR' }, 'Another').name).toBe('Another');
  });
});
