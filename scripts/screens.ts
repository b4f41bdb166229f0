// `node scripts/screens.ts [name …]`: pictures of every screen into docs/screens, of the built window over a real broker and real servers.
// Light and dark, as popover and as window; named ones only where names are given.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromiumPath, launchChromium } from '../test/support/chromium.ts';
import { keyringMissing, keyringSession } from '../test/vault/keyring-session.ts';
import { takeOnDesktop } from './screens/desktop.ts';
import { takeInBrowser } from './screens/settings.ts';

const folder = fileURLToPath(new URL('../docs/screens', import.meta.url));
const names = process.argv.slice(2);
const wanted = (name: string): boolean => names.length === 0 || names.includes(name);

type Environment = Readonly<Record<string, string>>;

/** The port that agents are set up with; a broker of the developer's own may have it. */
const usualPort = 18_729;

/** A named port where the usual one is taken, so that no picture tells of a port that is in use. */
async function portOf(): Promise<Environment> {
  const own = await freePort(usualPort);
  return own === usualPort ? {} : { TOKENTRAY_PORT: String(own) };
}

/** This port, or any free one. */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', () => (wanted === 0 ? reject(new Error('no port is free')) : resolve(freePort(0))));
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : wanted));
    });
  });
}

const executable = chromiumPath();
const noKeyring = keyringMissing();
if (executable === null) {
  console.error('No Chromium is installed: scripts/system.sh installs one.');
  process.exitCode = 1;
} else if (noKeyring !== null) {
  console.error(`Pictures show a broker that keeps its secrets in a keyring, and ${noKeyring}.`);
  process.exitCode = 1;
} else {
  await mkdir(folder, { recursive: true });
  if (names.length === 0) {
    for (const name of await readdir(folder)) if (name.endsWith('.png')) await rm(join(folder, name));
  }
  const keyring = await keyringSession();
  const browser = await launchChromium(executable);
  try {
    const usual = {
      TOKENTRAY_VAULT: 'keychain',
      DBUS_SESSION_BUS_ADDRESS: keyring.address,
      // As whoever never chose: asking, and nothing that decides over it.
      TOKENTRAY_APPROVALS: '',
    };
    const env = { ...usual, ...(await portOf()) };
    await takeInBrowser(browser, env, wanted, folder);
    await takeOnDesktop(browser, env, wanted, folder);
  } finally {
    await browser.close();
    await keyring.close();
  }
}
