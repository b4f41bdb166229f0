// `tokentray list`: every server and how its grant is doing.
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { shown, table } from '../terminal.ts';
import { stateWords } from '../words.ts';

export const command = defineCommand({
  name: 'list',
  summary: 'List the servers',
  usage: ['list'],
  examples: ['tokentray list --json'],
  options: {},
  words: [0, 0],
  exits: [0, 1, 2, 4],
  async run({ session }) {
    const { terminal, json } = session;
    const views = await (await session.broker()).servers.list();
    if (json) terminal.data(JSON.stringify(views));
    else if (views.length === 0) terminal.say('No servers yet. Add one: tokentray add <name> <url>');
    else
      terminal.data(
        table(
          ['NAME', 'ACCOUNT', 'ADDRESS', 'STATE'],
          views.map((view) => [view.server, shown(view.account), shown(view.url), stateWords(view.state)]),
        ),
      );
    return exitCodes.ok;
  },
});
