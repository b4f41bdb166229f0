// Judges a packed app folder: what is in its archive and what is not, its integrity, its fuses, the keychain's binding, the shim.
// `node scripts/package-check.ts dist/release/linux-unpacked …` prints what is wrong and ends with 1 if anything is.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { extractFile, getRawHeader } from '@electron/asar';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { z } from 'zod';
import { fuses } from './after-pack.ts';
import { trayStates } from './icons.ts';
import { importsOf, shimFiles } from './shim.ts';

export interface AppFolder {
  readonly system: 'linux' | 'darwin' | 'win32';
  readonly arch: 'x64' | 'arm64';
  readonly resources: string;
  /** The program; on macOS the bundle. */
  readonly program: string;
  readonly archive: string;
}

export interface ArchiveFile {
  readonly path: string;
  readonly unpacked: boolean;
  readonly hasIntegrity: boolean;
}

/** Finds the parts of what electron-builder left in `folder`, by the name that it gives such folders. */
export function openAppFolder(folder: string): AppFolder {
  const arch = basename(folder).includes('arm64') ? 'arm64' : 'x64';
  if (existsSync(join(folder, 'Tokentray.app'))) {
    const resources = join(folder, 'Tokentray.app', 'Contents', 'Resources');
    return {
      system: 'darwin',
      arch,
      resources,
      program: join(folder, 'Tokentray.app'),
      archive: join(resources, 'app.asar'),
    };
  }
  const resources = join(folder, 'resources');
  const archive = join(resources, 'app.asar');
  const windows = join(folder, 'Tokentray.exe');
  if (existsSync(windows)) return { system: 'win32', arch, resources, program: windows, archive };
  return { system: 'linux', arch, resources, program: join(folder, 'tokentray'), archive };
}

/** What is wrong with the app, a sentence each; nothing when it is as it should be. */
export async function problemsOf(app: AppFolder): Promise<string[]> {
  const files = filesOf(app.archive);
  return [
    ...strangers(files.map(({ path }) => path)),
    ...missingParts(app.archive, files),
    ...packageProblems(app.archive, files),
    ...keychainProblems(app, files),
    ...integrityProblems(app, files),
    ...(await fuseProblems(app.program)),
    ...shimProblems(app.resources),
  ];
}

type Entry = { files?: Record<string, Entry>; unpacked?: boolean; integrity?: { hash: string } };

export function filesOf(archive: string): ArchiveFile[] {
  const walk = (entry: Entry, path: string): ArchiveFile[] =>
    entry.files === undefined
      ? [{ path, unpacked: entry.unpacked === true, hasIntegrity: entry.integrity !== undefined }]
      : Object.entries(entry.files).flatMap(([name, child]) => walk(child, path === '' ? name : `${path}/${name}`));
  return walk(getRawHeader(archive).header, '');
}

/** All that may be in the archive, but for packages. */
const ours =
  /^(?:package\.json|LICENSE|dist\/main\/[\w/-]+\.js(?:on)?|dist\/preload\/[\w/-]+\.c?js|dist\/renderer\/[\w/.-]+|dist\/icons\/(?:icon\.png|tray-[\w@-]+\.(?:png|ico)))$/u;
/** Nothing that only those who develop a package need. A type word in a name, as `routes.d.ts`, says as much as an ending. */
const developers =
  /\.(?:map|[cm]?ts|tsx|tsbuildinfo|flow)$|(?:^|\/)(?:tests?|__tests__|docs?|examples?|bench|\.github)\/|(?:^|\/)(?:tsconfig[^/]*\.json|package-lock\.json|\.env[^/]*)$/u;

export function strangers(paths: readonly string[]): string[] {
  return paths
    .filter((path) => developers.test(path) || !(path.startsWith('node_modules/') || ours.test(path)))
    .map((path) => `${path} is packed and should not be`);
}

const manifestSchema = z.object({
  main: z.string().optional(),
  scripts: z.record(z.string(), z.string()).optional(),
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).optional(),
});

function manifestOf(archive: string, folder: string): z.infer<typeof manifestSchema> {
  return manifestSchema.parse(JSON.parse(textOf(archive, `${folder}package.json`)));
}

function textOf(archive: string, path: string): string {
  return extractFile(archive, path.split('/').join(process.platform === 'win32' ? '\\' : '/')).toString('utf8');
}

function missingParts(archive: string, files: readonly ArchiveFile[]): string[] {
  const paths = new Set(files.map(({ path }) => path));
  const { main = 'index.js', scripts, devDependencies } = manifestOf(archive, '');
  const needed = [
    main,
    'LICENSE',
    'dist/main/headless.js',
    'dist/preload/index.cjs',
    'dist/main/cli/tokentray.js',
    'dist/renderer/index.html',
    'dist/icons/icon.png',
  ];
  const problems = needed.filter((path) => !paths.has(path)).map((path) => `${path} is not packed`);
  const has = (pattern: RegExp) => files.some(({ path }) => pattern.test(path));
  for (const state of Object.keys(trayStates)) {
    if (!has(new RegExp(`^dist/icons/tray-${state}(?:Template)?@2x\\.png$`, 'u')))
      problems.push(`the tray has no picture for ${state}`);
  }
  if (scripts !== undefined || devDependencies !== undefined)
    problems.push('package.json was packed as developers have it');
  for (const { path } of files) {
    if (/^dist\/.*\.(?:[cm]?js|css)$/u.test(path) && textOf(archive, path).includes('sourceMappingURL='))
      problems.push(`${path} has or names a source map`);
  }
  return problems;
}

