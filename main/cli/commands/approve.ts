// `tokentray approve`: a person's yes to an agent's question, for as long and for as much as they say.
import type { ToolRules } from '../../access/types.ts';
import { lastsWords, promptLines, rulesWords } from '../approval-words.ts';
import { defineCommand, UsageError } from '../command.ts';
import { parseDuration } from '../duration.ts';
import { exitCodes } from '../exit-codes.ts';
import { openPrompt } from '../open-prompt.ts';

export const command = defineCommand({
  name: 'approve',
  summary: 'Let an agent use a server, or let one call of it go out',
  usage: ['approve <id> [--once | --session | --for <time> | --until <date> | --always] [--read-only] [options]'],
  about: `Without an option it is for as long as the agent stays connected. Nothing is asked again: look at the question first, with
"tokentray approvals".`,
  personOnly: 'all of it',
  examples: [
    'tokentray approve k7m2x9q4wd --for 8h --read-only',
    "tokentray approve k7m2x9q4wd --always --deny-tool 'delete*'",
  ],
  options: {
    once: { type: 'boolean', help: 'For one request' },
    session: { type: 'boolean', help: 'For as long as the agent stays connected; the default' },
    for: { type: 'string', value: 'time', help: 'For a time up to 24h, like 30m or 8h' },
    until: {
      type: 'string',
      value: 'date',
      help: 'Until then, like 2026-12-24 or 2026-12-24T18:00; bounds the others, too',
    },
    always: { type: 'boolean', help: 'Until you revoke it' },
    'read-only': { type: 'boolean', help: 'Only tools that are marked read-only' },
    allow: { type: 'string', multiple: true, value: 'glob', help: 'Only tools with such a name; may be repeated' },
    'deny-tool': { type: 'string', multiple: true, value: 'glob', help: 'No tool with such a name; may be repeated' },
  },
  words: [1, 1],
  exits: [0, 1, 2, 4],
  async run({ values, words: [id = ''], session }) {
    const { terminal, json } = session;
    const given = Object.entries(values).filter(([name, value]) => name in rulesAndTimes && value !== undefined);
    const broker = await session.broker();
    const prompt = await openPrompt(broker, id);
    if (prompt.kind === 'call') {
      if (given.length > 0) throw new UsageError(`${id} is about one call: it takes no --${given[0]?.[0]}`);
      await broker.approvals.answer({ id, allow: true });
      if (json) terminal.data(JSON.stringify({ id, allowed: true }));
      else terminal.say('The call goes out.');
      return exitCodes.ok;
    }
    const approval = await broker.approvals.decide({
      id,
      decision: 'allow',
      ...lastingOf(values),
      rules: rulesOf(values),
    });
    if (json) terminal.data(JSON.stringify(approval));
    else {
      for (const line of promptLines(prompt)) terminal.say(line);
      terminal.say(`Allowed ${lastsWords(approval)}: ${rulesWords(approval)}.`);
    }
    return exitCodes.ok;
  },
});

const rulesAndTimes = {
  once: true,
  session: true,
  for: true,
  until: true,
  always: true,
  'read-only': true,
  allow: true,
  'deny-tool': true,
} as const;

interface Given {
  readonly once?: boolean;
  readonly session?: boolean;
  readonly for?: string;
  readonly until?: string;
  readonly always?: boolean;
  readonly 'read-only'?: boolean;
  readonly allow?: readonly string[];
  readonly 'deny-tool'?: readonly string[];
}

/** @throws UsageError */
function lastingOf(given: Given): { lasts: 'once' | 'session' | 'until' | 'always'; until?: number } {
  const kinds = (['once', 'session', 'always'] as const).filter((kind) => given[kind] === true);
  const length = given.for === undefined ? null : parseDuration(given.for, '--for');
  const [kind, other] = [...kinds, ...(length === null ? [] : (['for'] as const))];
  if (kind !== undefined && other !== undefined) throw new UsageError(`--${kind} and --${other} do not go together`);
  if (length !== null && given.until !== undefined) throw new UsageError('--for and --until do not go together');
  const until = length === null ? dateOf(given.until) : Date.now() + length;
  const lasts = kind === undefined || kind === 'for' ? (until === undefined ? 'session' : 'until') : kind;
  return { lasts, ...(until === undefined ? {} : { until }) };
}

/** A day alone begins at midnight here. @throws UsageError */
function dateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const at = Date.parse(/^\d{4}-\d{2}-\d{2}$/u.test(text) ? `${text}T00:00` : text);
  if (Number.isNaN(at)) throw new UsageError('--until takes a date, like 2026-12-24 or 2026-12-24T18:00');
  return at;
}

const rulesOf = (given: Given): ToolRules => ({
  tools: given['read-only'] === true ? 'read-only' : 'everything',
  allow: given.allow ?? [],
  deny: given['deny-tool'] ?? [],
  ask: given['read-only'] === true ? 'never' : 'destructive',
});
