// How every procedure fails: known failures as the contract's typed error, defects as nothing but that there was one.
import type { StartedBy } from '../access/evidence/started-by.ts';
import type { AgentProcess } from '../access/stdio-agents.ts';
import type { Log } from '../ports.ts';
import { toWire } from './wire-errors.ts';

/** Who calls: the id of a browser's session, or null for the command line and the desktop's own window. */
export interface CallContext {
  readonly session: string | null;
  /** Whether an agent started whoever calls; absent where only a person can be, in a window or a browser's session. */
  readonly startedBy?: () => Promise<StartedBy<AgentProcess>>;
}

export async function explaining<T>(log: Log, path: readonly string[], next: () => Promise<T>): Promise<T> {
  try {
    return await next();
  } catch (error) {
    // Input that the schema refused is told in words; output that it refused is our defect.
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
