// `tokentray status`: whether a broker runs, where its data is and whether its vault outlives it.
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { lockWords } from '../lock-words.ts';
import { shownName, shownTime } from '../terminal.ts';
import { waitingWords } from '../waiting-words.ts';

/** Agents that are set up with the usual port send their keys to whoever has it now. */
const strayed =
  '         not on its usual port, which another program has: agents set up with that port send it their keys (tokentray agent rotate)';

/** Of agents that nobody uses any more; the list has them all. */
const mostNamed = 5;

export const command = defineCommand({
  name: 'status',
  summary: 'Show whether the broker runs and how it keeps secrets',
  usage: ['status'],
  about: 'Starts nothing.',
  examples: ['tokentray status --json'],
  options: {},
  words: [0, 0],
  exits: [0, 1, 2, 4],
  async run({ session }) {
    const { terminal, json } = session;
    const broker = await session.runningBroker();
    const [status, adoptable, agents] = await Promise.all([
      broker.status(),
      broker.adoption.list(),
      broker.agents.list(),
    ]);
    const unusedAgents = agents.filter((agent) => agent.unused).map(({ name }) => name);
    if (json) {
      terminal.data(JSON.stringify({ ...status, adoptable, unusedAgents }));
      return exitCodes.ok;
    }
    const { vault, servers } = status;
    terminal.data(
      [
        `Broker   ${status.version}, process ${status.pid}, since ${shownTime(status.startedAt)}`,
        `Bridge   ${status.bridge?.url ?? 'not up'}`,
        ...(status.bridge?.onPreferredPort === false ? [strayed] : []),
        `Data     ${status.dataFolder}`,
        `Vault    ${vault.kind}`,
        `Servers  ${servers.total}: ${servers.connected} connected, ${servers.needSignIn} need sign-in${servers.needNone === 0 ? '' : `, ${servers.needNone} need none`}`,
      ].join('\n'),
    );
    if (vault.reason !== null) terminal.say(terminal.paint('yellow', vault.reason));
    if (!vault.persistent) {
      terminal.say(terminal.paint('yellow', 'Secrets are kept in memory only: every sign-in ends with this broker.'));
    }
    if (status.lock.kind === 'locked') terminal.say(terminal.paint('yellow', lockWords(status.lock)));
    if (status.approvals === 'off') {
      terminal.say(
        terminal.paint('yellow', 'Nobody is asked before an agent uses a server: approvals are off (--approvals off).'),
      );
    }
    for (const line of waitingWords(status)) terminal.say(terminal.paint('yellow', line));
    if (status.databaseSetAside !== null) {
      terminal.say(terminal.paint('yellow', `The database was damaged and set aside as ${status.databaseSetAside}.`));
    }
    if (unusedAgents.length > 0) {
      const names = unusedAgents.slice(0, mostNamed).map(shownName).join(', ');
      const more = unusedAgents.length > mostNamed ? ` and ${unusedAgents.length - mostNamed} more` : '';
      terminal.say(`Not used for 30 days: ${names}${more}. See them: tokentray agent list`);
    }
    if (adoptable.length > 0) {
      const names = adoptable.map(({ server }) => server).join(', ');
      terminal.say(
        `The vault holds grants that the database has lost: ${names}. Take them up: tokentray add --from-vault`,
      );
    }
    return exitCodes.ok;
  },
});
