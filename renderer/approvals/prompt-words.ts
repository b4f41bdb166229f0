// What a question says in front of a person, and what became of one that nobody here answered. Pure.
import type { Approval, Flood, Prompt } from '../../preload/contract.ts';
import { plainText } from '../words/names.ts';
import { clockTime, span } from '../words/time.ts';

const longestName = 80;

/** The question as text, for the window's title and for lists. */
export function questionText(prompt: Prompt): string {
  const agent = plainText(prompt.agent.name, longestName);
  return prompt.kind === 'call'
    ? `${agent} wants to call ${plainText(prompt.tool, longestName)} on ${prompt.server}`
    : `${agent} ${verbOf(prompt)} ${prompt.server}`;
}

/** Who comes in through the browser is not in yet. */
export const verbOf = ({ redirectUri }: Extract<Prompt, { kind: 'use' }>): string =>
  redirectUri === null ? 'wants to use' : 'wants to sign in and use';

/**
 * Whose grant it is at the provider; null where only the label is known that everybody's first account has.
 * @param several whether the server has other accounts too: then its label tells them apart, that of the first one as well
 */
export function accountText(
  { account, identity }: Pick<Prompt, 'account' | 'identity'>,
  several = false,
): string | null {
  const isUsual = account === '' || account === 'default';
  const label = isUsual ? (several ? 'default' : null) : plainText(account, longestName);
  const who = identity === null ? null : plainText(identity, longestName);
  if (label === null || who === null || label === who) return who ?? label;
  return `${label}, ${who}`;
}

/** What a person compares with the page that the sign-in opened; null for a question that no page shows a code of. */
export const codeOf = (prompt: Prompt): string | null =>
  prompt.kind === 'use' && prompt.redirectUri !== null ? prompt.id : null;

/**
 * "1 waiting", "13 min left", "2 more".
 * @param others how many questions stand behind this one
 */
export function waitingWords(
  { waiting, expiresAt }: Pick<Prompt, 'waiting' | 'expiresAt'>,
  others: number,
  now: number,
): { readonly who: string; readonly left: string; readonly more: string | null } {
  return {
    who: waiting === 0 ? 'nothing waits now' : `${waiting} waiting`,
    left: expiresAt - now < 1_000 ? 'about to close' : `${span(expiresAt - now)} left`,
    more: others === 0 ? null : `${others} more`,
  };
}

/** The same in whole sentences. */
export function waitingDetail({ waiting, expiresAt }: Pick<Prompt, 'waiting' | 'expiresAt'>, others: number): string {
  const who =
    waiting === 0
      ? 'No request waits any more; your answer counts when the agent asks again.'
      : waiting === 1
        ? 'One request of the agent waits for your answer.'
        : `${waiting} requests of the agent wait for your answer.`;
  const behind =
    others === 0
      ? ''
      : others === 1
        ? ' One more question stands behind it.'
        : ` ${others} more questions stand behind it.`;
  return `${who} The question closes at ${clockTime(expiresAt)}.${behind}`;
}

/** What the tool is said to do: the server's own word. */
export function markedWords(marked: Extract<Prompt, { kind: 'call' }>['marked']): string {
  switch (marked) {
    case 'destructive':
      return 'marked destructive';
    case 'read-only':
      return 'marked read-only';
    case 'unmarked':
      return 'not marked read-only';
    case 'unknown':
      return 'not known: the server gives no list of its tools';
  }
}

/** Why a question is no longer open though nobody answered it here. */
export function goneWords(
  prompt: Prompt,
  approvals: readonly Approval[],
  now: number,
): { title: string; words: string } {
  const found = approvals.find(
    ({ agentId, server, account, decidedAt }) =>
      agentId === prompt.agent.id && server === prompt.server && account === prompt.account && decidedAt >= prompt.at,
  );
  if (prompt.kind === 'use' && found !== undefined) {
    return found.decision === 'allow'
      ? {
          title: 'It was allowed elsewhere',
          words: 'In another window or on the command line. There is nothing left to answer.',
        }
      : {
          title: 'It was denied elsewhere',
          words: 'In another window or on the command line. There is nothing left to answer.',
        };
  }
  if (now >= prompt.expiresAt) {
    return {
      title: 'The question has closed',
      words: 'Nobody answered in time. When the agent comes again, you are asked again.',
    };
  }
  return {
    title: 'The question is no longer open',
    words: 'It was answered elsewhere, or nobody has to be asked any more.',
  };
}

/** "cursor asks more often than anybody could answer: 9 questions were refused in the last 2 min." */
export function floodWords({ agent, since, refused, program, agents = [] }: Flood, now: number): string {
  const count = refused === 1 ? '1 question was' : `${refused} questions were`;
  const names = agents.length < 2 ? '' : ` under ${agents.length} names, ${plainText(agent, longestName)} among them,`;
  const who = program == null ? plainText(agent, longestName) : plainText(program, longestName);
  return `${who}${names} asks more often than anybody could answer: ${count} refused unseen in the last ${span(now - since)}.`;
}
