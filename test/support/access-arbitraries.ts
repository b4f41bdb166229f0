// Random tools, rules and calls around the ways in which two names can be the same to one reader and different to another.
import * as fc from 'fast-check';
import type { ToolRules } from '../../main/access/types.ts';

/**
 * One piece of a name, in the spellings that a rule which denies has to know. Written by hand: nothing here is computed by
 * the code that is tried out with it. `small`: in small letters, one for one; `plain`: without Unicode's variants, in small
 * letters; `bare`: without escapes, in small letters, one for one; `means`: without both.
 */
export interface Atom {
  readonly text: string;
  readonly small: string;
  readonly plain: string;
  readonly bare: string;
  readonly means: string;
  /** Nobody sees it, or it turns others around. */
  readonly deceptive?: true;
}

const same = (text: string, means = text): Atom => ({ text, small: means, plain: means, bare: means, means });
const escape = (text: string, bare: string, means = bare): Atom => {
  const small = text.toLowerCase();
  return { text, small, plain: small, bare, means };
};
const variant = (text: string, small: string, means: string): Atom => ({
  text,
  small,
  plain: means,
  bare: small,
  means,
});
const unseen = (text: string): Atom => ({ ...variant(text, text, ''), deceptive: true });

const letters = [
  same('a'),
  same('b'),
  same('k'),
  same('s'),
  same('_'),
  same('/'),
  same('A', 'a'),
  same('B', 'b'),
  same('K', 'k'),
];
const variants = [
  variant('\u212a', 'k', 'k'),
  variant('\u017f', 's', 's'),
  variant('\uff41', '\uff41', 'a'),
  variant('\uff21', '\uff41', 'a'),
  variant('\u00df', '\u00df', 'ss'),
  variant('\ufb01', '\ufb01', 'fi'),
  variant('e\u0301', 'e\u0301', '\u00e9'),
  variant('\u00c9', '\u00e9', '\u00e9'),
  escape('%61', 'a'),
  escape('%4B', 'k'),
  escape('%2f', '/'),
  escape('%2561', 'a'),
  escape('\\u0061', 'a'),
  escape('\\x42', 'b'),
  escape('%C3%9f', '\u00df', 'ss'),
];
const hidden = ['\u200b', '\u202e', '\u00ad', '\u0000', '\n'].map(unseen);

const atoms = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...letters) },
  { weight: 4, arbitrary: fc.constantFrom(...variants) },
  { weight: 1, arbitrary: fc.constantFrom(...hidden) },
);

export type Name = readonly Atom[];
export const textOf = (name: Name): string => name.map(({ text }) => text).join('');

/** Short, over few letters: names and globs meet often. */
export const toolName: fc.Arbitrary<Name> = fc.array(atoms, { minLength: 1, maxLength: 4 });

export type Wildcard = '*' | '?';
export type Pattern = ReadonlyArray<Atom | Wildcard>;
export const patternText = (pattern: Pattern): string =>
  pattern.map((one) => (typeof one === 'string' ? one : one.text)).join('');

export const pattern: fc.Arbitrary<Pattern> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: atoms },
    { weight: 2, arbitrary: fc.constant<Wildcard>('*') },
    { weight: 1, arbitrary: fc.constant<Wildcard>('?') },
  ),
  { minLength: 1, maxLength: 4 },
);

/** Rules with their globs as patterns, for an oracle to read. */
export interface PlannedRules {
  readonly tools: ToolRules['tools'];
  readonly allow: readonly Pattern[];
  readonly deny: readonly Pattern[];
  readonly ask: ToolRules['ask'];
}

export const plannedRules: fc.Arbitrary<PlannedRules> = fc.record({
  tools: fc.oneof(
    { weight: 3, arbitrary: fc.constant<'everything'>('everything') },
    { weight: 1, arbitrary: fc.constant<'read-only'>('read-only') },
  ),
  allow: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(pattern, { maxLength: 3 }) },
  ),
  deny: fc.array(pattern, { maxLength: 2 }),
  ask: fc.constantFrom('never', 'destructive', 'changes'),
});

export const rulesOf = (planned: PlannedRules): ToolRules => ({
  ...planned,
  allow: planned.allow.map(patternText),
  deny: planned.deny.map(patternText),
});

export type Hints = { readonly readOnlyHint?: unknown; readonly destructiveHint?: unknown } | null;
const hint = fc.constantFrom(true, false, 'true', 1, null);

/** What a definition says of its effects: true and false, and what only looks like it. */
export const hints: fc.Arbitrary<Hints> = fc.oneof(
  fc.constant(null),
  fc.constant({ readOnlyHint: true }),
  fc.constant({ destructiveHint: true }),
  fc.record({ readOnlyHint: hint, destructiveHint: hint }, { requiredKeys: [] }),
);

export interface PlannedTool {
  readonly name: Name;
  readonly hints: Hints;
  readonly words: string;
}

export const plannedTool: fc.Arbitrary<PlannedTool> = fc.record({
  name: toolName,
  hints,
  words: fc.constantFrom('', 'Reads.', 'Writes.'),
});

/** As a server lists it. */
export const definitionOf = ({ name, hints, words }: PlannedTool): Record<string, unknown> => ({
  name: textOf(name),
  description: words,
  inputSchema: { type: 'object' },
  ...(hints === null ? {} : { annotations: hints }),
});
