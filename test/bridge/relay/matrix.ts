// The era matrix: every feature, for old and new agents, with old and new servers, on stdio and on HTTP.
import assert from 'node:assert/strict';
import { LOG_LEVEL_META_KEY } from '@modelcontextprotocol/client';
import type { Transport } from '@modelcontextprotocol/client';
import { startMcpServer } from '../../support/mcp-server.ts';
import type { McpServerOptions, McpTestServer, ServerEra } from '../../support/mcp-server.ts';
import { connectAgent, said } from './agent.ts';
import type { Agent, Era } from './agent.ts';

export type Link = 'stdio' | 'HTTP';

/** A way through the bridge under test to one server. */
export interface MatrixTarget {
  open(link: Link, server: McpTestServer): Promise<{ transport: Transport; close(): Promise<void> }>;
}

type Case = (agent: Agent, server: McpTestServer) => Promise<void>;

const call = (
  agent: Agent,
  name: string,
  given: Record<string, unknown> = {},
): ReturnType<Agent['client']['callTool']> => agent.client.callTool({ name, arguments: given });

export const cases: Readonly<Record<string, Case>> = {
  connect: async ({ client, era }) => {
    assert.equal(client.getProtocolEra(), era === 'old' ? 'legacy' : 'modern');
    assert.equal(client.getServerVersion()?.name, 'everything');
    assert.match(client.getInstructions() ?? '', /Start with echo/u);
  },
  list: async ({ client }) => {
    const { tools } = await client.listTools();
    assert.ok(tools.some(({ name }) => name === 'echo'));
    assert.ok((await client.listPrompts()).prompts.some(({ name }) => name === 'greet'));
    assert.ok((await client.listResources()).resources.some(({ uri }) => uri === 'note://today'));
    assert.equal((await client.listResourceTemplates()).resourceTemplates[0]?.uriTemplate, 'note://day/{day}');
  },
  call: async (agent) => {
    assert.equal(said(await call(agent, 'echo', { text: 'héllo' })), 'héllo');
    const added = await call(agent, 'add', { a: 2, b: 3 });
    assert.deepEqual(added.structuredContent, { sum: 5 });
    assert.equal(said(await call(agent, 'regional', { region: 'Östergötland' })), 'in Östergötland');
  },
  prompt: async ({ client }) => {
    const { messages } = await client.getPrompt({ name: 'greet', arguments: { name: 'Ada', language: 'french' } });
    assert.deepEqual(messages[0]?.content, { type: 'text', text: 'Greet Ada in french.' });
  },
  resource: async ({ client }) => {
    const { contents } = await client.readResource({ uri: 'image://pixel' });
    assert.equal((contents[0] as { blob?: string }).blob, 'iVBORw0KGgo=');
  },
  'tool error': async (agent) => {
    const result = await call(agent, 'failing');
    assert.equal(result.isError, true);
    assert.equal(said(result), 'it broke');
  },
  progress: async ({ client }) => {
    const steps: number[] = [];
    const params = { name: 'slow', arguments: { steps: 3, everyMs: 50 } };
    const result = await client.callTool(params, { onprogress: ({ progress }) => void steps.push(progress) });
    assert.equal(said(result), '3 steps');
    // The SDK's client forgets a call's progress handler with its result: a step that comes in one chunk with the result
    // is lost there, over a pipe as over the bridge. What was told has to be right, and told before the end.
    assert.deepEqual(steps, [1, 2, 3].slice(0, steps.length));
    assert.ok(steps.length >= 2, `only ${steps.length} of 3 steps were told`);
  },
  'cancel reaches the server': async ({ client }, server) => {
    const controller = new AbortController();
    const before = server.cancelled.length;
    const params = { name: 'slow', arguments: { steps: 0 } };
    const running = client.callTool(params, { signal: controller.signal, onprogress: () => controller.abort() });
    await assert.rejects(running);
    await server.until(() => server.cancelled.length > before, 5000);
  },
  elicitation: async (agent) => {
    assert.equal(said(await call(agent, 'ask')), 'colour green');
    assert.equal(said(await call(agent, 'ask-twice')), 'a word a word');
    assert.equal(said(await call(agent, 'ask-url')), 'visit accept');
  },
  sampling: async (agent) => {
    assert.match(said(await call(agent, 'sample', { prompt: 'Say hi' })), /^small-model: .*"hi"/u);
  },
  roots: async (agent) => {
    assert.equal(said(await call(agent, 'roots')), 'file:///home/somebody/project');
  },
  logging: async (agent) => {
    if (agent.era === 'old') await agent.client.setLoggingLevel('warning');
    const level = agent.era === 'old' ? {} : { _meta: { [LOG_LEVEL_META_KEY]: 'warning' } };
    await agent.client.callTool({ name: 'log', arguments: { text: 'careful' }, ...level });
    await agent.hears(({ method, params }) => method === 'notifications/message' && params['level'] === 'emergency');
    const levels = agent.heard.flatMap(({ method, params }) =>
      method === 'notifications/message' ? [params['level']] : [],
    );
    assert.deepEqual(levels, ['warning', 'error', 'critical', 'alert', 'emergency']);
  },
  list_changed: async (agent, server) => {
    const stop = await listening(agent, server, { toolsListChanged: true, promptsListChanged: true });
    server.change('tools');
    await agent.hears(({ method }) => method === 'notifications/tools/list_changed');
    assert.ok(
      (await agent.client.listTools({}, { cacheMode: 'refresh' })).tools.some(({ name }) => name === 'added-1'),
    );
    server.change('prompts');
    await agent.hears(({ method }) => method === 'notifications/prompts/list_changed');
    await stop();
  },
  'resource updates': async (agent, server) => {
    const uri = 'note://today';
    if (agent.era === 'old') await agent.client.subscribeResource({ uri });
    const stop = await listening(agent, server, { resourceSubscriptions: [uri] });
    server.updateNote('changed');
    const { params } = await agent.hears(({ method }) => method === 'notifications/resources/updated');
    assert.equal(params['uri'], uri);
    if (agent.era === 'old') await agent.client.unsubscribeResource({ uri });
    await stop();
    if (server.era !== 'modern')
      await server.until(() => server.log.list({ rpc: 'resources/unsubscribe' }).length === 1, 5000);
  },
  completion: async ({ client }) => {
    const { completion } = await client.complete({
      ref: { type: 'ref/prompt', name: 'greet' },
      argument: { name: 'language', value: 'es' },
    });
    assert.deepEqual(completion.values, ['esperanto', 'estonian']);
  },
};

