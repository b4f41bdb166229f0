// Runs the desktop specs on the real Electron, the same files that otherwise run on the stand-in. Where its binary is not
// installed it says so and is content: `npm install` fetches it on machines that may.
import { spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { electronBinary } from '../test/support/electron/launch.ts';

const specs = ['test/desktop/shell.test.ts', 'test/desktop/hostile.test.ts'];
const root = fileURLToPath(new URL('..', import.meta.url));

if (electronBinary() === null) {
  process.stdout.write('skipped: Electron binary not installed\n');
} else {
  // One after the other: they share the desktop's focus.
  const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
  const run = spawn(process.execPath, [vitest, 'run', '--maxWorkers=1', ...specs], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, TOKENTRAY_TEST_ELECTRON: '1' },
  });
  process.exitCode = await new Promise<number>((resolve, reject) => {
    run.once('error', reject);
    run.once('exit', (code) => resolve(code ?? 1));
  });
}
