// The same broker with everything on that stands between agents and servers: approvals, rules, pinned tools, an audit with arguments.
import { cliFile } from '../../scripts/demo/cli.ts';
import { connectControl, type ControlClient } from '../../main/control/client.ts';
import { isTokentrayError } from '../../main/errors.ts';
import { openAgent, paramsOf, type Era } from './agent.ts';
import { addSignedIn, startBenchBroker, startsNoBroker } from './broker.ts';
import { httpWire } from './wire-http.ts';
import { stdioWire, type StdioCommand } from './wire-stdio.ts';

export interface Guarded {
  readonly targets: Readonly<Record<Era, { readonly bridgeUrl: URL; readonly shim: StdioCommand }>>;
  readonly agentKey: string;
  readonly brokerPid: number;
}

const rules = {
  tools: 'everything',
  allow: [],
  deny: ['delete*', 'drop_?', '*admin*', 'write_*_all'],
  ask: 'destructive',
} as const;
/** A connection that has ended is noticed within moments. */
const noticedWithinMs = 5_000;

/** @param closing gets what ends it @throws when a call would not pass everything that is to be measured */
export async function startGuarded(
  env: Record<string, string>,
  urls: Readonly<Record<Era, string>>,
  closing: (() => Promise<unknown>)[],
): Promise<Guarded> {
  const broker = await startBenchBroker({ ...env, TOKENTRAY_APPROVALS: 'ask' }, closing);
  const { client: person, close } = connectControl(broker.controlSocket);
  closing.push(close);
  const { key } = await person.script.addAgent({ name: 'bench over HTTP', trusted: true });
  await person.settings.set({ audit: { arguments: true } });
  const target = async (era: Era) => {
    const name = `bench-${era}`;
    await addSignedIn(broker, name, urls[era]);
    await person.tools.setRules({ server: name, rules });
    return {
      bridgeUrl: new URL(`${broker.bridge}/mcp/${name}`),
      shim: { args: [cliFile, 'stdio', name], env: { ...broker.cli.env, ...startsNoBroker } },
    };
  };
  const targets = { old: await target('old'), new: await target('new') };
  for (const era of ['old', 'new'] as const) await agreeToTools(person, era, targets[era].bridgeUrl, key);
  await trustShim(person, targets.old.shim);
  return { targets, agentKey: key, brokerPid: broker.pid };
}

/** The first list is what the person agrees to; from then on each call is compared with it. */
async function agreeToTools(person: ControlClient, era: Era, url: URL, key: string): Promise<void> {
  const wire = httpWire(era, url, key, 1);
  const agent = await openAgent(era, wire);
  await wire.ask('tools/list', paramsOf(era, {}));
  await agent.close();
  const [echo] = await person.tools.list({ server: `bench-${era}` });
  if (echo?.state !== 'accepted') throw new Error(`the tools of bench-${era} are not pinned`);
}

/** An agent on stdio is known once it was there, and this very process is it: it may not decide while it is connected. */
async function trustShim(person: ControlClient, shim: StdioCommand): Promise<void> {
  const wire = stdioWire(shim);
  await (await openAgent('old', wire)).close();
  const found = (await person.agents.list()).find(({ kind }) => kind === 'stdio');
  if (found === undefined) throw new Error('nobody came over stdio');
  for (const since = Date.now(); ;) {
    try {
      await person.agents.trust({ id: found.id, trusted: true });
      return;
    } catch (error) {
      if (!isTokentrayError(error, 'agent_refused') || Date.now() - since > noticedWithinMs) throw error;
    }
  }
}
