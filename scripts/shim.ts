// The stdio shim for the app's resources: the built files that it runs on and no more, as plain files for the user's Node.
//
// Not electron-builder's extraResources: what is named there is left out of the archive, and the broker needs these files too.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../build/shim/tokentray.js', import.meta.url));

export interface ShimPlace {
  /** The built dist/main. */
  readonly built: string;
  /** The app's resources folder, into which `shim/` goes. */
  readonly resources: string;
  /** The app's program, from the resources folder: what hosts the broker when none runs. */
  readonly app: string;
}

export function layShimAside({ built, resources, app }: ShimPlace): void {
  const folder = join(resources, 'shim');
  for (const file of shimFiles(built)) {
    const to = join(folder, 'main', file);
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(join(built, file), to);
  }
  copyFileSync(launcher, join(folder, 'tokentray.js'));
  // Node must know that these are modules, and the shim which program to start.
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify({ private: true, type: 'module', app: `../${app}` })}\n`,
  );
}

/**
 * The shim and all that it imports, within `built`.
 * @throws Error when it has come to need a package: it must run where nothing is installed
 */
export function shimFiles(built: string): string[] {
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    for (const wanted of importsOf(readFileSync(file, 'utf8'))) {
      if (wanted.startsWith('.')) visit(resolve(dirname(file), wanted));
      else if (!wanted.startsWith('node:')) throw new Error(`the shim may not need ${wanted}, as ${file} does`);
    }
  };
  visit(join(built, 'cli', 'stdio-shim.js'));
  return Array.from(found, (file) => relative(built, file)).sort();
}

/** What a built module imports or exports from, always or later. */
export function importsOf(source: string): string[] {
  const statements = source.matchAll(
    /^\s*(?:import|export)\s[^'";]*?\bfrom\s*'([^'\n]+)'|^\s*import\s*'([^'\n]+)'|\bimport\(\s*'([^'\n]+)'/gmu,
  );
  return Array.from(statements, ([, from, bare, later]) => from ?? bare ?? later ?? '');
}
