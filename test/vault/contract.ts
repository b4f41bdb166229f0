// What every vault promises, whichever kind it is.
import { beforeEach, describe, expect, it } from 'vitest';
import type { SecretRef, SecretStore } from '../../main/ports.ts';
import { secret } from '../../main/secret.ts';
import { refOf, reveal } from './contract-refs.ts';

export interface Subject {
  readonly kind: SecretStore['kind'];
  readonly persistent: boolean;
  /** An empty vault. */
  readonly fresh: () => Promise<SecretStore>;
  /** The same vault as another process would see it; for persistent ones. */
  readonly reopen?: () => Promise<SecretStore>;
}

const byId = (a: SecretRef, b: SecretRef): number => a.id.localeCompare(b.id);

export function vaultContract(subject: Subject): void {
  describe(`the ${subject.kind} vault keeps what every vault promises`, () => {
    let store: SecretStore;

    beforeEach(async () => {
      store = await subject.fresh();
    });

    it('says what it is', () => {
      expect({ kind: store.kind, persistent: store.persistent }).toEqual({
        kind: subject.kind,
        persistent: subject.persistent,
      });
    });

    it('gives back exactly what was written', async () => {
      const values = {
        plain: 'refresh-1',
        empty: '',
        awkward: 'a"b\\c\n\u0000 ü 漢字 🗝 %+:/',
        lone: 'half a pair \ud83d',
        exact: 'x'.repeat(1_200),
        long: 'äß🗝"'.repeat(2_000),
      };
      for (const [id, value] of Object.entries(values)) await store.write(refOf(id), secret(value));
      const read: Record<string, string | null> = {};
      for (const id of Object.keys(values)) read[id] = await reveal(store, refOf(id));
      expect(read).toEqual(values);
    });

    it('knows nothing of what was never written', async () => {
      expect(await store.read(refOf('never'))).toBeNull();
      expect(await store.list()).toEqual([]);
      expect(await store.delete(refOf('never'))).toBe(false);
    });

    it('replaces a value, longer and shorter, and keeps one item for it', async () => {
      for (const value of ['first', 'y'.repeat(5_000), 'z'.repeat(3_000), 'last']) {
        await store.write(refOf('one'), secret(value));
        expect(await reveal(store, refOf('one'))).toBe(value);
      }
      expect(await store.list()).toEqual([refOf('one')]);
    });

    it('keeps kinds and ids apart', async () => {
      const grant = refOf('same');
      const registration: SecretRef = { kind: 'registration', id: 'same', label: 'https://as.example – client secret' };
      await store.write(grant, secret('of the grant'));
      await store.write(registration, secret('of the registration'));
      expect(await store.delete(grant)).toBe(true);
      expect(await reveal(store, grant)).toBeNull();
      expect(await reveal(store, registration)).toBe('of the registration');
    });

    it('keeps the audit’s key like any other secret', async () => {
      const audit: SecretRef = { kind: 'audit', id: 'same', label: 'Tokentray audit – signing key' };
      await store.write(refOf('same'), secret('of the grant'));
      await store.write(audit, secret('k'.repeat(3_000)));
      expect(await reveal(store, audit)).toBe('k'.repeat(3_000));
      expect(await store.list()).toContainEqual(audit);
      expect(await store.delete(audit)).toBe(true);
      expect(await reveal(store, refOf('same'))).toBe('of the grant');
    });

    it('deletes once, and all of it', async () => {
      await store.write(refOf('gone'), secret('w'.repeat(4_000)));
      expect(await store.delete(refOf('gone'))).toBe(true);
      expect(await store.delete(refOf('gone'))).toBe(false);
      expect(await store.read(refOf('gone'))).toBeNull();
      expect(await store.list()).toEqual([]);
    });

    it('lists every item with the label that it was last written with', async () => {
      const odd: SecretRef = { kind: 'grant', id: 'odd ]id/ä [grant x]', label: 'a [grant b] part 1 of abcdef01' };
      await store.write(refOf('b', 'old label'), secret('1'));
      await store.write(odd, secret('2'));
      await store.write(refOf('b', 'new label'), secret('v'.repeat(2_500)));
      expect((await store.list()).toSorted(byId)).toEqual([refOf('b', 'new label'), odd].toSorted(byId));
      expect(await reveal(store, odd)).toBe('2');
    });

    it('makes a label from outside one printable line', async () => {
      await store.write(refOf('x', `evil\n\u202e label ${'l'.repeat(600)}`), secret('1'));
      const [ref] = await store.list();
      expect(ref?.label).toMatch(/^evil label l{100,}$/u);
      expect(ref?.label.length).toBeLessThan(300);
    });

    it('keeps its order when many write at once', async () => {
      const writes = Array.from({ length: 12 }, (_, n) =>
        store.write(refOf('busy'), secret(`${n} `.repeat(n * 100 + 1))),
      );
      await Promise.all(writes);
      expect(await reveal(store, refOf('busy'))).toBe('11 '.repeat(1_101));
    });

    const { reopen } = subject;
    if (!reopen) return;

    it('still holds everything when it is opened again', async () => {
      await store.write(refOf('short'), secret('short'));
      await store.write(refOf('long'), secret('u'.repeat(3_000)));
      const again = await reopen();
      expect(await reveal(again, refOf('short'))).toBe('short');
      expect(await reveal(again, refOf('long'))).toBe('u'.repeat(3_000));
      expect((await again.list()).map((ref) => ref.id).sort()).toEqual(['long', 'short']);
    });
  });
}
