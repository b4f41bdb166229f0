// Where the stdio shim of the packed app is, for an agent's mcp.json: a place that is still there when the app is not running.
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export interface AppShimPlace {
  /** The app's resources folder: `shim/` in it was laid there by scripts/shim.ts. */
  readonly resources: string;
  /** The data folder, for this user only. */
  readonly data: string;
  readonly env: NodeJS.ProcessEnv;
  /** Told when no copy could be made. */
  readonly warn: (words: string) => void;
}

const launcher = 'tokentray.js';
/** A copy's folder is named by what is in it: one is never changed, only replaced by another. */
const copyName = /^shim-[0-9a-f]{16}$/u;

/**
 * The file to start the shim with. An AppImage is mounted while it runs, each time at another place, so its shim is copied into
 * the data folder; elsewhere the one in the resources stays where it is.
 */
export function appShim(place: AppShimPlace): string {
  const packed = join(place.resources, 'shim');
  const image = place.env['APPIMAGE'];
  if (image?.startsWith('/') !== true) return join(packed, launcher);
  try {
    return join(copied(packed, place.data, image), launcher);
  } catch (error) {
    place.warn(
      `the shim could not be copied to ${place.data}: ${error instanceof Error ? error.message : 'unknown failure'}`,
    );
    return join(packed, launcher);
  }
}

/** Makes `<data>/shim` lead to a copy of `packed` whose broker is `image`; at every moment it leads to a whole one. */
function copied(packed: string, data: string, image: string): string {
  const files = filesOf(packed);
  if (!files.has(launcher)) throw new Error('the app brings none');
  // The app's program is the image itself: what is mounted has another path each time.
  files.set('package.json', Buffer.from(`${JSON.stringify({ private: true, type: 'module', app: image })}\n`));
  const name = `shim-${digest(files)}`;
  const folder = join(data, name);
  if (digest(filesOf(folder)) !== digest(files)) {
    const temporary = `${folder}.${randomBytes(6).toString('hex')}.tmp`;
    write(temporary, files);
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
  }
  const link = join(data, 'shim');
  const before = target(link);
  if (before !== name) {
    const next = `${link}.${randomBytes(6).toString('hex')}.tmp`;
    symlinkSync(name, next);
    try {
      renameSync(next, link);
    } finally {
      rmSync(next, { force: true });
    }
    clearUp(data, [name, before]);
  }
  return link;
}

function write(folder: string, files: ReadonlyMap<string, Buffer>): void {
  for (const [path, content] of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, content, { mode: 0o600, flush: true });
  }
  chmodSync(join(folder, launcher), 0o700);
}

/** Every file below a folder by its path; none where there is no folder. */
function filesOf(folder: string, below = ''): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const entry of entriesOf(join(folder, below))) {
    const path = join(below, entry.name);
    if (entry.isFile()) files.set(path, readFileSync(join(folder, path)));
    else if (entry.isDirectory()) for (const [inner, content] of filesOf(folder, path)) files.set(inner, content);
  }
  return files;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function digest(files: ReadonlyMap<string, Buffer>): string {
  const hash = createHash('sha256');
  for (const [path, content] of [...files].sort(([one], [other]) => (one < other ? -1 : 1))) {
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}

function target(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    return null;
  }
}

/** A shim that runs from the copy before still reads its note there when it has to start a broker; those before that go. */
function clearUp(data: string, kept: readonly (string | null)[]): void {
  for (const name of readdirSync(data)) {
    const isLeftover = copyName.test(name) || /^shim(?:-[0-9a-f]{16})?\.[0-9a-f]{12}\.tmp$/u.test(name);
    if (isLeftover && !kept.includes(name)) rmSync(join(data, name), { recursive: true, force: true });
  }
}
