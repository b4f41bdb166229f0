// A number in a call's arguments is the number that was sent: what JavaScript cannot hold stays as it is written.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactNumber, literalOf, sameNumber } from '../../main/access/exact-number.ts';
import { readStrictly } from '../../main/access/message.ts';
import type { JsonObject } from '../../main/access/types.ts';

const textOf = (args: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay","arguments":${args}}}`;

function argumentsOf(args: string): JsonObject {
  const read = readStrictly(Buffer.from(textOf(args)));
  if (read.kind !== 'one') throw new Error(read.kind === 'batch' ? 'a batch' : read.because);
  return (read.message['params'] as JsonObject)['arguments'] as JsonObject;
}

/** Of what the server gets from the relay, and what the person sees. */
const written = (args: string): string => JSON.stringify(argumentsOf(args));

/** Digits, and the power of ten of the last one; by integers alone. */
function exactly(text: string): readonly [bigint, number] {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return [
    BigInt(`${whole}${fraction}`.replace('-', '')) * (text.startsWith('-') ? -1n : 1n),
    Number(exponent) - fraction.length,
  ];
}

function isSame(a: string, b: string): boolean {
  const [[x, m], [y, n]] = [exactly(a), exactly(b)];
  const least = Math.min(m, n);
  return x * 10n ** BigInt(m - least) === y * 10n ** BigInt(n - least);
}

const digits = (most: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${most}}$`, 'u'));
const literals = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(
      fc.constant('0'),
      digits(24).map((text) => text.replace(/^0+(?=.)/u, '')),
    ),
    fc.oneof(
      fc.constant(''),
      digits(24).map((text) => `.${text}`),
    ),
    fc.oneof(
      fc.constant(''),
      fc.tuple(fc.constantFrom('e', 'E', 'e+', 'e-'), fc.nat(340)).map((each) => each.join('')),
    ),
  )
  .map((parts) => parts.join(''));

describe('a number in the arguments of a call', () => {
  it.each([
    '9007199254740993',
    '-9007199254740993',
    '18446744073709551615',
    '12345678901234567890',
    '9007199254740993.0',
    '9007199254740993e0',
    '0.1000000000000000055511151231257827',
    '1e400',
    '-1e400',
    '1e-400',
    '4e-324',
    '-0',
    '-0.0',
    '-0e9',
    '1.7976931348623158e309',
  ])('stays as it is written where JavaScript holds another one: %s', (literal) => {
    expect(written(`{"n":${literal}}`)).toBe(`{"n":${literal}}`);
    expect(literalOf(argumentsOf(`{"n":${literal}}`)['n'])).toBe(literal);
  });

  it.each([
    ['0', 0],
    ['0.10', 0.1],
    ['0.30000000000000004', 0.300_000_000_000_000_04],
    ['1.0', 1],
    ['1e3', 1000],
    ['1E+2', 100],
    ['100000000000000000000000', 1e23],
    ['9007199254740992', 2 ** 53],
    ['9007199254740994', 2 ** 53 + 2],
    ['5e-324', 5e-324],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['0e999999', 0],
    ['0.000000000000000000000000000000001', 1e-33],
    ['-0.5', -0.5],
  ])('is a number like any other where JavaScript holds it: %s', (literal, value) => {
    expect(argumentsOf(`{"n":${literal}}`)).toEqual({ n: value });
  });

  it('is kept exactly when the number that JavaScript would write back is another one', () => {
    fc.assert(
      fc.property(literals, (literal) => {
        const held = JSON.parse(literal) as number;
        const isHeld = Number.isFinite(held) && !Object.is(held, -0) && isSame(literal, String(held));
        const kept = argumentsOf(`{"n":${literal}}`)['n'];
        expect(literalOf(kept)).toBe(isHeld ? null : literal);
        if (isHeld) expect(kept).toBe(held);
      }),
      { numRuns: 5000 },
    );
  });

  it('is kept wherever it stands, under whatever name, in batches too', () => {
    const args = String.raw`{ "a" : [ 1, [ 9007199254740993 , "9007199254740993" ], {"__proto__": 9007199254740995, "\u0062": -9007199254740997}], "length": 9007199254740999, "":1e999 }`;
    const compact =
      '{"a":[1,[9007199254740993,"9007199254740993"],{"__proto__":9007199254740995,"b":-9007199254740997}],"length":9007199254740999,"":1e999}';
    expect(written(args)).toBe(compact);
    const read = readStrictly(Buffer.from(`[ ${textOf('{"n":1}')} , ${textOf(args)} ]`));
    expect(read).toMatchObject({ kind: 'batch' });
    expect(JSON.stringify(read)).toContain(compact);
  });

  it('changes nothing outside of the arguments, where nothing else would know what to do with it', () => {
    const text =
      '{"jsonrpc":"2.0","id":9007199254740993,"method":"x","params":{"a":9007199254740993,"_meta":{"arguments":{"n":9007199254740993}}}}';
    expect(readStrictly(Buffer.from(text))).toMatchObject({ kind: 'one', message: JSON.parse(text) as object });
  });

  it('is no reason to take a text for one that only looks like it', () => {
    const args = argumentsOf('{"a":{"rawJSON":"9007199254740993"},"b":"9007199254740993"}');
    expect(args).toEqual({ a: { rawJSON: '9007199254740993' }, b: '9007199254740993' });
    expect(literalOf(args['a'])).toBeNull();
  });

  it('reaches nothing but the message when a later member takes the place of the one that it stands in', () => {
    for (const args of [
      '{"a":{"__proto__":{"polluted":9007199254740993}},"a":{}}',
      '{"a":{"__proto__":{"toString":9007199254740993}},"a":{}}',
      '{"a":{"constructor":{"polluted":9007199254740993}},"a":{}}',
      '{"a":[9007199254740993],"a":"text"}',
      '{"a":9007199254740993,"a":[9007199254740993,[1e999]]}',
      '{"a":{"b":9007199254740993},"a":null}',
    ]) {
      expect(readStrictly(Buffer.from(textOf(args))).kind, args).toBe('ambiguous');
    }
    const twice = '{"method":"x","params":{"arguments":{"n":9007199254740993}},"params":5}';
    expect(readStrictly(Buffer.from(twice)).kind).toBe('ambiguous');
    expect(({} as JsonObject)['polluted']).toBeUndefined();
    expect(({} as JsonObject)['toString']).toBeTypeOf('function');
    expect((Object as unknown as JsonObject)['polluted']).toBeUndefined();
  });

  it.each([
    ['a million digits', `{"n":${'9'.repeat(1_000_000)}}`],
    ['a million zeros and a one', `{"n":0.${'0'.repeat(1_000_000)}1}`],
    ['a million zeros and an exponent that makes up for them', `{"n":0.${'0'.repeat(999_999)}1e1000000}`],
    ['an exponent of a million digits', `{"n":1e${'0'.repeat(999_999)}5}`],
    ['three hundred thousand of them', `{"n":[${'9007199254740993,'.repeat(300_000)}1]}`],
    [
      'as many, each in a list of its own, far down',
      `{"n":${'['.repeat(190)}${'[9007199254740993],'.repeat(300_000)}1${']'.repeat(190)}}`,
    ],
  ])('costs no more than its length: %s', (_, args) => {
    const from = performance.now();
    expect(written(args).length).toBeGreaterThan(3);
    expect(performance.now() - from).toBeLessThan(3000);
  });
});

describe('two literals', () => {
  it('are one number when they say the same, however they are written', () => {
    expect(sameNumber('42', '42.0')).toBe(true);
    expect(sameNumber('42', '4.2e1')).toBe(true);
    expect(sameNumber('-0', '0.00')).toBe(true);
    expect(sameNumber('9007199254740992', '9007199254740993')).toBe(false);
    expect(sameNumber('1', '-1')).toBe(false);
    expect(sameNumber('1e400', '1e401')).toBe(false);
    for (const text of ['', ' 1', '0x1', '1e', '.5', 'NaN', '1_0']) expect(sameNumber(text, text), text).toBe(false);
    fc.assert(
      fc.property(literals, literals, (a, b) => {
        expect(sameNumber(a, b)).toBe(isSame(a, b));
        expect(sameNumber(a, /e/iu.test(a) ? a : `${a}e0`)).toBe(true);
      }),
    );
  });

  it('that JavaScript rounds to one are two', () => {
    const [one, other] = ['9007199254740992', '9007199254740993'].map((literal) => exactNumber(literal));
    expect(one).toBeNull();
    expect(JSON.stringify(other)).toBe('9007199254740993');
  });
});
