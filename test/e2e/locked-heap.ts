// A real broker over a passphrase vault that writes down its whole heap: while it lends tokens, when it is locked, and unlocked.
import { readFileSync, rmSync } from 'node:fs';
import { argv } from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { writeHeapSnapshot } from 'node:v8';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createRouterClient } from '@orpc/server';
import { startBroker } from '../../main/broker.ts';
import { pathsOf, preparePaths, thisMachine } from '../../main/config/paths.ts';
import { createControlRouter } from '../../main/control/router.ts';
import { createLog } from '../../main/log/log.ts';
import { secret } from '../../main/secret.ts';
import type { Secret } from '../../main/secret.ts';
import { openPassphraseFile } from '../../main/vault/passphrase-file.ts';
import { createBrowser } from '../support/browser.ts';

const [, , serverUrl = '', folder = '', passphraseFile = ''] = argv;

const passphrase = (): Secret => secret(readFileSync(passphraseFile, 'utf8'));

const clock = {
  now: () => Date.now(),
  after(ms: number, task: () => void) {
    const timer = globalThis.setTimeout(task, ms).unref();
    return () => clearTimeout(timer);
  },
};

const paths = pathsOf(thisMachine());
preparePaths(paths);
const log = createLog({ level: 'debug', clock });
const broker = await start();
const client = createRouterClient(createControlRouter(broker.control), { context: { session: null } });

await client.script.addServer({ name: 'demo', url: serverUrl });
const { id } = await client.signIn.start({ server: 'demo' });
await client.signIn.wait({ id });
await used();
await snapshot('lending');
await client.lock.lock();
await snapshot('locked');
await client.lock.unlock({ passphrase: readFileSync(passphraseFile, 'utf8') });
await used();
await snapshot('unlocked');
await client.lock.lock();
await snapshot('locked-again');
await broker.close();
rmSync(passphraseFile);
console.log('done');

async function start() {
  const vault = await openPassphraseFile({ file: paths.vaultFile, passphrase: passphrase(), log, clock, cost: 10 });
  return startBroker({
    paths,
    vault: { ...vault, reason: null },
    log,
    clock,
    openUrl: createBrowser().openUrl,
    env: {},
    approvals: 'off',
    bridgePort: 0,
    grants: { callbackPort: 0 },
  });
}

/** As an agent uses it, and as a script does. */
async function used(): Promise<void> {
  await client.script.token({ server: 'demo', minTtlMs: 60_000 });
  const { key, agent } = await client.script.addAgent({ name: 'heap' });
  const mcp = new Client({ name: 'heap', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  const url = new URL(`${broker.control.bridge?.url ?? ''}/mcp/demo`);
  await mcp.connect(
    new StreamableHTTPClientTransport(url, { requestInit: { headers: { authorization: `Bearer ${key}` } } }),
  );
  await mcp.callTool({ name: 'echo', arguments: { text: 'now' } });
  await mcp.close();
  await client.agents.revoke({ id: agent.id });
}

/** What is garbage goes first, and some of it only after a turn of the event loop. */
async function snapshot(name: string): Promise<void> {
  for (let round = 0; round < 10; round += 1) {
    globalThis.gc?.();
    await setImmediate();
  }
  writeHeapSnapshot(`${folder}/${name}.heapsnapshot`);
}
