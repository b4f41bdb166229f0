// `tokentray cache clear`: throws away what was looked up, so that the next request asks anew.
import { defineCommand, UsageError } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { clearedWords } from '../words.ts';

export const command = defineCommand({
  name: 'cache',
  summary: 'Throw away cached discovery documents, access tokens and registrations',
  usage: ['cache clear [<server>]'],
  about:
    'Grants stay, and so do the registrations that they depend on. Use it when a server has moved or its metadata was wrong.',
  examples: ['tokentray cache clear linear'],
  options: {},
  words: [1, 2],
  exits: [0, 1, 2, 4],
  async run({ words: [what, server], session }) {
    if (what !== 'clear') throw new UsageError('cache takes clear');
    const { terminal, json } = session;
    const broker = await session.broker();
    const cleared = await broker.cache.clear(server === undefined ? {} : { server });
    if (json) terminal.data(JSON.stringify(cleared));
    else {
      for (const line of clearedWords(cleared)) terminal.say(line);
    }
    return exitCodes.ok;
  },
});
