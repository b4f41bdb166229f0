// The built program in a temporary profile, beside a real authorization server and a real protected MCP server.
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import * as z from 'zod';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import type { AuthorizationServerOptions } from '../support/authorization-server.ts';
import { createBrowser, type Browser } from '../support/browser.ts';
import { startMcpServer, type AuthOptions, type McpTestServer } from '../support/mcp-server.ts';
import { runProcess, startProcess, type Finished, type RunningProcess } from '../support/process.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temp.ts';

const cliFile = fileURLToPath(new URL('../../dist/main/cli/tokentray.js', import.meta.url));

export interface RealBroker extends AsyncDisposable {
  readonly folder: TemporaryFolder;
  readonly authorizationServer: AuthorizationServer;
  readonly server: McpTestServer;
  readonly browser: Browser;
  readonly bridge: string;
  readonly process: RunningProcess;
  /** Everything that a command printed, on both streams. */
  readonly printed: string[];
  cli(...args: string[]): Promise<Finished>;
  /** `connect --no-browser`, with the given visit of the address that it prints. */
  signIn(visit?: (url: string) => Promise<unknown>, name?: string): Promise<void>;
  /** The two ways of an agent to a server, `demo` unless named. */
  stdioWay(name?: string): Transport;
  httpWay(key: string, name?: string): Transport;
  stdioAgent(): Promise<Client>;
  httpAgent(key: string): Promise<Client>;
  agentKey(name?: string): Promise<string>;
}

export interface RealBrokerOptions {
  readonly as?: AuthorizationServerOptions;
  readonly auth?: Partial<Omit<AuthOptions, 'authorizationServer'>>;
  readonly era?: McpTestServer['era'];
  /** Of the broker and of every command, over the usual ones: another vault, another port. */
  readonly env?: Readonly<Record<string, string>>;
}

async function connected(transport: Transport): Promise<Client> {
  const client = new Client({ name: 'e2e', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(transport);
  return client;
}

export async function realBroker(options: RealBrokerOptions = {}): Promise<RealBroker> {
  const folder = await temporaryFolder('e2e');
  const authorizationServer = await startAuthorizationServer(options.as ?? {});
  const server = await startMcpServer({
    era: options.era ?? 'modern',
    auth: { authorizationServer, ...options.auth },
  });
  const env = folder.env({
    TOKENTRAY_VAULT: 'memory',
    TOKENTRAY_APPROVALS: 'off',
    TOKENTRAY_LOG: 'debug',
    ...options.env,
  });
  const browser = createBrowser();
  const printed: string[] = [];
  const broker = startProcess(execPath, [cliFile, 'serve', '--json'], { env });
  const ready = z.object({ bridge: z.string() }).parse(JSON.parse(await broker.line(/"bridge"/u, 30_000)));

  async function cli(...args: string[]): Promise<Finished> {
    const result = await runProcess(execPath, [cliFile, ...args], { env });
    printed.push(result.stdout, result.stderr);
    return result;
  }

  const stdioWay = (name = 'demo'): Transport =>
    new StdioClientTransport({ command: execPath, args: [cliFile, 'stdio', name], env });
  const httpWay = (key: string, name = 'demo'): Transport =>
    new StreamableHTTPClientTransport(new URL(`${ready.bridge}/mcp/${name}`), {
      requestInit: { headers: { authorization: `Bearer ${key}` } },
    });

  await cli('add', 'demo', server.url);
  return {
    folder,
    authorizationServer,
    server,
    browser,
    bridge: ready.bridge,
    process: broker,
    printed,
    cli,
    async signIn(visit = (url) => browser.open(url), name = 'demo') {
      const connect = startProcess(execPath, [cliFile, 'connect', name, '--no-browser', '--yes', '--json'], { env });
      const line = await connect.line(/"url"/u);
      await visit(z.object({ url: z.string() }).parse(JSON.parse(line)).url);
      const finished = await connect.finished;
      printed.push(finished.stdout, finished.stderr);
      if (finished.code !== 0) throw new Error(`connect ended with ${finished.code}: ${finished.stderr}`);
    },
    stdioWay,
    httpWay,
    stdioAgent: () => connected(stdioWay()),
    httpAgent: (key) => connected(httpWay(key)),
    async agentKey(name = 'e2e') {
      const { stdout } = await runProcess(execPath, [cliFile, 'agent', 'add', name, '--json'], { env });
      return z.object({ key: z.string() }).parse(JSON.parse(stdout)).key;
    },
    async [Symbol.asyncDispose]() {
      await broker.stop();
      await server.close();
      await authorizationServer.close();
      await folder.remove();
    },
  };
}
