// A long secret in a keychain of short items survives a crash at every single write.
import { beforeEach, describe, expect, it } from 'vitest';
import type { SecretRef } from '../../main/ports.ts';
import { secret } from '../../main/secret.ts';
import { itemLimit } from '../../main/vault/envelope.ts';
import { splitStore } from '../../main/vault/split.ts';
import type { Items } from '../../main/vault/split.ts';

/** A keychain that dies at its n-th change: before it or after it was made. A dead one answers nothing any more. */
function mortalItems(held: Map<string, string>, diesAt = Infinity, when: 'before' | 'after' = 'before') {
  let changes = 0;
  let dead = false;
  const alive = (): void => {
    if (dead) throw new Error('the process is gone');
  };
  const change = (apply: () => boolean): boolean => {
    alive();
    changes += 1;
    dead = changes > diesAt;
    const done = dead && when === 'before' ? false : apply();
    alive();
    return done;
  };
  const items: Items = {
    get: async (account) => {
      alive();
      return held.get(account) ?? null;
    },
    set: async (account, text) => void change(() => Boolean(held.set(account, text))),
    delete: async (account) => change(() => held.delete(account)),
    all: async () => {
      alive();
      // In no useful order, as in a real one.
      return Array.from(held, ([account, text]) => ({ account, text })).toReversed();
    },
  };
  return { items, changes: () => changes, died: () => dead };
}

const ref = (label = 'linear'): SecretRef => ({ kind: 'grant', id: 'g1', label });
const other: SecretRef = { kind: 'grant', id: 'g2', label: 'sentry' };
const short = 'short';
const long = 'long '.repeat(800);
const longer = 'longer '.repeat(800);

const replacements = [
  { name: 'short by short', before: short, after: 'other', label: 'linear' },
  { name: 'short by long', before: short, after: long, label: 'linear' },
  { name: 'long by long', before: long, after: longer, label: 'linear' },
  { name: 'long by short', before: longer, after: short, label: 'linear' },
  { name: 'long by long under another label', before: long, after: longer, label: 'renamed' },
  { name: 'short by short under another label', before: short, after: 'other', label: 'renamed' },
];

