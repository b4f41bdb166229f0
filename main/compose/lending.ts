// All that lends: grants, who may use them, the lock before everything, and both bridges; nothing of it knows a UI.
import type { Duplex } from 'node:stream';
import { aboutGrant } from '../access/about-grant.ts';
import { createAccess, type Access } from '../access/access.ts';
import { createAccounts, type Accounts } from '../access/accounts.ts';
import { createAgents, type Agents } from '../access/agents.ts';
import { createApprovalPages } from '../access/approval-page.ts';
import type { AccessEvent } from '../access/approvals.ts';
import { createLocalAuthorization } from '../access/authorization-server/local-authorization.ts';
import { endsWithGrants } from '../access/ended-grants.ts';
import type { Peer } from '../access/evidence/peer.ts';
import { createLock, type Lock } from '../access/lock.ts';
import { createPins, type Pins } from '../access/pins.ts';
import { pinningOf, serverRules } from '../access/server-rules.ts';
import { createSteadyClock } from '../access/steady-clock.ts';
import { createStdioAgents } from '../access/stdio-agents.ts';
import type { Caller } from '../access/types.ts';
import { callerOf, defaultPort, startBridge, type Bridge } from '../bridge/listener.ts';
import { createUpstreams, type Upstreams } from '../bridge/upstreams.ts';
import { publishAccess } from '../control/access-changes.ts';
import { createPause, type Pause } from '../control/pause.ts';
import type { StdioHello } from '../control/stdio-protocol.ts';
import { createUses, watchedGuards } from '../control/uses.ts';
import { defaultGrantConfig } from '../grants/deps.ts';
import { createGrants, type GrantsOfUser } from '../grants/grants.ts';
import type { Outbound } from '../net/outbound.ts';
import { approvalWait, chosenApprovals, chosenPort, lockSettings, usualPinning } from '../settings/settings.ts';
import type { BrokerOptions } from './options.ts';
import type { Records } from './records.ts';
import { stdioArrivals } from './stdio-arrivals.ts';

export interface Lending {
  readonly grants: GrantsOfUser;
  readonly agents: Agents;
  readonly accounts: Accounts;
  readonly access: Access;
  readonly pins: Pins;
  readonly lock: Lock;
  readonly pause: Pause;
  readonly bridge: Bridge;
  /** The port that was asked for. */
  readonly wantedPort: number;
  /** Whether a program on the control socket was started by an agent. */
  readonly startedBy: ReturnType<typeof createStdioAgents>['startedBy'];
  onStdio(hello: StdioHello, stream: Duplex, peer: Peer | null): void;
  close(): Promise<void>;
}

/** On behalf of nobody in particular (an address for documentation, RFC 5737): what is named may lie in public only. */
const publicPlace = new URL('https://192.0.2.1/');

