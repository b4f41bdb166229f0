// The places on this machine: for this user only, short enough for a socket, the same for broker and shim.
import { chmod, chown, lstat, mkdir, mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pathsOf, preparePaths, sessionEnvironment, thisMachine } from '../../main/config/paths.ts';
import type { Machine } from '../../main/config/paths.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'paths-'));
});

afterEach(() => rm(root, { recursive: true, force: true }));

const machine = (over: Partial<Machine> = {}): Machine => ({
  platform: 'linux',
  env: {},
  home: '/home/ada',
  user: 'ada',
  uid: 1000,
  isOwnFolder: () => false,
  ...over,
});

describe('the places of a profile', () => {
  it('follow the XDG folders on Linux, and ignore relative ones', () => {
    const env = { XDG_DATA_HOME: '/d', XDG_STATE_HOME: '/s', XDG_RUNTIME_DIR: '/r' };
    expect(pathsOf(machine({ env }))).toMatchObject({
      data: '/d/tokentray',
      run: '/r/tokentray',
      log: '/s/tokentray/log',
      controlSocket: '/r/tokentray/control.sock',
      keychainService: 'Tokentray',
    });
    expect(pathsOf(machine({ env: { XDG_DATA_HOME: 'd', XDG_STATE_HOME: 's', XDG_RUNTIME_DIR: 'r' } }))).toMatchObject({
      data: '/home/ada/.local/share/tokentray',
      run: '/tmp/tokentray-1000',
      log: '/home/ada/.local/state/tokentray/log',
    });
  });

  it('are the same for a shim whose agent gave it HOME and PATH only', () => {
    const session = machine({
      env: { XDG_RUNTIME_DIR: '/run/user/1000', TMPDIR: '/var/tmp' },
      isOwnFolder: () => true,
    });
    const bare = machine({ isOwnFolder: (path) => path === '/run/user/1000' });
    expect(pathsOf(bare)).toEqual(pathsOf(session));
    expect(pathsOf(machine())).toEqual(pathsOf(machine({ env: { TMPDIR: '/var/tmp' } })));
  });

  it('are where macOS and Windows expect them', () => {
    expect(pathsOf(machine({ platform: 'darwin', home: '/Users/ada' }))).toMatchObject({
      data: '/Users/ada/Library/Application Support/Tokentray/data',
      controlSocket: '/Users/ada/Library/Application Support/Tokentray/run/control.sock',
      log: '/Users/ada/Library/Logs/Tokentray',
    });
    const windows = machine({ platform: 'win32', home: 'C:\\Users\\ada', env: { USERDOMAIN: 'PC' }, uid: -1 });
    const paths = pathsOf(windows);
    expect(paths.database).toBe('C:\\Users\\ada\\AppData\\Local\\Tokentray\\data\\tokentray.db');
    expect(paths.controlSocket).toMatch(/^\\\\\.\\pipe\\tokentray-[0-9a-f]{12}$/u);
    const bob = pathsOf({ ...windows, user: 'bob' });
    expect(bob.controlSocket).not.toBe(paths.controlSocket);
  });

  it('are all under TOKENTRAY_HOME, with a pipe and a keychain name of their own', () => {
    const paths = pathsOf(machine({ env: { TOKENTRAY_HOME: 'profile', XDG_DATA_HOME: '/d' } }), '/work');
    expect(paths).toMatchObject({
      data: '/work/profile/data',
      run: '/work/profile/run',
      log: '/work/profile/log',
      database: '/work/profile/data/tokentray.db',
      vaultFile: '/work/profile/data/vault.sealed',
      logFile: '/work/profile/log/tokentray.log',
    });
    // Windows finds keychain items by the beginning of their name.
    expect(paths.keychainService).not.toMatch(/^Tokentray/u);
    const windows = (env: Machine['env']): string => pathsOf(machine({ platform: 'win32', env })).controlSocket;
    expect(windows({ TOKENTRAY_HOME: 'C:\\a' })).not.toBe(windows({ TOKENTRAY_HOME: 'C:\\b' }));
  });

  it('have a socket that the system can bind, however long the home is', async () => {
    const home = join(root, 'a-long-folder-name/'.repeat(8));
    const paths = pathsOf({ ...thisMachine({ TOKENTRAY_HOME: home }), platform: 'linux' });
    expect(Buffer.byteLength(paths.controlSocket)).toBeLessThanOrEqual(100);
    preparePaths(paths);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(paths.controlSocket, resolve);
    });
    await new Promise((resolve) => server.close(resolve));
    expect(pathsOf(thisMachine({ TOKENTRAY_HOME: `${home}b` })).run).not.toBe(paths.run);
    await rm(paths.run, { recursive: true });
  });
});

const paths = () => pathsOf(thisMachine({ TOKENTRAY_HOME: join(root, 'home') }));
const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe.runIf(process.platform !== 'win32')('preparing the folders', () => {
  it('makes them for this user only, twice as well as once', async () => {
    preparePaths(paths());
    preparePaths(paths());
    for (const path of [paths().data, paths().run, paths().log]) expect(await mode(path)).toBe(0o700);
  });

  it('closes data and log folders that were open', async () => {
    await mkdir(paths().data, { recursive: true });
    await chmod(paths().data, 0o755);
    preparePaths(paths());
    expect(await mode(paths().data)).toBe(0o700);
  });

  it('refuses a folder for the socket that others may enter, and leaves it as it is', async () => {
    await mkdir(paths().run, { recursive: true });
    for (const open of [0o710, 0o701, 0o777]) {
      await chmod(paths().run, open);
      expect(() => preparePaths(paths()), open.toString(8)).toThrowError(
        expect.objectContaining({ code: 'unsafe_folder', advice: expect.stringContaining('chmod 700') }),
      );
      expect(await mode(paths().run)).toBe(open);
    }
  });

  it('refuses a link or a file where the folder should be', async () => {
    preparePaths(paths());
    await rm(paths().run, { recursive: true });
    await mkdir(join(root, 'elsewhere'), { mode: 0o700 });
    await symlink(join(root, 'elsewhere'), paths().run);
    expect(() => preparePaths(paths())).toThrowError(expect.objectContaining({ code: 'unsafe_folder' }));
    expect((await lstat(paths().run)).isSymbolicLink()).toBe(true);
  });

  it('refuses a folder that belongs to somebody else', async (context) => {
    context.skip(process.getuid?.() !== 0, 'only root can give a folder away');
    preparePaths(paths());
    await chown(paths().run, 12_345, 12_345);
    expect(() => preparePaths(paths())).toThrowError(/belongs to another user/u);
  });
});

describe('the environment of a broker that an agent started', () => {
  it('is completed with what the desktop session would have said', async () => {
    const env = { XDG_RUNTIME_DIR: root };
    const own = machine({ env, isOwnFolder: () => true });
    expect(sessionEnvironment(own)).toEqual({});
    await mkdir(join(root, 'bus'));
    expect(sessionEnvironment(own)).toEqual({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${root}/bus` });
    const bus = { ...env, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/mine' };
    expect(sessionEnvironment(machine({ env: bus, isOwnFolder: () => true }))).toEqual({});
    const bare = machine({ uid: 987_654, isOwnFolder: () => true });
    expect(sessionEnvironment(bare)).toEqual({ XDG_RUNTIME_DIR: '/run/user/987654' });
    expect(sessionEnvironment(machine({ platform: 'darwin', isOwnFolder: () => true }))).toEqual({});
  });

  it('is left alone where the folder is not ours', () => {
    expect(sessionEnvironment(machine({ env: { XDG_RUNTIME_DIR: root } }))).toEqual({});
  });
});
