// How every procedure fails: known failures as the contract's typed error, defects as nothing but that there was one.
import { ORPCError } from '@orpc/server';
import type { StartedBy } from '../access/evidence/started-by.ts';
import type { AgentProcess } from '../access/stdio-agents.ts';
import { TokentrayError } from '../errors.ts';
import type { Log } from '../ports.ts';
import { toWire } from './wire-errors.ts';

/** Who calls: the id of a browser's session, or null for the command line and the desktop's own window. */
export interface CallContext {
  readonly session: string | null;
  /** Whether an agent started whoever calls; absent where only a person can be, in a window or a browser's session. */
  readonly startedBy?: () => Promise<StartedBy<AgentProcess>>;
}

/**
 * Stands before what only a person may decide: agents run commands, and `tokentray` is one. It stops a program that does as it
 * is told; whoever runs as the person and means to deceive can find other ways.
 * @param attempted a phrase after "could not"
 * @param options `orphans`: whether a process may whose starter is gone, as one that a timer of the system starts
 * @throws agent_refused
 */
export async function personOnly(
  { startedBy }: CallContext,
  attempted: string,
  { orphans = 'may-not' }: { readonly orphans?: 'may' | 'may-not' } = {},
): Promise<void> {
  const by = await startedBy?.();
  if (by?.kind !== 'agent' && (by?.kind !== 'orphan' || orphans === 'may')) return;
  const who = by.kind === 'agent' ? 'an agent started this command' : 'whoever started this command has gone';
  throw new TokentrayError('agent_refused', `${who}, and this is for a person to decide`, {
    attempted,
    advice: 'Do it in Tokentray’s window, or in a terminal that no agent started.',
    facts: { startedBy: by.kind },
  });
}

export async function explaining<T>(log: Log, path: readonly string[], next: () => Promise<T>): Promise<T> {
  try {
    return await next();
  } catch (error) {
    // Input that the schema refused is oRPC's own error and says what was wrong; output that it refused is our defect.
    if (error instanceof ORPCError && error.code === 'BAD_REQUEST') throw error;
    const wire = toWire(error);
    if (wire.data.code === 'internal') log.error('control: a call failed', { call: path.join('.'), cause: error });
    throw wire;
  }
}

/** An object without its undefined members: with exact optional properties, absent and undefined differ. */
export type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
export function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Present<T>;
}
