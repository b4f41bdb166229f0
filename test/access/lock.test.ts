// Only the person opens what was locked: by hand, by the screen, by nobody doing anything, or in a panic; a restart changes nothing.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLock } from '../../main/access/lock.ts';
import type { Lock, LockParts, LockSettings, SystemCheck } from '../../main/access/lock.ts';
import { createSteadyClock } from '../../main/access/steady-clock.ts';
import { TokentrayError } from '../../main/errors.ts';
import { secret } from '../../main/secret.ts';
import { openStore } from '../../main/store/open.ts';
import type { Store } from '../../main/store/types.ts';
import type { LockState } from '../../preload/contract.ts';
import { silent } from '../support/silent.ts';
import { deferred } from '../support/deferred.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';

const minute = 60_000;
const right = 'correct horse';

let clock: FakeClock;
let store: Store;
let settings: LockSettings;
let done: string[];
let told: (readonly [string, Readonly<Record<string, unknown>>])[];
let states: LockState[];
let refresh: Promise<void>;
let dropped: number;
let lock: Lock;
beforeEach(() => {
  clock = createFakeClock();
  ({ store } = openStore({ file: ':memory:', log: silent, clock }));
  settings = { afterIdleMinutes: null, onScreenLock: false, streams: 'end' };
  done = [];
  told = [];
  states = [];
  refresh = Promise.resolve();
  dropped = 0;
});
afterEach(() => {
  lock.close();
  store.close();
});

const note = async (what: string): Promise<void> => void done.push(what);

function begin({
  needsPassphrase = false,
  systemCheck = null as SystemCheck | null,
  ...vaultMore
}: {
  needsPassphrase?: boolean;
  systemCheck?: SystemCheck | null;
} & Pick<LockParts['vault'], 'beginsLocked' | 'provePassphrase'> = {}): void {
  const parts: LockParts = {
    clock,
    steady: createSteadyClock({ clock, store }),
    store,
    log: silent,
    vault: {
      needsPassphrase,
      lock: () => note('vault shut'),
      async unlock(passphrase) {
        if (needsPassphrase && passphrase?.reveal() !== right) throw new TokentrayError('vault_locked', 'wrong');
        await note('vault opened');
      },
      async discard() {
        await note('vault emptied');
        return dropped;
      },
      ...vaultMore,
    },
    grants: {
      async lock() {
        await note('grants stop');
        await refresh;
        await note('grants forgot');
      },
      unlock: () => void done.push('grants go on'),
      secretsDropped() {
        done.push('sign-ins are gone');
        return dropped;
      },
      list: () => [],
      revoke: () => Promise.reject(new Error('there is none')),
    },
    audit: { lock: () => note('audit signed'), unlock: () => note('audit goes on') },
    settings: () => settings,
    systemCheck,
    connections: {
      count: () => 3,
      locked: (end) => void done.push(`agents ${end ? 'end' : 'go on'}, ${lock.isLocked() ? 'locked' : 'open'}`),
      unlocked: () => void done.push('agents let in'),
    },
    endPassingApprovals: () => {
      done.push('approvals end');
      return 2;
    },
    onChange: (state) => states.push(state),
    tell: (kind, detail) => told.push([kind, detail]),
  };
  lock = createLock(parts);
}

