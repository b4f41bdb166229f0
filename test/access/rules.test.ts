// Rules for tools mean what a person reads in them, however a tool's name is spelt.
import { describe, expect, it } from 'vitest';
import { glob, matches } from '../../main/access/glob.ts';
import { markingOf } from '../../main/access/markings.ts';
import { judge, type Marking } from '../../main/access/rules.ts';
import { folded } from '../../main/access/tool-name.ts';
import type { ToolRules } from '../../main/access/types.ts';

const rules = (over: Partial<ToolRules> = {}): ToolRules => ({
  tools: 'everything',
  allow: [],
  deny: [],
  ask: 'never',
  ...over,
});
const verdict = (name: unknown, over: Partial<ToolRules>, marked: Marking = 'unmarked', known = true) =>
  judge([rules(over)], { name, marked, known });

const fits = (pattern: string, text: string) => matches(glob(pattern), Array.from(text));

describe('a rule that denies', () => {
  it.each([
    ['as it is', 'delete_file'],
    ['in capitals', 'DELETE_File'],
    ['in fullwidth letters', '\uff44\uff45\uff4c\uff45\uff54\uff45_file'],
    ['percent-encoded', '%64elete%5Ffile'],
    ['percent-encoded twice', '%2564elete_file'],
    ['with escapes of JSON', '\\u0064elete\\u{5f}file'],
    ['with escapes of other languages', '\\x64elete_file'],
    ['percent-encoded in a fullwidth percent sign', '\uff0564elete_file'],
    ['with blanks around', '  delete_file\u00a0'],
  ])('meets a name %s', (_, name) => {
    for (const deny of ['delete_*', 'DELETE_*', '\uff24elete_*', ' delete_* ', '%64elete_*']) {
      expect(verdict(name, { deny: [deny] }), deny).toMatchObject({ kind: 'refused' });
    }
  });

  it.each([
    ['stra\u00dfe', 'STRASSE'],
    ['mi\u017fs', 'miss'],
    ['\u212aey', 'key'],
    ['caf\u00e9', 'cafe\u0301'],
    ['\u03bf\u03b4\u03cc\u03c2', '\u039f\u0394\u038c\u03a3'],
    ['\u0130d', 'id'],
    ['\ufb01le', 'file'],
  ])('knows that %s and %s are one name', (one, other) => {
    expect(verdict(one, { deny: [other] }).kind).toBe('refused');
    expect(verdict(other, { deny: [one] }).kind).toBe('refused');
    expect(folded(one)).toBe(folded(other));
  });

  it('lets `?` stand for what a person would count as one character', () => {
    for (const name of ['stra\u00dfe', 'STRA\u00dfE', 'straXe', 'stra%C3%9Fe', 'stra\u{1f600}e'])
      expect(verdict(name, { deny: ['stra?e'] }).kind, name).toBe('refused');
    expect(verdict('strae', { deny: ['stra?e'] }).kind).toBe('allowed');
  });

  it('wins over every rule that allows, in whichever of the sets it stands', () => {
    const name = 'delete_file';
    const tool = { name, marked: 'read-only', known: true } as const;
    expect(verdict(name, { allow: [name, '*'], deny: ['delete_?ile'] }).kind).toBe('refused');
    for (const sets of [
      [rules({ allow: ['*'] }), rules({ deny: ['*'] })],
      [rules({ deny: ['delete*'] }), rules({ allow: [name] })],
      [rules(), rules({ tools: 'read-only', allow: [name], deny: [name] })],
    ]) {
      expect(judge(sets, tool)).toEqual({ kind: 'refused', because: expect.stringContaining('a rule denies') });
    }
  });

  it('has nothing but the two wildcards', () => {
    for (const deny of ['[a-z]*', 'delete|x', '(delete)', 'd.lete', '{delete,x}', '^delete$', 'delete_f', '!x']) {
      expect(verdict('delete', { deny: [deny] }).kind, deny).toBe('allowed');
    }
    expect(verdict('a[1]', { deny: ['A[?]'] }).kind).toBe('refused');
  });

  it('is named in the reason, as text', () => {
    expect(verdict('delete', { deny: ['del\u202e*'] })).toEqual({
      kind: 'refused',
      because: String.raw`a rule denies tools that are called like "del\u202e*"`,
    });
  });
});

describe('a rule that allows', () => {
  it.each(['Read', 'READ', 'read ', '%72ead', '\\u0072ead', '\uff52ead', 'rea\u0501'])(
    'does not let %j through in the place of read',
    (name) => expect(verdict(name, { allow: ['read'] }).kind).toBe('refused'),
  );

  it('lets through what it names, composed or not as it says', () => {
    expect(verdict('read', { allow: ['r*d'] }).kind).toBe('allowed');
    expect(verdict('caf\u00e9', { allow: ['caf?'] }).kind).toBe('allowed');
    expect(verdict('cafe\u0301', { allow: ['caf?'] }).kind).toBe('refused');
    expect(verdict('\u{1f600}', { allow: ['?'] }).kind).toBe('allowed');
  });

  it('does not undo read-only', () => {
    expect(verdict('write', { tools: 'read-only', allow: ['write'] }).kind).toBe('refused');
    expect(verdict('read', { tools: 'read-only', allow: ['write'] }, 'read-only').kind).toBe('refused');
    expect(verdict('read', { tools: 'read-only', allow: ['r*'] }, 'read-only').kind).toBe('allowed');
  });
});

