// A private D-Bus session with a real gnome-keyring, unlocked with a password, in a home of its own.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface KeyringSession {
  readonly address: string;
  lock(): void;
  unlock(): Promise<void>;
  close(): Promise<void>;
}

const runner = 'dbus-run-session';

/** Why no session can be had here; null when it can. */
export function keyringMissing(): string | null {
  if (process.platform !== 'linux') return 'gnome-keyring is for Linux';
  for (const program of [runner, 'gnome-keyring-daemon']) {
    if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0) return `${program} is not installed`;
  }
  return null;
}

const password = 'password';
const unlock = `printf %s ${password} | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1`;
const lock = [
  'dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets',
  'org.freedesktop.Secret.Service.Lock array:objpath:/org/freedesktop/secrets/collection/login >/dev/null',
].join(' ');

export async function keyringSession(): Promise<KeyringSession> {
  const home = await mkdtemp(join(tmpdir(), 'keyring-'));
  const folders = {
    HOME: home,
    XDG_DATA_HOME: home,
    XDG_CACHE_HOME: home,
    XDG_CONFIG_HOME: home,
    XDG_RUNTIME_DIR: home,
  };
  const env: NodeJS.ProcessEnv = { ...process.env, ...folders };
  delete env['DISPLAY'];
  delete env['WAYLAND_DISPLAY'];
  // The session lasts until its standard input is closed.
  const script = `${unlock}; echo "$DBUS_SESSION_BUS_ADDRESS"; cat >/dev/null`;
  const child = spawn(runner, ['--', 'sh', '-c', script], { env });
  child.stderr.resume();
  const address = await firstLine(child);
  const inSession = (command: string): void => {
    const session = { ...env, DBUS_SESSION_BUS_ADDRESS: address };
    const done = spawnSync('sh', ['-c', command], { env: session, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`${command}: ${done.stderr}`);
  };
  return {
    address,
    lock: () => inSession(lock),
    unlock: () => unlockAgain(join(home, 'keyring', 'control')),
    async close() {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.stdin.end();
      await closed;
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function firstLine(child: ChildProcessWithoutNullStreams): Promise<string> {
  const lines = createInterface({ input: child.stdout });
  return new Promise((resolve, reject) => {
    lines.once('line', resolve);
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`the D-Bus session ended with ${code}`)));
  });
}

/** What PAM does when a person unlocks the screen: the daemon's control socket takes the password. */
async function unlockAgain(control: string): Promise<void> {
  const unlockOperation = 1;
  const packet = Buffer.alloc(12 + password.length);
  packet.writeUInt32BE(packet.length, 0);
  packet.writeUInt32BE(unlockOperation, 4);
  packet.writeUInt32BE(password.length, 8);
  packet.write(password, 12);
  const socket = connect(control);
  // The first byte carries the credentials of the sender.
  socket.write(Buffer.concat([Buffer.from([0]), packet]));
  const answer = await new Promise<Buffer>((resolve, reject) => {
    socket.once('data', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the keyring did not answer')));
  });
  socket.destroy();
  if (answer.readUInt32BE(4) !== 0) throw new Error(`the keyring stays locked: ${answer.readUInt32BE(4)}`);
}
