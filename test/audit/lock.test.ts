// While its key is locked away the audit goes on, chained; afterwards all of it is signed, and an edit meanwhile is found.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fill, world, type Running, type World } from './fixture.ts';

const shut = () => Promise.reject(new Error('shut'));

let here: World;
let running: Running;
beforeEach(async () => {
  here = world();
  running = await here.start();
  fill(running.audit, 5);
});
afterEach(() => here.remove());

it('has no key while it is locked, and vouches for every row when it is back', async () => {
  const { audit } = running;
  await audit.lock();
  fill(audit, 5, 6);
  await here.clock.advance(10 * 60_000);
  expect(await audit.verify()).toMatchObject({ verdict: 'no-key' });
  await audit.unlock();
  expect(await audit.verify()).toMatchObject({ verdict: 'intact', rows: 10, signedTo: 10 });
  await audit.lock();
  await audit.unlock();
  fill(audit, 5, 11);
  await here.clock.advance(60_000);
  expect(await audit.verify()).toMatchObject({ verdict: 'intact', rows: 15, signedTo: 15 });
});

it('is intact when it ended locked, once the key is back', async () => {
  await running.audit.lock();
  fill(running.audit, 5, 6);
  await running.end();
  running = await here.start();
  expect(await running.audit.verify()).toMatchObject({ verdict: 'intact', rows: 10 });
  await running.end();
});

it('takes no key until it is unlocked when it begins locked', async () => {
  await running.end();
  const { vault } = here;
  let isShut = true;
  here.vault = {
    ...vault,
    read: (ref) => (isShut ? shut() : vault.read(ref)),
    write: (ref, value) => (isShut ? shut() : vault.write(ref, value)),
  };
  running = await here.start();
  await running.audit.lock();
  fill(running.audit, 5, 6);
  isShut = false;
  await here.clock.advance(10 * 60_000);
  expect(await running.audit.verify()).toMatchObject({ verdict: 'no-key' });
  await running.audit.unlock();
  expect(await running.audit.verify()).toMatchObject({ verdict: 'intact', rows: 10, signedTo: 10 });
  await running.end();
});

it.each(['signed', 'not signed yet'])(
  'names a row that was %s and edited by hand while it was locked',
  async (which) => {
    const { audit } = running;
    await audit.flush();
    await audit.lock();
    fill(audit, 5, 6);
    await audit.flush();
    const seq = which === 'signed' ? 3 : 8;
    here.edit((db) => db.prepare('UPDATE audit SET agent = ? WHERE seq = ?').run('nobody', seq));
    await audit.unlock();
    expect(await audit.verify()).toMatchObject({ verdict: 'changed', at: seq });
  },
);
