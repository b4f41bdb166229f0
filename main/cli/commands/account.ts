// `tokentray account`: several accounts at one server, which one agents and folders use, and when one ends.
import { resolve } from 'node:path';
import process from 'node:process';
import type { ContractOutputs } from '../../../preload/contract.ts';
import { plainText } from '../../access/plain-text.ts';
import type { ControlClient } from '../../control/client.ts';
import { TokentrayError } from '../../errors.ts';
import { quote } from '../../quote.ts';
import { defineCommand, UsageError } from '../command.ts';
import type { Session } from '../command.ts';
import { endGiven } from '../end-given.ts';
import type { EndOptions } from '../end-given.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { shown, shownTime, table } from '../terminal.ts';
import { stateWords } from '../words.ts';

type Views = ContractOutputs['accounts']['list'];
type Pins = ContractOutputs['accounts']['pins'];

export const command = defineCommand({
  name: 'account',
  summary: 'Several accounts at one server, and who uses which',
  usage: [
    'account list <server>',
    'account pin <server> <account> (--agent <name> | --folder <path>)',
    'account unpin <server> (--agent <name> | --folder <path>)',
    'account default <server> <account>',
    'account end <server> <account> (--for <time> | --no-end)',
    'account forget <server> <account> [--yes]',
  ],
  about: [
    'An account is made by signing in to it: tokentray connect <server> --account <account>.',
    'An agent uses the account that it is pinned to, else that of the nearest pinned folder that it works in, else the default',
    'one. When a pinned account is gone, the agent is told so; it never gets another one instead.',
  ].join('\n'),
  personOnly: 'pin, unpin, default, forget, and an end that is later than before',
  examples: [
    'tokentray connect linear --account work --for 7d',
    'tokentray account pin linear work --folder ~/src/work',
    'tokentray account default linear work',
  ],
  options: {
    agent: { type: 'string', value: 'name', help: 'The agent, as tokentray agent list names it' },
    folder: { type: 'string', value: 'path', help: 'Whatever works in this folder, or in one inside of it' },
    for: { type: 'string', value: 'time', help: 'How long from now on: 30m, 8h, 7d' },
    'no-end': { type: 'boolean', help: 'For as long as the provider has it' },
    yes: { type: 'boolean', short: 'y', help: 'Do not ask' },
  },
  words: [2, 3],
  exits: [0, 1, 2, 4, 7],
  async run({ words: [what, server = '', account], values, session }) {
    switch (what) {
      case 'list':
        without(what, account);
        return list(session, server);
      case 'pin':
        return pin(session, server, named(what, account), values);
      case 'unpin':
        without(what, account);
        return unpin(session, server, values);
      case 'default':
        return makeDefault(session, server, named(what, account));
      case 'end':
        return end(session, server, named(what, account), values);
      case 'forget':
        return forget(session, server, named(what, account), values.yes === true);
      case undefined:
      default:
        throw new UsageError(`account takes list, pin, unpin, default, end or forget, not ${quote(what, 40)}`);
    }
  },
});

function named(what: string, account: string | undefined): string {
  if (account === undefined) throw new UsageError(`account ${what} needs a server and an account`);
  return account;
}

function without(what: string, account: string | undefined): void {
  if (account !== undefined) throw new UsageError(`account ${what} takes a server only`);
}

interface Whom {
  readonly agent?: string;
  readonly folder?: string;
}

async function whom({ agents }: ControlClient, { agent, folder }: Whom) {
  if ((agent === undefined) === (folder === undefined)) {
    throw new UsageError('name an agent with --agent or a folder with --folder');
  }
  if (folder !== undefined) return { folder: resolve(process.cwd(), folder) };
  const found = (await agents.list()).find(({ name, revokedAt }) => name === agent && revokedAt === null);
  if (found !== undefined) return { agentId: found.id };
  throw new TokentrayError('unknown_agent', `no agent is called ${quote(agent, 64)}`, {
    advice: 'See who there is: tokentray agent list',
  });
}

