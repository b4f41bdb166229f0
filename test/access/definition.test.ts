// Whatever a server puts into a definition: it is compared whole, shown in part, and breaks nothing.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toolDefinitionSchema } from '../../preload/contract-access.ts';
import { canonicalJson } from '../../main/access/canonical.ts';
import { definitionOf, hashOf } from '../../main/access/definition.ts';

const parse = (text: string): unknown => JSON.parse(text);

const long = (end: string) => definitionOf([{ name: 'x', description: `${'word '.repeat(60_000)}${end}` }]);

describe('the canonical text of a definition', () => {
  it('is JSON that means the same, whatever it is of', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        expect(parse(canonicalJson(parse(text)))).toEqual(parse(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it('does not depend on the order of members', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).toReversed());
        expect(canonicalJson(turned)).toBe(canonicalJson(value));
      }),
    );
  });

  it.each([
    ['1e400', 'null'],
    ['1e400', '1e308'],
    ['-1e400', '1e400'],
    ['-0', '0'],
    ['"1"', '1'],
    ['0.1', '0.10000000000000001e1'],
    ['9007199254740993', '9007199254740991'],
    ['[]', '{}'],
    ['[1,2]', '[2,1]'],
    ['{"a":null}', '{}'],
    [String.raw`"\ud800"`, String.raw`"\ufffd"`],
    ['{"__proto__":1}', '{}'],
    ['"é"', String.raw`"e\u0301"`],
  ])('tells %s from %s', (one, other) => {
    expect(hashOf([parse(one)])).not.toBe(hashOf([parse(other)]));
  });
});

describe('a definition', () => {
  it('comes apart into what a person reads', () => {
    const { parts, marked, copies } = definitionOf([
      {
        name: 'read',
        title: 'Read',
        description: 'Reads.\nIt does.',
        inputSchema: { type: 'object', properties: { b: {}, a: {} } },
        annotations: { readOnlyHint: true },
        icons: [{ src: 'data:,' }],
        _meta: { x: 1 },
      },
    ]);
    expect({ marked, copies }).toEqual({ marked: 'read-only', copies: 1 });
    expect(parts).toEqual({
      title: 'Read',
      description: 'Reads.\nIt does.',
      inputSchema: '{\n  "properties": {\n    "a": {},\n    "b": {}\n  },\n  "type": "object"\n}',
      outputSchema: null,
      annotations: '{\n  "readOnlyHint": true\n}',
      rest: '{\n  "_meta": {\n    "x": 1\n  },\n  "icons": [\n    {\n      "src": "data:,"\n    }\n  ]\n}',
    });
  });

  it.each([
    [
      'no text where text belongs',
      { name: 'x', title: 5, description: { a: [] }, inputSchema: 'text', annotations: [null] },
    ],
    ['nothing but null', { name: 'x', title: null, description: null, inputSchema: null, outputSchema: null }],
    ['a member that is called rest', { name: 'x', rest: 'words' }],
    ['the prototype', parse('{"name":"x","__proto__":{"readOnlyHint":true},"constructor":1,"toString":2}')],
    ['100,000 levels', parse(`{"name":"x","inputSchema":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`)],
    ['100,000 lists', parse(`{"name":"x","rest":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)],
    ['10 MB of words', { name: 'x', description: 'word '.repeat(2_000_000) }],
    ['half characters and directions', { name: 'x', description: '\ud800\u202e\u0000\n<script>' }],
    ['no object', 'tool'],
    ['null', null],
  ])('of %s fits into the contract', (_, value) => {
    const definition = definitionOf([value]);
    expect(toolDefinitionSchema.parse(definition.parts)).toEqual(definition.parts);
    expect(definition.hash).toMatch(/^[0-9a-f]{64}$/u);
    expect(JSON.stringify(definition).length).toBeLessThan(1_500_000);
  });

  it('of more than 256 KB is kept as its hash and beginnings, and still compared whole', () => {
    expect(long('.').parts).toEqual(long('!').parts);
    expect(long('.').parts.description).toMatch(/^word word .* … \(cut\)$/u);
    expect(long('.').parts.description?.length).toBe(4_096);
    expect(long('.').hash).not.toBe(long('!').hash);
  });

  it('that a server gives twice is one with all of both, and marked as the worse of them', () => {
    const read = { name: 'x', annotations: { readOnlyHint: true } };
    const both = definitionOf([read, { name: 'x', description: 'Other.' }]);
    expect(both).toMatchObject({ copies: 2, marked: 'unmarked', parts: { rest: expect.stringContaining('Other.') } });
    expect(both.hash).not.toBe(definitionOf([read]).hash);
    expect(definitionOf([read, { name: 'x', annotations: { destructiveHint: true } }]).marked).toBe('destructive');
  });
});
