// `tokentray approve`: a person's yes to an agent's question, for as long and for as much as they say.
import type { Prompt } from '../../../preload/contract-access.ts';
import { everything, readOnly } from '../../access/types.ts';
import { lastsWords, promptLines, rulesWords } from '../approval-words.ts';
import { defineCommand, UsageError } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { openPrompt } from '../open-prompt.ts';
import { ruleOptions, rulesGiven } from '../rules-given.ts';
import { shownTime } from '../terminal.ts';
import { untilGiven, untilOptions } from '../until-given.ts';
import type { UntilGiven } from '../until-given.ts';

const options = {
  once: { type: 'boolean', help: 'For one request' },
  session: { type: 'boolean', help: 'For as long as the agent stays connected; the default' },
  ...untilOptions,
  always: { type: 'boolean', help: 'Until you revoke it' },
  ...ruleOptions,
} as const;

export const command = defineCommand({
  name: 'approve',
  summary: 'Let an agent use a server, or let one call of it go out',
  usage: ['approve <id> [--once | --session | --for <time> | --until <date> | --always] [--read-only] [options]'],
  about: `Without an option it is for as long as the agent stays connected, and you are asked before each call of a tool that is marked
destructive. Nothing is asked again: look at the question first, with "tokentray approvals".`,
  personOnly: 'all of it',
  examples: [
    'tokentray approve k7m2x9q4wd --for 8h --read-only',
    "tokentray approve k7m2x9q4wd --always --deny 'delete*' --ask changes",
  ],
  options,
  words: [1, 1],
  exits: [0, 1, 2, 4],
  async run({ values, words: [id = ''], session }) {
    const { terminal, json } = session;
    const [given] = Object.entries(values).filter(([name, value]) => name in options && value !== undefined);
    const lasting = lastingOf(values);
    const rules = { ...(values['read-only'] === true ? readOnly : everything), ...rulesGiven(values) };
    const broker = await session.broker();
    const prompt = await openPrompt(broker, id);
    if (prompt.kind === 'call') {
      if (given !== undefined) throw new UsageError(`${id} is about one call: it takes no --${given[0]}`);
      await broker.approvals.answer({ id, allow: true });
      if (json) terminal.data(JSON.stringify({ id, allowed: true, waiting: prompt.waiting }));
      else terminal.say(callWords(prompt));
      return exitCodes.ok;
    }
    const approval = await broker.approvals.decide({ id, decision: 'allow', ...lasting, rules });
    if (json) terminal.data(JSON.stringify(approval));
    else {
      for (const line of promptLines(prompt)) terminal.say(line);
      terminal.say(`Allowed ${lastsWords(approval)}: ${rulesWords(approval)}.`);
    }
    return exitCodes.ok;
  },
});

/** An agent that has gone sends nothing by itself: what the yes is good for is the same call, once more. */
const callWords = ({ waiting, expiresAt }: Prompt): string =>
  waiting > 0
    ? 'The call goes out.'
    : `Nothing goes out now: the agent does not wait any more. If it sends the same call again before ${shownTime(expiresAt)}, that one goes out without a question.`;

interface LastingGiven extends UntilGiven {
  readonly once?: boolean;
  readonly session?: boolean;
  readonly always?: boolean;
}

/** @throws UsageError */
function lastingOf(given: LastingGiven): { lasts: 'once' | 'session' | 'until' | 'always'; until?: number } {
  const kinds = (['once', 'session', 'always'] as const).filter((kind) => given[kind] === true);
  const [kind, other] = [...kinds, ...(given.for === undefined ? [] : (['for'] as const))];
  if (kind !== undefined && other !== undefined) throw new UsageError(`--${kind} and --${other} do not go together`);
  const until = untilGiven(given);
  const lasts = kind === undefined || kind === 'for' ? (until === undefined ? 'session' : 'until') : kind;
  return { lasts, ...(until === undefined ? {} : { until }) };
}
