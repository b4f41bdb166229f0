// Which Node can run the broker, and where to find one. Free of dependencies; runs on Node 18.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The first with `node:sqlite` without a flag. */
export const brokerNode = '22.13';

export function runsBroker(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 13);
}

/**
 * A Node for the broker: the person's choice, else this one if it is new enough, else the one that npm installed beside us;
 * null when there is none.
 */
export function findBrokerNode(env: NodeJS.ProcessEnv): string | null {
  if (env['TOKENTRAY_NODE']) return env['TOKENTRAY_NODE'];
  if (runsBroker(process.versions.node)) return process.execPath;
  const binary = process.platform === 'win32' ? 'node.exe' : 'node';
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', 'node', 'bin', binary);
    if (existsSync(candidate)) return candidate;
    if (dirname(folder) === folder) return null;
  }
}
