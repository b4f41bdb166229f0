// All that a person sees the broker through: settings, servers, the demo, the browser's window, and the contract over them.
import { watchSignIns } from '../audit/watch-sign-ins.ts';
import { defaultPort } from '../bridge/listener.ts';
import { catalogue } from '../catalogue/catalogue.ts';
import type { ControlDeps } from '../control/deps.ts';
import { readLicences } from '../control/licences.ts';
import { createServers } from '../control/servers.ts';
import { createSignIns } from '../control/sign-ins.ts';
import { createUiRouter } from '../control/ui-router.ts';
import { createDemo } from '../demo/demo.ts';
import { TokentrayError } from '../errors.ts';
import { defaultGrantConfig } from '../grants/deps.ts';
import { diagnose } from '../grants/doctor.ts';
import type { Outbound } from '../net/outbound.ts';
import type { Fetch } from '../ports.ts';
import { quote } from '../quote.ts';
import { createSettings, usualSignIn } from '../settings/settings.ts';
import { createLateBrowserHost } from '../ui/late-host.ts';
import { createSessions } from '../ui/sessions.ts';
import { version } from '../version.ts';
import type { Lending } from './lending.ts';
import type { BrokerOptions } from './options.ts';
import type { Records } from './records.ts';

export interface Surfaces {
  readonly control: ControlDeps;
  readonly ui: ReturnType<typeof createUiRouter>;
  close(): Promise<void>;
}

export async function startSurfaces(
  options: BrokerOptions,
  records: Records,
  outbound: Outbound,
  lending: Lending,
): Promise<Surfaces> {
  const { log, clock, vault } = options;
  const { store, audit, changes, setAside } = records;
  const { grants, agents, accounts, access, pins, lock, pause, bridge, wantedPort, startedBy } = lending;
  const servers = createServers({ grants, changes, signIn: () => usualSignIn(store) });

  const settings = createSettings({
    store,
    loginItem: options.loginItem ?? null,
    seesScreenLock: options.seesScreenLock ?? false,
    bridge: {
      usual: defaultPort,
      now: () => ({ port: bridge.port, wanted: wantedPort }),
      fixedBy: options.bridgePort === undefined ? null : '--port or TOKENTRAY_PORT',
    },
    approvals:
      options.approvals === undefined
        ? null
        : { mode: options.approvals, fixedBy: '--approvals or TOKENTRAY_APPROVALS' },
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
  const { cimdUrl } = { ...defaultGrantConfig, ...options.grants };
  const control: ControlDeps = {
    grants,
    servers,
    store,
    audit,
    agents,
    accounts,
    access,
    startedBy,
    vault,
    bridge,
    changes,
    signIns: createSignIns(),
    pause,
    lock,
    settings,
    pins,
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
      return diagnose({ http: abortable, clock, cimdUrl }, url);
    },
    version,
    startedAt: clock.now(),
    dataFolder: options.paths.data,
    databaseSetAside: setAside,
    log,
  };
  const ui = createUiRouter(control);
  watchSignIns(grants, audit);
  // Not waited for, and no reason not to start: a demo that cannot be served is a demo that cannot be reached.
  demo.resume().catch((cause: unknown) => log.warn('the demo could not be started again', { cause }));

  return {
    control,
    ui,
    async close() {
      await browserHost.close();
      await demo.close();
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
