// What a set of rules lets through, in words. Pure; globs are a person's own words.
import type { Rules } from '../approvals/decision.ts';
import { plainText } from '../words/names.ts';

/** "everything", "only reading; not delete_*; asks before destructive calls". */
export function rulesWords({ tools, allow, deny, ask }: Rules): string {
  const base = tools === 'read-only' ? 'only reading' : allow.length > 0 ? null : 'everything';
  const parts = [
    base,
    allow.length === 0 ? null : `only ${globs(allow)}`,
    deny.length === 0 ? null : `not ${globs(deny)}`,
    askWords(ask),
  ];
  return parts.filter((part) => part !== null).join('; ');
}

function askWords(ask: Rules['ask']): string | null {
  switch (ask) {
    case 'never':
      return null;
    case 'destructive':
      return 'asks before destructive calls';
    case 'changes':
      return 'asks before every call that is not marked reading';
  }
}

function globs(list: readonly string[]): string {
  const [first = '', second, ...others] = list.map((glob) => plainText(glob, 60));
  return `${first}${second === undefined ? '' : `, ${second}`}${others.length === 0 ? '' : ` and ${others.length} more`}`;
}

/** What a person typed, a glob a line or between commas. */
export function readGlobs(typed: string): readonly string[] {
  return [...new Set(typed.split(/[\n,]/u).map((glob) => glob.trim()))].filter((glob) => glob !== '');
}

export const mostGlobs = 200;
export const longestGlob = 256;

/** What is wrong with the list, in words; null when nothing is. */
export function globsProblem(list: readonly string[]): string | null {
  if (list.length > mostGlobs) return `At most ${mostGlobs} of them.`;
  const long = list.find((glob) => glob.length > longestGlob);
  return long === undefined ? null : `“${plainText(long, 40)}” is longer than ${longestGlob} characters.`;
}
