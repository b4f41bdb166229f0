// What an agent does in each scenario, so that everything the scenario looks at takes place.
import { SdkError } from '@modelcontextprotocol/client';
import type { Client } from '@modelcontextprotocol/client';
import type { Context } from './setting.ts';

/** @throws when the scenario did not go for the agent as it has to */
export type Behaviour = (client: Client, context: Context, person: Person) => Promise<void>;

/** Who sits at the machine: signs in when the agent says that it is needed. */
export interface Person {
  signIn(): Promise<void>;
}

/** Scenarios in which a conforming client does not go on: the agent must not be served, and has to be told. */
const refusals = new Set([
  'auth/resource-mismatch',
  'auth/iss-supported-missing',
  'auth/iss-wrong-issuer',
  'auth/iss-unexpected',
  'auth/iss-normalized',
  'auth/metadata-issuer-mismatch',
  'auth/scope-retry-limit',
]);

const own: Readonly<Record<string, Behaviour>> = {
  initialize: justList,
  'request-metadata': justList,
  'json-schema-ref-no-deref': justList,
  tools_call: addNumbers,
  'elicitation-sep1034-client-defaults': callEveryTool,
  'sse-retry': callEveryTool,
  'http-invalid-tool-headers': callEveryTool,
  'http-custom-headers': callAsTold,
  'http-standard-headers': useEverything,
  'sep-2322-client-request-state': answerQuestions,
  'auth/authorization-server-migration': signInAgain,
};

/** Whether the agent, doing what it does, must fail. */
export const isRefusal = (scenario: string): boolean => refusals.has(scenario);

/** @throws for a scenario that nobody has taught the agent */
export function behaviourFor(scenario: string): Behaviour {
  const known = own[scenario];
  if (known !== undefined) return known;
  if (scenario.startsWith('auth/')) return useTestTool;
  throw new Error(`no behaviour for the scenario ${scenario}`);
}

async function justList(client: Client): Promise<void> {
  // As a plain request: the SDK's listTools() answers by itself where a server announced no tools.
  await client.request({ method: 'tools/list' });
}

async function addNumbers(client: Client): Promise<void> {
  const [tool] = (await client.listTools()).tools;
  if (tool === undefined) throw new Error('no tool is listed');
  await call(client, tool.name, { a: 2, b: 3 });
}

async function callEveryTool(client: Client): Promise<void> {
  const { tools } = await client.listTools();
  if (tools.length === 0) throw new Error('no tool is listed');
  for (const tool of tools) await call(client, tool.name, { region: 'us-west1' });
}

async function callAsTold(client: Client, { toolCalls = [] }: Context): Promise<void> {
  await client.listTools();
  for (const told of toolCalls) await call(client, told.name, told.arguments);
}

async function useEverything(client: Client): Promise<void> {
  for (const tool of (await client.listTools()).tools) await call(client, tool.name);
  for (const { uri } of (await client.listResources()).resources) await client.readResource({ uri });
  for (const { name } of (await client.listPrompts()).prompts) await client.getPrompt({ name });
}

/** Multi round-trip requests: another call goes out while the first one's question is open. */
async function answerQuestions(client: Client): Promise<void> {
  client.setRequestHandler('elicitation/create', async () => {
    await call(client, 'test_mrtr_unrelated');
    return { action: 'accept', content: { confirmed: true } };
  });
  const { tools } = await client.listTools();
  for (const name of ['test_mrtr_echo_state', 'test_mrtr_no_state', 'test_mrtr_no_result_type']) {
    if (!tools.some((tool) => tool.name === name)) throw new Error(`${name} is not listed`);
    await call(client, name).catch((error: unknown) => {
      // A result that does not say that it is complete is refused by the SDK's client of the new era itself; what the
      // scenario looks at is that nobody takes it for a question and asks again.
      if (!isMissingResultType(error)) throw error;
    });
  }
}

const isMissingResultType = (error: unknown): boolean =>
  error instanceof SdkError && error.message.includes('missing required resultType');

async function useTestTool(client: Client): Promise<void> {
  const { tools } = await client.listTools();
  if (!tools.some(({ name }) => name === 'test-tool')) throw new Error('test-tool is not listed');
  await call(client, 'test-tool');
}

/** Where the server has moved to another authorization server, no browser opens by itself: the person looks at it first. */
async function signInAgain(client: Client, _context: Context, person: Person): Promise<void> {
  await client.listTools();
  const refused = await call(client, 'test-tool').then(
    () => false,
    () => true,
  );
  if (!refused) throw new Error('a token of the earlier authorization server was still good');
  await person.signIn();
  await call(client, 'test-tool');
}

/** @throws with the tool's own words when it says that it failed */
async function call(client: Client, name: string, args: Record<string, unknown> = {}): Promise<void> {
  const result = await client.callTool({ name, arguments: args });
  if (result.isError !== true) return;
  throw new Error(`${name}: ${result.content.map((part) => (part.type === 'text' ? part.text : part.type)).join(' ')}`);
}
