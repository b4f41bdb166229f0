// A set of rules while it is being changed: patterns stay the text that was typed until they are read. Pure.
import type { Rules } from '../approvals/decision.ts';
import { globsProblem, readGlobs } from './rules-words.ts';

export interface RulesDraft {
  readonly tools: Rules['tools'];
  readonly allow: string;
  readonly deny: string;
  readonly ask: Rules['ask'];
}

export const draftOf = ({ tools, allow, deny, ask }: Rules): RulesDraft => ({
  tools,
  allow: allow.join('\n'),
  deny: deny.join('\n'),
  ask,
});

/** Null while something in it is wrong. */
export function rulesOf({ tools, allow, deny, ask }: RulesDraft): Rules | null {
  const read = { allow: readGlobs(allow), deny: readGlobs(deny) };
  if (globsProblem(read.allow) !== null || globsProblem(read.deny) !== null) return null;
  return { tools, ask, ...read };
}
