// The composition root: the only place that knows every part. Reads top to bottom, and ends in reverse.
import type { Duplex } from 'node:stream';
import { createAgents } from './access/agents.ts';
import { detectServerEra } from './bridge/eras.ts';
import { startBridge } from './bridge/listener.ts';
import { createUpstreams, type Upstreams } from './bridge/upstreams.ts';
import type { Paths } from './config/paths.ts';
import type { ControlDeps } from './control/deps.ts';
import type { StdioHello } from './control/stdio-protocol.ts';
import { defaultGrantConfig, type GrantConfig } from './grants/deps.ts';
import { diagnose } from './grants/doctor.ts';
import { createGrants } from './grants/grants.ts';
import { createOutbound } from './net/outbound.ts';
import { TokentrayError } from './errors.ts';
import type { Clock, Fetch, Log, OpenUrl } from './ports.ts';
import { quote } from './quote.ts';
import { openStore } from './store/open.ts';
import type { Vault } from './vault/open.ts';
import { version } from './version.ts';
import { watchForWake } from './wake.ts';

export interface BrokerOptions {
  readonly paths: Pick<Paths, 'data' | 'database'>;
  readonly vault: Vault;
  readonly log: Log;
  readonly clock: Clock;
  readonly openUrl: OpenUrl;
  readonly env: NodeJS.ProcessEnv;
  readonly bridgePort?: number;
  readonly extraCaFiles?: readonly string[];
  readonly grants?: Partial<GrantConfig>;
}

export interface Broker {
  readonly control: ControlDeps;
  /** One shim's stream: newline-delimited JSON both ways. */
  onStdio(hello: StdioHello, stream: Duplex): void;
  /** After wake or unlock: checks every grant's clock. */
  woke(): void;
  close(): Promise<void>;
}

/** @throws store_damaged, port_taken, invalid_input */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { log, clock, vault } = options;
  const outbound = createOutbound({
    log,
    env: options.env,
    ...(options.extraCaFiles === undefined ? {} : { extraCaFiles: options.extraCaFiles }),
  });
  const { store, setAside } = openStore({ file: options.paths.database, log, clock });
  const config = { ...defaultGrantConfig, ...options.grants };
  const grants = createGrants({
    clock,
    random: Math.random,
    log,
    store,
    vault,
    openUrl: options.openUrl,
    oauthFetch: outbound.oauthFetch,
    config,
  });
  const agents = createAgents({ store, clock });

  // Links need the bridge's address and the bridge needs the relays, which show links: one of them has to come late.
  const late: { linkFor: (server: string) => string } = { linkFor: () => '' };
  const upstreams: Upstreams = createUpstreams({
    store,
    grants,
    mcpFetch: outbound.mcpFetch,
    linkFor: (server) => late.linkFor(server),
    log,
    clock,
  });
  const bridge = await startBridge({
    ...(options.bridgePort === undefined ? {} : { preferredPort: options.bridgePort }),
    store,
    grants,
    agents,
    outbound,
    relayFor: upstreams.relay,
    serverEra: (server) => detectServerEra(upstreams.upstream(server)),
    log,
    clock,
  });
  late.linkFor = bridge.signInLinks.linkFor;

  if (setAside !== null) {
    const adoptable = await grants.adoptable();
    log.error('the database was damaged and has been set aside; nothing of it was deleted', {
      setAside,
      adoptable: adoptable.map((grant) => grant.server),
    });
  }

  /** No connection outlives the grant that it was opened with; those to the server end while they can still say goodbye. */
  const forgetServer = (name: string): ReturnType<typeof grants.forgetServer> =>
    upstreams.forgetWith(name, async () => {
      const forgotten = await grants.forgetServer(name);
      bridge.forget(name);
      return forgotten;
    });

  // Where the host is told of a wake-up by the system it calls `woke` itself, sooner.
  const stopWatching = watchForWake(clock, grants.woke);

  return {
    control: {
      grants: { ...grants, forgetServer },
      store,
      agents,
      vault,
      bridge,
      diagnose: (url, { allowHttp, signal }) => {
        const http = outbound.oauthFetch({ server: webAddress(url), allowHttp });
        const abortable: Fetch = (input, init) => http(input, signal === undefined ? init : { ...init, signal });
        return diagnose({ http: abortable, clock, cimdUrl: config.cimdUrl }, url);
      },
      version,
      startedAt: clock.now(),
      dataFolder: options.paths.data,
      databaseSetAside: setAside,
      log,
    },
    onStdio(hello, stream) {
      upstreams.stdio(hello.server, stream);
      log.info('an agent came in over stdio', { server: hello.server, agent: hello.agentName, pid: hello.pid });
    },
    woke: () => grants.woke(),
    async close() {
      stopWatching();
      await bridge.close();
      await upstreams.close();
      await grants.close();
      await outbound.close();
      store.close();
    },
  };
}

/** @throws invalid_input */
function webAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url;
  throw new TokentrayError('invalid_input', `${quote(text)} is no web address`, {
    attempted: 'examine the server',
    advice: 'Give the http(s) address of an MCP server.',
  });
}
