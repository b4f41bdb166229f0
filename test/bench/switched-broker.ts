// A real broker whose audit takes rows or takes none, as stdin says: put together here, for no setting of the product does this.
import { once } from 'node:events';
import { argv, cpuUsage, env, exit, stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { createRouterClient } from '@orpc/server';
import type { Audit } from '../../main/audit/types.ts';
import { startLending } from '../../main/compose/lending.ts';
import type { BrokerOptions } from '../../main/compose/options.ts';
import { openRecords } from '../../main/compose/records.ts';
import { startSurfaces } from '../../main/compose/surfaces.ts';
import { pathsOf, preparePaths, thisMachine } from '../../main/config/paths.ts';
import { createControlRouter } from '../../main/control/router.ts';
import { createLog } from '../../main/log/log.ts';
import { createOutbound } from '../../main/net/outbound.ts';
import type { Clock } from '../../main/ports.ts';
import { openVault } from '../../main/vault/open.ts';
import { createBrowser } from '../support/browser.ts';
import { serversSchema, turnSchema, type Ready, type Turned } from './switched-words.ts';

const clock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms).unref();
    return () => clearTimeout(timer);
  },
};

/** Everything as the product has it, but for `audit`, which stands before the real one. */
async function start() {
  const paths = pathsOf(thisMachine());
  preparePaths(paths);
  const log = createLog({ level: 'warn', clock });
  const options: BrokerOptions = {
    paths,
    log,
    clock,
    vault: await openVault({ prefer: 'memory', log }),
    openUrl: createBrowser().openUrl,
    env,
    approvals: 'off',
    bridgePort: 0,
    grants: { callbackPort: 0 },
  };
  const outbound = createOutbound({ log, env });
  const records = await openRecords(options);
  const { audit, switchTo } = switchable(records.audit);
  const switched = { ...records, audit };
  const lending = await startLending(options, switched, outbound);
  const { control } = await startSurfaces(options, switched, outbound, lending);
  const newestRow = (): number => records.store.audit.last()?.seq ?? 0;
  return { control, lending, switchTo, newestRow };
}

function switchable(real: Audit) {
  let isOn = true;
  const audit: Audit = {
    ...real,
    append: (entry) => (isOn ? real.append(entry) : undefined),
    toolCall: (call) => (isOn ? real.toolCall(call) : undefined),
  };
  return {
    audit,
    /** What was taken so far is written first: it is no part of what comes. */
    async switchTo(state: 'on' | 'off'): Promise<void> {
      await real.flush();
      isOn = state === 'on';
    },
  };
}

async function signIn({ control, lending }: Awaited<ReturnType<typeof start>>): Promise<Ready> {
  const person = createRouterClient(createControlRouter(control), { context: { session: null } });
  for (const { name, url } of serversSchema.parse(JSON.parse(argv[2] ?? ''))) {
    await person.script.addServer({ name, url });
    const { id } = await person.signIn.start({ server: name });
    await person.signIn.wait({ id });
  }
  const { key } = await person.script.addAgent({ name: 'bench' });
  return { bridge: lending.bridge.url, key };
}

const say = (words: Ready | Turned): void => void stdout.write(`${JSON.stringify(words)}\n`);

const broker = await start();
say(await signIn(broker));
const lines = createInterface({ input: stdin });
lines.on('line', (line) => {
  void (async () => {
    const { turn, audit } = turnSchema.parse(JSON.parse(line));
    // A call is told of when its answer has ended, which the agent may know a moment sooner.
    await setImmediate();
    await broker.switchTo(audit);
    const { user, system } = cpuUsage();
    say({ turn, rows: broker.newestRow(), processorMicros: user + system });
  })();
});
// Whoever started this holds the other end of stdin: when that process is gone, however it went, so is this one.
await once(lines, 'close');
exit(0);