/** Needed to compile what comes compiled. */
const buildOnly = new Set(['node-addon-api']);

/** Exactly the packages that the main process imports, and theirs: the renderer and the preload bring what they need within. */
function packageProblems(archive: string, files: readonly ArchiveFile[]): string[] {
  const packed = new Map<string, string>();
  for (const { path } of files) {
    const [, folder, name] = /^((?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\/)package\.json$/u.exec(path) ?? [];
    if (folder !== undefined && name !== undefined) packed.set(name, folder);
  }
  const needed = new Set<string>();
  const problems: string[] = [];
  const need = (name: string, by: string): void => {
    if (needed.has(name) || buildOnly.has(name)) return;
    needed.add(name);
    const folder = packed.get(name);
    if (folder === undefined) problems.push(`${by} needs ${name}, which is not packed`);
    else for (const dependency of Object.keys(manifestOf(archive, folder).dependencies)) need(dependency, name);
  };
  for (const { path } of files) {
    if (!/^dist\/(?:main|preload)\/.*\.js$/u.test(path)) continue;
    for (const wanted of importsOf(textOf(archive, path))) {
      const name = /^(?![./]|node:)(?:@[^/]+\/)?[^/]+/u.exec(wanted)?.[0];
      if (name !== undefined && name !== 'electron') need(name, path);
    }
  }
  for (const name of packed.keys())
    if (!needed.has(name)) problems.push(`${name} is packed, and nothing that runs imports it`);
  return problems;
}

function keychainProblems({ system, arch, resources }: AppFolder, files: readonly ArchiveFile[]): string[] {
  const binding = `node_modules/keytar/prebuilds/${system}-${arch}/keytar.node`;
  const keytar = files.filter(({ path }) => path.startsWith('node_modules/keytar/'));
  const natives = files.filter(({ path }) => path.endsWith('.node')).map(({ path }) => path);
  return [
    ...keytar.filter(({ unpacked }) => !unpacked).map(({ path }) => `${path} is not unpacked`),
    ...natives.filter((path) => path !== binding).map((path) => `${path} is for another system`),
    ...(existsSync(join(resources, 'app.asar.unpacked', binding)) ? [] : [`${binding} is not beside the archive`]),
  ];
}

function integrityProblems(
  { system, program, resources, archive }: AppFolder,
  files: readonly ArchiveFile[],
): string[] {
  const problems = files
    .filter(({ hasIntegrity }) => !hasIntegrity)
    .map(({ path }) => `${path} has no hash in the archive's header`);
  for (const name of readdirSync(resources)) {
    // With the fuse for it on, Electron loads nothing else; it should not be there to be wondered about either.
    if (name === 'app' || (name.endsWith('.asar') && name !== 'app.asar'))
      problems.push(`${name} lies beside the archive`);
  }
  // Linux has no signature that could cover it, and Electron checks none there.
  if (system === 'linux') return problems;
  const said = readFileSync(system === 'darwin' ? join(program, 'Contents', 'Info.plist') : program).toString('latin1');
  const hash = createHash('sha256').update(getRawHeader(archive).headerString).digest('hex');
  if (!said.includes(hash)) problems.push("the program does not name the archive's hash");
  return problems;
}

export async function fuseProblems(program: string): Promise<string[]> {
  const wire = new Map(Object.entries(await getCurrentFuseWire(program)));
  return Object.entries(fuses).flatMap(([fuse, on]) =>
    wire.get(fuse) === (on ? FuseState.ENABLE : FuseState.DISABLE)
      ? []
      : [`the fuse ${FuseV1Options[Number(fuse)] ?? fuse} is not ${on ? 'on' : 'off'}`],
  );
}

function shimProblems(resources: string): string[] {
  const folder = join(resources, 'shim');
  const needed = ['tokentray.js', 'package.json', ...shimFiles(join(folder, 'main')).map((file) => join('main', file))];
  const problems = needed.filter((file) => !existsSync(join(folder, file))).map((file) => `shim/${file} is missing`);
  const { app } = z.object({ app: z.string() }).parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  return existsSync(join(folder, app)) ? problems : [...problems, `the shim would start ${app}, which is not there`];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folders = process.argv.slice(2);
  if (folders.length === 0) {
    console.error('give the folders of packed apps, as dist/release/linux-unpacked');
    process.exitCode = 2;
  }
  for (const folder of folders) {
    const problems = await problemsOf(openAppFolder(folder));
    for (const problem of problems) console.error(`${folder}: ${problem}`);
    if (problems.length > 0) process.exitCode = 1;
    else console.log(`${folder}: as it should be`);
  }
}