describe('a secret that is replaced in the keychain', () => {
  let held: Map<string, string>;

  beforeEach(() => {
    held = new Map();
  });

  async function revealed(id = ref()): Promise<string | null> {
    return (await splitStore(mortalItems(held).items).read(id))?.reveal() ?? null;
  }

  for (const { name, before, after, label } of replacements) {
    for (const when of ['before', 'after'] as const) {
      it(`is the old or the new one after a crash right ${when} any write: ${name}`, async () => {
        const seen = new Set<string | null>();
        let died = true;
        for (let point = 0; died; point += 1) {
          held.clear();
          const start = splitStore(mortalItems(held).items);
          await start.write(other, secret('of another server'));
          await start.write(ref(), secret(before));
          const mortal = mortalItems(held, point, when);
          const write = splitStore(mortal.items).write(ref(label), secret(after));
          const resolved = await write.then(
            () => true,
            () => false,
          );
          died = mortal.died();

          const value = await revealed();
          seen.add(value);
          expect([before, after]).toContain(value);
          if (resolved) expect(value).toBe(after);

          // What the crash left over goes at the next list or write, and nothing else goes with it.
          const next = splitStore(mortalItems(held).items);
          if (point % 2 === 0) await next.list();
          else await next.write(ref(label), secret(value ?? ''));
          expect(await revealed()).toBe(value);
          expect(held.size).toBe(itemsFor(value) + 1);
          expect(await revealed(other)).toBe('of another server');
        }
        // The run went over both sides of the switch; where the first change is the switch, only a crash before it keeps the old.
        expect(seen).toContain(after);
        if (when === 'before') expect(seen).toContain(before);
      });
    }
  }

  it('never comes back as an older value when a crash interrupts its deletion', async () => {
    for (let point = 0, died = true; died; point += 1) {
      held.clear();
      await splitStore(mortalItems(held).items).write(ref(), secret(long));
      // A crash right after the head of a renamed item was written leaves two heads.
      const twoHeads = mortalItems(held, 7, 'before');
      await splitStore(twoHeads.items)
        .write(ref('renamed'), secret(longer))
        .catch(() => undefined);
      const mortal = mortalItems(held, point);
      await splitStore(mortal.items)
        .delete(ref())
        .catch(() => undefined);
      died = mortal.died();
      expect([longer, null]).toContain(await revealed());
      if (!died) expect(held.size).toBe(0);
    }
  });

  it('leaves no piece behind after an interrupted deletion', async () => {
    await splitStore(mortalItems(held).items).write(ref(), secret(long));
    await splitStore(mortalItems(held, 1).items)
      .delete(ref())
      .catch(() => undefined);
    expect(held.size).toBeGreaterThan(0);
    const next = splitStore(mortalItems(held).items);
    expect(await next.list()).toEqual([]);
    expect(held.size).toBe(0);
  });

  it('is right in the same process after a write that failed half-way', async () => {
    let failing = false;
    const { items } = mortalItems(held);
    let sets = 0;
    const store = splitStore({
      ...items,
      set: async (account, text) => {
        if (failing && (sets += 1) === 3) throw new Error('the keychain was locked in between');
        await items.set(account, text);
      },
    });
    await store.write(ref(), secret(long));
    failing = true;
    await expect(store.write(ref(), secret(longer))).rejects.toThrow('locked in between');
    expect((await store.read(ref()))?.reveal()).toBe(long);
    await store.write(ref(), secret('next'));
    expect((await store.read(ref()))?.reveal()).toBe('next');
    expect(held.size).toBe(1);
  });

  it('counts as written when only the removal of the old parts fails', async () => {
    const { items } = mortalItems(held);
    const store = splitStore({
      ...items,
      delete: async () => {
        throw new Error('locked');
      },
    });
    await store.write(ref(), secret(long));
    await store.write(ref(), secret(longer));
    expect(await revealed()).toBe(longer);
  });

  it('is in items short enough for every keychain, in plain ASCII', async () => {
    await splitStore(mortalItems(held).items).write(ref(), secret('ä🗝'.repeat(1_000)));
    expect(held.size).toBeGreaterThan(2);
    for (const text of held.values()) {
      expect(text.length).toBeLessThanOrEqual(itemLimit);
      expect(text).toMatch(/^[\x20-\x7e]+$/u);
    }
  });

  it('is called damaged, not missing, when somebody took a part away; and keeps the rest until it is replaced', async () => {
    await splitStore(mortalItems(held).items).write(ref(), secret(long));
    const part = [...held.keys()].find((account) => account.includes(' part 2 of '));
    held.delete(part ?? '');
    const left = held.size;
    const store = splitStore(mortalItems(held).items);
    await expect(store.read(ref())).rejects.toMatchObject({ code: 'vault_damaged' });
    expect(await store.list()).toEqual([ref()]);
    expect(held.size).toBe(left);
    await store.write(ref(), secret(short));
    expect(await revealed()).toBe(short);
    expect(held.size).toBe(1);
  });

  it('is called damaged when its item holds something else', async () => {
    await splitStore(mortalItems(held).items).write(ref(), secret(short));
    for (const account of held.keys()) held.set(account, 'edited by hand');
    await expect(splitStore(mortalItems(held).items).read(ref())).rejects.toMatchObject({ code: 'vault_damaged' });
  });

  it('leaves alone what others keep under the same service', async () => {
    held.set('notes', 'not ours');
    held.set('linear [grant %E0%A4%A]', 'a broken name');
    const store = splitStore(mortalItems(held).items);
    await store.write(ref(), secret(short));
    expect(await store.list()).toEqual([ref()]);
    await store.delete(ref());
    expect([...held.values()]).toEqual(['not ours', 'a broken name']);
  });
});

/** How many items a value takes: the head, and the parts if it is long. */
function itemsFor(value: string | null): number {
  const text = JSON.stringify({ v: 1, n: 1, secret: value });
  return text.length <= itemLimit ? 1 : 1 + Math.ceil(text.length / itemLimit);
}
