// `tokentray tools`: the tools of a server as they were seen, what changed in them, and agreeing to it.
import type { PinnedTool } from '../../../preload/contract.ts';
import { plainText } from '../../access/plain-text.ts';
import { TokentrayError } from '../../errors.ts';
import { defineCommand, UsageError } from '../command.ts';
import { differenceLines } from '../definition-words.ts';
import { exitCodes } from '../exit-codes.ts';
import { shownTime, table } from '../terminal.ts';

const states: Readonly<Record<PinnedTool['state'], string>> = {
  accepted: 'accepted',
  held: 'held',
  warned: 'changed, let through',
};

export const command = defineCommand({
  name: 'tools',
  summary: 'Show the tools of a server, and accept those that changed',
  usage: ['tools <server> [--account <name>]', 'tools <server> --accept <tool>…', 'tools <server> --accept-all'],
  about: [
    'A server can change what its tools say and take, and a description is read by the agent: it can carry instructions.',
    'What you agreed to is remembered; what differs from it is shown, and held until you accept it (see `tokentray rules`).',
  ].join('\n'),
  personOnly: '--accept and --accept-all',
  examples: ['tokentray tools linear', 'tokentray tools linear --accept create_issue'],
  options: {
    account: { type: 'string', value: 'name', help: 'Which account of the server, where there are several' },
    accept: { type: 'string', multiple: true, value: 'tool', help: 'Agree to what this tool is now; repeatable' },
    'accept-all': { type: 'boolean', help: 'Agree to all that is shown' },
  },
  words: [1, 1],
  exits: [0, 1, 2, 4],
  async run({ words: [server = ''], values, session }) {
    const { terminal, json } = session;
    if (values.accept !== undefined && values['accept-all'])
      throw new UsageError('--accept and --accept-all contradict');
    const of = { server, ...(values.account === undefined ? {} : { account: values.account }) };
    const { tools } = await session.broker();
    const all = await tools.list(of);
    const open = all.filter(({ state }) => state !== 'accepted');
    const chosen = values['accept-all'] ? open : chosenOf(all, values.accept ?? []);
    const isAccepting = values['accept-all'] === true || values.accept !== undefined;
    if (!isAccepting) {
      if (json) terminal.data(JSON.stringify(all));
      else show(all, open);
      return exitCodes.ok;
    }
    if (chosen.length > 0 && terminal.interactive && !json) {
      for (const tool of chosen) terminal.say(differenceLines(tool, terminal.paint).join('\n'));
      if (!(await terminal.confirm(`Accept ${counted(chosen.length)}?`, false))) {
        terminal.say('Nothing was accepted.');
        return exitCodes.ok;
      }
    }
    // What came after the look is not accepted with it.
    const looked = chosen.map(({ tool, seenAt }) => ({ tool, seenAt }));
    const { accepted } = looked.length === 0 ? { accepted: 0 } : await tools.accept({ ...of, tools: looked });
    if (json) terminal.data(JSON.stringify({ accepted }));
    else {
      terminal.say(accepted === 0 ? 'There was nothing to accept.' : `Accepted ${counted(accepted)}.`);
      const left = looked.length - accepted;
      if (left > 0) terminal.say(`${counted(left)} changed again meanwhile: look again.`);
    }
    return exitCodes.ok;

    function show(all: readonly PinnedTool[], open: readonly PinnedTool[]): void {
      if (all.length === 0) {
        terminal.say(`No tools of ${server} were seen yet: they are when the first agent that you allowed lists them.`);
        return;
      }
      const rows = all.map(({ tool, state, marked, acceptedAt }) => [
        plainText(tool, 64),
        states[state],
        marked === 'unmarked' ? '' : marked,
        shownTime(acceptedAt, ''),
      ]);
      terminal.data(table(['TOOL', 'STATE', 'MARKED', 'ACCEPTED'], rows));
      for (const tool of open) terminal.data(`\n${differenceLines(tool, terminal.paint).join('\n')}`);
      if (open.length > 0)
        terminal.say(`\nAccept what you see: tokentray tools ${server} --accept <tool>, or --accept-all`);
    }
  },
});

const counted = (count: number): string => (count === 1 ? '1 definition' : `${count} definitions`);

/** @throws invalid_input for a tool that nobody saw, or that there is nothing to agree to of */
function chosenOf(all: readonly PinnedTool[], names: readonly string[]): PinnedTool[] {
  return [...new Set(names)].map((name) => {
    const found = all.find(({ tool }) => tool === name);
    if (found !== undefined && found.state !== 'accepted') return found;
    if (found !== undefined) throw acceptedAlready(found, all);
    throw new TokentrayError('invalid_input', `no tool "${plainText(name, 80)}" was seen of this server`, {
      attempted: 'accept the definitions',
      advice: 'See what there is: tokentray tools <server>',
    });
  });
}

/** Names that differ in little are told apart by nobody who types them: what is held is said beside it. */
function acceptedAlready({ tool, acceptedAt }: PinnedTool, all: readonly PinnedTool[]): TokentrayError {
  const open = all.filter(({ state }) => state !== 'accepted').map((one) => `"${plainText(one.tool, 80)}"`);
  const since = acceptedAt === null ? '' : ` since ${shownTime(acceptedAt)}`;
  return new TokentrayError('invalid_input', `the tool "${plainText(tool, 80)}" is accepted already${since}`, {
    attempted: 'accept the definitions',
    advice:
      open.length === 0
        ? 'No tool of this server waits to be accepted.'
        : `What waits to be accepted: ${open.slice(0, mostNamed).join(', ')}${open.length > mostNamed ? ` and ${open.length - mostNamed} more` : ''}`,
  });
}

const mostNamed = 10;
