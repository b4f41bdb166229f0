// How long an agent that starts a stdio command waits for its first answer, with the broker already running.
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { runProcess } from '../support/process.ts';
import { openAgent, type Era, type Wire } from './agent.ts';
import { stdioWire, type StdioCommand } from './wire-stdio.ts';
import type { World } from './world.ts';

export interface Start {
  readonly what: string;
  readonly server: Era | null;
  /** Milliseconds from spawn to the answer of `initialize`, one a start; for bare Node to its end. */
  readonly initialize: number[];
  /** The same to the answer of the first `tools/call`; empty for bare Node. */
  readonly firstCall: number[];
}

/** Agents of the old era, as today's are. Bare Node is the floor under both programs. */
export async function measureStarts(world: World, starts: number, signal: AbortSignal): Promise<readonly Start[]> {
  const node: Start = { what: 'node -e 0', server: null, initialize: [], firstCall: [] };
  const commands = (['old', 'new'] as const).flatMap((server) => [
    { start: emptyStart('stdio bridge', server), command: world.targets[server].shim },
    { start: emptyStart('mcp-remote', server), command: world.targets[server].mcpRemote },
  ]);
  for (let round = 0; round < starts; round += 1) {
    const begun = performance.now();
    await runProcess(process.execPath, ['-e', '0']);
    node.initialize.push(performance.now() - begun);
    for (const { start, command } of commands) {
      signal.throwIfAborted();
      await once(start, command);
    }
  }
  return [node, ...commands.map(({ start }) => start)];
}

async function once(start: Start, command: StdioCommand): Promise<void> {
  const begun = performance.now();
  const wire = stdioWire(command);
  const timed: Wire = {
    ...wire,
    ask: async (method, params) => {
      const result = await wire.ask(method, params);
      if (method === 'initialize') start.initialize.push(performance.now() - begun);
      return result;
    },
  };
  try {
    const agent = await openAgent('old', timed);
    await agent.call();
    start.firstCall.push(performance.now() - begun);
  } finally {
    await wire.close();
  }
}

const emptyStart = (what: string, server: Era): Start => ({ what, server, initialize: [], firstCall: [] });