/** A new agent asks to be told; an old one is told anyhow, once the stream that carries it is open. */
async function listening(
  agent: Agent,
  server: McpTestServer,
  filter: Parameters<Agent['client']['listen']>[0],
): Promise<() => Promise<void>> {
  if (agent.era === 'new') {
    const subscription = await agent.client.listen(filter);
    return () => subscription.close();
  }
  await server.until(() => server.openStreams().length > 0, 5000);
  return async () => {};
}

/** What a combination cannot have, and the sentence that says so. */
export const forbidden: readonly { readonly what: string; readonly because: string }[] = [
  {
    what: 'a question of the server outside of any request, for a new agent or from a new server',
    because:
      '2026-07-28 basic/patterns: "Servers MUST NOT initiate JSON-RPC requests, and clients do not send JSON-RPC responses."',
  },
  {
    what: 'notifications of a new agent on HTTP (as roots/list_changed)',
    because:
      '2026-07-28 streamable-http: "This revision of the core protocol defines no client-to-server notifications over Streamable HTTP."',
  },
  {
    what: 'ping from a new agent or to a new server',
    because:
      '2026-07-28 versioning: "There is no negotiation handshake." The method is gone with the session it kept alive.',
  },
];

export interface MatrixCell {
  readonly agent: Era;
  readonly server: ServerEra;
  readonly link: Link;
  readonly feature: string;
  /** Null: it works. */
  readonly failure: string | null;
}