describe('locking', () => {
  it('stops everything first; what a provider was asked for is written, what happened is signed, and then the vault is shut', async () => {
    begin();
    await lock.lock('by-hand');
    expect(done).toEqual(['agents end, locked', 'grants stop', 'grants forgot', 'audit signed', 'vault shut']);
    expect(lock.state()).toEqual({ kind: 'locked', since: clock.now(), because: 'by-hand', unlocksBy: 'click' });
    expect(() => lock.check()).toThrow(/a person has to unlock/u);
    expect(told).toEqual([['locked', { because: 'by-hand' }]]);
    expect(states).toHaveLength(1);
  });

  it('is in force at once and answers within seconds, however long a provider keeps a refresh waiting', async () => {
    begin();
    const provider = deferred();
    refresh = provider.promise;
    const locking = lock.lock('by-hand');
    expect(lock.isLocked()).toBe(true);
    await clock.advance(5_000);
    expect((await locking).kind).toBe('locked');
    expect(done).not.toContain('vault shut');
    provider.resolve();
    await clock.settle();
    expect(done.slice(-3)).toEqual(['grants forgot', 'audit signed', 'vault shut']);
  });

  it('does not wait for ever', async () => {
    begin();
    refresh = deferred().promise;
    void lock.lock('by-hand');
    await clock.advance(3 * minute);
    expect(done).toContain('vault shut');
  });

  it('lets streams go on where the setting says so', async () => {
    settings = { ...settings, streams: 'go-on' };
    begin();
    await lock.lock('by-hand');
    expect(done[0]).toBe('agents go on, locked');
  });

  it('twice is once', async () => {
    begin();
    await lock.lock('by-hand');
    const before = lock.state();
    await clock.advance(minute);
    expect(await lock.lock('by-hand')).toEqual(before);
    expect(told).toHaveLength(1);
  });

  it('follows the screen where the person wants that', async () => {
    begin();
    lock.screenLocked();
    expect(lock.isLocked()).toBe(false);
    settings = { ...settings, onScreenLock: true };
    lock.screenLocked();
    expect(lock.state()).toMatchObject({ kind: 'locked', because: 'screen' });
  });

  it('comes after so many minutes without a request or an action, and not before', async () => {
    settings = { ...settings, afterIdleMinutes: 10 };
    begin();
    await clock.advance(9 * minute);
    lock.touched();
    await clock.advance(9.9 * minute);
    expect(lock.isLocked()).toBe(false);
    await clock.advance(0.1 * minute);
    expect(lock.state()).toMatchObject({ kind: 'locked', because: 'idle' });
    await lock.unlock(null);
    await clock.advance(9.9 * minute);
    expect(lock.isLocked()).toBe(false);
    await clock.advance(minute);
    expect(lock.isLocked()).toBe(true);
  });

  it('comes on waking up when the machine slept through the time, and never where it is not wanted', async () => {
    begin();
    await clock.advance(100 * minute);
    expect(lock.isLocked()).toBe(false);
    settings = { ...settings, afterIdleMinutes: 10 };
    lock.look();
    expect(lock.isLocked()).toBe(true);
    await lock.unlock(null);
    await clock.sleepMachine(60 * minute);
    expect(lock.isLocked()).toBe(true);
  });

  it('comes no more than a minute late because somebody sets the clock back, and no sooner', async () => {
    settings = { ...settings, afterIdleMinutes: 10 };
    let back = 0;
    const real = clock;
    clock = { ...real, now: () => real.now() - back };
    begin();
    await real.advance(5 * minute);
    back = 24 * 60 * minute;
    await real.advance(4.9 * minute);
    expect(lock.isLocked()).toBe(false);
    await real.advance(1.1 * minute);
    expect(lock.isLocked()).toBe(true);
  });
});

