// electron-builder, run for real over a stand-in Electron, up to the folder that installers are made from; nothing is downloaded.
import { readFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { openAppFolder } from '../../scripts/package-check.ts';
import type { AppFolder } from '../../scripts/package-check.ts';
import { runProcess } from '../support/process.ts';
import type { TemporaryFolder } from '../support/temp.ts';
import { root } from './built.ts';
import { layElectronOut } from './stand-in-electron.ts';
import type { System } from './stand-in-electron.ts';

const resolve = createRequire(import.meta.url).resolve;
const names = { linux: ['--linux', 'linux'], darwin: ['--mac', 'mac'], win32: ['--win', 'win'] } as const;

export interface Packed {
  readonly apps: readonly AppFolder[];
  /** What electron-builder fetched into its caches. */
  readonly downloads: readonly string[];
}

/** Packs for a system with the project's own electron-builder.yml. */
export async function pack(
  folder: TemporaryFolder,
  system: System,
  archs: readonly AppFolder['arch'][],
): Promise<Packed> {
  const [flag, name] = names[system];
  const at = (part: string) => join(folder.path, `${name}-${part}`);
  const { version } = JSON.parse(readFileSync(resolve('electron/package.json'), 'utf8')) as { version: string };
  layElectronOut(at('electron'), system, version);
  await mkdir(at('caches'), { recursive: true });
  const { code, stdout, stderr } = await runProcess(
    execPath,
    [
      resolve('electron-builder/cli.js'),
      flag,
      'dir',
      ...archs.map((arch) => `--${arch}`),
      '--publish=never',
      `-c.electronDist=${at('electron')}`,
      `-c.directories.output=${at('out')}`,
    ],
    {
      cwd: root,
      env: folder.env({
        // Whoever wants the network meets a closed port.
        HTTP_PROXY: 'http://127.0.0.1:9',
        HTTPS_PROXY: 'http://127.0.0.1:9',
        ELECTRON_GET_USE_PROXY: '1',
        ELECTRON_BUILDER_CACHE: at('caches'),
        electron_config_cache: at('caches'),
        // No certificate of this machine's owner signs a test.
        CSC_IDENTITY_AUTO_DISCOVERY: 'false',
      }),
      timeoutMs: 100_000,
    },
  );
  if (code !== 0) throw new Error(`electron-builder ended with ${code}\n${stdout}${stderr}`);
  const unpacked = system === 'darwin' ? '' : '-unpacked';
  return {
    apps: archs.map((arch) => openAppFolder(join(at('out'), `${name}${arch === 'x64' ? '' : `-${arch}`}${unpacked}`))),
    downloads: await readdir(at('caches'), { recursive: true }),
  };
}
