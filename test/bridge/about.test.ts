// A retry is the same request only if it asks for the same: what a person allowed is not let through in another shape.
import { describe, expect, it } from 'vitest';
import { aboutOf } from '../../main/bridge/about.ts';

const send = (value: object): string => aboutOf('tools/call', { name: 'send', arguments: value });

describe('what a request is about', () => {
  it('is the same whatever the order of its members, and whatever answers a retry brings', () => {
    const first = aboutOf('tools/call', { name: 'send', arguments: { to: 'a', copies: 2 } });
    const retry = { arguments: { copies: 2, to: 'a' }, name: 'send', requestState: 's', inputResponses: { q: {} } };
    expect(aboutOf('tools/call', retry)).toBe(first);
  });

  it.each([
    ['an object and the list of its members', { x: { a: 1 } }, { x: [['a', 1]] }],
    ['a number and its text', { x: 1 }, { x: '1' }],
    ['an empty object and an empty list', { x: {} }, { x: [] }],
    ['nothing and null', {}, { x: null }],
  ])('tells %s apart', (_what, one, other) => {
    expect(send(one)).not.toBe(send(other));
  });
});
