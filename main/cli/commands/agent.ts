// `tokentray agent`: who may ask for grants, by what they say and by what was checked; and keys for the HTTP bridge.
import type { AgentView } from '../../../preload/contract.ts';
import type { ControlClient } from '../../control/client.ts';
import { TokentrayError } from '../../errors.ts';
import { quote } from '../../quote.ts';
import { agentDetails, agentKinds } from '../agent-words.ts';
import { defineCommand, UsageError } from '../command.ts';
import type { Session } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { shownName, shownTime, table } from '../terminal.ts';

export const command = defineCommand({
  name: 'agent',
  summary: 'See the agents, name and trust them, give keys for the HTTP bridge and take them back',
  usage: [
    'agent add <name> [--trust]',
    'agent list',
    'agent show <name>',
    'agent rename <name> <new name>',
    'agent trust <name>',
    'agent untrust <name>',
    'agent rotate <name>',
    'agent revoke <name>',
  ],
  about:
    'A key is printed once, on stdout; only its hash is kept. Agents over stdio need none: they are known by their program.\n' +
    'You are asked the first time that an agent wants a server; not about one that you trust. An id stands for a name.',
  personOnly: 'add, rename, trust and rotate, and to revoke one that you denied something',
  examples: ['tokentray agent add cursor', 'tokentray agent show "Claude Code"', 'tokentray agent revoke cursor'],
  options: { trust: { type: 'boolean', help: 'With add: do not ask about this agent, whatever it wants' } },
  words: [1, 3],
  exits: [0, 1, 2, 4],
  async run({ values, words: [what, name, newName], session }) {
    if (values.trust === true && what !== 'add') throw new UsageError('--trust goes with agent add');
    if (newName !== undefined && what !== 'rename') throw new UsageError(`agent ${what} takes one name`);
    switch (what) {
      case 'list':
        if (name !== undefined) throw new UsageError('agent list takes no name');
        return list(session);
      case 'show':
        return show(session, named(what, name));
      case 'add':
        return add(session, named(what, name), values.trust === true);
      case 'rotate':
        return rotate(session, named(what, name));
      case 'rename':
        return rename(session, named(what, name), named('rename <name>', newName));
      case 'trust':
      case 'untrust':
        return trust(session, named(what, name), what === 'trust');
      case 'revoke':
        return revoke(session, named(what, name));
      case undefined:
      default:
        throw new UsageError(
          `agent takes add, list, show, rename, trust, untrust, rotate or revoke, not ${quote(what, 40)}`,
        );
    }
  },
});

function named(what: string, name: string | undefined): string {
  if (name === undefined) throw new UsageError(`agent ${what} needs a name`);
  return name;
}

async function add(session: Session, name: string, trusted: boolean): Promise<ExitCode> {
  const broker = await session.broker();
  return tellKey(session, broker, await broker.script.addAgent({ name, trusted }));
}

async function rotate(session: Session, name: string): Promise<ExitCode> {
  const broker = await session.broker();
  return tellKey(session, broker, await broker.script.rotateAgent({ id: (await find(broker, name)).id }));
}

async function tellKey(
  { terminal, json }: Session,
  broker: ControlClient,
  { agent, key }: { agent: AgentView; key: string },
): Promise<ExitCode> {
  const { bridge } = await broker.status();
  terminal.data(json ? JSON.stringify({ agent, key, bridge: bridge?.url ?? null }) : key);
  if (!json) {
    terminal.say(`This is the key of ${terminal.paint('bold', agent.name)}. It is not shown again.`);
    terminal.say(`The agent sends it as "Authorization: Bearer <key>" to ${bridge?.url ?? 'the bridge'}/mcp/<server>`);
    if (agent.trusted) terminal.say(terminal.paint('yellow', 'You are not asked about it: it may use every server.'));
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
      shownName(agent.name),
      agentKinds[agent.kind],
      saysItIs(agent),
      checkedProgram(agent),
      shownTime(agent.lastUsedAt),
      standing(agent),
    ]);
    terminal.data(table(['NAME', 'KIND', 'SAYS IT IS', 'CHECKED', 'LAST USED', 'STATE'], rows));
    const unused = agents.filter((agent) => agent.unused).length;
    if (unused > 0) {
      const who = unused === 1 ? 'One agent was' : `${unused} agents were`;
      terminal.say(`${who} not used for 30 days. What nobody needs is safer revoked: tokentray agent revoke <name>`);
    }
  }
  return exitCodes.ok;
}

