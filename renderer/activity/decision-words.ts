// What an event says of a decision of the person: what was asked, what was allowed, who decided, and why it is over. Pure.
import type { Activity } from '../../preload/contract.ts';
import { readGlobs, rulesWords } from '../rules/rules-words.ts';
import { exactTime } from '../words/time.ts';
import { strings, word } from './detail.ts';

type Detail = Activity['detail'];

/** "to use it · it called update", "to call update". */
export function asked(detail: Detail): string {
  const tool = word(detail, 'tool');
  if (detail['about'] === 'call') return tool === null ? 'to make a call' : `to call ${tool}`;
  return tool === null ? 'to use it' : `to use it · it called ${tool}`;
}

/** A denial is of everything: what of the server it is about has no words. */
export const denied = (detail: Detail): string => joined(howLong(detail), decider(detail));

/** Who decided before what: a row shows as much as it has room for. */
export const approved = (detail: Detail): string => joined(howLong(detail), decider(detail), whatOf(detail));

/** As it is from then on. */
export const approvalChanged = (detail: Detail): string =>
  joined(
    typeof detail['until'] === 'number' ? `until ${exactTime(detail['until'])}` : null,
    decider(detail),
    whatOf(detail),
  );

export const answeredCall = (detail: Detail): string => joined(word(detail, 'tool'), decider(detail));

export const decidedBy = (detail: Detail): string => joined(decider(detail));

export const isDenial = (detail: Detail): boolean => detail['decision'] === 'deny';

/** Why something that was decided holds no more. */
export function overBecause(detail: Detail): string | null {
  const because = word(detail, 'because');
  if (because === null) return null;
  if (because === 'used') return isDenial(detail) ? 'it was for that one time' : 'it was for one call, which was made';
  return ends.get(because) ?? because.replaceAll('-', ' ');
}

const ends: ReadonlyMap<string, string> = new Map([
  ['session-over', 'its session is over'],
  ['silent', 'the agent was silent for 30 minutes, which ends its session'],
  ['expired', 'its time was up'],
  ['broker-restarted', 'it was for a session, and Tokentray was started again'],
  ['agent-revoked', 'the agent was revoked'],
  ['no-longer-trusted', 'you no longer trust the agent'],
  ['server-forgotten', 'the server was forgotten'],
  ['account-forgotten', 'the account was forgotten'],
  ['panic', 'panic ends what was not for always'],
]);

/** "by you, on the command line"; null where nobody is named. */
function decider(detail: Detail): string | null {
  const by = word(detail, 'by');
  return by === null ? null : deciderWords(by);
}

export function deciderWords(by: string): string {
  switch (by) {
    case 'trusted':
      return 'because you trust it';
    case 'window':
      return 'by you, in the window';
    case 'browser':
      return 'by you, in a browser';
    case 'command-line':
      return 'by you, on the command line';
    default:
      return `by ${by}`;
  }
}

const lengths: ReadonlyMap<string, string> = new Map([
  ['once', 'once'],
  ['session', 'for its session'],
  ['until', 'for a time'],
  ['always', 'always'],
]);

function howLong(detail: Detail): string | null {
  const lasts = word(detail, 'lasts');
  const { until } = detail;
  if (lasts === 'until' && typeof until === 'number') return `until ${exactTime(until)}`;
  return lasts === null ? null : (lengths.get(lasts) ?? null);
}

/** What of the server was allowed, as far as the event says it. */
function whatOf(detail: Detail): string | null {
  const { tools, ask } = detail;
  const allow = globs(detail, 'allow');
  const deny = globs(detail, 'deny');
  if (tools !== 'everything' && tools !== 'read-only') return null;
  return rulesWords({ tools, allow, deny, ask: ask === 'destructive' || ask === 'changes' ? ask : 'never' });
}

/** A list, or the same between commas. */
function globs(detail: Detail, name: string): readonly string[] {
  const text = word(detail, name);
  return text === null ? strings(detail, name) : readGlobs(text);
}

const joined = (...parts: readonly (string | null)[]): string => parts.filter((part) => part !== null).join(' · ');
