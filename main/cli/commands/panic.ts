// `tokentray panic`: everything stops at once, and on request every grant is given back.
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { lockWords } from '../lock-words.ts';
import { shownName } from '../terminal.ts';
import { receiptWords } from '../words.ts';

export const command = defineCommand({
  name: 'panic',
  summary: 'Stop everything at once: end every stream, lock, and revoke every grant if you want',
  usage: ['panic [--revoke]'],
  about: `Nothing is lent from the first moment on. Every stream of every agent ends, and so does what you allowed for once or for a
session; then it locks. Secrets that are kept in memory only are dropped.
With --revoke each provider is asked to end its grant, all of them at once and each for 10 seconds; what a provider does not
answer is forgotten here, and said so. Nothing is asked first.`,
  examples: ['tokentray panic', 'tokentray panic --revoke --json'],
  options: {
    revoke: { type: 'boolean', help: 'Revoke every grant of every account at its provider' },
  },
  words: [0, 0],
  exits: [0, 1, 2, 4, 8],
  async run({ values, session: { terminal, json, broker: connect } }) {
    const broker = await connect();
    const panic = await terminal.working('Stopping everything', broker.lock.panic({ revoke: values.revoke === true }));
    const settled = panic.receipts.every(({ receipt }) => receipt?.confirmed === true);
    if (json) {
      terminal.data(JSON.stringify(panic));
      return settled ? exitCodes.ok : exitCodes.onlyForgottenHere;
    }
    for (const { server, account, receipt, error } of panic.receipts) {
      const lines = receipt === null ? [error ?? 'it was not revoked'] : receiptWords(receipt);
      terminal.data(`${server} (${shownName(account)})`);
      for (const line of lines) terminal.data(`  ${line}`);
    }
    const ended = `${panic.streams} ${panic.streams === 1 ? 'stream' : 'streams'}`;
    const approvals = `${panic.approvals} ${panic.approvals === 1 ? 'approval' : 'approvals'}`;
    terminal.say(`Ended: ${ended}, ${approvals} for once or for a session.`);
    if (panic.dropped !== 0) terminal.say(terminal.paint('yellow', droppedWords(panic.dropped)));
    terminal.say(lockWords(await broker.lock.state()));
    return settled ? exitCodes.ok : exitCodes.onlyForgottenHere;
  },
});

/** Of the memory vault. */
function droppedWords(dropped: number | null): string {
  if (dropped === null) return 'Sign-ins that only memory held are dropped as soon as what is under way has ended.';
  const what = dropped === 1 ? '1 sign-in was' : `${dropped} sign-ins were`;
  return `Dropped: ${what} held in memory only, and ${dropped === 1 ? 'is' : 'are'} gone. Sign in again after unlocking: tokentray connect`;
}
