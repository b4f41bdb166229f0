// Opens the system browser at a web address: never through a shell, never anything but http and https.
import { spawn } from 'node:child_process';
import { TokentrayError } from './errors.ts';
import type { OpenUrl } from './ports.ts';

/**
 * The platform's opener, or the program named in `TOKENTRAY_BROWSER`, which gets the address as its one argument.
 * @throws unsafe_url, internal when there is no such program
 */
export function systemBrowser(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): OpenUrl {
  return (url) =>
    new Promise((resolve, reject) => {
      if (url.protocol !== 'https:' && url.protocol !== 'http:') {
        reject(new TokentrayError('unsafe_url', 'only web addresses are opened in the browser'));
        return;
      }
      const [program, ...words] = opener(env, platform);
      const child = spawn(program, [...words, url.href], { stdio: 'ignore', detached: true, shell: false });
      child.once('error', (cause) =>
        reject(
          new TokentrayError('internal', 'no browser could be started', {
            attempted: 'open the browser',
            advice: 'Open the address by hand, or use: tokentray connect --no-browser',
            cause,
          }),
        ),
      );
      child.once('spawn', () => {
        child.unref();
        resolve();
      });
    });
}

function opener(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): [string, ...string[]] {
  const own = env['TOKENTRAY_BROWSER'];
  if (own !== undefined && own !== '') return [own];
  switch (platform) {
    case 'darwin':
      return ['/usr/bin/open'];
    case 'win32':
      // `start` would need cmd.exe, whose quoting rules turn & and ^ in an address into commands.
      return ['rundll32.exe', 'url.dll,FileProtocolHandler'];
    default:
      return ['xdg-open'];
  }
}
