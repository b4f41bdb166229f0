// The composition root: the only place that knows every part. Reads top to bottom, and ends in reverse.
import type { Duplex } from 'node:stream';
import { createAgents } from './access/agents.ts';
import { detectServerEra } from './bridge/eras.ts';
import { defaultPort, startBridge } from './bridge/listener.ts';
import { createUpstreams, type Upstreams } from './bridge/upstreams.ts';
import { catalogue } from './catalogue/catalogue.ts';
import type { Paths } from './config/paths.ts';
import { activityItem } from './control/activity.ts';
import { createChangeFeed } from './control/changes.ts';
import type { ControlDeps } from './control/deps.ts';
import { readLicences } from './control/licences.ts';
import { observedStore } from './control/observed-store.ts';
import { createPause } from './control/pause.ts';
import { createServers } from './control/servers.ts';
import { createSignIns } from './control/sign-ins.ts';
import type { StdioHello } from './control/stdio-protocol.ts';
import { createUiRouter } from './control/ui-router.ts';
import { createUses } from './control/uses.ts';
import { createDemo } from './demo/demo.ts';
import { defaultGrantConfig, type GrantConfig } from './grants/deps.ts';
import { diagnose } from './grants/doctor.ts';
import { createGrants, type GrantsOfUser } from './grants/grants.ts';
import { createOutbound } from './net/outbound.ts';
import { TokentrayError } from './errors.ts';
import type { Clock, Fetch, Log, LoginItem, OpenUrl } from './ports.ts';
import { quote } from './quote.ts';
import { chosenPort, createSettings, usualSignIn } from './settings/settings.ts';
import { openStore } from './store/open.ts';
import { createLateBrowserHost } from './ui/late-host.ts';
import { createSessions } from './ui/sessions.ts';
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
  /** Decides over the port that the person chose in the settings. */
  readonly bridgePort?: number;
  /** Preferred ports of the browser host and of the demo. */
  readonly uiPort?: number;
  readonly demoPort?: number;
  readonly extraCaFiles?: readonly string[];
  readonly grants?: Partial<GrantConfig>;
  /** A desktop's; without it, starting at login is not offered. */
  readonly loginItem?: LoginItem;
  /** Brings the app's own window up; without it the UI is a browser's. */
  readonly showWindow?: () => void | Promise<void>;
  /** Where the built window is; by default beside this program. */
  readonly rendererFolder?: string;
  /** The program and the words that start the stdio shim; by default `tokentray stdio`. */
  readonly shim?: readonly string[];
}

