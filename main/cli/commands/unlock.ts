// `tokentray unlock`: the person is back; with a passphrase vault they prove it.
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { lockWords } from '../lock-words.ts';
import { readSecretFile, readSecretStdin } from '../secret-input.ts';

export const command = defineCommand({
  name: 'unlock',
  summary: 'Unlock: agents reach their servers again',
  usage: ['unlock [--passphrase-file <file>]'],
  about: `A passphrase vault needs its passphrase: asked for without echo, or read from stdin or from a file.
Elsewhere the system asks whether it is you, where it offers that, or this command is enough. Of these only the passphrase holds
against a program that runs as you.`,
  personOnly: 'all of it',
  examples: ['tokentray unlock', 'pass show tokentray | tokentray unlock'],
  options: {
    'passphrase-file': { type: 'string', value: 'file', help: 'A file that holds the passphrase' },
  },
  words: [0, 0],
  exits: [0, 1, 2, 4],
  async run({ values, session: { terminal, json, broker: connect } }) {
    const broker = await connect();
    const before = await broker.lock.state();
    const file = values['passphrase-file'];
    const asks = before.kind === 'locked' && before.unlocksBy === 'passphrase';
    const passphrase = !asks
      ? undefined
      : file === undefined
        ? await readSecretStdin(terminal, 'the passphrase of the vault')
        : readSecretFile(file, '--passphrase-file');
    const work = broker.lock.unlock(passphrase === undefined ? {} : { passphrase });
    const lock = await terminal.working('Unlocking', work);
    if (json) terminal.data(JSON.stringify(lock));
    else terminal.say(before.kind === 'open' ? 'It was not locked.' : lockWords(lock));
    return exitCodes.ok;
  },
});
