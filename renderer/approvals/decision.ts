// What a person's answer to a question is, and what it is called on the button that gives it. Pure: the present comes in.
import type { Client } from '../client.ts';
import { clockTime } from '../words/time.ts';

export type Decision = Omit<Parameters<Client['approvals']['decide']>[0], 'id'>;
export type Rules = NonNullable<Decision['rules']>;
export type Duration = 'once' | 'session' | 'hours' | 'always';

/** The safest that does not ask again with every call. */
export const usualDuration: Duration = 'session';
export const hours = 8;
const hoursMs = hours * 60 * 60_000;

export const durations: readonly { readonly value: Duration; readonly label: string }[] = [
  { value: 'once', label: 'Once' },
  { value: 'session', label: 'This session' },
  { value: 'hours', label: `${hours} hours` },
  { value: 'always', label: 'Always' },
];

export const everything: Rules = { tools: 'everything', allow: [], deny: [], ask: 'destructive' };
export const readOnly: Rules = { tools: 'read-only', allow: [], deny: [], ask: 'never' };

/** @param now milliseconds since the epoch */
export function allowed(duration: Duration, onlyReading: boolean, now: number): Decision {
  const rules = onlyReading ? readOnly : everything;
  return duration === 'hours'
    ? { decision: 'allow', lasts: 'until', until: now + hoursMs, rules }
    : { decision: 'allow', lasts: duration, rules };
}

/** @param forGood whether the agent is never asked about again */
export function denied(forGood: boolean): Decision {
  return { decision: 'deny', lasts: forGood ? 'always' : 'once' };
}

/** Says all that the press does. */
export function allowLabel(duration: Duration, onlyReading: boolean): string {
  return `${allowWords(duration)}${onlyReading ? ', read-only' : ''}`;
}

function allowWords(duration: Duration): string {
  switch (duration) {
    case 'once':
      return 'Allow once';
    case 'session':
      return 'Allow for this session';
    case 'hours':
      return `Allow for ${hours} hours`;
    case 'always':
      return 'Always allow';
  }
}

/** When it ends, in a line under the choice. */
export function durationWords(duration: Duration, via: 'http' | 'stdio', now: number): string {
  switch (duration) {
    case 'once':
      return 'One call: the one that waits, or the next one.';
    case 'session':
      return via === 'stdio' ? 'Until it ends this connection.' : 'Until it is silent for 30 minutes.';
    case 'hours':
      return `Until ${clockTime(now + hoursMs)}; then it has to ask again.`;
    case 'always':
      return 'Until you revoke it.';
  }
}