export interface Broker {
  readonly control: ControlDeps;
  /** The UI's contract for a window of this process; it has no script calls. */
  readonly ui: ReturnType<typeof createUiRouter>;
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
  const { store: kept, setAside } = openStore({ file: options.paths.database, log, clock });
  const changes = createChangeFeed();
  const store = observedStore(kept, (event) => changes.publish({ kind: 'activity', item: activityItem(event) }));
  const config = { ...defaultGrantConfig, ...options.grants };
  const unwatched = createGrants({
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
  const uses = createUses({ store, clock, onUse: (use) => changes.publish({ kind: 'used', use }) });
  const pause = createPause(clock, (pausedSince) => {
    const kind = pausedSince === null ? 'resumed' : 'paused';
    store.events.append({ at: clock.now(), server: null, grantId: null, kind, detail: {} });
    changes.publish({ kind: 'paused', pausedSince });
  });

  // Links need the bridge's address and the bridge needs the relays, which show links: one of them has to come late.
  const late: { linkFor: (server: string) => string } = { linkFor: () => '' };
  const upstreams: Upstreams = createUpstreams({
    store,
    grants: unwatched,
    mcpFetch: outbound.mcpFetch,
    linkFor: (server) => late.linkFor(server),
    checkOpen: pause.check,
    log,
    clock,
  });
  const wantedPort = options.bridgePort ?? chosenPort(store) ?? defaultPort;
  const bridge = await startBridge({
    preferredPort: wantedPort,
    store,
    grants: unwatched,
    agents,
    outbound,
    relayFor: upstreams.relay,
    serverEra: (server) => detectServerEra(upstreams.upstream(server)),
    checkOpen: pause.check,
    onUse: (server, agent) => uses.note({ server, agent: agent.name, via: 'http' }),
    log,
    clock,
  });
  late.linkFor = bridge.signInLinks.linkFor;

  /** No connection outlives the grant that it was opened with; those to the server end while they can still say goodbye. */
  const forgetServer = (name: string): ReturnType<typeof unwatched.forgetServer> =>
    upstreams.forgetWith(name, async () => {
      const forgotten = await unwatched.forgetServer(name);
      bridge.forget(name);
      return forgotten;
    });
  const grants: GrantsOfUser = { ...unwatched, forgetServer };
  const servers = createServers({ grants, changes, signIn: () => usualSignIn(store) });

  const settings = createSettings({
    store,
    loginItem: options.loginItem ?? null,
    bridge: {
      usual: defaultPort,
      now: () => ({ port: bridge.port, wanted: wantedPort }),
      fixedBy: options.bridgePort === undefined ? null : '--port or TOKENTRAY_PORT',
    },
    env: options.env,
    caFiles: options.extraCaFiles ?? [],
    dataFolder: options.paths.data,
  });
  const demo = createDemo({
    grants,
    servers,
    store,
    clock,
    log,
    onChange: (state) => changes.publish({ kind: 'demo', demo: state }),
    ...(options.demoPort === undefined ? {} : { port: options.demoPort }),
  });
  const browserSessions = createSessions(clock, (list) => changes.publish({ kind: 'sessions', sessions: list }));

  if (setAside !== null) {
    const adoptable = await grants.adoptable();
    log.error('the database was damaged and has been set aside; nothing of it was deleted', {
      setAside,
      adoptable: adoptable.map((grant) => grant.server),
    });
  }

  const browserHost = createLateBrowserHost({
    router: () => ui,
    sessions: browserSessions,
    log,
    ...(options.uiPort === undefined ? {} : { preferredPort: options.uiPort }),
    ...(options.rendererFolder === undefined ? {} : { folder: options.rendererFolder }),
  });
  const control: ControlDeps = {
    grants,
    servers,
    store,
    agents,
    vault,
    bridge,
    changes,
    signIns: createSignIns(),
    pause,
    settings,
    sessions: browserSessions,
    demo,
    catalogue,
    licences: readLicences,
    shim: options.shim ?? ['tokentray', 'stdio'],
    async openUi({ linkOnly }) {
      if (linkOnly || options.showWindow === undefined) return { kind: 'link', link: await browserHost.newLink() };
      await options.showWindow();
      return { kind: 'window' };
    },
    clock,
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
  };
  const ui = createUiRouter(control);
  // Where the host is told of a wake-up by the system it calls `woke` itself, sooner.
  const stopWatching = watchForWake(clock, grants.woke);
  // Not waited for, and no reason not to start: a demo that cannot be served is a demo that cannot be reached.
  demo.resume().catch((cause: unknown) => log.warn('the demo could not be started again', { cause }));

  return {
    control,
    ui,
    onStdio(hello, stream) {
      // The name from the agent's configuration; without one, what the agent calls itself.
      let name = hello.agentName;
      upstreams.stdio(hello.server, stream, {
        onCall(clientName) {
          name ??= clientName;
          uses.note({ server: hello.server, agent: name ?? '', via: 'stdio' });
        },
      });
      log.info('an agent came in over stdio', { server: hello.server, agent: hello.agentName, pid: hello.pid });
    },
    woke: () => grants.woke(),
    async close() {
      stopWatching();
      await browserHost.close();
      await demo.close();
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
