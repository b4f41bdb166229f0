// `tokentray rules`: what holds for every agent of a server, whatever each approval says.
import { pinningSchema } from '../../../preload/contract.ts';
import type { ServerRules } from '../../../preload/contract.ts';
import { plainText } from '../../access/plain-text.ts';
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { changeOptions, choice, rulesGiven } from '../rules-given.ts';

type Rules = ServerRules['rules'];

const asks: Readonly<Record<Rules['ask'], string>> = {
  never: 'never',
  destructive: 'before each call of a tool that is marked destructive',
  changes: 'before each call of a tool that is not marked read-only',
};
const pinnings: Readonly<Record<NonNullable<ServerRules['pinning']>, string>> = {
  hold: 'are held until you accept them',
  warn: 'are let through, and you are told',
  off: 'are let through',
};

export const command = defineCommand({
  name: 'rules',
  summary: 'Show or change what agents may do with the tools of a server',
  usage: [
    'rules <server>',
    'rules <server> [--everything | --read-only] [--allow <glob>]… [--deny <glob>]… [--ask <when>] [--pinning <what>]',
  ],
  about: [
    'These rules hold for every agent, beside those of its approval: a tool has to pass both, and whatever denies wins.',
    'A glob is the name of a tool with * for any run of characters and ? for one. --allow and --deny replace what was there.',
  ].join('\n'),
  personOnly: 'every change',
  examples: [
    "tokentray rules linear --deny 'delete_*' --ask destructive",
    'tokentray rules linear --read-only',
    'tokentray rules linear --everything --no-deny --pinning app',
  ],
  options: {
    ...changeOptions,
    pinning: {
      type: 'string',
      value: 'what',
      help: 'Tools whose definition changed: hold, warn, off, or app as usual',
    },
  },
  words: [1, 1],
  exits: [0, 1, 2, 4],
  async run({ words: [server = ''], values, session }) {
    const { terminal, json } = session;
    const change = rulesGiven(values);
    const pinning =
      values.pinning === undefined
        ? {}
        : { pinning: values.pinning === 'app' ? null : choice('--pinning', pinningSchema, values.pinning, ['app']) };
    const { tools } = await session.broker();
    const before = await tools.rules({ server });
    const isChange = Object.keys({ ...change, ...pinning }).length > 0;
    const rules = isChange
      ? await tools.setRules({ server, rules: { ...before.rules, ...change }, ...pinning })
      : before;
    terminal.data(json ? JSON.stringify(rules) : lines(rules).join('\n'));
    if (isChange && !json) terminal.say('This holds from the next request of every agent on.');
    return exitCodes.ok;
  },
});

function lines({ rules, pinning }: ServerRules): string[] {
  return [
    `Tools       ${rules.tools === 'everything' ? 'everything' : 'only those marked read-only'}`,
    `Allowed     ${globs(rules.allow, 'all of them')}`,
    `Denied      ${globs(rules.deny, 'none')}`,
    `Asks you    ${asks[rules.ask]}`,
    `Changed     ${pinning === null ? 'as the settings of the app say' : `tools ${pinnings[pinning]}`}`,
  ];
}

const globs = (list: readonly string[], none: string): string =>
  list.length === 0 ? none : list.map((one) => `"${plainText(one, 80)}"`).join(' ');
