// Who may use what, for real: agents, pins, accounts, approvals and the lock over the made-up grants.
import { aboutGrant } from '../../../main/access/about-grant.ts';
import { createAccess } from '../../../main/access/access.ts';
import type { Access } from '../../../main/access/access.ts';
import { createAccounts, type Accounts } from '../../../main/access/accounts.ts';
import { createAgents } from '../../../main/access/agents.ts';
import type { Agents } from '../../../main/access/agents.ts';
import { createLock, type Lock } from '../../../main/access/lock.ts';
import { createPins, type Pins } from '../../../main/access/pins.ts';
import { pinningOf, serverRules } from '../../../main/access/server-rules.ts';
import { createSteadyClock } from '../../../main/access/steady-clock.ts';
import { publishAccess } from '../../../main/control/access-changes.ts';
import type { ChangeFeed } from '../../../main/control/changes.ts';
import type { GrantsOfUser } from '../../../main/grants/grants.ts';
import type { Clock } from '../../../main/ports.ts';
import { approvalWait, chosenApprovals, lockSettings, usualPinning } from '../../../main/settings/settings.ts';
import type { EventRow, Store } from '../../../main/store/types.ts';
import { memoryVault } from '../../../main/vault/memory.ts';
import { silent } from '../../support/silent.ts';

interface Parts {
  /** With the made-up servers. */
  readonly store: Store;
  /** Without. */
  readonly real: Store;
  readonly clock: Clock;
  readonly grants: GrantsOfUser;
  readonly changes: ChangeFeed;
  readonly events: EventRow[];
}

export interface RealAccess {
  readonly agents: Agents;
  readonly pins: Pins;
  readonly accounts: Accounts;
  readonly access: Access;
  readonly lock: Lock;
}

export function createRealAccess({ store, real, clock, grants, changes, events }: Parts): RealAccess {
  const agents: Agents = createAgents({
    store,
    clock,
    onChange: () => changes.publish({ kind: 'agents', agents: agents.list() }),
  });

  const pins = createPins({
    store,
    clock,
    pinning: (server) => pinningOf(store, server, () => usualPinning(store)),
    onHeld: (server, held) => changes.publish({ kind: 'tools', server, held }),
  });
  const accounts = createAccounts({
    store,
    grants,
    clock,
    onChange: (accountPins) => changes.publish({ kind: 'account-pins', pins: accountPins }),
  });
  const access = createAccess({
    store,
    clock,
    steady: createSteadyClock({ clock, store }),
    isLocked: () => lock.isLocked(),
    mode: () => chosenApprovals(store),
    wait: () => approvalWait(store),
    accountOf: ({ agent, folder }, server) => accounts.accountFor({ server, agentId: agent.id, folder }),
    known: () => null,
    serverRules: (server) => serverRules(store, server).rules,
    pins,
    readTools: () => Promise.resolve({ kind: 'listed', pages: [] }),
    audit: { toolCall: () => undefined },
    agentView: (id) => agents.view(id),
    about: (server, account) => aboutGrant(store, server, account),
    linkFor: (id) => `http://127.0.0.1:8427/approve/${id}`,
    tell: ({ kind, server, account, agent, detail }) =>
      events.push({ id: 0, at: clock.now(), server, grantId: null, kind, detail: { ...detail, agent, account } }),
  });
  publishAccess(access, changes);

  const lock: Lock = createLock({
    clock,
    steady: createSteadyClock({ clock, store: real }),
    store: real,
    log: silent,
    vault: memoryVault(),
    grants,
    audit: { lock: async () => undefined, unlock: async () => undefined },
    settings: () => lockSettings(real),
    systemCheck: null,
    connections: { count: () => 0, locked: (end) => access.locked(end), unlocked: () => access.unlocked() },
    endPassingApprovals: () => access.approvals.endPassing(),
    onChange: (state) => changes.publish({ kind: 'lock', lock: state }),
    tell: (kind, detail) => events.push({ id: 0, at: clock.now(), server: null, grantId: null, kind, detail }),
  });
  return { agents, pins, accounts, access, lock };
}
