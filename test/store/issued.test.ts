// What the local authorization server handed out is found by its hash, used up by one caller, and gone with its grant or its time.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStore } from '../../main/store/open.ts';
import type { IssuedRow } from '../../main/store/issued.ts';
import type { Store } from '../../main/store/types.ts';
import { silent } from '../support/silent.ts';

let store: Store;
beforeEach(() => {
  ({ store } = openStore({ file: ':memory:', log: silent, clock: { now: () => 0 } }));
});
afterEach(() => store.close());

const row = (idHash: string, more: Partial<IssuedRow> = {}): IssuedRow => ({
  model: 'RefreshToken',
  idHash,
  grantId: 'grant',
  payload: { clientId: 'editor', list: [1, { two: null }] },
  consumedAt: null,
  expiresAt: 1_000,
  ...more,
});

it('comes back as it was put, of its own model only', () => {
  store.issued.put(row('a'));
  expect(store.issued.get('RefreshToken', 'a')).toEqual(row('a'));
  expect(store.issued.get('AccessToken', 'a')).toBeNull();
});

it('is used up by exactly one caller', () => {
  store.issued.put(row('a'));
  expect([store.issued.consume('RefreshToken', 'a', 5), store.issued.consume('RefreshToken', 'a', 6)]).toEqual([
    true,
    false,
  ]);
  expect(store.issued.get('RefreshToken', 'a')?.consumedAt).toBe(5);
  expect(store.issued.consume('RefreshToken', 'b', 5)).toBe(false);
});

it('goes with its grant, all of it or one model', () => {
  store.issued.put(row('a'));
  store.issued.put(row('b', { model: 'AccessToken' }));
  store.issued.put(row('c', { model: 'Grant' }));
  store.issued.put(row('d', { grantId: 'other' }));
  expect(store.issued.removeGrant('grant', 'AccessToken')).toBe(1);
  expect(store.issued.removeGrant('grant')).toBe(2);
  expect(store.issued.list('RefreshToken').map(({ idHash }) => idHash)).toEqual(['d']);
});

it('goes when its time has come, which can be put off and not brought forward', () => {
  store.issued.put(row('a'));
  store.issued.put(row('b', { expiresAt: null }));
  store.issued.extend('RefreshToken', 'a', 500);
  expect(store.issued.purge(999)).toBe(0);
  store.issued.extend('RefreshToken', 'a', 2_000);
  expect(store.issued.purge(1_000)).toBe(0);
  expect(store.issued.purge(2_000)).toBe(1);
  expect(store.issued.drop()).toBe(1);
});
