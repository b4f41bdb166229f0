// The window's files, held in memory: what was not found in the folder cannot be asked for, whatever a path says.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
};

/** The built window beside this program: `dist/renderer`, seen from the sources and from the build. Null: it was not built. */
export function rendererFolder(): string | null {
  const built = ['../../renderer', '../../dist/renderer'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  // The sources have a folder of that name too; only the built one has its modules bundled.
  return built.find((folder) => existsSync(join(folder, 'index.html')) && existsSync(join(folder, 'assets'))) ?? null;
}

/** Every file of a kind that a window needs, by its path with `/` below the folder. Links are not followed. */
export function readAssets(folder: string): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  // Folder by folder: Electron reads an archive as if it were a folder, but not recursively.
  const walk = (below: string): void => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      const path = `${below}${entry.name}`;
      const type = types[extname(entry.name)];
      if (entry.isDirectory()) walk(`${path}/`);
      else if (entry.isFile() && type !== undefined) assets.set(path, { type, body: readFileSync(join(folder, path)) });
    }
  };
  walk('');
  return assets;
}
