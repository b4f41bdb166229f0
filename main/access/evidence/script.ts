// Which file an interpreter runs: every script's executable is the same, so that alone would tell no agents apart.
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import type { ProcessFacts } from './lineage.ts';

interface Interpreter {
  readonly name: RegExp;
  /** Options whose value is the next word. */
  readonly valued: ReadonlySet<string>;
  /** Options after which code stands in place of a file. */
  readonly inline: ReadonlySet<string>;
  /** Such an option among others in one word, or with the code in the same one. */
  readonly joined?: RegExp;
  /** An option after which a module's name stands in place of a file. */
  readonly module?: string;
  /** Words before the file. */
  readonly verbs?: ReadonlySet<string>;
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const interpreters: readonly Interpreter[] = [
  {
    name: /^(?:node|nodejs|electron)$/iu,
    valued: words(
      '-r --require --import --loader --experimental-loader -C --conditions --env-file --env-file-if-exists --title --input-type',
    ),
    inline: words('-e --eval -p --print -pe'),
  },
  {
    name: /^bun$/iu,
    valued: words('-r --preload --env-file --cwd'),
    inline: words('-e --eval -p --print'),
    verbs: words('run x'),
  },
  {
    name: /^deno$/iu,
    valued: words('-c --config --import-map -L --log-level --env-file'),
    inline: words('eval'),
    verbs: words('run serve'),
  },
  {
    name: /^python[\d.]*w?$/iu,
    valued: words('-W -X'),
    inline: words('-c'),
    joined: /^-[bBdEhiIOPqsSuvVx?]*[cm]/u,
    module: '-m',
  },
  {
    name: /^ruby[\d.]*$/iu,
    valued: words('-r -I -C -E'),
    inline: words('-e'),
    joined: /^-[acdlnpsSvwW]*e/u,
  },
  {
    name: /^perl[\d.]*$/iu,
    valued: words('-I -M'),
    inline: words('-e -E'),
    joined: /^-[acflnpsStTuUvwWX\d]*[eE]/u,
  },
];

/** Electron runs scripts like Node when it is told to by its environment, which is nobody's business but its own. */
const scriptFile = /\.(?:[cm]?js|[cm]?ts|asar)$/iu;

export const baseName = (path: string | null): string => (path?.split(/[\\/]/u).at(-1) ?? '').replace(/\.exe$/iu, '');

/** Whether every script's executable is this one. */
export const isInterpreter = (executable: string): boolean =>
  interpreters.some(({ name }) => name.test(baseName(executable)));

/** How a file is looked for; null: it is not there. */
export type RealPath = (path: string) => string | null;

export const realPath: RealPath = (path) => {
  try {
    return realpathSync.native(path);
  } catch {
    return null;
  }
};

/**
 * The real path of the script; its path as it was given when it is not there any more; `-m name` for a module, and a hash for
 * code that stood on the command line. Null for a program that is no interpreter.
 */
export function scriptOf(facts: ProcessFacts, real: RealPath = realPath): string | null {
  const [, ...rest] = facts.commandLine;
  const interpreter = interpreters.find(({ name }) => name.test(baseName(facts.executable)));
  if (interpreter === undefined) {
    const [first] = rest;
    return first !== undefined && scriptFile.test(first) ? located(rest, facts, real) : null;
  }
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at] ?? '';
    const next = rest[at + 1] ?? '';
    if (interpreter.inline.has(word)) return `inline code ${sha256(next).slice(0, 16)}`;
    if (word === interpreter.module) return `-m ${next}`;
    const [option = ''] = word.split('=', 1);
    if (interpreter.inline.has(option) || interpreter.joined?.test(word) === true) {
      return `inline code ${sha256(`${word} ${next}`).slice(0, 16)}`;
    }
    if (word.startsWith('-') && word !== '-') at += interpreter.valued.has(word) ? 1 : 0;
    else if (interpreter.verbs?.has(word) !== true) return word === '-' ? null : located(rest.slice(at), facts, real);
  }
  return null;
}

/** Without options before it: what stands there could have loaded anything into the interpreter first. */
export function plainScriptOf(facts: ProcessFacts, real: RealPath = realPath): string | null {
  return facts.commandLine[1]?.startsWith('-') === false ? scriptOf(facts, real) : null;
}

/** Where the system loses the borders between words (macOS), a path with spaces is the shortest one that is there. */
const mostPieces = 8;

function located(rest: readonly string[], { folder }: ProcessFacts, real: RealPath): string {
  const [first = ''] = rest;
  for (let pieces = 1; pieces <= Math.min(rest.length, mostPieces); pieces += 1) {
    const found = absolute(rest.slice(0, pieces).join(' '), folder);
    const there = found === null ? null : real(found);
    if (there !== null) return there;
  }
  return absolute(first, folder) ?? first;
}

function absolute(path: string, folder: string | null): string | null {
  const { isAbsolute, resolve } = /^(?:[a-z]:|\\\\)/iu.test(folder ?? path) ? win32 : posix;
  if (isAbsolute(path)) return path;
  return folder === null ? null : resolve(folder, path);
}

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
