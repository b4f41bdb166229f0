// What happens is in the audit, in order, without a secret, and a crash loses at most a quarter of a second of it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newGenesis } from '../../main/audit/chain.ts';
import { columnsOf, detailLimit } from '../../main/audit/entry.ts';
import { eventEntry } from '../../main/audit/event-entry.ts';
import { redactArguments } from '../../main/audit/redact-arguments.ts';
import { toolCallEntry } from '../../main/audit/tool-call.ts';
import type { ToolCall } from '../../main/audit/tool-call.ts';
import { TokentrayError } from '../../main/errors.ts';
import { secret } from '../../main/secret.ts';
import { grantRow, open, serverRow } from '../store/fixture.ts';
import { fill, world } from './fixture.ts';
import type { World } from './fixture.ts';

let here: World;

beforeEach(() => {
  here = world();
});

afterEach(() => here.remove());

const count = (): number => here.edit((db) => Number(db.prepare('SELECT count(*) AS n FROM audit').get()?.['n']));
const heads = (): number[] =>
  here.edit((db) => db.prepare('SELECT seq FROM audit_heads ORDER BY id').all()).map((row) => Number(row['seq']));

describe('rows', () => {
  it('are numbered from one without a gap, each with the hash of the one before', async () => {
    const { audit } = await here.start();
    fill(audit, 450);
    audit.append({ kind: 'approved', server: 'linear', agent: 'cursor' });
    await audit.flush();
    const { items } = await audit.page({ after: 0, limit: 500 });
    expect(items.map(({ seq }) => seq)).toEqual(Array.from({ length: 451 }, (_, index) => index + 1));
    for (const [index, row] of items.entries()) if (index > 0) expect(row.previous).toBe(items[index - 1]?.hash);
    expect(new Set(items.map(({ hash }) => hash)).size).toBe(451);
  });

  it('of calls wait for a quarter of a second or for 200 of them; what matters waits for nothing, nor does what came before', async () => {
    const { audit } = await here.start();
    fill(audit, 10);
    await here.clock.advance(249);
    expect(count()).toBe(0);
    await here.clock.advance(1);
    expect(count()).toBe(10);
    fill(audit, 200, 11);
    await here.clock.settle();
    expect(count()).toBe(210);
    fill(audit, 5, 211);
    audit.append({ kind: 'agent-revoked', agent: 'cursor' });
    await Promise.resolve();
    expect(count()).toBe(216);
  });

  it('that waited when the process was killed are lost, and only those: the rest goes on without a gap', async () => {
    const first = await here.start();
    fill(first.audit, 30);
    await here.clock.advance(250);
    fill(first.audit, 20, 31);
    first.kill();
    expect(count()).toBe(30);
    const { audit, end } = await here.start();
    fill(audit, 5, 31);
    expect(await audit.verify()).toMatchObject({ verdict: 'intact', rows: 35 });
    await end();
  });

  it('are written although they were appended inside a transaction that was undone, and in their order', async () => {
    const { audit, store } = await here.start();
    expect(() =>
      store.transaction(() => {
        audit.append({ kind: 'approved' });
        audit.append({ kind: 'denied' });
        throw new Error('undone');
      }),
    ).toThrow('undone');
    audit.append({ kind: 'locked' });
    await here.clock.settle();
    expect((await audit.page({ after: 0 })).items.map(({ kind }) => kind)).toEqual(['approved', 'denied', 'locked']);
    expect(await audit.verify()).toMatchObject({ verdict: 'intact' });
  });

  it('wait in memory while the disk is full, and are then written in order; what was too much is counted', async () => {
    const { audit, store } = await here.start();
    let full = true;
    const { write } = store.audit;
    // The writer looks the method up each time, as the world's own wrapper does.
    store.audit.write = (...args) => {
      if (full) throw new TokentrayError('store_full', 'The disk is full.');
      write(...args);
    };
    fill(audit, 20_100);
    await here.clock.advance(1_000);
    expect(count()).toBe(0);
    expect(here.log.at('error')).toHaveLength(1);
    full = false;
    await here.clock.advance(10_000);
    expect(count()).toBe(20_001);
    const [last] = (await audit.page({ limit: 1 })).items;
    expect(last).toMatchObject({ kind: 'audit-lost', detail: { entries: 100 } });
    expect(await audit.verify()).toMatchObject({ verdict: 'intact', rows: 20_001 });
  });

  it('keep their order when the clock was set back', async () => {
    const { audit } = await here.start();
    fill(audit, 3);
    await audit.close();
    const { clock } = here;
    here.clock = { ...clock, now: () => clock.now() - 86_400_000 };
    const again = await here.start();
    fill(again.audit, 3, 4);
    expect(await again.audit.verify()).toMatchObject({ verdict: 'intact', rows: 6 });
    const { items } = await again.audit.page({ after: 0 });
    expect(items.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(items[3]?.at).toBeLessThan(items[2]?.at ?? 0);
  });
});

describe('signatures', () => {
  it('come every minute in which something happened, after a thousand rows, and at the end', async () => {
    const { audit, end } = await here.start();
    fill(audit, 3);
    await here.clock.advance(60_000);
    await here.clock.advance(600_000);
    expect(heads()).toEqual([3]);
    fill(audit, 1_000, 4);
    await here.clock.advance(250);
    expect(heads()).toEqual([3, 1_003]);
    fill(audit, 1, 1_004);
    await end();
    expect(heads()).toEqual([3, 1_003, 1_004]);
  });

  it('trouble the vault at most every five minutes', async () => {
    const { write } = here.vault;
    let writes = 0;
    here.vault = {
      ...here.vault,
      write: (...args) => {
        writes += 1;
        return write(...args);
      },
    };
    const { audit, end } = await here.start();
    expect(writes).toBe(1);
    for (let minute = 0; minute < 20; minute += 1) {
      fill(audit, 1);
      await here.clock.advance(60_000);
    }
    expect(writes).toBe(5);
    expect(heads()).toHaveLength(20);
    await end();
    expect(writes).toBe(6);
  });

  it('begin when the vault opens; until then rows are chained, and verify says that nobody signed', async () => {
    const { read } = here.vault;
    let locked = true;
    here.vault = {
      ...here.vault,
      read: async (ref) => {
        if (locked) throw new TokentrayError('vault_locked', 'The keychain is locked.');
        return read(ref);
      },
    };
    const { audit, end } = await here.start();
    fill(audit, 5);
    await here.clock.advance(60_000);
    expect(await audit.verify()).toMatchObject({ verdict: 'no-key', rows: 5, signedTo: null });
    locked = false;
    await here.clock.advance(60_000);
    expect(await audit.verify()).toMatchObject({ verdict: 'intact', rows: 5, signedTo: 5 });
    await end();
    const again = await here.start();
    expect(await again.audit.verify()).toMatchObject({ verdict: 'intact', signedTo: 5 });
  });

  it('do not keep the broker waiting when the keychain asks a person', async () => {
    const silent = new Promise<never>(() => undefined);
    here.vault = { ...here.vault, read: () => silent };
    const starting = here.start();
    await here.clock.advance(5_000);
    const { audit } = await starting;
    fill(audit, 2);
    expect(await audit.verify()).toMatchObject({ verdict: 'no-key', rows: 2 });
  });

  it('are made with a new key when the vault’s item is damaged, and it is said', async () => {
    const first = await here.start();
    fill(first.audit, 4);
    await first.end();
    await here.vault.write({ kind: 'audit', id: 'key', label: 'x' }, secret('{"v":1,"key":"AAAA"}'));
    const { audit } = await here.start();
    fill(audit, 1, 5);
    await here.clock.advance(60_000);
    expect(await audit.verify()).toMatchObject({ verdict: 'no-key', rows: 5, signedTo: 5 });
    expect(here.log.at('error').join()).toContain('damaged');
  });
});

describe('an entry', () => {
  it('never has a secret in it, wherever it stands', () => {
    const { detail } = columnsOf({ kind: 'x', detail: { a: secret('s3cr3t'), deep: [{ b: secret('s3cr3t') }] } });
    expect(detail).toBe('{"a":"[secret]","deep":[{"b":"[secret]"}]}');
  });

  it('is cut to four kilobytes, with a mark, whatever it holds', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const details: Record<string, unknown>[] = [
      { text: 'x'.repeat(100_000) },
      { text: '漢'.repeat(4_000) },
      { ['k'.repeat(10_000)]: 1 },
      Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`key ${n}`, n])),
      { list: Array.from({ length: 10_000 }, () => 'word') },
      { deep: JSON.parse('['.repeat(500) + ']'.repeat(500)) as unknown },
      circle,
    ];
    for (const detail of details) {
      const text = columnsOf({ kind: 'x', detail }).detail;
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(detailLimit);
      expect(JSON.parse(text)).toMatchObject({ cut: true });
    }
  });

  it('is written even where it cannot be read', () => {
    const detail = {
      get bad(): string {
        throw new Error('no');
      },
    };
    expect(columnsOf({ kind: 'x', detail }).detail).toBe('{"unreadable":true}');
    expect(columnsOf({ kind: 'x', detail: { n: 1n, f: () => 1, nan: Number.NaN } }).detail).toBe(
      '{"n":"1","f":null,"nan":"NaN"}',
    );
  });

  it('with half a character in it still verifies, and names are cut', async () => {
    const { audit } = await here.start();
    audit.append({
      kind: 'x'.repeat(500),
      agent: `a\ud800${'b'.repeat(500)}`,
      server: '\udfff',
      detail: { t: '\ud83d' },
    });
    audit.append({ kind: 'y', agent: 'nul\u0000 and \u202e', detail: { ключ: 'ü' } });
    expect(await audit.verify()).toMatchObject({ verdict: 'intact', rows: 2 });
    const { items } = await audit.page({});
    expect(items[1]?.agent).toMatch(/^a\ufffdb{200,}…$/u);
    expect(items[0]).toMatchObject({ agent: 'nul\u0000 and \u202e', detail: { ключ: 'ü' } });
  });
});

