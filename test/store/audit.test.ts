// The audit's table takes rows in order or not at all, and gives them back byte for byte.
import { describe, expect, it } from 'vitest';
import type { AuditHead, AuditRow } from '../../main/store/audit.ts';
import { open } from './fixture.ts';

const row = (seq: number, over: Partial<AuditRow> = {}): AuditRow => ({
  seq,
  at: 1_000 + seq,
  kind: 'tool-call',
  server: 'linear',
  account: null,
  agent: 'cursor',
  detail: '{"tool":"ü"}',
  previous: `hash ${seq - 1}`,
  hash: `hash ${seq}`,
  ...over,
});
const head = (seq: number, kind: AuditHead['kind'] = 'head'): AuditHead => ({
  kind,
  seq,
  hash: `hash ${seq}`,
  at: seq * 86_400_000,
  keyId: 'key',
  signature: 'signature',
});

describe('the table of the audit', () => {
  it('takes all rows of a batch and its signature, or none of them', () => {
    const { store } = open();
    store.audit.write([row(1)], head(1), true);
    for (const urgent of [true, false]) {
      expect(() => store.audit.write([row(2), row(3), row(2)], head(3), urgent)).toThrow();
      expect(store.audit.last()).toEqual({ seq: 1, hash: 'hash 1' });
      expect(store.audit.newestHead()).toBe(1);
    }
    store.close();
  });

  it('gives back every byte of a row, and its numbers as they are printed', () => {
    const { store } = open();
    store.audit.write([row(1, { agent: 'a\u0000b' })], null, false);
    const [raw] = store.audit.rawAfter(null, 10);
    expect(raw).toMatchObject({ seq: '1', at: '1001', account: null });
    expect(Buffer.from(raw?.detail ?? []).toString()).toBe('{"tool":"ü"}');
    expect(Buffer.from(raw?.agent ?? []).toString()).toBe('a\u0000b');
    store.close();
  });

  it('loses with a cut what is before it, and signatures that speak of nothing else', () => {
    const { store } = open();
    store.audit.write(
      [1, 2, 3, 4].map((seq) => row(seq)),
      head(2),
      true,
    );
    store.audit.write([], head(4), true);
    store.audit.cut(head(2, 'cut'));
    store.audit.cut(head(3, 'cut'));
    expect(store.audit.rawAfter(null, 10).map(({ seq }) => seq)).toEqual(['4']);
    expect(store.audit.rawCut()).toMatchObject({ seq: '3', kind: 'cut' });
    expect(store.audit.rawHeads(null, null, 10).map(({ seq }) => seq)).toEqual(['4']);
    store.close();
  });

  it('keeps one old signature a day', () => {
    const { store } = open();
    store.audit.write(
      [1, 2, 3].map((seq) => row(seq)),
      null,
      true,
    );
    for (const at of [10, 20, 86_400_010, 86_400_020, 200_000_000, 200_000_001]) {
      store.audit.write([], { ...head(3), at }, true);
    }
    expect(store.audit.thinHeads(190_000_000)).toBe(2);
    expect(store.audit.rawHeads(null, null, 10).map(({ at }) => at)).toEqual([
      '20',
      '86400020',
      '200000000',
      '200000001',
    ]);
    store.close();
  });

  it('names each server, agent and kind once', () => {
    const { store } = open();
    store.audit.write(
      [row(1), row(2), row(3, { server: 'github', agent: null, kind: 'approved' }), row(4)],
      null,
      true,
    );
    expect(store.audit.named()).toEqual({
      servers: ['github', 'linear'],
      agents: ['cursor'],
      kinds: ['approved', 'tool-call'],
    });
    store.close();
  });
});
