// `tokentray status`: whether a broker runs, where its data is and whether its vault outlives it.
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { shownTime } from '../terminal.ts';

/** Agents that are set up with the usual port send their keys to whoever has it now. */
const strayed =
  '         not on its usual port, which another program has: agents set up with that port send it their keys (tokentray agent rotate)';

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
    const [status, adoptable] = await Promise.all([broker.status(), broker.adoption.list()]);
    if (json) {
      terminal.data(JSON.stringify({ ...status, adoptable }));
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
        `Servers  ${servers.total}: ${servers.connected} connected, ${servers.needSignIn} need sign-in`,
      ].join('\n'),
    );
    if (vault.reason !== null) terminal.say(terminal.paint('yellow', vault.reason));
    if (!vault.persistent) {
      terminal.say(terminal.paint('yellow', 'Secrets are kept in memory only: every sign-in ends with this broker.'));
    }
    if (status.databaseSetAside !== null) {
      terminal.say(terminal.paint('yellow', `The database was damaged and set aside as ${status.databaseSetAside}.`));
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