describe('unlocking', () => {
  it('lets everything go on, in order', async () => {
    begin();
    await lock.lock('by-hand');
    done = [];
    expect(await lock.unlock(null)).toEqual({ kind: 'open' });
    expect(done).toEqual(['vault opened', 'grants go on', 'audit goes on', 'agents let in']);
    expect(told.at(-1)).toEqual(['unlocked', { by: 'click' }]);
    expect(await lock.unlock(null)).toEqual({ kind: 'open' });
  });

  it('takes the right passphrase alone, and five tries a minute', async () => {
    begin({ needsPassphrase: true });
    await lock.lock('by-hand');
    expect(lock.state()).toMatchObject({ unlocksBy: 'passphrase' });
    await expect(lock.unlock(null)).rejects.toMatchObject({ facts: { because: 'no-passphrase' } });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await expect(lock.unlock(secret('wrong'))).rejects.toMatchObject({ code: 'vault_locked' });
    }
    // The right one is not even looked at.
    await expect(lock.unlock(secret(right))).rejects.toMatchObject({ code: 'overloaded' });
    expect(lock.isLocked()).toBe(true);
    expect(told.filter(([kind]) => kind === 'unlock-refused')).toHaveLength(5);
    await clock.advance(minute);
    expect(await lock.unlock(secret(right))).toEqual({ kind: 'open' });
  });

  it('asks the system where it offers that, and believes it', async () => {
    const answers = [false, true];
    const reasons: string[] = [];
    begin({
      systemCheck: async (reason) => {
        reasons.push(reason);
        return answers.shift() ?? false;
      },
    });
    await lock.lock('by-hand');
    expect(lock.state()).toMatchObject({ unlocksBy: 'system' });
    await expect(lock.unlock(null)).rejects.toMatchObject({ code: 'locked' });
    expect(lock.isLocked()).toBe(true);
    expect(await lock.unlock(null)).toEqual({ kind: 'open' });
    expect(reasons).toEqual(['unlock Tokentray', 'unlock Tokentray']);
  });

  it.each([
    ['Canceled by user.', 'the system did not confirm that it is you: it says "Canceled by user"'],
    ['<b>\u202Eno</b>', 'the system did not confirm that it is you: it says "<b>\\u202eno</b>"'],
    [' ', 'the system did not confirm that it is you'],
  ])('that the system does not confirm is refused in the system’s own words: %j', async (said, message) => {
    begin({ systemCheck: () => Promise.reject(new Error(said)) });
    await lock.lock('by-hand');
    await expect(lock.unlock(null)).rejects.toMatchObject({ code: 'locked', message });
    expect(lock.isLocked()).toBe(true);
  });

  it('that was confirmed before a panic does not open what the panic shut', async () => {
    const person = deferred();
    begin({
      systemCheck: async () => {
        await person.promise;
        return true;
      },
    });
    await lock.lock('by-hand');
    const unlocking = lock.unlock(null);
    unlocking.catch(() => undefined);
    await clock.settle();
    await lock.panic({ revoke: false });
    person.resolve();
    await expect(unlocking).rejects.toMatchObject({ code: 'locked' });
    expect(lock.state()).toMatchObject({ kind: 'locked', because: 'panic' });
  });
});