/** @throws port_taken */
export async function startLending(options: BrokerOptions, records: Records, outbound: Outbound): Promise<Lending> {
  const { log, clock, vault } = options;
  const { store, audit, changes } = records;
  const config = { ...defaultGrantConfig, ...options.grants };
  const steady = createSteadyClock({ clock, store });
  const unwatched = createGrants({
    clock,
    steady,
    // Whatever an agent was allowed, it was allowed for the person that the account was of then.
    onIdentityChanged: (server, account) => access.serverForgotten(server, account),
    random: Math.random,
    log,
    store,
    vault,
    openUrl: options.openUrl,
    oauthFetch: outbound.oauthFetch,
    config,
  });
  const agentsChanged = (): void => {
    changes.publish({ kind: 'agents', agents: agents.list() });
    access.prompts.agentsChanged();
  };
  const agents: Agents = createAgents({
    store,
    clock,
    onChange: agentsChanged,
    onRename: (was, is) => uses.renamed(was, is),
  });
  const stdioAgents = createStdioAgents({
    agents,
    store,
    log,
    shims: options.shim ?? [],
    onChange: agentsChanged,
  });
  const pins = createPins({
    store,
    clock,
    pinning: (server) => pinningOf(store, server, () => usualPinning(store)),
    onHeld: (server, held) => changes.publish({ kind: 'tools', server, held }),
  });
  changes.subscribe((change) => {
    if (change.kind === 'forgotten') pins.forget(change.server);
  });
  const uses = createUses({
    store,
    clock,
    onUse: (use, was) => changes.publish({ kind: 'used', use, ...(was === undefined ? {} : { was }) }),
  });
  const pause = createPause(clock, (pausedSince) => {
    const kind = pausedSince === null ? 'resumed' : 'paused';
    store.events.append({ at: clock.now(), server: null, grantId: null, kind, detail: {} });
    changes.publish({ kind: 'paused', pausedSince });
  });

  // Links need the bridge's address and the bridge needs the relays, which show links: one of them has to come late.
  const late: { linkFor: (server: string, account: string) => string; bridgeUrl: string } = {
    linkFor: () => '',
    bridgeUrl: '',
  };
  const accounts = createAccounts({
    store,
    grants: unwatched,
    clock,
    onChange(accountPins) {
      changes.publish({ kind: 'account-pins', pins: accountPins });
      access.settingChanged();
    },
  });
  const accountOf = ({ agent, folder }: Caller, server: string): string =>
    accounts.accountFor({ server, agentId: agent.id, folder });
  const tell = ({ kind, server, account, agent, detail }: AccessEvent): void =>
    void store.events.append({
      at: clock.now(),
      server: server === '' ? null : server,
      grantId: null,
      kind,
      detail: { ...detail, agent, ...(account === '' ? {} : { account }) },
    });
  const access = createAccess({
    store,
    clock,
    steady,
    mode: () => options.approvals ?? chosenApprovals(store),
    isLocked: () => lock.isLocked(),
    wait: () => approvalWait(store),
    accountOf,
    known: (server, account) => upstreams.upstream(server, account).known.get(),
    serverRules: (server) => serverRules(store, server).rules,
    pins,
    readTools: (server, account) => upstreams.readTools(server, account),
    audit,
    agentView: (id) => agents.view(id),
    about: (server, account) => aboutGrant(store, server, account),
    linkFor: (id) => approvalPages.linkFor(id),
    tell,
  });
  const lock: Lock = createLock({
    clock,
    steady,
    store,
    log,
    vault,
    grants: unwatched,
    audit,
    settings: () => lockSettings(store),
    systemCheck: options.systemCheck ?? null,
    connections: {
      count: () => bridge.streams() + upstreams.streams(),
      locked: (end) => access.locked(end),
      unlocked: () => access.unlocked(),
    },
    endPassingApprovals: () => access.approvals.endPassing(),
    onChange: (state) => changes.publish({ kind: 'lock', lock: state }),
    tell: (kind, detail) => void store.events.append({ at: clock.now(), server: null, grantId: null, kind, detail }),
  });
  const checkOpen = (): void => {
    lock.check();
    pause.check();
  };
  const approvalPages = createApprovalPages({
    prompts: access.prompts,
    baseUrl: () => late.bridgeUrl,
    showWindow: options.showWindow ?? null,
    clock,
    log,
  });
  agents.onEnd((id, because) => access.agentEnded(id, because));
  unwatched.onChange(endsWithGrants(access.guards, unwatched.list()));
  const stopPublishing = publishAccess(access, changes);
  const upstreams: Upstreams = createUpstreams({
    store,
    grants: unwatched,
    // Under the name that it has now: a connection may be older than that.
    guards: watchedGuards(access.guards, ({ agent, via }, server) =>
      uses.note({ server, agent: agents.get(agent.id)?.name ?? agent.name, via }),
    ),
    mcpFetch: outbound.mcpFetch,
    linkFor: (server, account) => late.linkFor(server, account),
    checkOpen,
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
    approvalPages,
    authorization: (base) =>
      createLocalAuthorization({
        base,
        store,
        agents,
        approvals: access.approvals,
        prompts: access.prompts,
        clock,
        steady,
        isLocked: () => lock.isLocked(),
        accountOf,
        callerOf,
        fetch: outbound.oauthFetch({ server: publicPlace, allowHttp: false }),
        ...(options.showWindow === undefined ? {} : { showWindow: options.showWindow }),
        endStreams: (agentId) => access.guards.agentEnded(agentId),
        tell,
        log,
      }),
    checkOpen: pause.check,
    checkUnlocked: lock.check,
    onUse(_server, agent, client) {
      lock.touched();
      if (client !== null) agents.noteClient(agent.id, client);
    },
    log,
    clock,
  });
  late.linkFor = bridge.signInLinks.linkFor;
  late.bridgeUrl = bridge.url;

  /** No connection outlives the grant that it was opened with; those to the server end while they can still say goodbye. */
  const forgetServer = (name: string): ReturnType<typeof unwatched.forgetServer> =>
    upstreams.forgetWith(name, async () => {
      const forgotten = await unwatched.forgetServer(name);
      bridge.forget(name);
      access.serverForgotten(name);
      return forgotten;
    });
  const grants: GrantsOfUser = { ...unwatched, forgetServer };

  return {
    grants,
    agents,
    accounts,
    access,
    pins,
    lock,
    pause,
    bridge,
    wantedPort,
    startedBy: (peer) => stdioAgents.startedBy(peer),
    onStdio: stdioArrivals({ stdioAgents, agents, upstreams, lock, log }),
    async close() {
      lock.close();
      await bridge.close();
      await upstreams.close();
      stopPublishing();
      access.close();
      await grants.close();
    },
  };
}
