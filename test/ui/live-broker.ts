// A whole broker in this process, beside a real authorization server and a real protected MCP server; with its UI in reach.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createRouterClient } from '@orpc/server';
import { startBroker, type Broker } from '../../main/broker.ts';
import type { BrokerOptions } from '../../main/compose/options.ts';
import { createControlRouter } from '../../main/control/router.ts';
import { createLog } from '../../main/log/log.ts';
import type { Clock, SecretStore } from '../../main/ports.ts';
import { memoryVault } from '../../main/vault/memory.ts';
import { startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts';
import type { AuthorizationServerOptions } from '../support/authorization-server.ts';
import { createBrowser, type Browser } from '../support/browser.ts';
import { startMcpServer, type AuthOptions, type McpTestServer } from '../support/mcp-server.ts';
import { temporaryFolder } from '../support/temp.ts';

const clock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

export interface LiveBroker extends AsyncDisposable {
  readonly broker: Broker;
  readonly vault: SecretStore;
  readonly authorizationServer: AuthorizationServer;
  readonly server: McpTestServer;
  readonly browser: Browser;
  readonly folder: string;
  /** Everything that was logged. */
  readonly logged: string[];
  readonly client: ReturnType<typeof clientOf>;
  /** Starts the same profile anew; the vault stays. */
  restart(): Promise<void>;
  signIn(name?: string): Promise<void>;
  /** An agent over the HTTP bridge. */
  agent(key: string, server?: string): Promise<Client>;
}

const clientOf = (broker: Broker) =>
  createRouterClient(createControlRouter(broker.control), { context: { session: null } });

export async function liveBroker(
  options: {
    as?: AuthorizationServerOptions;
    auth?: Partial<Omit<AuthOptions, 'authorizationServer'>>;
    broker?: Partial<BrokerOptions>;
  } = {},
): Promise<LiveBroker> {
  const folder = await temporaryFolder('ui');
  const rendererFolder = join(folder.path, 'renderer');
  mkdirSync(join(rendererFolder, 'assets'), { recursive: true });
  writeFileSync(join(rendererFolder, 'index.html'), '<!doctype html><title>window</title>');
  writeFileSync(join(rendererFolder, 'assets', 'app.js'), 'export {};');
  writeFileSync(join(folder.path, 'outside.txt'), 'outside');
  const authorizationServer = await startAuthorizationServer(options.as ?? {});
  const server = await startMcpServer({ era: 'modern', auth: { authorizationServer, ...options.auth } });
  const browser = createBrowser();
  const vault = memoryVault();
  const logged: string[] = [];
  const log = createLog({ level: 'debug', clock, write: (line) => logged.push(line) });
  const start = () =>
    startBroker({
      paths: { data: folder.path, database: join(folder.path, 'tokentray.db') },
      vault: { ...vault, reason: null, setAside: null },
      log,
      clock,
      openUrl: browser.openUrl,
      env: {},
      approvals: 'off',
      bridgePort: 0,
      uiPort: 0,
      demoPort: 0,
      rendererFolder,
      grants: { callbackPort: 0 },
      ...options.broker,
    });
  let broker = await start();
  let client = clientOf(broker);
  await client.servers.add({ name: 'notes', url: server.url });
  const agents: Client[] = [];

  return {
    get broker() {
      return broker;
    },
    get client() {
      return client;
    },
    vault,
    authorizationServer,
    server,
    browser,
    folder: folder.path,
    logged,
    async restart() {
      await broker.close();
      broker = await start();
      client = clientOf(broker);
    },
    async signIn(name = 'notes') {
      const { id } = await client.signIn.start({ server: name });
      await client.signIn.wait({ id });
    },
    async agent(key, name = 'notes') {
      const agent = new Client({ name: 'test-agent', version: '1' }, { versionNegotiation: { mode: 'auto' } });
      agents.push(agent);
      const url = new URL(`${broker.control.bridge?.url ?? ''}/mcp/${name}`);
      await agent.connect(
        new StreamableHTTPClientTransport(url, { requestInit: { headers: { authorization: `Bearer ${key}` } } }),
      );
      return agent;
    },
    async [Symbol.asyncDispose]() {
      for (const agent of agents) await agent.close().catch(() => undefined);
      await broker.close();
      await server.close();
      await authorizationServer.close();
      await folder.remove();
    },
  };
}
