// A local agent built on the official SDK, as today's agents are: it knows the bridge and nothing of OAuth.
import { execPath } from 'node:process';
import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { cliFile } from './cli.ts';
import { whoamiAnswer, type Whoami } from './answers.ts';
import { StepFailed } from './report.ts';

export interface DemoAgent {
  /** The text of the tool's result; `isError` as the server said it. */
  call(tool: string, args?: Record<string, unknown>): Promise<{ text: string; isError: boolean }>;
  whoami(): Promise<Whoami>;
  /** Addresses that it was asked to show to the person. */
  readonly shown: readonly string[];
  readonly protocol: string;
  close(): Promise<void>;
}

/** @param onUrl shows an address to the person; resolves with whether the person went there and is done */
export async function stdioAgent(
  server: string,
  env: Record<string, string>,
  onUrl: (url: URL) => Promise<boolean>,
): Promise<DemoAgent> {
  const args = [cliFile, 'stdio', server, '--agent', 'demo'];
  return await connect(new StdioClientTransport({ command: execPath, args, env, stderr: 'pipe' }), onUrl);
}

export async function httpAgent(url: URL, key: string, onUrl: (url: URL) => Promise<boolean>): Promise<DemoAgent> {
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  return await connect(new StreamableHTTPClientTransport(url, { requestInit }), onUrl);
}

async function connect(transport: Transport, onUrl: (url: URL) => Promise<boolean>): Promise<DemoAgent> {
  const shown: string[] = [];
  const client = new Client(
    { name: 'tokentray-demo', version: '1.0.0' },
    { capabilities: { elicitation: { form: {}, url: {} } } },
  );
  client.setRequestHandler('elicitation/create', async (request) => {
    if (request.params.mode !== 'url') return { action: 'decline' };
    shown.push(request.params.url);
    return { action: (await onUrl(new URL(request.params.url))) ? 'accept' : 'decline' };
  });
  await client.connect(transport, { timeout: 15_000 });
  const call: DemoAgent['call'] = async (tool, args = {}) => {
    const result = await client.callTool({ name: tool, arguments: args }, { timeout: 30_000 });
    const first = result.content[0];
    return { text: first?.type === 'text' ? first.text : '', isError: result.isError === true };
  };
  return {
    shown,
    call,
    protocol: client.getNegotiatedProtocolVersion() ?? 'unknown',
    whoami: async () => {
      const { text, isError } = await call('whoami');
      const parsed = whoamiAnswer.safeParse(isError ? null : JSON.parse(text));
      if (!parsed.success) throw new StepFailed(`whoami answered: ${text}`);
      return parsed.data;
    },
    close: () => client.close(),
  };
}
