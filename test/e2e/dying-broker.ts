// A real broker over a real vault file and database that is killed at the n-th write of a rotation; prints what it got.
import { argv, kill, pid } from 'node:process';
import { startBroker } from '../../main/broker.ts';
import { pathsOf, preparePaths, thisMachine } from '../../main/config/paths.ts';
import { isTokentrayError } from '../../main/errors.ts';
import { createLog } from '../../main/log/log.ts';
import { secret } from '../../main/secret.ts';
import { diskSteps, type AtomicSteps } from '../../main/vault/atomic-file.ts';
import { openPassphraseFile } from '../../main/vault/passphrase-file.ts';
import { createBrowser } from '../support/browser.ts';

const [, , mode, serverUrl = '', killAtText = '0'] = argv;
const killAt = Number(killAtText);
let writes = 0;
let armed = false;

/** Dies before and after each step: `killAt` 1 is before the first, 2 after it, and so on. */
async function deadly<T>(step: () => Promise<T>): Promise<T> {
  die();
  const result = await step();
  die();
  return result;
}

function die(): void {
  if (!armed) return;
  writes += 1;
  if (writes === killAt) kill(pid, 'SIGKILL');
}

const steps: AtomicSteps = {
  writeNew: (path, content) => deadly(() => diskSteps.writeNew(path, content)),
  rename: (from, to) => deadly(() => diskSteps.rename(from, to)),
  syncFolder: (path) => deadly(() => diskSteps.syncFolder(path)),
  remove: diskSteps.remove,
};

const clock = { now: () => Date.now(), after: () => () => undefined };
const paths = pathsOf(thisMachine());
preparePaths(paths);
const log = createLog({ level: 'debug', clock });
const vault = await openPassphraseFile({
  file: paths.vaultFile,
  passphrase: secret('pw'),
  log,
  clock,
  cost: 10,
  steps,
});
const browser = createBrowser();
const broker = await startBroker({
  paths,
  vault: { ...vault, reason: null },
  log,
  clock,
  openUrl: browser.openUrl,
  env: {},
  approvals: 'off',
  bridgePort: 0,
  grants: { callbackPort: 0 },
});
const { grants, store } = broker.control;

if (mode === 'sign-in') {
  await grants.addServer({ name: 'demo', url: serverUrl });
  await (
    await grants.signIn('demo')
  ).done;
  console.log('signed in');
} else {
  // What the round before left behind must still do, before this round is broken in its turn.
  if (killAt > 0) console.log(await refreshed());
  const put = store.grants.put;
  store.grants.put = (row) => {
    die();
    put(row);
    die();
  };
  armed = true;
  console.log(await refreshed());
}
armed = false;
await broker.close();

async function refreshed(): Promise<string> {
  try {
    // No token of this server lives that long, so this is a refresh.
    await grants.accessToken('demo', { minTtlMs: 10 * 365 * 24 * 3_600_000 });
    return 'refreshed';
  } catch (error) {
    return isTokentrayError(error)
      ? `failed ${error.code} ${String(error.facts['because'])}`
      : `defect ${String(error)}`;
  }
}