/** In its messages; one that signs in says it then, too, and one that was set up with a name by that. */
function saysItIs({ claimed: { client, name } }: AgentView): string {
  const said = client?.name ?? name;
  return said === null ? '' : shownName(said);
}

function checkedProgram({ kind, checked }: AgentView): string {
  if (kind === 'key') return 'its key';
  // Whoever has the client's id can ask: it is the person who said yes to this one.
  if (kind === 'oauth') return 'its sign-in, which you allowed';
  if (checked === null) return 'nothing';
  const program = checked.script ?? checked.executable;
  const last = program === null ? 'unseen' : shownName(program.split(/[\\/]/u).at(-1) ?? program);
  return checked.by === 'kernel' ? last : `${last} (its word)`;
}

function standing({ revokedAt, trusted, unused }: AgentView): string {
  if (revokedAt !== null) return `revoked ${shownTime(revokedAt)}`;
  return [trusted ? 'trusted' : 'good', ...(unused ? ['unused for 30 days'] : [])].join(', ');
}

async function show(session: Session, name: string): Promise<ExitCode> {
  const { terminal, json } = session;
  const agent = await find(await session.broker(), name);
  terminal.data(json ? JSON.stringify(agent) : agentDetails(agent).join('\n'));
  return exitCodes.ok;
}

async function rename(session: Session, name: string, newName: string): Promise<ExitCode> {
  const { terminal, json } = session;
  const broker = await session.broker();
  const agent = await broker.agents.rename({ id: (await find(broker, name)).id, name: newName });
  if (json) terminal.data(JSON.stringify(agent));
  else terminal.say(`${shownName(name)} is called ${shownName(agent.name)} from now on. Its key stays good.`);
  return exitCodes.ok;
}

async function trust(session: Session, name: string, trusted: boolean): Promise<ExitCode> {
  const { terminal, json } = session;
  const broker = await session.broker();
  const agent = await broker.agents.trust({ id: (await find(broker, name)).id, trusted });
  if (json) terminal.data(JSON.stringify(agent));
  else if (trusted) terminal.say(`You are not asked about ${shownName(agent.name)} any more.`);
  else terminal.say(`You are asked the next time that ${shownName(agent.name)} wants a server.`);
  return exitCodes.ok;
}

async function revoke(session: Session, name: string): Promise<ExitCode> {
  const { terminal, json } = session;
  const broker = await session.broker();
  const { id } = await find(broker, name);
  const { revoked } = await broker.agents.revoke({ id });
  if (!revoked) throw unknownAgent(name);
  if (json) terminal.data(JSON.stringify({ revoked }));
  else terminal.say(`${shownName(name)} is refused from now on, and what it had open has ended.`);
  return exitCodes.ok;
}

/** By name, or by id: a name that a program gave itself may hold what no keyboard types. */
async function find(broker: ControlClient, name: string): Promise<AgentView> {
  const wanted = name.normalize('NFC').trim();
  const living = (await broker.agents.list()).filter((agent) => agent.revokedAt === null);
  const agent = living.find((one) => one.name === wanted) ?? living.find((one) => one.id === wanted);
  if (agent === undefined) throw unknownAgent(name);
  return agent;
}

function unknownAgent(name: string): TokentrayError {
  return new TokentrayError('unknown_agent', `no agent is called ${quote(name, 64)}`, {
    advice: 'See who there is: tokentray agent list',
  });
}