describe('a restart', () => {
  it('unlocks nothing, and says since when and why it is locked', async () => {
    begin();
    await lock.lock('by-hand');
    const before = lock.state();
    lock.close();
    await clock.advance(minute);
    done = [];
    begin();
    expect(lock.state()).toEqual(before);
    await clock.settle();
    expect(done).toEqual(['grants stop', 'grants forgot', 'audit signed', 'vault shut']);
    await lock.unlock(null);
    lock.close();
    begin();
    expect(lock.state()).toEqual({ kind: 'open' });
  });

  it('with another vault opens what was locked with a passphrase to that passphrase alone', async () => {
    begin({ needsPassphrase: true });
    await lock.lock('by-hand');
    lock.close();
    const proved: string[] = [];
    begin({
      async provePassphrase(passphrase) {
        proved.push(passphrase.reveal());
        if (passphrase.reveal() !== right) throw new TokentrayError('vault_locked', 'wrong');
      },
    });
    expect(lock.state()).toMatchObject({ kind: 'locked', unlocksBy: 'passphrase' });
    await expect(lock.unlock(null)).rejects.toMatchObject({ facts: { because: 'no-passphrase' } });
    await expect(lock.unlock(secret('wrong'))).rejects.toMatchObject({ code: 'vault_locked' });
    // Nor does a panic in between, or one more restart, make it less.
    await lock.panic({ revoke: false });
    lock.close();
    begin();
    expect(lock.state()).toMatchObject({ because: 'panic', unlocksBy: 'passphrase' });
    await expect(lock.unlock(secret(right))).rejects.toMatchObject({ code: 'vault_unavailable' });
    lock.close();
    begin({ provePassphrase: async ({ reveal }) => void proved.push(typeof reveal) });
    expect(await lock.unlock(secret(right))).toEqual({ kind: 'open' });
    expect(told.at(-1)).toEqual(['unlocked', { by: 'passphrase' }]);
    expect(proved[0]).toBe('wrong');
    // What is locked from here on opens as this vault does.
    await lock.lock('by-hand');
    expect(lock.state()).toMatchObject({ unlocksBy: 'click' });
  });

  it('without the passphrase begins locked, and that is kept only once somebody locks it', async () => {
    begin({ needsPassphrase: true, beginsLocked: true });
    expect(lock.state()).toMatchObject({ kind: 'locked', because: 'no-passphrase', unlocksBy: 'passphrase' });
    expect(lock.isLocked()).toBe(true);
    lock.close();
    begin({ needsPassphrase: true });
    expect(lock.state()).toEqual({ kind: 'open' });
    lock.close();
    begin({ needsPassphrase: true, beginsLocked: true });
    expect(await lock.lock('by-hand')).toMatchObject({ because: 'by-hand' });
    expect(told).toEqual([['locked', { because: 'by-hand' }]]);
    lock.close();
    begin({ needsPassphrase: true });
    expect(lock.state()).toMatchObject({ kind: 'locked', because: 'by-hand' });
  });

  it('takes what it cannot read for a lock', () => {
    store.settings.set('locked', '{"since":"yesterday"}');
    begin();
    expect(lock.state()).toMatchObject({ kind: 'locked', because: 'by-hand' });
  });
});

describe('a panic', () => {
  it('stops lending first, ends streams whatever the setting says, then approvals, locks, and empties what only memory holds', async () => {
    settings = { ...settings, streams: 'go-on' };
    begin();
    const receipt = await lock.panic({ revoke: false });
    expect(receipt).toEqual({ locked: true, streams: 3, approvals: 2, receipts: [], dropped: 0 });
    expect(done).toEqual([
      'agents end, locked',
      'approvals end',
      'agents end, locked',
      'grants stop',
      'grants forgot',
      'audit signed',
      'vault shut',
      'vault emptied',
    ]);
    expect(told.map(([kind]) => kind)).toEqual(['panic', 'locked']);
    expect(lock.state()).toMatchObject({ because: 'panic' });
  });

  it('says how many sign-ins went with the memory that held them, and those show it from then on', async () => {
    begin();
    dropped = 2;
    expect(await lock.panic({ revoke: false })).toMatchObject({ dropped: 2 });
    expect(done.slice(-2)).toEqual(['vault emptied', 'sign-ins are gone']);
    expect(told).toContainEqual(['secrets-dropped', { grants: 2 }]);
  });

  it('says that they are still to go while a provider keeps a refresh waiting', async () => {
    begin();
    dropped = 1;
    const provider = deferred();
    refresh = provider.promise;
    const panicking = lock.panic({ revoke: false });
    await clock.settle();
    await clock.advance(5_000);
    expect(await panicking).toMatchObject({ dropped: null });
    provider.resolve();
    await clock.settle();
    expect(done.at(-1)).toBe('sign-ins are gone');
  });

  it('in what is locked already is a panic from then on', async () => {
    begin();
    await lock.lock('screen');
    await lock.panic({ revoke: true });
    expect(lock.state()).toMatchObject({ kind: 'locked', because: 'panic' });
    lock.close();
    begin();
    expect(lock.state()).toMatchObject({ because: 'panic' });
  });

  it('pressed twice is done twice, and locked from the first moment', async () => {
    begin();
    const both = [lock.panic({ revoke: false }), lock.panic({ revoke: true })];
    expect(lock.isLocked()).toBe(true);
    expect(await Promise.all(both)).toMatchObject([{ locked: true }, { locked: true }]);
    expect(lock.isLocked()).toBe(true);
  });
});
