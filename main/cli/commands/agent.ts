// `tokentray agent`: the keys by which agents prove themselves to the HTTP bridge.
import type { ControlClient } from '../../control/client.ts';
import { TokentrayError } from '../../errors.ts';
import { quote } from '../../quote.ts';
import { defineCommand, UsageError } from '../command.ts';
import type { Session } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { shownTime, table } from '../terminal.ts';

export const command = defineCommand({
  name: 'agent',
  summary: 'Give agents keys for the HTTP bridge, list and revoke them',
  usage: ['agent add <name>', 'agent list', 'agent rotate <name>', 'agent revoke <name>'],
  about: 'A key is printed once, on stdout; only its hash is kept. Agents over stdio need none.',
  examples: ['tokentray agent add cursor', 'tokentray agent revoke cursor'],
  options: {},
  words: [1, 2],
  exits: [0, 1, 2, 4],
  async run({ words: [what, name], session }) {
    switch (what) {
      case 'list':
        if (name !== undefined) throw new UsageError('agent list takes no name');
        return list(session);
      case 'add':
      case 'rotate':
        return giveKey(session, what, named(what, name));
      case 'revoke':
        return revoke(session, named(what, name));
      case undefined:
      default:
        throw new UsageError(`agent takes add, list, rotate or revoke, not ${quote(what, 40)}`);
    }
  },
});

function named(what: string, name: string | undefined): string {
  if (name === undefined) throw new UsageError(`agent ${what} needs a name`);
  return name;
}

async function giveKey(session: Session, what: 'add' | 'rotate', name: string): Promise<ExitCode> {
  const { terminal, json } = session;
  const { script, status }: ControlClient = await session.broker();
  const { agent, key } = await (what === 'add' ? script.addAgent({ name }) : script.rotateAgent({ name }));
  const { bridge } = await status();
  terminal.data(json ? JSON.stringify({ agent, key, bridge: bridge?.url ?? null }) : key);
  if (!json) {
    terminal.say(`This is the key of ${terminal.paint('bold', agent.name)}. It is not shown again.`);
    terminal.say(`The agent sends it as "Authorization: Bearer <key>" to ${bridge?.url ?? 'the bridge'}/mcp/<server>`);
  }
  return exitCodes.ok;
}

async function list(session: Session): Promise<ExitCode> {
  const { terminal, json } = session;
  const agents = await (await session.broker()).agents.list();
  if (json) terminal.data(JSON.stringify(agents));
  else if (agents.length === 0) terminal.say('No agents yet. Add one: tokentray agent add <name>');
  else {
    const rows = agents.map((agent) => [
      agent.name,
      shownTime(agent.createdAt),
      shownTime(agent.lastUsedAt),
      agent.revokedAt === null ? 'good' : `revoked ${shownTime(agent.revokedAt)}`,
    ]);
    terminal.data(table(['NAME', 'ADDED', 'LAST USED', 'KEY'], rows));
  }
  return exitCodes.ok;
}

async function revoke(session: Session, name: string): Promise<ExitCode> {
  const { terminal, json } = session;
  const { revoked } = await (await session.broker()).agents.revoke({ name });
  if (!revoked) {
    throw new TokentrayError('unknown_agent', `no agent is called ${quote(name, 64)}`, {
      advice: 'See who there is: tokentray agent list',
    });
  }
  if (json) terminal.data(JSON.stringify({ revoked }));
  else terminal.say(`The key of ${name} is refused from now on.`);
  return exitCodes.ok;
}
