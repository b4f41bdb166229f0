// `tokentray approvals`: the questions that are open, what the person decided so far, and taking a decision back.
import { TokentrayError } from '../../errors.ts';
import { quote } from '../../quote.ts';
import { lastsWords, promptLines, promptTitle, rulesWords } from '../approval-words.ts';
import { defineCommand, UsageError } from '../command.ts';
import type { Session } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { shown, shownTime, table } from '../terminal.ts';

export const command = defineCommand({
  name: 'approvals',
  summary: 'Show which agents ask to use a server, and which may; end an approval',
  usage: ['approvals', 'approvals revoke <id>'],
  about: `Open questions come first; answer them with "tokentray approve <id>" or "tokentray deny <id>".
An approval that is revoked ends at once, and so does what the agent has under way with it.`,
  personOnly: 'to revoke a denial',
  examples: ['tokentray approvals --json', 'tokentray approvals revoke k7m2x9q4wd'],
  options: {},
  words: [0, 2],
  exits: [0, 1, 2, 4],
  async run({ words: [what, id], session }) {
    if (what === undefined) return list(session);
    if (what !== 'revoke') throw new UsageError(`approvals takes revoke, not ${quote(what, 40)}`);
    if (id === undefined) throw new UsageError('approvals revoke needs the id of an approval');
    return revoke(session, id);
  },
});

async function list(session: Session): Promise<ExitCode> {
  const { terminal, json } = session;
  const broker = await session.broker();
  const [found, status] = await Promise.all([broker.approvals.list(), broker.status()]);
  if (json) {
    terminal.data(JSON.stringify(found));
    return exitCodes.ok;
  }
  const { prompts, approvals, floods } = found;
  if (status.approvals === 'off') {
    terminal.say(terminal.paint('yellow', 'Approvals are off: nobody is asked before an agent uses a server.'));
  }
  for (const { agent, refused, since } of floods) {
    const words = `${shown(agent)} asks more often than anybody could answer: ${refused} refused unseen since ${shownTime(since)}`;
    terminal.say(terminal.paint('yellow', words));
  }
  for (const prompt of prompts) {
    terminal.data(terminal.paint('bold', promptTitle(prompt), 'stdout'));
    for (const line of promptLines(prompt)) terminal.data(`  ${line}`);
    terminal.data('');
  }
  if (prompts.length > 0) terminal.say('Answer with: tokentray approve <id>, or tokentray deny <id>');
  if (approvals.length === 0) terminal.say(prompts.length === 0 ? 'No agent asks, and none was decided about.' : '');
  else {
    const rows = approvals.map((approval) => [
      approval.id,
      shown(approval.agent),
      approval.server,
      shown(approval.account),
      rulesWords(approval),
      lastsWords(approval),
      `${shownTime(approval.decidedAt)} (${approval.decidedBy})`,
    ]);
    terminal.data(table(['ID', 'AGENT', 'SERVER', 'ACCOUNT', 'MAY', 'LASTS', 'DECIDED'], rows));
  }
  return exitCodes.ok;
}

async function revoke({ terminal, json, ...session }: Session, id: string): Promise<ExitCode> {
  const { revoked } = await (await session.broker()).approvals.revoke({ id });
  if (!revoked) {
    throw new TokentrayError('unknown_approval', `no approval has the id ${quote(id, 40)}`, {
      advice: 'See what there is: tokentray approvals',
    });
  }
  if (json) terminal.data(JSON.stringify({ revoked }));
  else terminal.say('It has ended. The agent asks again when it comes back.');
  return exitCodes.ok;
}
