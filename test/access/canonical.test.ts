// One value has one text, and two values never share one: what a person agreed to is told from everything else by it.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, writeJson } from '../../main/access/canonical.ts';
import { exactNumber } from '../../main/access/exact-number.ts';

const numberOf = (literal: string): unknown => exactNumber(literal) ?? JSON.parse(literal);

describe('the text of a value', () => {
  it('does not depend on the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const turned = (one: unknown): unknown => {
          if (Array.isArray(one)) return one.map(turned);
          if (typeof one !== 'object' || one === null) return one;
          return Object.fromEntries(
            Object.entries(one)
              .toReversed()
              .map(([name, member]) => [name, turned(member)]),
          );
        };
        expect(canonicalJson(turned(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it('has the numbers that JavaScript cannot hold as they are written, indented too', () => {
    const value = { a: [numberOf('9007199254740993'), numberOf('1e400')], b: numberOf('-0.0') };
    expect(canonicalJson(value)).toBe('{"a":[9007199254740993,1e400],"b":-0.0}');
    let text = '';
    writeJson(value, (piece) => (text += piece).length > 0, true);
    expect(text).toBe('{\n  "a": [\n    9007199254740993,\n    1e400\n  ],\n  "b": -0.0\n}');
  });

  it('is one for literals that are one number to JavaScript as well', () => {
    for (const [a, b] of [
      ['1e3', '1000'],
      ['1.0', '1'],
      ['0.10', '0.1'],
      ['1e23', '100000000000000000000000'],
    ] as const)
      expect(canonicalJson(numberOf(a))).toBe(canonicalJson(numberOf(b)));
  });

  it('is another one for every other number, however close, and for texts', () => {
    const texts = [
      ...Array.from({ length: 40 }, (_, more) => String(9_007_199_254_740_970n + BigInt(more))),
      '1e308',
      '1e309',
      '1e400',
      '1e999',
      '-1e999',
      '0',
      '-0',
      '1e-400',
      '5e-324',
      '4e-324',
    ];
    const values = [
      ...texts.map(numberOf),
      ...texts,
      { rawJSON: '9007199254740993' },
      [numberOf('9007199254740993')],
      null,
    ];
    expect(new Set(values.map(canonicalJson)).size).toBe(values.length);
  });
});
