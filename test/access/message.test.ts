// A message that two readers could understand differently is not let through; one that they cannot is read as JSON says.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headersDisagree, readStrictly, requestOf } from '../../main/access/message.ts';
import { foldedText } from '../../main/access/tool-name.ts';

const read = (text: string) => readStrictly(Buffer.from(text));
const call = (over: object = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'read', arguments: { a: 1 } },
  ...over,
});

/** Text as writers of JSON differ: blanks and escapes anywhere they may be. */
const written = (value: unknown, odd: (n: number) => number): string => {
  const blank = () => ['', '', '', ' ', '\n\t '][odd(5)] ?? '';
  const text = (plain: string) =>
    `"${Array.from({ length: plain.length }, (_, at) => {
      const unit = plain.charCodeAt(at);
      const hex = `\\u${unit.toString(16).padStart(4, '0')}`;
      return odd(4) === 0 ? hex : JSON.stringify(plain.charAt(at)).slice(1, -1);
    }).join('')}"`;
  const part = (one: unknown): string => {
    if (Array.isArray(one)) return `[${blank()}${one.map((each) => part(each)).join(',')}${blank()}]`;
    if (typeof one === 'string') return text(one);
    if (typeof one !== 'object' || one === null) return JSON.stringify(one);
    const members = Object.entries(one).map(([name, member]) => `${blank()}${text(name)}${blank()}:${part(member)}`);
    return `{${members.join(',')}${blank()}}`;
  };
  return `${blank()}${part(value)}${blank()}`;
};

const oddly = (seed: number) => (n: number) => (seed = (seed * 48_271) % 2_147_483_647) % n;

function insideText(text: string, at: number): boolean {
  let inside = false;
  for (let i = 0; i < at; i += 1) {
    if (inside && text[i] === '\\') i += 1;
    else if (text[i] === '"') inside = !inside;
  }
  return inside;
}

const modern = (method: string, params: object) => ({
  jsonrpc: '2.0',
  id: 1,
  method,
  params: { ...params, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } },
});

