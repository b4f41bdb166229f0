// What a person reads when something went wrong are whole sentences, whoever wrote their parts.
import { describe, expect, it } from 'vitest';
import { explain } from '../../main/bridge/answers.ts';
import { failureOf } from '../../main/bridge/relay/wire.ts';
import { sentences } from '../../main/bridge/sentences.ts';
import { TokentrayError } from '../../main/errors.ts';

describe('parts of a message', () => {
  it.each([
    [['it is gone', 'Try again.'], 'it is gone. Try again.'],
    [['it is gone.', 'Try again'], 'it is gone. Try again.'],
    [['is it gone?', undefined], 'is it gone?'],
    [['the server said "no"', ''], 'the server said "no".'],
  ])('%j are joined to sentences', (parts, expected) => {
    expect(sentences(...parts)).toBe(expected);
  });

  it('are joined so by the relay as by the bridge', () => {
    const error = new TokentrayError('unreachable', 'cannot be reached: unknown', { advice: 'Check the address.' });
    const expected = 'cannot be reached: unknown. Check the address.';
    expect(failureOf(error).error.message).toBe(expected);
    expect(explain(error, 'notes', () => '').message).toBe(expected);
  });
});