export interface MatrixOptions {
  /** What the servers are started with besides their era, as `auth`. */
  readonly server?: Partial<McpServerOptions>;
  readonly servers?: readonly ServerEra[];
  readonly links?: readonly Link[];
}

/** Runs every cell through `target`, one connection for each combination of agent, server and link. */
export async function runMatrix(target: MatrixTarget, options: MatrixOptions = {}): Promise<MatrixCell[]> {
  const cells: MatrixCell[] = [];
  for (const era of options.servers ?? (['legacy', 'modern', 'legacy-sse'] as const)) {
    for (const link of options.links ?? (['stdio', 'HTTP'] as const)) {
      for (const agentEra of ['old', 'new'] as const) {
        cells.push(...(await runCombination(target, agentEra, era, link, options.server)));
      }
    }
  }
  return cells;
}

async function runCombination(
  target: MatrixTarget,
  agentEra: Era,
  era: ServerEra,
  link: Link,
  settings: Partial<McpServerOptions> = {},
): Promise<MatrixCell[]> {
  // A 2024-11-05 transport with a server of today behind it: what that revision lacks, the session still carries.
  const versions = era === 'legacy-sse' ? { protocolVersions: ['2025-11-25', '2024-11-05'] } : {};
  const server = await startMcpServer({ ...settings, era, ...versions });
  const cell = (feature: string, failure: string | null): MatrixCell => ({
    agent: agentEra,
    server: era,
    link,
    feature,
    failure,
  });
  let agent: Agent | null = null;
  let way: Awaited<ReturnType<MatrixTarget['open']>> | null = null;
  try {
    way = await target.open(link, server);
    agent = await connectAgent(agentEra, way.transport);
    const cells: MatrixCell[] = [];
    for (const [feature, run] of Object.entries(cases)) {
      cells.push(cell(feature, await outcome(run(agent, server))));
    }
    return cells;
  } catch (error) {
    return Object.keys(cases).map((feature) => cell(feature, `no connection: ${String(error)}`));
  } finally {
    await agent?.close().catch(() => {});
    await way?.close();
    await server.close();
  }
}

async function outcome(running: Promise<void>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('nothing happened for 10 s')), 10_000);
  });
  try {
    await Promise.race([running, late]);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}

const columns = (cells: readonly MatrixCell[]): string[] => [
  ...new Set(cells.map(({ agent, server, link }) => `${agent} agent, ${server}, ${link}`)),
];

/** The matrix as a table of text, with what fails and what may not be below it. */
export function printMatrix(cells: readonly MatrixCell[]): string {
  const heads = columns(cells);
  const features = [...new Set(cells.map(({ feature }) => feature))];
  const width = Math.max(...features.map((feature) => feature.length));
  const at = (feature: string, head: string): MatrixCell | undefined =>
    cells.find((cell) => cell.feature === feature && `${cell.agent} agent, ${cell.server}, ${cell.link}` === head);
  const rows = features.map((feature) => {
    const marks = heads.map((head, index) =>
      (at(feature, head)?.failure === null ? 'ok' : 'XX').padEnd(`${index + 1}`.length + 2),
    );
    return `${feature.padEnd(width)}  ${marks.join(' ')}`;
  });
  const failures = cells.flatMap((cell) =>
    cell.failure === null
      ? []
      : [`XX ${cell.agent} agent, ${cell.server}, ${cell.link}, ${cell.feature}: ${cell.failure}`],
  );
  return [
    ...heads.map((head, index) => `${`${index + 1}`.padStart(3)}  ${head}`),
    `${' '.repeat(width)}  ${heads.map((_, index) => `${index + 1}`.padEnd(`${index + 1}`.length + 2)).join(' ')}`,
    ...rows,
    ...failures,
    'Not in the matrix, because the protocol has no such thing:',
    ...forbidden.map(({ what, because }) => `  ${what}. ${because}`),
  ].join('\n');
}
