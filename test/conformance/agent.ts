// One agent in one scenario: the program that the conformance suite starts with the address of its server.
import type { Client } from '@modelcontextprotocol/client';
import process from 'node:process';
import { behaviourFor, isRefusal } from './agent/behaviour.ts';
import { connect, createAgent } from './agent/connect.ts';
import { addServer, forgetServer, signIn } from './agent/server.ts';
import { readScenario, readSetting, wentAsItShould } from './agent/setting.ts';

const setting = readSetting(process.env);
const scenario = readScenario(process.env, process.argv);

async function play(client: Client, server: string): Promise<void> {
  await connect(client, setting, server, scenario.url);
  await behaviourFor(scenario.name)(client, scenario.context, { signIn: () => signIn(setting, server) });
}

const server = setting.bridge === 'direct' ? null : await addServer(setting, scenario);
const client = createAgent(setting.era);
try {
  const failure = await play(client, server ?? '').then(
    () => null,
    (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
  if (failure !== null) process.stderr.write(`${failure}\n`);
  if ((failure !== null) === isRefusal(scenario.name)) process.stdout.write(`${wentAsItShould}\n`);
  else process.exitCode = 1;
} finally {
  await client.close();
  if (server !== null) await forgetServer(setting, server);
}
