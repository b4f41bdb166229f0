// `tokentray lock`: nothing is lent until the person unlocks, and what the vault holds leaves memory.
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { inMemoryOnly, lockWords } from '../lock-words.ts';

export const command = defineCommand({
  name: 'lock',
  summary: 'Lock: no agent reaches a server until you unlock',
  usage: ['lock'],
  about: `Access tokens, the vault's contents and the audit's key leave the broker's memory. Agents hear that it is locked; what
they have open ends, or goes on if the settings say so. It stays locked when the broker is started again.
Grants stay; one that its provider gave no refresh token for needs a sign-in afterwards.`,
  examples: ['tokentray lock'],
  options: {},
  words: [0, 0],
  exits: [0, 1, 2, 4],
  async run({ session: { terminal, json, broker: connect } }) {
    const broker = await connect();
    const lock = await terminal.working('Locking', broker.lock.lock());
    if (json) terminal.data(JSON.stringify(lock));
    else {
      terminal.say(lockWords(lock));
      const { vault } = await broker.status();
      if (!vault.persistent) terminal.say(terminal.paint('yellow', inMemoryOnly));
    }
    return exitCodes.ok;
  },
});
