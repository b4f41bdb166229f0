// `tokentray deny`: a person's no to an agent's question, for this time or for good.
import type { Prompt } from '../../../preload/contract-access.ts';
import { defineCommand, UsageError } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { openPrompt } from '../open-prompt.ts';
import { shownTime } from '../terminal.ts';

export const command = defineCommand({
  name: 'deny',
  summary: 'Refuse what an agent asks for',
  usage: ['deny <id> [--always]'],
  about:
    'With --always the agent is refused without a question until you revoke that (tokentray approvals revoke <id>).',
  personOnly: 'all of it',
  examples: ['tokentray deny k7m2x9q4wd', 'tokentray deny k7m2x9q4wd --always'],
  options: { always: { type: 'boolean', help: 'And do not ask again' } },
  words: [1, 1],
  exits: [0, 1, 2, 4],
  async run({ values, words: [id = ''], session }) {
    const { terminal, json } = session;
    const broker = await session.broker();
    const prompt = await openPrompt(broker, id);
    if (prompt.kind === 'call') {
      if (values.always === true) throw new UsageError(`${id} is about one call: it takes no --always`);
      await broker.approvals.answer({ id, allow: false });
      if (json) terminal.data(JSON.stringify({ id, allowed: false }));
      else terminal.say(callWords(prompt));
      return exitCodes.ok;
    }
    const approval = await broker.approvals.decide({
      id,
      decision: 'deny',
      lasts: values.always === true ? 'always' : 'once',
    });
    if (json) terminal.data(JSON.stringify(approval));
    else if (values.always === true) terminal.say('Denied; nobody is asked again.');
    else terminal.say('Denied this time.');
    return exitCodes.ok;
  },
});

/** Where nobody waits, the no is kept for the one that comes again. */
const callWords = ({ waiting, expiresAt }: Prompt): string =>
  waiting > 0
    ? 'The call does not go out.'
    : `The call does not go out, nor does the same one if the agent sends it again before ${shownTime(expiresAt)}.`;
