// One broker per user: whoever holds this claim may bind the control socket. The system ends it with the process, however that dies.
import { chmodSync, closeSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TokentrayError } from '../errors.ts';
import { isNamedPipe, makeSocketFolder } from './folder.ts';

export interface Claim {
  readonly path: string;
  release(): void;
}

const sqliteBusy = 5;

/**
 * Takes the exclusive claim on a socket path, before the store and the vault are touched.
 *
 * The lock is SQLite's own on a file beside the socket, for Node has no other file lock that the system takes back by itself.
 * A process id in a file would not do: between finding it stale and replacing it, another broker may have done the same.
 * A named pipe needs none: the system lets only one process create its first instance.
 * @throws broker_running
 */
export function claimControl(path: string): Claim {
  if (isNamedPipe(path)) return { path, release: () => undefined };
  makeSocketFolder(path);
  const file = join(dirname(path), 'broker.lock');
  // Whoever can read it can lock it, and so keep the broker from starting.
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    // In memory: the transaction writes nothing, and a killed broker's journal file would only puzzle people.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if (cause instanceof Error && 'errcode' in cause && cause.errcode === sqliteBusy) throw brokerRunning(path, cause);
    throw cause;
  }
  return { path, release: () => lock.isOpen && lock.close() };
}

export function brokerRunning(path: string, cause: unknown): TokentrayError {
  return new TokentrayError('broker_running', 'another broker of yours is running', {
    subject: path,
    advice: 'Use that one: `tokentray status` shows it.',
    cause,
  });
}