const marked = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`;

/** The best of a few tries, in milliseconds. */
const best = (work: () => unknown): number =>
  Math.min(
    ...Array.from({ length: 4 }, () => {
      const from = performance.now();
      work();
      return performance.now() - from;
    }),
  );

describe('a message', () => {
  it('is read as it is, with its size', () => {
    const text = ` ${JSON.stringify(call())}\n`;
    expect(read(text)).toEqual({ kind: 'one', message: call(), bytes: text.length });
  });

  it('is a batch with the size of each', () => {
    const other = { method: 'notifications/x', params: { text: 'é' } };
    expect(read(`[ ${JSON.stringify(call())} ,${JSON.stringify(other)}]`)).toEqual({
      kind: 'batch',
      messages: [call(), other],
      bytes: [JSON.stringify(call()).length, Buffer.byteLength(JSON.stringify(other))],
    });
  });

  it('may hold whatever it likes in its arguments', () => {
    for (const args of [
      { Name: 1, name: 2, Method: 3, URI: 4 },
      { a: 1, A: 2 },
      { params: { Id: 1 } },
      { text: '"a":1,"a":2' },
    ]) {
      expect(read(JSON.stringify(call({ params: { name: 'x', arguments: args } }))).kind, JSON.stringify(args)).toBe(
        'one',
      );
    }
  });
});

const withArguments = (args: string, method: string): string =>
  `{"method":"${method}","params":{"name":"x","arguments":${args}}}`;

describe('the arguments of a call', () => {
  it.each(['[1]', '"text"', '5', '9007199254740993', 'true'])(
    'are an object, or could not be shown to a person as they are: %s',
    (args) => {
      expect(read(withArguments(args, 'tools/call'))).toEqual({
        kind: 'ambiguous',
        because: 'its arguments are no object',
      });
      expect(read(withArguments(args, 'prompts/get')).kind).toBe('one');
    },
  );

  it('may be missing, or nothing', () => {
    expect(read(withArguments('null', 'tools/call')).kind).toBe('one');
    expect(read('{"method":"tools/call","params":{"name":"x"}}').kind).toBe('one');
    expect(read('{"method":"tools/call"}').kind).toBe('one');
  });
});

describe('a message with two meanings', () => {
  it.each([
    ['two methods', '{"method":"tools/list","method":"tools/call"}'],
    ['two methods, one of them escaped', String.raw`{"method":"tools/list","m\u0065thod":"tools/call"}`],
    ['two names', '{"method":"tools/call","params":{"name":"a","name":"b"}}'],
    ['two params', '{"method":"tools/call","params":{"name":"a"},"params":{"name":"b"}}'],
    ['two members in _meta', '{"method":"x","params":{"_meta":{"a":1,"a":1}}}'],
    [
      'two members deep in the arguments',
      '{"method":"x","params":{"arguments":{"q":[{"path":"/safe","path":"/etc"}]}}}',
    ],
    ['two members that are the prototype', '{"method":"x","__proto__":1,"__proto__":2}'],
    [
      'a second one after many',
      `{"method":"x","params":{${Array.from({ length: 50 }, (_, i) => `"k${i}":0,`).join('')}"k7":1}}`,
    ],
    ['Method beside method', '{"method":"tools/list","Method":"tools/call"}'],
    ['Method alone', '{"Method":"tools/call","params":{"name":"a"}}'],
    ['METHOD in escapes', String.raw`{"\u004dETHOD":"tools/call"}`],
    ['a method in fullwidth letters', '{"\uff4dethod":"tools/call"}'],
    ['a method with something unseen', '{"method\u200b":"tools/call"}'],
    ['a method with a zero at its end', String.raw`{"method\u0000":"tools/call"}`],
    ['paramſ', '{"method":"tools/call","param\u017f":{"name":"a"}}'],
    ['argumentſ', '{"method":"tools/call","params":{"name":"a","argument\u017f":{}}}'],
    ['Name in params', '{"method":"tools/call","params":{"name":"a","Name":"b"}}'],
    ['URI in params', '{"method":"resources/read","params":{"uri":"a","URI":"b"}}'],
    ['_Meta', '{"method":"x","params":{"_Meta":{}}}'],
    [
      'a protocol version beside the protocol version',
      '{"method":"x","params":{"_meta":{"io.modelcontextprotocol/ProtocolVersion":"1"}}}',
    ],
    ['progressTo\u212aen', '{"method":"x","params":{"_meta":{"progressTo\u212aen":1}}}'],
    ['JSONRPC', '{"JSONRPC":"2.0","method":"x"}'],
    ['ID', '{"method":"x","ID":1}'],
    ['a look-alike in the second message of a batch', '[{"method":"x"},{"method":"y","Params":{}}]'],
    ['a byte order mark', '\ufeff{"method":"x"}'],
    ['a method that is no text', '{"method":["tools/call"]}'],
    ['a method that could be tools/call', '{"method":"Tools/Call"}'],
    ['a method that could be tools/call, with a blank', '{"method":"tools/call "}'],
    ['half a character in the method', String.raw`{"method":"tools/call\ud800"}`],
    ['half a character in the name', String.raw`{"method":"tools/call","params":{"name":"a\udc00"}}`],
    ['half a character in the uri', String.raw`{"method":"resources/read","params":{"uri":"a\ud800"}}`],
    ['201 levels', `{"method":"x","params":${'['.repeat(200)}${']'.repeat(200)}}`],
    ['101 messages', `[${Array.from({ length: 101 }, () => '{"method":"x"}').join(',')}]`],
  ])('is ambiguous: %s', (_, text) => {
    expect(() => JSON.parse(text.replace('\ufeff', '')) as unknown).not.toThrow();
    const result = read(text);
    expect(result).toEqual({ kind: 'ambiguous', because: expect.any(String) });
    expect(JSON.stringify(result)).not.toMatch(/[\u200b\u0000]/u);
  });

  it.each([
    [0xff, 0xfe],
    [0x22, 0xc3, 0x22],
    [0x22, 0xed, 0xa0, 0x80, 0x22],
    [0x22, 0xc1, 0xa1, 0x22],
  ])('is ambiguous where it is no UTF-8: %j', (...bytes) => {
    expect(readStrictly(Buffer.from(bytes)).kind).toBe('ambiguous');
  });

  it('may be as deep and as many as it says', () => {
    expect(read(`{"method":"x","params":${'['.repeat(199)}${']'.repeat(199)}}`).kind).toBe('one');
    expect(read(`[${Array.from({ length: 100 }, () => '{"method":"x"}').join(',')}]`).kind).toBe('batch');
  });
});

describe('what is no message', () => {
  it.each([
    '',
    ' ',
    '{',
    '{"a":1}}',
    'null',
    '7',
    '"tools/call"',
    '[]',
    '[ ]',
    '[1]',
    '[[{"method":"x"}]]',
    '[{"method":"x"},null]',
    "{'a':1}",
    '{"a":1,}',
    'NaN',
  ])('is unreadable: %j', (text) => expect(read(text)).toEqual({ kind: 'unreadable', because: expect.any(String) }));

  it('survives a million brackets', () => {
    expect(read('['.repeat(1_000_000)).kind).toBe('unreadable');
    expect(read(`{"a":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`).kind).toBe('ambiguous');
  });
});

describe('against JSON.parse', () => {
  const known = new Set('jsonrpc id method params name uri _meta arguments'.split(' '));

  it('everything comes out equal that has no member twice and none that looks like another', () => {
    let ones = 0;
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...known)),
          fc.jsonValue({ maxDepth: 5 }),
        ),
        fc.integer({ min: 1, max: 1_000_000 }),
        (message, seed) => {
          const text = written(message, oddly(seed));
          const result = read(text);
          expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(message)));
          if (result.kind === 'ambiguous') {
            const params: unknown = message['params'];
            const names = [message, params].flatMap((one) => Object.keys(Object(one)));
            const method: unknown = message['method'];
            const looks = names.some(
              (name) => !known.has(name) && [...known].some((one) => foldedText(one) === foldedText(name)),
            );
            expect(
              looks || (method !== undefined && (typeof method !== 'string' || /\p{Cs}/u.test(method))),
              text,
            ).toBe(true);
            return;
          }
          ones += 1;
          expect(result).toEqual({ kind: 'one', message: JSON.parse(text), bytes: Buffer.byteLength(text) });
        },
      ),
      { numRuns: 2_000 },
    );
    expect(ones).toBeGreaterThan(1_000);
  });

  it('a member that is there twice is found wherever it is, and only then', () => {
    const value = fc.jsonValue({ maxDepth: 5 });
    fc.assert(
      fc.property(value, fc.nat(), fc.integer({ min: 1, max: 1_000_000 }), (params, pick, seed) => {
        const text = written({ method: 'x', params: { arguments: params } }, oddly(seed));
        expect(read(text).kind).toBe('one');
        // A name is a text with a colon behind it; the one that is picked is put in once more.
        const names = [...text.matchAll(/(?<=[{,]\s*)"(?:[^"\\]|\\.)*"\s*:/gu)];
        const at = names[pick % names.length];
        if (at === undefined) return;
        const twice = `${text.slice(0, at.index)}${at[0]}0,${text.slice(at.index)}`;
        let valid = true;
        try {
          JSON.parse(twice);
        } catch {
          valid = false;
        }
        if (valid && !insideText(text, at.index)) expect(read(twice).kind, twice).toBe('ambiguous');
      }),
      { numRuns: 1_000 },
    );
  });

  it('nothing that is no JSON is taken for some, and nothing throws', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom('', '{', '{"method":"x",', '[{'),
        (noise, start) => {
          const bytes = Buffer.concat([Buffer.from(start), noise]);
          const { kind } = readStrictly(bytes);
          if (kind === 'one' || kind === 'batch') expect(() => JSON.parse(bytes.toString()) as unknown).not.toThrow();
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is a small multiple of the time at 4 MB, whatever it is made of', () => {
    const rows = Array.from({ length: 25_000 }, (_, id) => ({
      id,
      name: `row "${id}"`,
      tags: ['a', 'b'],
      at: { x: 1.5, y: null },
    }));
    const made = [
      JSON.stringify(call({ params: { name: 'x', arguments: { rows, text: 'lorem ipsum '.repeat(200_000) } } })),
      JSON.stringify(call({ params: { name: 'x', arguments: { text: 'a"\\'.repeat(800_000) } } })),
      `{"method":"x","params":{"arguments":["${'\\\\'.repeat(2_000_000)}"]}}`,
      `{"method":"x","params":{"arguments":[${'"",'.repeat(1_300_000)}""]}}`,
      JSON.stringify({
        method: 'x',
        params: { arguments: Object.fromEntries(rows.map(({ id }) => [`${'name '.repeat(30)}${id}`, 0])) },
      }),
    ];
    for (const text of made) {
      const bytes = Buffer.from(text);
      expect(readStrictly(bytes).kind).toBe('one');
      const ratio = best(() => readStrictly(bytes)) / best(() => JSON.parse(bytes.toString('utf8')) as unknown);
      // Measured: 1.2 to 3.6. Whatever is quadratic would be hundreds.
      expect(ratio).toBeLessThan(15);
    }
  });
});

describe('a request', () => {
  it('is what has a method, whether somebody waits for the answer or not', () => {
    expect(requestOf(call(), 10)).toEqual({ method: 'tools/call', params: call().params, bytes: 10 });
    expect(requestOf({ method: 'tools/call', params: ['read'] }, 5)).toEqual({
      method: 'tools/call',
      params: {},
      bytes: 5,
    });
    expect(requestOf({ id: 1, result: {} })).toBeNull();
    expect(requestOf(call())?.bytes).toBe(JSON.stringify(call()).length);
  });
});

describe('headers beside a body', () => {
  const good = { version: '2026-07-28', method: 'tools/call', name: 'read' };

  it.each([
    [good, modern('tools/call', { name: 'read' })],
    [{ ...good, name: marked('read') }, modern('tools/call', { name: 'read' })],
    [{ ...good, name: marked('städte') }, modern('tools/call', { name: 'städte' })],
    [
      { ...good, method: 'resources/read', name: marked('=?base64?x?=') },
      modern('resources/read', { uri: '=?base64?x?=' }),
    ],
    [{ ...good, method: 'tools/list', name: undefined }, modern('tools/list', {})],
    [{ version: '2025-11-25' }, call()],
    [{}, call()],
    [{}, { id: 1, result: {} }],
    [{ version: '2026-07-28' }, { method: 'notifications/x', params: modern('', {}).params }],
  ])('agree: %j', (headers, message) => expect(headersDisagree(headers, message)).toBeNull());

  it.each([
    [{ ...good, method: 'tools/list' }, /mcp-method differs/u],
    [{ ...good, method: 'Tools/Call' }, /mcp-method differs/u],
    [{ ...good, method: null }, /mcp-method is missing/u],
    [{ ...good, name: 'write' }, /mcp-name differs/u],
    [{ ...good, name: 'Read' }, /mcp-name differs/u],
    [{ ...good, name: 'read, write' }, /mcp-name differs/u],
    [{ ...good, name: undefined }, /mcp-name is missing/u],
    [{ ...good, name: marked('write') }, /mcp-name differs/u],
    [{ ...good, name: '=?base64?cmVh ZA==?=' }, /mcp-name differs/u],
    [{ ...good, name: '=?base64?cmVhZA?=' }, /mcp-name differs/u],
    [{ ...good, version: '2025-11-25' }, /mcp-protocol-version differs/u],
    [{ ...good, version: undefined }, /mcp-protocol-version is missing/u],
  ])('disagree: %j', (headers, because) => {
    expect(headersDisagree(headers, modern('tools/call', { name: 'read' }))).toMatch(because);
  });

  it('disagree where a server could go by the headers, in an earlier revision too', () => {
    expect(headersDisagree({ method: 'tools/list' }, call())).toMatch(/differs/u);
    expect(headersDisagree({ name: 'write' }, call())).toMatch(/differs/u);
    expect(headersDisagree({ name: 'write' }, call({ params: { name: 7 } }))).toMatch(/differs/u);
    expect(headersDisagree({ method: 'tools/call' }, { method: 'tools/list' })).toMatch(/differs/u);
  });
});
