// `npm run build`: program, window, preload and icons into dist/, nothing left over from an earlier build.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
rmSync('dist', { recursive: true, force: true });
for (const [program, ...words] of [
  ['tsc', '-p', 'tsconfig.build.json'],
  ['vite', 'build', '--logLevel', 'warn'],
  ['vite', 'build', '--logLevel', 'warn', '-c', 'vite.preload.config.ts'],
  ['node', 'scripts/icons.ts'],
]) {
  const { status } = spawnSync(program ?? '', words, { stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) process.exit(status ?? 1);
}
