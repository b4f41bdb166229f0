// The folder of the control socket: ours, a real folder, and closed to everybody else. Both ends check before they trust it.
import { lstatSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { TokentrayError } from '../errors.ts';

/** Windows' pipes have no folder; their access list is the user's by default. */
export const isNamedPipe = (path: string): boolean =>
  path.startsWith('\\\\.\\pipe\\') || path.startsWith('\\\\?\\pipe\\');

/** Creates the socket's folder 0700 where it is missing. @throws unsafe_folder */
export function makeSocketFolder(socketPath: string): void {
  if (isNamedPipe(socketPath)) return;
  mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 });
  checkSocketFolder(socketPath);
}

/**
 * Refuses a folder that another user made, that is a link, or that others may enter: whoever can put a socket there could play
 * the broker. @throws unsafe_folder, broker_not_running when there is no such folder
 */
export function checkSocketFolder(socketPath: string): void {
  if (isNamedPipe(socketPath)) return;
  const folder = dirname(socketPath);
  const refuse = (why: string, advice: string) =>
    new TokentrayError('unsafe_folder', `the folder of the control socket ${why}`, { subject: folder, advice });
  let stat;
  try {
    stat = lstatSync(folder);
  } catch (cause) {
    throw new TokentrayError('broker_not_running', 'no broker is running', { subject: folder, cause });
  }
  if (!stat.isDirectory()) {
    throw refuse('is a link or a file', 'Remove it, or set TOKENTRAY_HOME to a folder of your own.');
  }
  // No uid: Windows, where the profile's access list stands for it.
  const uid = process.getuid?.();
  if (uid !== undefined && stat.uid !== uid) {
    throw refuse('belongs to another user', 'Set TOKENTRAY_HOME to a folder of your own.');
  }
  if (uid !== undefined && (stat.mode & 0o077) !== 0) {
    throw refuse('is open to other users', `Close it: chmod 700 ${folder}`);
  }
}
