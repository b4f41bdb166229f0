// What a person's rules say of one tool: every set of rules has to let it through, and one that denies wins over all others.
import { quote } from '../quote.ts';
import { glob, matches, type Glob } from './glob.ts';
import { isDeceptive, nameFault, spellers, spellings } from './tool-name.ts';
import type { ToolRules } from './types.ts';

export type Marking = 'read-only' | 'destructive' | 'unmarked';

export interface JudgedTool {
  /** As the agent or the server gave it: foreign text, or no text at all. */
  readonly name: unknown;
  readonly marked: Marking;
  /** Whether a definition stands behind `marked`. */
  readonly known: boolean;
  /** Its server gives no list: it may be marked as anything. */
  readonly unread?: boolean;
}

export type Verdict =
  | { readonly kind: 'allowed' }
  /** For the agent: which rule, in words. */
  | { readonly kind: 'refused'; readonly because: string }
  /** The person is asked before each call. */
  | { readonly kind: 'ask' };

/** Rules that let every tool through and never ask concern nobody. */
export const restricts = (rules: ToolRules): boolean =>
  rules.tools !== 'everything' || rules.allow.length > 0 || rules.deny.length > 0 || rules.ask !== 'never';

/** Whether it matters to them what a tool is marked as. */
export const goesByMarks = (rules: ToolRules): boolean => rules.tools === 'read-only' || rules.ask !== 'never';

export function judge(rules: readonly ToolRules[], tool: JudgedTool): Verdict {
  const { name } = tool;
  const fault = nameFault(name);
  if (fault !== null || typeof name !== 'string') return refused(fault ?? 'the tool has no name');
  const restricting = rules.filter(restricts);
  if (restricting.length === 0) return { kind: 'allowed' };
  if (isDeceptive(name)) return refused(`the name ${quote(name, 80)} holds characters that cannot be seen`);
  const spelt = new Spelt(name);
  for (const set of restricting) {
    const denied = compiled(set).deny.find(({ globs }) => globs.some((one) => spelt.isLike(one)));
    if (denied !== undefined) return refused(`a rule denies tools that are called like ${quote(denied.words)}`);
  }
  const readsOnly = tool.known && tool.marked === 'read-only';
  for (const set of restricting) {
    if (set.tools === 'read-only' && !readsOnly) {
      return refused(
        `a rule lets through only tools that are marked read-only, and ${quote(name, 80)} is ${markingWords(tool)}`,
      );
    }
    const { allow } = compiled(set);
    if (allow.length > 0 && !allow.some((one) => matches(one, spelt.exactly))) {
      return refused(`${quote(name, 80)} is not among the tools that a rule allows`);
    }
  }
  const asks = restricting.some(
    ({ ask }) =>
      (ask === 'changes' && !readsOnly) ||
      (ask === 'destructive' && (tool.marked === 'destructive' || tool.unread === true)),
  );
  return asks ? { kind: 'ask' } : { kind: 'allowed' };
}

const refused = (because: string): Verdict => ({ kind: 'refused', because });

const markingWords = ({ known, marked }: JudgedTool): string =>
  known ? { 'read-only': 'read-only', destructive: 'marked destructive', unmarked: 'not' }[marked] : 'not known yet';

/** One name in all its spellings, as code points; each is made when it is asked for. */
class Spelt {
  readonly exactly: readonly string[];
  readonly #name: string;
  #widely: ReadonlyArray<readonly string[]> | null = null;

  constructor(name: string) {
    this.#name = name;
    this.exactly = Array.from(name);
  }

  isLike(one: Glob): boolean {
    this.#widely ??= spellings(this.#name).map((spelling) => Array.from(spelling));
    return this.#widely.some((spelling) => matches(one, spelling));
  }
}

interface Compiled {
  readonly allow: readonly Glob[];
  readonly deny: ReadonlyArray<{ readonly words: string; readonly globs: readonly Glob[] }>;
}

const known = new WeakMap<ToolRules, Compiled>();

function compiled(rules: ToolRules): Compiled {
  const found = known.get(rules);
  if (found !== undefined) return found;
  const made = {
    allow: rules.allow.map((pattern) => glob(pattern)),
    // Blanks around what a person typed are no part of it.
    deny: rules.deny.map((words) => ({ words, globs: distinct(spellers.map((spell) => glob(words.trim(), spell))) })),
  };
  known.set(rules, made);
  return made;
}

/** Most patterns have one spelling. */
const distinct = (globs: readonly Glob[]): readonly Glob[] => [
  ...new Map(globs.map((one) => [JSON.stringify(one.runs), one])).values(),
];
