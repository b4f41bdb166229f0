// The broker whose audit can be switched, as the benchmark sees it: two addresses, one key, and a word that turns the audit.
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { startProcess } from '../support/process.ts';
import type { Era } from './agent.ts';
import { readySchema, turnedSchema, type Turned } from './switched-words.ts';

export interface Switched {
  readonly urls: Readonly<Record<Era, URL>>;
  readonly agentKey: string;
  /** Resolves when all rows so far are written and the audit is as asked. */
  turn(audit: 'on' | 'off'): Promise<Omit<Turned, 'turn'>>;
}

const program = fileURLToPath(new URL('switched-broker.ts', import.meta.url));

/** @param closing gets what ends it */
export async function startSwitched(
  env: Record<string, string>,
  urls: Readonly<Record<Era, string>>,
  closing: (() => Promise<unknown>)[],
): Promise<Switched> {
  const servers = (['old', 'new'] as const).map((era) => ({ name: `bench-${era}`, url: urls[era] }));
  const broker = startProcess(process.execPath, [program, JSON.stringify(servers)], { env });
  closing.push(() => broker.stop());
  const { bridge, key } = readySchema.parse(JSON.parse(await broker.line(/^\{"bridge"/u)));
  let turns = 0;
  return {
    urls: { old: new URL(`${bridge}/mcp/bench-old`), new: new URL(`${bridge}/mcp/bench-new`) },
    agentKey: key,
    async turn(audit) {
      const turn = (turns += 1);
      broker.child.stdin?.write(`${JSON.stringify({ turn, audit })}\n`);
      return turnedSchema.parse(JSON.parse(await broker.line(new RegExp(`^\\{"turn":${turn},`, 'u'))));
    },
  };
}
