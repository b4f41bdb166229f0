// `tokentray approvals`: the questions that are open, what the person decided so far, and changing that or taking it back.
import type { Approval } from '../../../preload/contract-access.ts';
import { TokentrayError } from '../../errors.ts';
import { quote } from '../../quote.ts';
import { lastsWords, promptLines, promptTitle, rulesWords } from '../approval-words.ts';
import { defineCommand, UsageError } from '../command.ts';
import type { Session } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { changeOptions, rulesGiven } from '../rules-given.ts';
import type { RulesGiven } from '../rules-given.ts';
import { shown, shownName, shownTime, table } from '../terminal.ts';
import { untilGiven, untilOptions } from '../until-given.ts';
import type { UntilGiven } from '../until-given.ts';

export const command = defineCommand({
  name: 'approvals',
  summary: 'Show which agents ask to use a server, and which may; change or end an approval',
  usage: [
    'approvals',
    'approvals change <id> [--everything | --read-only] [--allow <glob>]… [--deny <glob>]… [--ask <when>] [--for <time>] [options]',
    'approvals revoke <id>',
  ],
  about: `Open questions come first; answer them with "tokentray approve <id>" or "tokentray deny <id>".
What is changed holds from the agent's next request on; what is not said stays as it is. --allow and --deny replace what was there.
An approval that is revoked ends at once, and so does what the agent has under way with it.`,
  personOnly: 'to change one, and to revoke a denial',
  examples: [
    'tokentray approvals --json',
    "tokentray approvals change k7m2x9q4wd --deny 'delete*' --ask changes",
    'tokentray approvals change k7m2x9q4wd --for 8h',
    'tokentray approvals revoke k7m2x9q4wd',
  ],
  options: {
    ...changeOptions,
    ...untilOptions,
    'no-end': { type: 'boolean', help: 'Take away the end that it has' },
  },
  words: [0, 2],
  exits: [0, 1, 2, 4],
  async run({ words: [what, id], values, session }) {
    if (what !== undefined && what !== 'change' && what !== 'revoke') {
      throw new UsageError(`approvals takes change or revoke, not ${quote(what, 40)}`);
    }
    const to = changeGiven(values);
    if (what !== 'change' && Object.keys(to).length > 0)
      throw new UsageError('rules and ends go with approvals change');
    if (what === undefined) return list(session);
    if (id === undefined) throw new UsageError(`approvals ${what} needs the id of an approval`);
    return what === 'change' ? change(session, id, to) : revoke(session, id);
  },
});

interface Change {
  readonly rules?: Partial<Approval['rules']>;
  readonly until?: number | null;
}

/** What was said of it. @throws UsageError */
function changeGiven(given: RulesGiven & UntilGiven & { readonly 'no-end'?: boolean }): Change {
  const rules = rulesGiven(given);
  const at = untilGiven(given);
  if (at !== undefined && given['no-end'] === true) throw new UsageError('an end and --no-end contradict');
  const until = given['no-end'] === true ? null : at;
  return {
    ...(Object.keys(rules).length === 0 ? {} : { rules }),
    ...(until === undefined ? {} : { until }),
  };
}

async function change(session: Session, id: string, { rules, until }: Change): Promise<ExitCode> {
  const { terminal, json } = session;
  if (rules === undefined && until === undefined) {
    throw new UsageError('approvals change needs what is to change: rules, --for, --until or --no-end');
  }
  const { approvals } = await session.broker();
  const before = (await approvals.list()).approvals.find((approval) => approval.id === id);
  if (before === undefined) throw unknown(id);
  if (before.decision === 'deny' && rules !== undefined) {
    throw new TokentrayError(
      'invalid_input',
      `${quote(id, 40)} is a denial: there is nothing that rules could let through`,
      {
        attempted: 'change the approval',
        advice: 'Take it back, and the agent asks again: tokentray approvals revoke <id>',
      },
    );
  }
  const after = await approvals.change({
    id,
    ...(rules === undefined ? {} : { rules: { ...before.rules, ...rules } }),
    ...(until === undefined ? {} : { until }),
  });
  if (json) terminal.data(JSON.stringify(after));
  else {
    const words = `${rulesWords(after)}, ${lastsWords(after)}`;
    terminal.say(`From now on ${shownName(after.agent)} at ${after.server}: ${words}.`);
  }
  return exitCodes.ok;
}

const unknown = (id: string): TokentrayError =>
  new TokentrayError('unknown_approval', `no approval has the id ${quote(id, 40)}`, {
    advice: 'See what there is: tokentray approvals',
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
  for (const { agent, refused, since, program, agents = [] } of floods) {
    const names = agents.length < 2 ? '' : `, as ${agents.map(shown).join(', ')},`;
    const words = `${shown(program ?? agent)}${names} asks more often than anybody could answer: ${refused} refused unseen since ${shownTime(since)}`;
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
  if (!revoked) throw unknown(id);
  if (json) terminal.data(JSON.stringify({ revoked }));
  else terminal.say('It has ended. The agent asks again when it comes back.');
  return exitCodes.ok;
}
