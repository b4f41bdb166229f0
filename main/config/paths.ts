// Where Tokentray's files live on this machine: for this user only, and found again by a shim with a bare environment.
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { posix, win32 } from 'node:path';
import { TokentrayError } from '../errors.ts';

export interface Paths {
  /** The database and the vault file. */
  readonly data: string;
  /** The control socket and nothing that outlives the session. */
  readonly run: string;
  readonly log: string;
  readonly database: string;
  readonly vaultFile: string;
  /** A unix socket's path, or a Windows pipe's name. */
  readonly controlSocket: string;
  readonly logFile: string;
  /** The name that groups this profile's items in the keychain. */
  readonly keychainService: string;
}

/** What the paths depend on. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly user: string;
  /** -1 on Windows. */
  readonly uid: number;
  /** Whether this is a folder of ours. */
  readonly isOwnFolder: (path: string) => boolean;
}

export function thisMachine(env: Machine['env'] = process.env): Machine {
  const { uid, username } = userInfo();
  return { platform: process.platform, env, home: homedir(), user: username, uid, isOwnFolder: ownFolder(uid) };
}

// sockaddr_un holds 108 bytes on Linux and 104 on macOS, the final zero included.
const socketPathLimit = 100;

/**
 * Computes all places; touches nothing. `TOKENTRAY_HOME` puts everything under one folder; a relative one counts from `cwd`.
 * On Unix the fallback is always /tmp and never TMPDIR: agents start the shim with HOME, PATH and little else, and shim and
 * broker must agree on the socket.
 */
export function pathsOf(machine: Machine, cwd: string = process.cwd()): Paths {
  const { platform, env, home } = machine;
  const path = platform === 'win32' ? win32 : posix;
  const own = env['TOKENTRAY_HOME'];
  const base = own ? path.resolve(cwd, own) : null;
  const places = base
    ? { data: path.join(base, 'data'), run: path.join(base, 'run'), log: path.join(base, 'log') }
    : usualPlaces(machine, home);
  const socket = controlSocket(machine, places.run, base);
  return {
    data: places.data,
    run: socket.run,
    log: places.log,
    database: path.join(places.data, 'tokentray.db'),
    vaultFile: path.join(places.data, 'vault.sealed'),
    controlSocket: socket.path,
    logFile: path.join(places.log, 'tokentray.log'),
    // Not a prefix of the usual name: Windows' search for `Tokentray` would find the other profile's items too.
    keychainService: base ? `Profile ${hash(base)} of Tokentray` : 'Tokentray',
  };
}

function usualPlaces(machine: Machine, home: string): { data: string; run: string; log: string } {
  const { platform, env, uid } = machine;
  if (platform === 'win32') {
    const local = win32.join(env['LOCALAPPDATA'] ?? win32.join(home, 'AppData', 'Local'), 'Tokentray');
    return { data: win32.join(local, 'data'), run: win32.join(local, 'run'), log: win32.join(local, 'log') };
  }
  if (platform === 'darwin') {
    const support = posix.join(home, 'Library', 'Application Support', 'Tokentray');
    const log = posix.join(home, 'Library', 'Logs', 'Tokentray');
    return { data: posix.join(support, 'data'), run: posix.join(support, 'run'), log };
  }
  const data = absolute(env['XDG_DATA_HOME']) ?? posix.join(home, '.local', 'share');
  const state = absolute(env['XDG_STATE_HOME']) ?? posix.join(home, '.local', 'state');
  const runtime = runtimeFolder(machine);
  return {
    data: posix.join(data, 'tokentray'),
    run: runtime ? posix.join(runtime, 'tokentray') : `/tmp/tokentray-${uid}`,
    log: posix.join(state, 'tokentray', 'log'),
  };
}

/** XDG_RUNTIME_DIR, or the folder that systemd makes for it where a bare environment does not say so. */
function runtimeFolder({ env, uid, isOwnFolder }: Machine): string | null {
  const said = absolute(env['XDG_RUNTIME_DIR']);
  if (said) return said;
  const usual = `/run/user/${uid}`;
  return isOwnFolder(usual) ? usual : null;
}

/** XDG Base Directory: a relative path is to be ignored. */
function absolute(path: string | undefined): string | null {
  return path?.startsWith('/') === true ? path : null;
}

function controlSocket(machine: Machine, run: string, base: string | null): { run: string; path: string } {
  if (machine.platform === 'win32') {
    // Pipe names are machine-wide: the name says whose it is, the pipe's own access list keeps others out.
    const whose = hash(`${machine.env['USERDOMAIN'] ?? ''}\\${machine.user}\\${base ?? machine.home}`.toLowerCase());
    return { run, path: `\\\\.\\pipe\\tokentray-${whose}` };
  }
  const path = posix.join(run, 'control.sock');
  if (Buffer.byteLength(path) <= socketPathLimit) return { run, path };
  const short = `/tmp/tokentray-${machine.uid}-${hash(run)}`;
  return { run: short, path: posix.join(short, 'control.sock') };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/**
 * What a desktop session's environment would have said, for a process that an agent started with HOME and PATH only: without
 * it a broker finds neither the keychain nor its own runtime folder. Nothing that is set is replaced.
 */
export function sessionEnvironment({ platform, env, uid, isOwnFolder }: Machine): Record<string, string> {
  if (platform !== 'linux') return {};
  const found: Record<string, string> = {};
  const runtime = env['XDG_RUNTIME_DIR'] ?? `/run/user/${uid}`;
  if (!isOwnFolder(runtime)) return found;
  if (env['XDG_RUNTIME_DIR'] === undefined) found['XDG_RUNTIME_DIR'] = runtime;
  if (env['DBUS_SESSION_BUS_ADDRESS'] === undefined && exists(`${runtime}/bus`)) {
    found['DBUS_SESSION_BUS_ADDRESS'] = `unix:path=${runtime}/bus`;
  }
  return found;
}

/**
 * Makes the folders, for this user only.
 * @throws unsafe_folder when one belongs to somebody else, or others may enter the one with the socket
 */
export function preparePaths(paths: Paths): void {
  for (const path of [paths.data, paths.log]) {
    const found = ownedFolder(path, statSync);
    // Folders that an earlier version or a restored backup left open.
    if (isOpen(found)) chmodSync(path, 0o700);
  }
  // lstat: somebody else's link at a guessable place in /tmp must not lead us anywhere.
  const run = ownedFolder(paths.run, lstatSync);
  if (isOpen(run)) {
    throw unsafe(paths.run, `others may enter it (mode ${(run.mode & 0o777).toString(8)})`, `chmod 700 ${paths.run}`);
  }
}

function ownedFolder(path: string, look: (path: string) => Stats): Stats {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = look(path);
  if (!found.isDirectory()) throw unsafe(path, 'it is not a folder', `Remove ${path}`);
  if (process.platform !== 'win32' && found.uid !== userInfo().uid) {
    throw unsafe(path, 'it belongs to another user', 'Remove it or set TOKENTRAY_HOME to a folder of yours');
  }
  return found;
}

function isOpen(found: Stats): boolean {
  return process.platform !== 'win32' && (found.mode & 0o077) !== 0;
}

function unsafe(path: string, because: string, advice: string): TokentrayError {
  return new TokentrayError('unsafe_folder', `${path} cannot be used: ${because}.`, {
    attempted: 'prepare the folders',
    subject: path,
    advice: `${advice}, then start again.`,
  });
}

function ownFolder(uid: number): (path: string) => boolean {
  return (path) => {
    try {
      const found = statSync(path);
      return found.isDirectory() && found.uid === uid;
    } catch {
      return false;
    }
  };
}

function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}
