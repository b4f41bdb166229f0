// Times are said as people say them, in one unit, and never in the future tense about the past.
import { describe, expect, it } from 'vitest';
import { ago, span, until } from '../../renderer/words/time.ts';

const now = 1_800_000_000_000;
const s = 1_000;
const min = 60 * s;
const h = 60 * min;
const day = 24 * h;

describe('a span', () => {
  it.each([
    [0, '1 s'],
    [999, '1 s'],
    [59 * s + 999, '59 s'],
    [min, '1 min'],
    [59 * min + 59 * s, '59 min'],
    [h, '1 h'],
    [47 * h, '47 h'],
    [2 * day, '2 days'],
    [40 * day, '40 days'],
  ])('%i ms is %s', (ms, words) => expect(span(ms)).toBe(words));
});

describe('before and after now', () => {
  it('what is due is now, what comes is in a while', () => {
    expect(until(now, now)).toBe('now');
    expect(until(now - day, now)).toBe('now');
    expect(until(now + 43 * min, now)).toBe('in 43 min');
  });
  it('what was a moment ago is just now, also when clocks differ a little', () => {
    expect(ago(now + 2 * s, now)).toBe('just now');
    expect(ago(now - 9 * s, now)).toBe('just now');
    expect(ago(now - 10 * s, now)).toBe('10 s ago');
    expect(ago(now - 3 * h, now)).toBe('3 h ago');
    expect(ago(now - 6 * day, now)).toBe('6 days ago');
  });
  it('what is longer ago than a week has a date', () => {
    expect(ago(now - 30 * day, now)).toMatch(/20\d\d/u);
    expect(ago(now - 30 * day, now)).not.toContain('ago');
  });
});
