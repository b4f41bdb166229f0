// What an agent's mcp.json names is there whether the app runs or not: an AppImage's shim lives on in the data folder.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appShim } from '../../main/desktop/app-shim.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temp.ts';

const image = '/home/u/Apps/Tokentray.AppImage';
let folder: TemporaryFolder;
let resources: string;
let data: string;
let warned: string[];

beforeEach(async () => {
  folder = await temporaryFolder('app-shim');
  resources = join(folder.path, 'mounted', 'resources');
  data = join(folder.path, 'data');
  warned = [];
  mkdirSync(join(resources, 'shim', 'main', 'cli'), { recursive: true });
  mkdirSync(data, { mode: 0o700 });
  version('1.0.0');
  writeFileSync(join(resources, 'shim', 'package.json'), '{"private":true,"type":"module","app":"../../tokentray"}');
  writeFileSync(
    join(resources, 'shim', 'tokentray.js'),
    `import { told } from './main/cli/shim.js';\nconsole.log(told);\n`,
  );
});
afterEach(() => folder.remove());

/** As a packed app of this version would have it. */
function version(number: string): void {
  writeFileSync(join(resources, 'shim', 'main', 'cli', 'shim.js'), `export const told = 'shim ${number}';\n`);
}
const shim = (env: NodeJS.ProcessEnv = { APPIMAGE: image }): string =>
  appShim({ resources, data, env, warn: (words) => warned.push(words) });
const run = (file: string): string => execFileSync(process.execPath, [file], { encoding: 'utf8' }).trim();
const copies = (): string[] => readdirSync(data).filter((name) => name !== 'shim');

describe('an app that is installed', () => {
  it('has its shim in its resources, and copies nothing', () => {
    expect(shim({})).toBe(join(resources, 'shim', 'tokentray.js'));
    expect(shim({ APPIMAGE: 'relative.AppImage' })).toBe(join(resources, 'shim', 'tokentray.js'));
    expect(readdirSync(data)).toEqual([]);
  });
});

describe('an AppImage', () => {
  it('leaves a shim that works when what was mounted is gone, and that starts the image and not the mounted program', () => {
    const file = shim();
    expect(file).toBe(join(data, 'shim', 'tokentray.js'));
    rmSync(join(folder.path, 'mounted'), { recursive: true });
    expect(run(file)).toBe('shim 1.0.0');
    expect(JSON.parse(readFileSync(join(data, 'shim', 'package.json'), 'utf8'))).toMatchObject({ app: image });
  });

  it('keeps it for this user only', () => {
    const place = realpathSync(join(shim(), '..'));
    expect(statSync(place).mode & 0o777).toBe(0o700);
    expect(statSync(join(place, 'main', 'cli')).mode & 0o777).toBe(0o700);
    expect(statSync(join(place, 'main', 'cli', 'shim.js')).mode & 0o777).toBe(0o600);
    expect(statSync(join(place, 'tokentray.js')).mode & 0o777).toBe(0o700);
  });

  it('writes nothing at the next start of the same version', () => {
    const before = statSync(realpathSync(shim())).ino;
    expect(statSync(realpathSync(shim())).ino).toBe(before);
    expect(copies()).toHaveLength(1);
  });

  it('of another version has its own shim in the same place; the one before stays for those that run it, older ones go', () => {
    const file = shim();
    const first = realpathSync(file);
    version('2.0.0');
    expect(shim()).toBe(file);
    expect(run(file)).toBe('shim 2.0.0');
    expect(run(first)).toBe('shim 1.0.0');
    version('3.0.0');
    shim();
    expect(run(file)).toBe('shim 3.0.0');
    expect(existsSync(first)).toBe(false);
    expect(copies()).toHaveLength(2);
  });

  it('that was moved is found at its new place', () => {
    shim();
    shim({ APPIMAGE: '/opt/Tokentray.AppImage' });
    expect(JSON.parse(readFileSync(join(data, 'shim', 'package.json'), 'utf8'))).toMatchObject({
      app: '/opt/Tokentray.AppImage',
    });
  });

  it('makes a damaged copy whole again, and clears what a crash left behind', () => {
    const file = shim();
    rmSync(join(realpathSync(join(file, '..')), 'main'), { recursive: true });
    shim();
    expect(run(file)).toBe('shim 1.0.0');
    mkdirSync(join(data, 'shim-0123456789abcdef.0123456789ab.tmp'));
    symlinkSync('nowhere', join(data, 'shim.0123456789ab.tmp'));
    version('2.0.0');
    shim();
    expect(copies()).toHaveLength(2);
  });

  it('says so and names the mounted shim when no copy can be made', () => {
    // A file where the link has to be is in the way of nothing; a folder is.
    mkdirSync(join(data, 'shim', 'mine'), { recursive: true });
    chmodSync(join(data, 'shim'), 0o700);
    expect(shim()).toBe(join(resources, 'shim', 'tokentray.js'));
    expect(warned).toEqual([expect.stringContaining('could not be copied')]);
    expect(existsSync(join(data, 'shim', 'mine'))).toBe(true);
  });
});
