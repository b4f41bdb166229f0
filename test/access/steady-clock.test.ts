// What has ended by the clock stays ended, however the machine's clock is set.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSteadyClock } from '../../main/access/steady-clock.ts';
import { openStore } from '../../main/store/open.ts';
import type { Store } from '../../main/store/types.ts';
import { silent } from '../support/silent.ts';

const start = Date.UTC(2026, 0, 1);
const hour = 60 * 60_000;

let wall: number;
let store: Store;
const clock = { now: () => wall };
beforeEach(() => {
  wall = start;
  store = openStore({ file: ':memory:', log: silent, clock }).store;
});
afterEach(() => store.close());

const steady = () => createSteadyClock({ clock, store });

describe('the clock of what ends', () => {
  it('is the machine’s clock as long as that goes on', () => {
    const own = steady();
    for (const step of [0, 1, hour, 30 * 24 * hour]) {
      wall += step;
      expect(own.now()).toBe(wall);
      expect(own.fromWall(wall + 5)).toBe(wall + 5);
    }
  });

  it('goes on from where it was when the machine’s clock is set back, and as fast', () => {
    const own = steady();
    wall += 2 * hour;
    expect(own.now()).toBe(start + 2 * hour);
    wall = start - 365 * 24 * hour;
    expect(own.now()).toBe(start + 2 * hour);
    wall += hour;
    expect(own.now()).toBe(start + 3 * hour);
  });

  it('takes an end that is meant by the clock on the wall as far away as it is there', () => {
    const own = steady();
    own.now();
    wall -= 10 * hour;
    const end = own.fromWall(wall + 8 * hour);
    expect(end - own.now()).toBe(8 * hour);
    expect(own.toWall(end)).toBe(wall + 8 * hour);
  });

  it('knows after a restart how late it was, and that time went on meanwhile', () => {
    const before = steady();
    before.now();
    wall += 2 * hour;
    before.now();
    wall = start;
    expect(steady().now()).toBe(start + 2 * hour);
    wall += 5 * hour;
    expect(steady().now()).toBe(start + 7 * hour);
  });

  it('writes at most once a minute', () => {
    const written: string[] = [];
    const own = createSteadyClock({
      clock,
      store: { settings: { ...store.settings, set: (_name, value) => void written.push(value) } },
    });
    own.now();
    written.length = 0;
    for (let second = 0; second < 300; second += 1) {
      wall += 1_000;
      own.now();
    }
    expect(written).toHaveLength(5);
  });

  it('starts from nothing where what was kept cannot be read', () => {
    store.settings.set('steady-clock', '{"highest":"soon"}');
    expect(steady().now()).toBe(start);
  });
});
