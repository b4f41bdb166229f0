// Grants as the broker has them, against a real authorization server and a real protected MCP server on loopback.
import { createGrants, type GrantsOfUser } from '../../main/grants/grants.ts';
import { defaultGrantConfig, type GrantConfig, type GrantOptions } from '../../main/grants/deps.ts';
import { createLog } from '../../main/log/log.ts';
import { createOutbound } from '../../main/net/outbound.ts';
import type { Clock, SecretStore } from '../../main/ports.ts';
import { openStore } from '../../main/store/open.ts';
import type { Store } from '../../main/store/types.ts';
import { memoryVault } from '../../main/vault/memory.ts';
import {
  startAuthorizationServer,
  type AuthorizationServer,
  type AuthorizationServerOptions,
} from '../support/authorization-server.ts';
import { createBrowser, type Browser, type BrowserOptions } from '../support/browser.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { startMcpServer, type AuthOptions, type McpTestServer } from '../support/mcp-server.ts';

export interface World extends AsyncDisposable {
  readonly authorizationServer: AuthorizationServer;
  readonly server: McpTestServer;
  readonly clock: FakeClock;
  readonly store: Store;
  readonly vault: SecretStore;
  readonly browser: Browser;
  readonly grants: GrantsOfUser;
  readonly log: string[];
  /** The accounts for which everything that was allowed had to end: `server/account`. */
  readonly endedFor: string[];
  /** Another process over the same database and vault; it ends with this world. */
  restart(clock?: Clock): GrantsOfUser;
  /** One request of an agent, as the bridge makes it: authorized, and repeated as the grant says. Gives the last status. */
  call(tool?: string): Promise<number>;
  signIn(): Promise<void>;
}

export interface WorldOptions {
  readonly as?: AuthorizationServerOptions;
  readonly auth?: Partial<Omit<AuthOptions, 'authorizationServer'>>;
  readonly browser?: BrowserOptions;
  readonly config?: Partial<GrantConfig>;
  readonly vault?: SecretStore;
  /** Without it the server `demo` is added with the defaults. */
  readonly add?: (grants: GrantsOfUser, url: string) => Promise<unknown>;
}

export async function world(options: WorldOptions = {}): Promise<World> {
  const authorizationServer = await startAuthorizationServer(options.as ?? {});
  const server = await startMcpServer({ era: 'modern', auth: { authorizationServer, ...options.auth } });
  const clock = createFakeClock(Date.now());
  const lines: string[] = [];
  const log = createLog({ level: 'debug', write: (line) => lines.push(line), clock });
  const { store } = openStore({ file: ':memory:', log, clock });
  const vault = options.vault ?? memoryVault();
  const browser = createBrowser(options.browser ?? {});
  const endedFor: string[] = [];
  const outbound = createOutbound({ log, env: {} });
  const deps: GrantOptions = {
    clock,
    random: () => 0.5,
    log,
    store,
    vault,
    openUrl: browser.openUrl,
    oauthFetch: outbound.oauthFetch,
    config: { ...defaultGrantConfig, callbackPort: 0, ...options.config },
    onIdentityChanged: (name, account) => endedFor.push(`${name}/${account}`),
  };
  const all: GrantsOfUser[] = [];
  const start = (over: GrantOptions): GrantsOfUser => {
    const started = createGrants(over);
    all.push(started);
    return started;
  };
  const grants = start(deps);
  await (options.add ?? ((all, url) => all.addServer({ name: 'demo', url })))(grants, server.url);

  async function call(tool = 'echo'): Promise<number> {
    const auth = grants.upstreamAuth('demo');
    const url = new URL(server.url);
    const request = { method: 'POST', url };
    let used = await auth.authorize(request);
    for (let attempt = 0; ; attempt += 1) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...mcpHeaders('tools/call', tool), ...used.headers },
        body: JSON.stringify(toolCall(tool)),
      });
      await response.text();
      auth.answered({ status: response.status, headers: response.headers });
      if ((response.status !== 401 && response.status !== 403) || attempt === 3) return response.status;
      const next = await auth.challenged(
        used,
        {
          status: response.status,
          wwwAuthenticate: response.headers.get('www-authenticate'),
          dpopNonce: response.headers.get('dpop-nonce'),
        },
        request,
      );
      if (next === null) return response.status;
      used = next;
    }
  }

  return {
    authorizationServer,
    server,
    clock,
    store,
    vault,
    browser,
    grants,
    log: lines,
    endedFor,
    restart: (later = clock) => start({ ...deps, clock: later }),
    call,
    async signIn() {
      const signIn = await grants.signIn('demo');
      await signIn.done;
    },
    async [Symbol.asyncDispose]() {
      for (const each of all) await each.close();
      await server.close();
      await authorizationServer.close();
      await outbound.close();
      store.close();
    },
  };
}

const modern = '2026-07-28';

function mcpHeaders(method: string, name: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': modern,
    'mcp-method': method,
    'mcp-name': name,
  };
}

function toolCall(name: string): object {
  return {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name,
      arguments: name === 'echo' ? { text: 'hello' } : {},
      _meta: {
        'io.modelcontextprotocol/protocolVersion': modern,
        'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  };
}
