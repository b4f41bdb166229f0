// Replaces a file as a whole and durably: after a crash at any moment the old content or the new one is there.
import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** The steps, in their order; a test lets each of them fail. */
export interface AtomicSteps {
  /** Writes a new file with mode 0600 and waits until it is on the disk. */
  writeNew(path: string, content: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Waits until the folder's entries are on the disk. */
  syncFolder(path: string): Promise<void>;
  remove(path: string): Promise<void>;
}

export const diskSteps: AtomicSteps = {
  async writeNew(path, content) {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  rename,
  async syncFolder(path) {
    // Windows cannot open a folder for this; NTFS journals the rename.
    if (process.platform === 'win32') return;
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  remove: (path) => rm(path, { force: true }),
};

/** Resolves when the new content is durable. Rejects with the old content in place, or the new one if only its sync failed. */
export async function replaceFile(path: string, content: string, steps: AtomicSteps = diskSteps): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await steps.writeNew(temporary, content);
    await steps.rename(temporary, path);
  } catch (error) {
    await steps.remove(temporary).catch(() => undefined);
    throw error;
  }
  await steps.syncFolder(dirname(path));
}

/** Deletes what a crash in `replaceFile` left beside `path`. Only while no other process writes it. */
export async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(folder)) {
    if (name.startsWith(prefix) && /^[0-9a-f]{12}\.tmp$/u.test(name.slice(prefix.length))) {
      await rm(join(folder, name), { force: true });
    }
  }
}
