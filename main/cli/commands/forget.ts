// `tokentray forget`: drops a server and everything that is kept about it, on this machine only.
import { TokentrayError } from '../../errors.ts';
import { defineCommand, UsageError } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { shown } from '../terminal.ts';

export const command = defineCommand({
  name: 'forget',
  summary: 'Drop a server, its grant and its secrets here',
  usage: ['forget <server> [--yes]'],
  about: 'The authorization server is told nothing: to end the grant there, revoke first.',
  personOnly: 'all of it, unless approvals are off',
  examples: ['tokentray revoke linear && tokentray forget linear --yes'],
  options: { yes: { type: 'boolean', short: 'y', help: 'Do not ask' } },
  words: [1, 1],
  exits: [0, 1, 2, 4, 7],
  async run({ values, words: [server = ''], session }) {
    const { terminal, json } = session;
    if (values.yes !== true) {
      if (!terminal.interactive) throw new UsageError('nobody can be asked here: add --yes');
      if (!(await terminal.confirm(`Forget ${shown(server)} and its secrets?`, false))) {
        throw new TokentrayError('sign_in_cancelled', 'nothing was forgotten');
      }
    }
    const { forgotten } = await (await session.broker()).servers.forget({ server });
    if (json) terminal.data(JSON.stringify({ forgotten }));
    else terminal.say(`Forgotten: ${forgotten.map(shown).join(', ')}.`);
    return exitCodes.ok;
  },
});
