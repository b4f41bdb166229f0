// `npm start`: the app in Electron where its binary is installed and there is a desktop to show it on, else in your browser; says which.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const app = join(root, 'dist/main/index.js');
const cli = join(root, 'dist/main/cli/tokentray.js');
const words = process.argv.slice(2);

if (!existsSync(cli) || !existsSync(join(root, 'dist/renderer/index.html'))) {
  console.error('Nothing is built yet. Run: npm run build');
  process.exitCode = 1;
} else {
  const electron = electronBinary();
  const whyNot =
    electron === null
      ? 'Electron’s binary is not installed'
      : !existsSync(app)
        ? 'the desktop app is not built'
        : hasDesktop()
          ? null
          : 'there is no desktop to show a window on';
  if (electron !== null && whyNot === null) {
    console.log('Tokentray starts in Electron; look for its icon in the tray.');
    process.exitCode = await run(electron, [root, ...words]);
  } else {
    console.log(`Tokentray opens in your browser: ${whyNot ?? ''}.`);
    process.exitCode = await run(process.execPath, [cli, 'ui', ...words]);
  }
}

/** Not asked of the package itself: its entry downloads what is missing. */
function electronBinary(): string | null {
  const folder = join(root, 'node_modules/electron');
  const named = join(folder, 'path.txt');
  const name = existsSync(named) ? readFileSync(named, 'utf8').trim() : 'electron';
  const own = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  const binary = join(own === undefined || own === '' ? join(folder, 'dist') : own, name);
  return existsSync(binary) ? binary : null;
}

function hasDesktop(): boolean {
  if (process.platform !== 'linux') return true;
  return [process.env['DISPLAY'], process.env['WAYLAND_DISPLAY']].some((name) => name !== undefined && name !== '');
}

function run(program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    child.once('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
