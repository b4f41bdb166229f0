// The program as it is built: there already when `npm test` runs us, made here when the sources are newer.
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProcess } from '../support/process.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the build leaves, and what each part of it is made from. */
const parts = [
  { result: 'dist/main/index.js', sources: ['main/**/*.ts', 'preload/**/*.ts'] },
  { result: 'dist/preload/index.cjs', sources: ['preload/**/*.ts'] },
  { result: 'dist/renderer/index.html', sources: ['renderer/**/*', 'preload/**/*.ts'] },
  { result: 'dist/icons/icon.png', sources: ['build/icon.svg', 'scripts/icons.ts', 'scripts/icons/*.ts'] },
];

export async function ensureBuilt(): Promise<void> {
  if (parts.every(({ result, sources }) => changedAt([result]) >= changedAt(sources))) return;
  const { code, stdout, stderr } = await runProcess(npm, ['run', '--silent', 'build'], {
    cwd: root,
    timeoutMs: 120_000,
  });
  if (code !== 0) throw new Error(`npm run build ended with ${code}\n${stdout}${stderr}`);
}

export const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** When the last of the files changed; 0 when there are none. */
function changedAt(patterns: readonly string[]): number {
  const files = globSync([...patterns], { cwd: root, withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.max(0, ...files.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs));
}

/** Built files in dist/main whose source is gone: the build writes over, it does not clear away. */
export function leftovers(): string[] {
  return globSync('dist/{main,preload}/**/*.js', { cwd: root }).filter((file) => {
    const source = file.replace(/^dist[\\/]/u, '').replace(/\.js$/u, '.ts');
    return statSync(join(root, source), { throwIfNoEntry: false }) === undefined;
  });
}
