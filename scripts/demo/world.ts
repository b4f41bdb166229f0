// Everything that the demo runs against, all of it real: an authorization server, a protected MCP server, a broker.
import { startAuthorizationServer, type AuthorizationServer } from '../../test/support/authorization-server.ts';
import { createBrowser, type Browser } from '../../test/support/browser.ts';
import { startMcpServer, type McpTestServer } from '../../test/support/mcp-server.ts';
import { stopLeftovers, type RunningProcess } from '../../test/support/process.ts';
import { temporaryFolder, type TemporaryFolder } from '../../test/support/temp.ts';
import { createCli, type Cli } from './cli.ts';
import type { PersonAtWindow } from './window.ts';

/** Seconds: short enough to watch a token run out, and long enough that only a revocation can have ended it. */
export const lifetimes = { short: 6, long: 120 } as const;

export interface World {
  readonly issuer: AuthorizationServer;
  readonly server: McpTestServer;
  readonly profile: TemporaryFolder;
  readonly browser: Browser;
  readonly cli: Cli;
  broker: RunningProcess | null;
  /** Null until the person opened it. */
  window: PersonAtWindow | null;
  /** Seconds that the next access tokens live. */
  accessTokenTtl: number;
  /** Whether the person follows the links that an agent shows. */
  personIsThere: boolean;
  /** What is to be closed before the servers are, newest first. */
  readonly closing: (() => Promise<void>)[];
  close(): Promise<void>;
}

export async function createWorld(): Promise<World> {
  const issuer = await startAuthorizationServer({ accessTokenTtl: () => world.accessTokenTtl });
  const server = await startMcpServer({
    era: 'modern',
    auth: {
      authorizationServer: issuer,
      requiredScopes: ['mcp'],
      toolScopes: { admin: 'admin' },
      challenge: { scope: true },
    },
  });
  const profile = await temporaryFolder('tray-demo');
  const closing: (() => Promise<void>)[] = [];
  const world: World = {
    issuer,
    server,
    profile,
    browser: createBrowser({ account: 'alice' }),
    // The memory vault: a demo leaves nothing in anybody's keychain.
    cli: createCli(profile.env({ TOKENTRAY_VAULT: 'memory' })),
    broker: null,
    window: null,
    accessTokenTtl: lifetimes.short,
    personIsThere: true,
    closing,
    close: async () => {
      for (const close of closing.splice(0).toReversed()) await close().catch(() => {});
      await world.broker?.stop().catch(() => {});
      await stopLeftovers();
      await server.close();
      await issuer.close();
      await profile.remove();
    },
  };
  return world;
}
