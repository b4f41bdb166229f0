// The licences of everything that the app is made of, read from the packages themselves, so that no list can go stale.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Licence } from '../../preload/contract.ts';

const packageSchema = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  license: z.union([z.string(), z.object({ type: z.string() })]).optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
type Package = z.output<typeof packageSchema>;

const mostWords = 65_536;
const licenceFile = /^(licen[cs]e|copying|notice)([.-].*)?$/iu;

/** Our own package and all that it depends on at run time, by name. Reads some dozen small files. */
export function readLicences(root: string | null = packageRoot()): Licence[] {
  if (root === null) return [];
  const found = new Map<string, Licence>();
  const walk = (folder: string): void => {
    const about = readPackage(folder);
    if (about === null) return;
    const { name = '', version = '' } = about;
    const key = `${name} ${version}`;
    if (found.has(key)) return;
    const licence = typeof about.license === 'string' ? about.license : (about.license?.type ?? 'not stated');
    found.set(key, { name, version, licence, words: licenceWords(folder) });
    for (const dependency of Object.keys({ ...about.dependencies, ...about.optionalDependencies })) {
      const at = locate(dependency, folder);
      if (at !== null) walk(at);
    }
  };
  walk(root);
  for (const bundled of bundledLicences(root)) found.set(`${bundled.name} ${bundled.version}`, bundled);
  return [...found.values()].sort((one, other) => one.name.localeCompare(other.name, 'en'));
}

const bundledSchema = z.array(
  z.object({ name: z.string(), version: z.string(), identifier: z.string().nullish(), text: z.string().nullish() }),
);

/** What the window's bundle is made of, as its build wrote it down. */
function bundledLicences(root: string): Licence[] {
  try {
    const listed = bundledSchema.parse(JSON.parse(readFileSync(join(root, 'dist/renderer/licences.json'), 'utf8')));
    return listed.map(({ name, version, identifier, text }) => ({
      name,
      version,
      licence: identifier ?? 'not stated',
      words: text?.slice(0, mostWords) ?? null,
    }));
  } catch {
    // Without a built window there is nothing bundled.
    return [];
  }
}

/** The nearest folder above this file with a package.json: the checkout, the installed package, or the app's archive. */
function packageRoot(): string | null {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) return null;
  }
}

/** As Node looks: in the node_modules of each folder upwards. */
function locate(name: string, from: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const at = join(folder, 'node_modules', name);
    if (existsSync(join(at, 'package.json'))) return at;
    if (folder === dirname(folder)) return null;
  }
}

function readPackage(folder: string): Package | null {
  try {
    return packageSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  } catch {
    // A package that cannot be read has nothing to say; the others have.
    return null;
  }
}

function licenceWords(folder: string): string | null {
  const file = readdirSync(folder).find((name) => licenceFile.test(name));
  if (file === undefined) return null;
  try {
    return readFileSync(join(folder, file), 'utf8').slice(0, mostWords);
  } catch {
    return null;
  }
}