async function list({ terminal, json, broker }: Session, server: string): Promise<ExitCode> {
  const client = await broker();
  const views = await client.accounts.list({ server });
  const pins = (await client.accounts.pins()).filter((each) => each.server === server);
  if (json) {
    terminal.data(JSON.stringify({ accounts: views, pins }));
    return exitCodes.ok;
  }
  terminal.data(accountTable(views));
  const names = new Map((await client.agents.list()).map(({ id, name }) => [id, name]));
  if (pins.length > 0) terminal.data(`\n${pinTable(pins, names)}`);
  return exitCodes.ok;
}

const accountTable = (views: Views): string =>
  table(
    ['ACCOUNT', 'WHO', 'STATE', 'ENDS'],
    views.map(({ account, isDefault, identity, state, endsAt }) => [
      isDefault ? `${shown(account)} (default)` : shown(account),
      identity === null ? 'not known' : plainText(identity),
      stateWords(state),
      endsAt === null ? 'as the provider has it' : shownTime(endsAt),
    ]),
  );

const pinTable = (pins: Pins, names: ReadonlyMap<string, string>): string =>
  table(
    ['PINNED', 'TO'],
    pins.map(({ agentId, folder, account }) => [
      folder === null ? `agent ${plainText(names.get(agentId ?? '') ?? 'that is gone')}` : plainText(folder),
      shown(account),
    ]),
  );

async function pin(session: Session, server: string, account: string, given: Whom): Promise<ExitCode> {
  const { terminal, json } = session;
  const client = await session.broker();
  const pins = await client.accounts.pin({ server, account, ...(await whom(client, given)) });
  if (json) terminal.data(JSON.stringify(pins));
  else terminal.say(`Pinned to ${shown(account)}. What is open with another account of ${server} ends now.`);
  return exitCodes.ok;
}

async function unpin(session: Session, server: string, given: Whom): Promise<ExitCode> {
  const { terminal, json } = session;
  const client = await session.broker();
  const pins = await client.accounts.unpin({ server, ...(await whom(client, given)) });
  if (json) terminal.data(JSON.stringify(pins));
  else terminal.say('Not pinned any more.');
  return exitCodes.ok;
}

async function makeDefault(session: Session, server: string, account: string): Promise<ExitCode> {
  const { terminal, json } = session;
  const views = await (await session.broker()).accounts.setDefault({ server, account });
  if (json) terminal.data(JSON.stringify(views));
  else terminal.say(`Agents that are pinned to no account of ${server} use ${shown(account)} from now on.`);
  return exitCodes.ok;
}

async function end(session: Session, server: string, account: string, given: EndOptions): Promise<ExitCode> {
  const { terminal, json } = session;
  const endsAt = endGiven(given);
  if (endsAt === undefined) throw new UsageError('account end takes --for with a time, or --no-end');
  const view = await (await session.broker()).accounts.setEnd({ server, account, endsAt });
  if (json) terminal.data(JSON.stringify(view));
  else terminal.say(view.endsAt === null ? 'It has no end of its own.' : `It ends ${shownTime(view.endsAt)}.`);
  return exitCodes.ok;
}

async function forget(session: Session, server: string, account: string, yes: boolean): Promise<ExitCode> {
  const { terminal, json } = session;
  if (!yes) {
    if (!terminal.interactive) throw new UsageError('nobody can be asked here: add --yes');
    if (!(await terminal.confirm(`Forget ${shown(account)} of ${shown(server)} and its secrets?`, false))) {
      throw new TokentrayError('sign_in_cancelled', 'nothing was forgotten');
    }
  }
  const { forgotten } = await (await session.broker()).accounts.forget({ server, account });
  if (json) terminal.data(JSON.stringify({ forgotten }));
  else {
    terminal.say(`Forgotten: ${forgotten.map(shown).join(', ')}.`);
    terminal.say('The authorization server was told nothing: to end a grant there, revoke it first.');
  }
  return exitCodes.ok;
}
