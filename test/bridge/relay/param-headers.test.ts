// Arguments in headers: declared as the specification allows, written so that the server reads the same value back.
import { assert, boolean, maxSafeInteger, oneof, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactNumber } from '../../../main/access/exact-number.ts';
import {
  declaredHeaders,
  encodeHeader,
  paramHeaders,
  paramsDisagree,
} from '../../../main/bridge/relay/param-headers.ts';

const of = (properties: unknown): unknown => ({ type: 'object', properties });
const named = (name: unknown, type = 'string'): unknown => ({ type, 'x-mcp-header': name });

describe('a tool with x-mcp-header', () => {
  it.each([
    ['an empty name', of({ a: named('') })],
    ['a name that is no text', of({ a: named(7) })],
    ['a space', of({ a: named('My Region') })],
    ['a colon', of({ a: named('Region:Primary') })],
    ['a line break', of({ a: named('Region\r\nX') })],
    ['letters beyond ASCII', of({ a: named('R\u00e9gion') })],
    ['a number', of({ a: named('N', 'number') })],
    ['an object', of({ a: named('O', 'object') })],
    ['no type', of({ a: { 'x-mcp-header': 'A' } })],
    ['the same name twice', of({ a: named('Region'), b: named('region') })],
    ['an annotated root', { ...(of({}) as object), 'x-mcp-header': 'Root', type: 'string' }],
    ['an annotation in items', of({ a: { type: 'array', items: named('A') } })],
    ['an annotation in oneOf', { oneOf: [of({ a: named('A') })] }],
    ['an annotation in else', { if: {}, else: of({ a: named('A') }) }],
    ['an annotation in $defs', { $defs: { x: of({ a: named('A') }) }, $ref: '#/$defs/x' }],
    ['an annotation in patternProperties', { patternProperties: { '^a': named('A') } }],
  ])('is left out for %s', (_, schema) => {
    expect(declaredHeaders(schema).kind).toBe('invalid');
  });

  it('is kept when only properties lead to the annotation, at any depth', () => {
    const schema = of({
      where: of({ region: named('Region') }),
      dry: named('Dry-Run', 'boolean'),
      n: named('N', 'integer'),
    });
    const declared = declaredHeaders(schema);
    expect(declared.kind).toBe('valid');
    if (declared.kind !== 'valid') return;
    const given = { where: { region: 'us-west1' }, dry: false, n: -7, other: 'x' };
    expect(paramHeaders(declared.declarations, given)).toEqual({
      'Mcp-Param-Region': 'us-west1',
      'Mcp-Param-Dry-Run': 'false',
      'Mcp-Param-N': '-7',
    });
    expect(paramHeaders(declared.declarations, { where: null, dry: null, n: 2 ** 60 })).toEqual({});
    expect(paramHeaders(declared.declarations, undefined)).toEqual({});
  });

  it('for a number is left out, and its headers are known all the same', () => {
    const declared = declaredHeaders(of({ a: named('Ratio', 'number'), b: named('B') }));
    expect(declared).toMatchObject({ kind: 'invalid', declarations: [{ name: 'Ratio' }, { name: 'B' }] });
    expect(declaredHeaders(of({ a: named('Ratio', 'number'), b: named('not a name') }))).toMatchObject({
      kind: 'invalid',
      because: 'its value is not a header name',
      declarations: [],
    });
  });

  it('gets no header for an integer that JavaScript cannot hold, and one zero for both', () => {
    const declarations = [{ path: ['n'], name: 'N' }];
    expect(paramHeaders(declarations, { n: exactNumber('9007199254740993') })).toEqual({});
    expect(paramHeaders(declarations, { n: exactNumber('-0') })).toEqual({ 'Mcp-Param-N': '0' });
  });

  it('does not make the relay walk for ever', () => {
    let schema: unknown = of({ a: named('A') });
    for (let depth = 0; depth < 10_000; depth += 1) schema = of({ a: schema });
    expect(declaredHeaders(schema).kind).toBe('invalid');
  });
});

describe('a header value', () => {
  // 2026-07-28 streamable-http, Value Encoding: the table of examples.
  it.each([
    ['us-west1', 'us-west1'],
    ['Hello, \u4e16\u754c', '=?base64?SGVsbG8sIOS4lueVjA==?='],
    [' padded ', '=?base64?IHBhZGRlZCA=?='],
    ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
    ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
    ['', '=?base64??='],
  ])('for %j is %j', (value, header) => {
    expect(encodeHeader(value)).toBe(header);
  });

  it('is always one that HTTP carries unchanged, and reads back as it was', () => {
    assert(
      property(string({ unit: 'binary' }), (value) => {
        const text = Buffer.from(value, 'utf8').toString('utf8');
        const header = encodeHeader(text);
        expect(new Headers({ x: header }).get('x')).toBe(header);
        const marked = /^=\?base64\?(?<inner>.*)\?=$/u.exec(header)?.groups?.['inner'];
        expect(marked === undefined ? header : Buffer.from(marked, 'base64').toString('utf8')).toBe(text);
      }),
    );
  });
});

describe('the headers of a call', () => {
  const declarations = [{ path: ['where', 'a'], name: 'A' }];
  const disagree = (value: unknown, header: unknown): string | null =>
    paramsDisagree(
      declarations,
      { where: { a: value } },
      new Map(Object.entries(paramHeaders(declarations, { where: { a: header } })).map(([, text]) => ['a', text])),
      true,
    );

  it('say what its body says when they were made of it, and else never', () => {
    const wellFormed = string({ unit: 'grapheme' });
    const values = oneof(wellFormed, wellFormed.map(encodeHeader), boolean(), maxSafeInteger());
    assert(
      property(values, values, (one, other) => {
        expect(disagree(one, one)).toBeNull();
        // 1 and "1" are one header, and so are 1 and "1.0".
        const isOther = typeof one === 'number' ? Number(other) !== one : String(one) !== String(other);
        if (isOther) expect(disagree(one, other)).not.toBeNull();
      }),
    );
  });
});
