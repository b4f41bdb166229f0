// Which process is the agent: the first one above the shim that is no shell, no package runner and not the shim itself.
import { statSync } from 'node:fs';
import { isAbsolute, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProcessFacts } from './lineage.ts';
import { baseName, plainScriptOf, realPath, scriptOf } from './script.ts';

const shells = new Set(
  'sh bash zsh dash ash ksh mksh fish tcsh csh nu busybox pwsh powershell cmd env nice nohup setsid timeout stdbuf'.split(
    ' ',
  ),
);
/** What adopts the orphans: nobody started the shim that hangs there. */
const inits = new Set('init systemd launchd tini dumb-init docker-init'.split(' '));
const runners = /\/node_modules\/npm\/bin\/(?:npx|npm)-cli\.js$|\/(?:nodejs|share)\/npm\/bin\/(?:npx|npm)-cli\.js$/u;

/** Looks at files, so that tests can say what is there. */
export interface Surroundings {
  /** Whether a program belongs to the system: a user cannot put something of that name there. */
  ofSystem(executable: string): boolean;
  /** Real paths of the shim. */
  readonly shims: readonly string[];
  /** Real path of the program that runs the broker: an app's own runs the shim where there is no Node. */
  readonly own: string | null;
}

export interface Found {
  readonly agent: ProcessFacts;
  /** Above it, nearest first. */
  readonly parents: readonly ProcessFacts[];
}

/**
 * Who speaks through the process that a lineage begins with. A process that is not our shim speaks for itself, whatever it
 * claims; and what looks like a shell is skipped only where it is the system's.
 */
export function findAgent(lineage: readonly ProcessFacts[], surroundings: Surroundings): Found | null {
  const [peer] = lineage;
  if (peer === undefined) return null;
  if (!isShim(peer, surroundings)) return foundAt(lineage, 0);
  let last = 0;
  for (const [at, facts] of lineage.entries()) {
    if (at === 0 || isShim(facts, surroundings)) continue;
    if (isInit(facts, surroundings)) break;
    last = at;
    if (!isShell(facts, surroundings) && !isRunner(facts)) return foundAt(lineage, at);
  }
  // Nothing but shells, as when somebody types the command on a console: the highest of them.
  return foundAt(lineage, last);
}

const foundAt = (lineage: readonly ProcessFacts[], at: number): Found | null => {
  const agent = lineage[at];
  return agent === undefined ? null : { agent, parents: lineage.slice(at + 1) };
};

/** Node, or this program's own executable, running our file: any other program that is handed its path only looks like it. */
function isShim(facts: ProcessFacts, { shims, own }: Surroundings): boolean {
  const { executable, deleted } = facts;
  if (executable === null || deleted || (executable !== own && !/^node(?:js)?$/iu.test(baseName(executable))))
    return false;
  const script = plainScriptOf(facts);
  return script !== null && shims.includes(script);
}

export const isShell = ({ executable }: ProcessFacts, { ofSystem }: Surroundings): boolean =>
  executable !== null && shells.has(baseName(executable).toLowerCase()) && ofSystem(executable);

/** The executable of another user's process may not be read; then its name has to do. */
export const isInit = ({ executable, name }: ProcessFacts, { ofSystem }: Surroundings): boolean =>
  inits.has(baseName(executable ?? name)) && (executable === null || ofSystem(executable));

/** npm's own files, beside the Node that runs them: what a user may write there is that Node as well. */
function isRunner(facts: ProcessFacts): boolean {
  const script = scriptOf(facts);
  const { executable } = facts;
  if (script === null || executable === null) return false;
  const path = script.replaceAll('\\', '/');
  const node = executable.replaceAll('\\', '/');
  const prefix = posix.dirname(/\.exe$/iu.test(node) ? node : posix.dirname(node));
  return runners.test(path) && path.startsWith(prefix === '/' ? '/' : `${prefix}/`);
}

/** @param own further paths of the shim, as it stands in agents' configurations */
export function systemSurroundings(own: readonly string[] = []): Surroundings {
  const shims = [...installedShims(), ...own.filter((path) => isAbsolute(path))].flatMap(
    (path) => realPath(path) ?? [],
  );
  return { shims, ofSystem, own: realPath(process.execPath) };
}

/** The launcher beside this program, and the one that an app carries in its resources. */
function installedShims(): string[] {
  const here = import.meta.url;
  const launcher = new URL(`../../cli/tokentray${here.endsWith('.ts') ? '.ts' : '.js'}`, here);
  const resources: unknown = Reflect.get(process, 'resourcesPath');
  return [
    fileURLToPath(launcher),
    ...(typeof resources === 'string' ? [posix.join(resources, 'shim/tokentray.js')] : []),
  ];
}

const windowsSystem = /^[a-z]:\\(?:windows\\|program files\\(?:powershell|git|nodejs)\\)/iu;

function ofSystem(executable: string): boolean {
  if (process.platform === 'win32') return windowsSystem.test(executable);
  try {
    const { uid, mode } = statSync(executable);
    return uid === 0 && (mode & 0o022) === 0;
  } catch {
    return false;
  }
}