describe('a tool call', () => {
  const call: ToolCall = {
    agent: 'cursor',
    server: 'linear',
    account: 'work',
    tool: 'create_issue',
    outcome: 'ok',
    ms: 12.345,
    requestBytes: 100,
    answerBytes: 2_000,
    arguments: { title: 'Hello', apiKey: 'abc', nested: { Password: 'p', list: [{ 'access-token': 't' }] } },
  };

  it('has name, outcome, duration and sizes, and its arguments only when they are switched on', async () => {
    const { audit } = await here.start();
    audit.toolCall(call);
    here.settings = { ...here.settings, arguments: true };
    audit.toolCall(call);
    const { items } = await audit.page({ after: 0 });
    const detail = { tool: 'create_issue', outcome: 'ok', ms: 12.3, requestBytes: 100, answerBytes: 2_000 };
    expect(items).toMatchObject([{ kind: 'tool-call', server: 'linear', account: 'work', agent: 'cursor' }, {}]);
    expect(items[0]?.detail).toEqual(detail);
    expect(items[1]?.detail).toEqual({
      ...detail,
      arguments: {
        title: 'Hello',
        apiKey: '[redacted]',
        nested: { Password: '[redacted]', list: [{ 'access-token': '[redacted]' }] },
      },
    });
  });

  it('that a rule stopped is a rule hit', () => {
    for (const outcome of ['refused', 'held', 'declined', 'denied', 'approval-needed', 'locked'] as const) {
      expect(toolCallEntry({ ...call, outcome, rule: 'deny create_*' }, false)).toMatchObject({
        kind: 'rule-hit',
        detail: { outcome, rule: 'deny create_*' },
      });
    }
  });

  it.each([
    ['eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.c2ln'],
    ['Bearer abcdefghijklmnop123'],
    ['ghp_0123456789abcdefghij0123'],
    ['sk-proj-0123456789abcdefghij'],
    ['ttk_0123456789abcdefghijkl'],
    ['AKIAIOSFODNN7EXAMPLE'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE'],
    ['https://me:hunter2-pass@example.com/'],
  ])('keeps no credential that is recognised by its shape: %s', (text) => {
    const kept = JSON.stringify(redactArguments({ text: `look: ${text}`, list: [text] }));
    const worth = /[A-Za-z0-9]{12,}|hunter2/u;
    expect(kept.replaceAll(/\[redacted\]|\[secret\]|example/gu, '')).not.toMatch(worth);
  });

  it.each([
    'password',
    'PASSWORD',
    'user_password',
    'pass-phrase',
    'clientSecret',
    'X-Api-Key',
    'ａｐｉ＿ｋｅｙ',
    'p\u200bin',
    'otp',
    'sessionId',
  ])('keeps nothing under the name %s', (name) => {
    expect(JSON.stringify(redactArguments({ [name]: 'worth', [`${name} `]: 4711 }))).not.toMatch(/worth|4711/u);
  });

  it('cuts long texts, lists and depths of its arguments', () => {
    const cut = redactArguments({
      text: 'x '.repeat(1_000),
      list: Array.from({ length: 500 }, (_, n) => n),
      deep: { a: { b: { c: { d: { e: { f: { g: 1 } } } } } } },
    });
    expect(JSON.stringify(cut).length).toBeLessThan(600);
    expect(JSON.stringify(cut).match(/…/gu)?.length).toBe(3);
  });
});

describe('an event', () => {
  it('becomes a row of the same kind, with the account of its grant and the agent that its detail names', () => {
    const { store } = open();
    store.servers.add(serverRow());
    store.grants.put(grantRow('g1', { account: 'work' }));
    const event = { id: 1, at: 1, server: 'linear', grantId: 'g1', kind: 'refreshed', detail: { rotated: true } };
    expect(eventEntry(event, store)).toEqual({
      kind: 'refreshed',
      server: 'linear',
      account: 'work',
      agent: null,
      detail: { grant: 'g1', rotated: true },
    });
    expect(
      eventEntry({ ...event, grantId: 'gone', detail: { agent: 'cursor', account: 'home' } }, store),
    ).toMatchObject({
      account: 'home',
      agent: 'cursor',
    });
    expect(eventEntry({ ...event, grantId: 'gone' }, store)).toMatchObject({ account: null });
    store.close();
  });
});

describe('pages', () => {
  it('go back from the newest, and forward from a row, and can be narrowed', async () => {
    const { audit } = await here.start();
    fill(audit, 30);
    const seqs = async (query: Parameters<typeof audit.page>[0]) => {
      const { items, next } = await audit.page(query);
      return [items.map(({ seq }) => seq), next];
    };
    expect(await seqs({ limit: 3 })).toEqual([[30, 29, 28], 28]);
    expect(await seqs({ limit: 3, before: 28 })).toEqual([[27, 26, 25], 25]);
    expect(await seqs({ limit: 3, before: 4 })).toEqual([[3, 2, 1], null]);
    expect(await seqs({ limit: 3, after: 27 })).toEqual([[28, 29, 30], null]);
    expect(await seqs({ limit: 2, after: 27 })).toEqual([[28, 29], 29]);
    expect(await seqs({ agent: 'cursor', server: 'linear' })).toEqual([[30, 24, 18, 12, 6], null]);
    expect(await seqs({ kind: 'approved' })).toEqual([[], null]);
    expect(await seqs({ since: here.clock.now() + 1 })).toEqual([[], null]);
    expect(audit.choices()).toEqual({
      servers: ['github', 'linear'],
      agents: ['claude-code', 'cursor'],
      kinds: ['tool-call'],
    });
  });

  it('show rows that were edited into nonsense as well as it goes', async () => {
    const { audit } = await here.start();
    fill(audit, 3);
    await audit.flush();
    here.edit((db) => {
      db.exec(`UPDATE audit SET detail = 'no json', at = 9223372036854775807 WHERE seq = 2`);
      db.exec(`UPDATE audit SET detail = '[1]' WHERE seq = 3`);
    });
    const { items } = await audit.page({});
    expect(items.map(({ detail }) => detail)).toEqual([{ unreadable: true }, { unreadable: true }, expect.anything()]);
  });

  it('start from one genesis a database', () => {
    expect(newGenesis()).not.toBe(newGenesis());
  });
});
