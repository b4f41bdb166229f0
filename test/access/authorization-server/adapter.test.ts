// What oidc-provider keeps: found by its secret only, used up once, and nothing of a family is left when it is used up twice.
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createAdapters } from '../../../main/access/authorization-server/adapter.ts';
import { openStore } from '../../../main/store/open.ts';
import type { Store } from '../../../main/store/types.ts';
import { silent } from '../../support/silent.ts';

let store: Store;
let now = 0;
beforeEach(() => {
  now = 1_000_000;
  ({ store } = openStore({ file: ':memory:', log: silent, clock: { now: () => now } }));
});
afterEach(() => store.close());

const adapter = (model: string) => createAdapters({ issued: store.issued, now: () => now })(model);

it('keeps no token beside what is known about it, and gives it back to whoever has it', async () => {
  await adapter('RefreshToken').upsert('the-token', { jti: 'the-token', grantId: 'g', clientId: 'c' }, 60);
  const [row] = store.issued.list('RefreshToken');
  expect(JSON.stringify(row)).not.toContain('the-token');
  expect(row?.idHash).toBe(createHash('sha256').update('the-token').digest('hex'));
  expect(await adapter('RefreshToken').find('the-token')).toEqual({ jti: 'the-token', grantId: 'g', clientId: 'c' });
  expect(await adapter('RefreshToken').find(row?.idHash ?? '')).toBeUndefined();
  now += 60_000;
  expect(await adapter('RefreshToken').find('the-token')).toBeUndefined();
});

it('lets two requests that found the same unused token not both use it, and ends all of the family', async () => {
  await adapter('Grant').upsert('g', { jti: 'g', clientId: 'c' }, 600);
  await adapter('AccessToken').upsert('access', { jti: 'access', grantId: 'g' }, 600);
  await adapter('RefreshToken').upsert('token', { jti: 'token', grantId: 'g' }, 600);
  await adapter('RefreshToken').consume('token');
  expect(await adapter('RefreshToken').find('token')).toMatchObject({ consumed: 1_000 });
  await expect(adapter('RefreshToken').consume('token')).rejects.toMatchObject({ error: 'invalid_grant' });
  for (const [model, id] of [
    ['Grant', 'g'],
    ['AccessToken', 'access'],
    ['RefreshToken', 'token'],
  ] as const) {
    expect(await adapter(model).find(id)).toBeUndefined();
  }
});

it('keeps half-done sign-ins in memory only, and no more than five hundred', async () => {
  const sessions = adapter('Session');
  for (let count = 0; count < 600; count += 1)
    await sessions.upsert(`s${count}`, { jti: `s${count}`, uid: `u${count}` }, 60);
  expect(await sessions.find('s0')).toBeUndefined();
  expect(await sessions.findByUid('u599')).toMatchObject({ jti: 's599' });
  expect(store.issued.list('Session')).toEqual([]);
  now += 60_000;
  expect(await sessions.find('s599')).toBeUndefined();
});

it('lets a code be used once', async () => {
  const codes = adapter('AuthorizationCode');
  await codes.upsert('code', { jti: 'code', grantId: 'g' }, 60);
  await codes.consume('code');
  await expect(codes.consume('code')).rejects.toMatchObject({ error: 'invalid_grant' });
  await codes.revokeByGrantId('g');
  expect(await codes.find('code')).toBeUndefined();
});