describe('read-only', () => {
  it('refuses what is unmarked, destructive or not known', () => {
    expect(verdict('t', { tools: 'read-only' }, 'unmarked').kind).toBe('refused');
    expect(verdict('t', { tools: 'read-only' }, 'destructive').kind).toBe('refused');
    expect(verdict('t', { tools: 'read-only' }, 'read-only', false).kind).toBe('refused');
    expect(verdict('t', { tools: 'read-only' }, 'read-only').kind).toBe('allowed');
  });

  it.each([
    [{ readOnlyHint: true }, 'read-only'],
    [{ readOnlyHint: true, destructiveHint: false }, 'read-only'],
    [{ readOnlyHint: true, destructiveHint: true }, 'destructive'],
    [{ destructiveHint: true }, 'destructive'],
    [{ readOnlyHint: 'true' }, 'unmarked'],
    [{ readOnlyHint: 1, destructiveHint: 'yes' }, 'unmarked'],
    [{ ReadOnlyHint: true }, 'unmarked'],
    [[{ readOnlyHint: true }], 'unmarked'],
    [null, 'unmarked'],
    ['readOnlyHint', 'unmarked'],
    [JSON.parse('{"__proto__":{"readOnlyHint":true}}'), 'unmarked'],
  ])('takes the annotations %j as %s', (annotations, marked) => {
    expect(markingOf({ name: 't', annotations })).toBe(marked);
  });

  it.each([null, undefined, 7, 'tool', [], [{ annotations: { readOnlyHint: true } }]])(
    'takes %j for no definition at all',
    (definition) => expect(markingOf(definition)).toBe('unmarked'),
  );
});

describe('asking', () => {
  it('comes before calls of tools that are marked destructive, or of all that are not read-only', () => {
    expect(verdict('t', { ask: 'destructive' }, 'destructive').kind).toBe('ask');
    expect(verdict('t', { ask: 'destructive' }, 'unmarked').kind).toBe('allowed');
    expect(verdict('t', { ask: 'changes' }, 'unmarked').kind).toBe('ask');
    expect(verdict('t', { ask: 'changes' }, 'read-only').kind).toBe('allowed');
    expect(verdict('t', { ask: 'changes' }, 'read-only', false).kind).toBe('ask');
    expect(verdict('t', { ask: 'never' }, 'destructive').kind).toBe('allowed');
  });

  it('never comes instead of a refusal, and one set of rules is enough to ask', () => {
    expect(verdict('t', { ask: 'changes', deny: ['t'] }).kind).toBe('refused');
    expect(judge([rules(), rules({ ask: 'changes' })], { name: 't', marked: 'unmarked', known: true }).kind).toBe(
      'ask',
    );
  });
});

describe('a name that is none', () => {
  it.each([undefined, null, 1, true, {}, ['read'], '', '   ', 'x'.repeat(257)])(
    'is refused without any rule: %j',
    (name) => {
      expect(judge([], { name, marked: 'read-only', known: true }).kind).toBe('refused');
    },
  );

  it.each([
    'del\u200bete',
    'read\u202e',
    'a\u0000',
    'a\nb',
    '\ufeffread',
    'a\u00adb',
    'a\u{e0041}',
    'a\ud800',
    'a\u3164b',
  ])('is refused as soon as a rule restricts anything, for what cannot be seen in it: %j', (name) => {
    expect(verdict(name, {}).kind).toBe('allowed');
    expect(verdict(name, { deny: ['other'] }).kind).toBe('refused');
    expect(verdict(name, { allow: ['*'] }).kind).toBe('refused');
    expect(verdict(name, { ask: 'destructive' }).kind).toBe('refused');
  });

  it('comes back quoted and cut in the reason', () => {
    const given = verdict(`${'<b>'.repeat(60)}\u202e`, { allow: ['x'] });
    expect(given).toMatchObject({ kind: 'refused', because: expect.not.stringContaining('\u202e') });
    expect(JSON.stringify(given).length).toBeLessThan(400);
  });
});

describe('a glob', () => {
  it.each([
    ['*', '', true],
    ['**', 'abc', true],
    ['', '', true],
    ['', 'a', false],
    ['?', '', false],
    ['a*', 'a', true],
    ['*a', 'ba', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*ab*ab*', 'ab', false],
    ['*ab*ab*', 'xabxabx', true],
    ['a?c*?', 'abc', false],
    ['a?c*?', 'abcd', true],
    ['*?*?*', 'a', false],
    ['*aab', 'aaab', true],
  ])('%j on %j: %s', (pattern, text, expected) => expect(fits(pattern, text)).toBe(expected));

  it('takes no longer for a pattern that would keep a regular expression busy for ever', () => {
    const name = Array.from('a'.repeat(10_000));
    const patterns = [
      `${'*a'.repeat(127)}*b`,
      `${'a*'.repeat(5_000)}b`,
      `*${'?'.repeat(250)}b*`,
      `*${'a'.repeat(250)}b*`,
    ];
    const from = performance.now();
    for (const pattern of patterns) expect(matches(glob(pattern), name)).toBe(false);
    expect(matches(glob(`${'*a'.repeat(5_000)}*`), name)).toBe(true);
    expect(performance.now() - from).toBeLessThan(2_000);
  });

  it('takes steps that grow with the length of the name, not faster', () => {
    let steps = 0;
    const counting = (length: number): readonly string[] =>
      new Proxy(Array.from('a'.repeat(length)), {
        get(target, key, receiver) {
          if (key !== 'length') steps += 1;
          return Reflect.get(target, key, receiver) as unknown;
        },
      });
    const taken = (length: number): number => {
      steps = 0;
      expect(matches(glob(`${'*a?a'.repeat(30)}*b*`), counting(length))).toBe(false);
      return steps;
    };
    expect(taken(10_000)).toBeLessThan(taken(1_000) * 11);
  });
});
