// Started by the conformance suite: the SDK's client as the agent, through the relay alone, to the scenario's server.
// `node test/bridge/relay/conformance-agent.ts <old|new> <stdio|http> <url>`
import process from 'node:process';
import { behaviourFor } from '../../conformance/agent/behaviour.ts';
import { createAgent } from '../../conformance/agent/connect.ts';
import { readScenario } from '../../conformance/agent/setting.ts';
import { overHttp, overStdio, testUpstream } from './bench.ts';

const [era, link] = process.argv.slice(2);
const { name, url, context } = readScenario(process.env, process.argv);
const upstream = testUpstream(url);
const way = link === 'http' ? await overHttp(upstream) : overStdio(upstream);
const client = createAgent(era === 'new' ? 'new' : 'old');
try {
  await client.connect(way.transport);
  if (name === 'json-schema-2020-12-preservation') await echoSchema();
  else await behaviourFor(name)(client, context);
} finally {
  await client.close();
  await way.close();
  for (const line of upstream.logged) process.stderr.write(`${line.message} ${JSON.stringify(line.fields)}\n`);
}

/** What the relay showed of the schema goes back to the scenario, which compares. */
async function echoSchema(): Promise<void> {
  const { tools } = await client.listTools();
  const schema = tools.find((tool) => tool.name === 'json_schema_2020_12_tool')?.inputSchema;
  await client.callTool({ name: 'json_schema_echo', arguments: { schema } });
}
