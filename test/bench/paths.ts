// The ways from an agent to a server that are compared, in the order of the table.
import { openAgent, type Agent, type Era } from './agent.ts';
import { httpWire } from './wire-http.ts';
import { stdioWire, type StdioCommand } from './wire-stdio.ts';
import type { World } from './world.ts';

/** `guarded`: with approvals, rules, pinned tools and an audit that keeps arguments. */
type Way = 'direct' | 'HTTP bridge' | 'stdio bridge' | 'mcp-remote' | 'HTTP bridge, guarded' | 'stdio bridge, guarded';

export interface Path {
  readonly way: Way;
  readonly agent: Era;
  readonly server: Era;
}

export interface OpenPath extends Path {
  readonly call: Agent['call'];
  readonly close: Agent['close'];
  /** The processes between agent and server, whose time on the processor is this path's cost. */
  readonly between: readonly number[];
  /** The process that this agent started for itself; null over HTTP. */
  readonly own: number | null;
}

/** A direct connection exists only within an era; from a new agent to an old server `mcp-remote` has no way. */
export const paths: readonly Path[] = [
  { way: 'direct', agent: 'old', server: 'old' },
  { way: 'HTTP bridge', agent: 'old', server: 'old' },
  { way: 'HTTP bridge, guarded', agent: 'old', server: 'old' },
  { way: 'stdio bridge', agent: 'old', server: 'old' },
  { way: 'stdio bridge, guarded', agent: 'old', server: 'old' },
  { way: 'mcp-remote', agent: 'old', server: 'old' },
  { way: 'direct', agent: 'new', server: 'new' },
  { way: 'HTTP bridge', agent: 'new', server: 'new' },
  { way: 'HTTP bridge, guarded', agent: 'new', server: 'new' },
  { way: 'stdio bridge', agent: 'new', server: 'new' },
  { way: 'stdio bridge, guarded', agent: 'new', server: 'new' },
  { way: 'mcp-remote', agent: 'new', server: 'new' },
  { way: 'HTTP bridge', agent: 'old', server: 'new' },
  { way: 'stdio bridge', agent: 'old', server: 'new' },
  { way: 'mcp-remote', agent: 'old', server: 'new' },
  { way: 'HTTP bridge', agent: 'new', server: 'old' },
  { way: 'stdio bridge', agent: 'new', server: 'old' },
];

/** @param inFlight how many calls will be under way at once at most */
export async function openPath(world: World, path: Path, inFlight: number): Promise<OpenPath> {
  const { way, agent: era } = path;
  const { guarded } = world;
  const target = world.targets[path.server];
  const behind = guarded.targets[path.server];
  switch (way) {
    case 'direct':
      return await overHttp(path, target.url, target.token, inFlight, []);
    case 'HTTP bridge':
      return await overHttp(path, target.bridgeUrl, world.agentKey, inFlight, [world.brokerPid]);
    case 'stdio bridge':
      return await overStdio(path, target.shim, [world.brokerPid]);
    case 'HTTP bridge, guarded':
      return await overHttp(path, behind.bridgeUrl, guarded.agentKey, inFlight, [guarded.brokerPid]);
    case 'stdio bridge, guarded':
      return await overStdio(path, behind.shim, [guarded.brokerPid]);
    case 'mcp-remote':
      return await overStdio(path, target.mcpRemote, []);
    default:
      throw new Error(`no such way: ${String(way satisfies never)} ${era}`);
  }
}

async function overHttp(
  path: Path,
  url: URL,
  token: string,
  inFlight: number,
  between: readonly number[],
): Promise<OpenPath> {
  const agent = await openAgent(path.agent, httpWire(path.agent, url, token, inFlight));
  return { ...path, ...agent, between, own: null };
}

async function overStdio(path: Path, command: StdioCommand, between: readonly number[]): Promise<OpenPath> {
  const wire = stdioWire(command);
  try {
    const agent = await openAgent(path.agent, wire);
    return { ...path, ...agent, between: [...between, wire.pid], own: wire.pid };
  } catch (error) {
    await wire.close();
    throw error;
  }
}
