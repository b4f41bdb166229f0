// `tokentray list`: every server and how its grant is doing.
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { shown, table } from '../terminal.ts';
import { waitingWords } from '../waiting-words.ts';
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
    const broker = await session.broker();
    const [views, status] = await Promise.all([broker.servers.list(), broker.status()]);
    if (json) {
      terminal.data(JSON.stringify(views));
      return exitCodes.ok;
    }
    if (views.length === 0) terminal.say('No servers yet. Add one: tokentray add <name> <url>');
    else
      terminal.data(
        table(
          ['NAME', 'ACCOUNT', 'ADDRESS', 'STATE'],
          views.map((view) => [view.server, shown(view.account), shown(view.url), stateWords(view.state)]),
        ),
      );
    for (const line of waitingWords(status)) terminal.say(terminal.paint('yellow', line));
    return exitCodes.ok;
  },
});
