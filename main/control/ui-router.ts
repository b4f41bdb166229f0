// The UI's contract, carried out: each procedure is one call into the broker's parts, and nothing more. No script call is in here.
import { implement } from '@orpc/server';
import { contract } from '../../preload/contract.ts';
import type { Change, ContractOutputs } from '../../preload/contract.ts';
import { activityPage, eventView, exportActivity } from './activity.ts';
import { accessView, createApprovalsRouter } from './approvals-router.ts';
import { createAccountsRouter } from './accounts-router.ts';
import { createAgentsRouter } from './agents-router.ts';
import { createAuditRouter } from './audit-router.ts';
import { observe } from './changes.ts';
import { clearEverything } from './clear-everything.ts';
import type { ControlDeps } from './deps.ts';
import { explaining, present } from './implement.ts';
import type { CallContext } from './implement.ts';
import { createLockRouter } from './lock-router.ts';
import { createPersonOnly } from './person-only.ts';
import type { PersonOnly } from './person-only.ts';
import { createAdoptionRouter, createServersRouter } from './servers-router.ts';
import { createSettingsRouter } from './settings-router.ts';
import { createSignInRouter } from './sign-in-router.ts';
import { createToolsRouter } from './tools-router.ts';

/** Looking on, which no person has to be there for. */
const watching: ReadonlySet<string> = new Set(['status', 'changes', 'signIn.wait', 'lock.state']);

/** Implements `contract` over the broker's parts. Every known failure leaves as the contract's typed error. */
export function createUiRouter(deps: ControlDeps, person: PersonOnly = createPersonOnly(deps)) {
  const { grants, store, pause, lock, sessions, demo, changes, clock, log } = deps;
  const os = implement(contract)
    .$context<CallContext>()
    .use(({ next, path }) => {
      if (!watching.has(path.join('.'))) lock.touched();
      return explaining(log, path, async () => next());
    });

  return os.router({
    status: os.status.handler(() => status(deps)),
    servers: createServersRouter(os.servers, deps, person),
    signIn: createSignInRouter(os.signIn, deps, person),
    revoke: os.revoke.handler(({ input }) => grants.revoke(input.server, input.account)),
    cache: {
      clear: os.cache.clear.handler(async ({ input }) => {
        const cleared = await grants.clearCache(input?.server);
        // A view names the registration as well; whether one is gone is no matter of a grant's state.
        const views = cleared.registrations === 0 ? [] : grants.list();
        for (const view of views) changes.publish({ kind: 'settings', view });
        return cleared;
      }),
    },
    doctor: os.doctor.handler(({ input, signal }) =>
      deps.diagnose(input.url, {
        allowHttp: input.allowHttp ?? false,
        ...(signal === undefined ? {} : { signal }),
      }),
    ),
    agents: createAgentsRouter(os.agents, deps, person),
    approvals: createApprovalsRouter(os.approvals, deps, person),
    tools: createToolsRouter(os.tools, deps, person),
    accounts: createAccountsRouter(os.accounts, deps, person, async () => changes.publish(await snapshotOf(deps))),
    events: {
      list: os.events.list.handler(({ input }) => store.events.list(present(input ?? {})).map(eventView)),
    },
    adoption: createAdoptionRouter(os.adoption, deps, person),
    activity: {
      list: os.activity.list.handler(({ input }) => activityPage(store.events, input)),
      choices: os.activity.choices.handler(() => store.events.named()),
      export: os.activity.export.handler(({ input: { format, ...filter } }) =>
        exportActivity(store.events, format, filter, clock.now()),
      ),
    },
    audit: createAuditRouter(os.audit, deps),
    lock: createLockRouter(os.lock, deps, person),
    settings: createSettingsRouter(os.settings, deps, person),
    broker: {
      pause: os.broker.pause.handler(() => {
        pause.pause();
        return { pausedSince: pause.since() };
      }),
      resume: os.broker.resume.handler(async ({ context }) => {
        await person.always(context, 'end the pause');
        pause.resume();
        return { pausedSince: pause.since() };
      }),
    },
    clearEverything: os.clearEverything.handler(async ({ context }) => {
      const rulesOf = store.servers.list().map(({ name }) => name);
      await person.whereItCounts(context, 'clear everything', { rulesOf });
      // The vault gives nothing away now, and that it is locked is among what would be cleared.
      lock.check();
      const cleared = await clearEverything(deps);
      const { servers: each, ...counts } = cleared;
      deps.audit.append({
        kind: 'everything-cleared',
        detail: { ...counts, forgotten: each.filter(({ forgotten }) => forgotten).map(({ server }) => server) },
      });
      lock.look();
      // Not before its grant was revoked: it is the authorization server of that one.
      await demo.stop();
      changes.publish(await snapshotOf(deps));
      return cleared;
    }),
    catalogue: { list: os.catalogue.list.handler(() => [...deps.catalogue]) },
    demo: {
      start: os.demo.start.handler(() => demo.start()),
      stop: os.demo.stop.handler(() => demo.stop()),
    },
    sessions: {
      list: os.sessions.list.handler(({ context }) => ({ sessions: sessions.list(), current: context.session })),
      // Where the person looks is theirs to end.
      revoke: os.sessions.revoke.handler(async ({ input, context }) => {
        await person.always(context, 'end a session of the window');
        return { revoked: sessions.revoke(input.id) };
      }),
    },
    licences: os.licences.handler(() => deps.licences()),
    changes: os.changes.handler(async ({ signal }) =>
      observe(
        () => snapshotOf(deps),
        (listener) => watch(deps, listener),
        signal,
      ),
    ),
  });
}

/** Everything as it is, for an observer that comes, was too slow, or has to begin anew. */
async function snapshotOf(deps: ControlDeps): Promise<Change> {
  return {
    settings: await deps.settings.view(),
    kind: 'snapshot',
    servers: deps.grants.list(),
    accountPins: deps.accounts.pins(),
    uses: deps.store.uses.list(),
    agents: deps.agents.list(),
    sessions: deps.sessions.list(),
    demo: deps.demo.state(),
    pausedSince: deps.pause.since(),
    lock: deps.lock.state(),
    heldTools: deps.pins.held(),
    ...accessView(deps),
  };
}

function watch(deps: ControlDeps, listener: (change: Change) => void): () => void {
  const { changes, grants } = deps;
  const ends = [
    changes.subscribe(listener),
    grants.onChange(({ server, account, state }) => {
      // A first sign-in that came to nothing: the account is not there, and never was.
      if (!grants.accounts(server).includes(account)) {
        void snapshotOf(deps).then(listener, () => undefined);
        return;
      }
      // Who knows of one account only must not take another one's state for its.
      if (account !== grants.defaultAccount(server)) {
        listener({ kind: 'settings', view: grants.view(server, account) });
        return;
      }
      listener({ kind: 'state', server, account, state });
      // With a grant that begins or ends, account, scopes and registration change as well.
      if (state.kind === 'connected' || state.kind === 'needs-sign-in') {
        listener({ kind: 'settings', view: grants.view(server, account) });
      }
    }),
  ];
  return () => ends.forEach((end) => end());
}

// values --------------------------------------------------------------------------------------------------------------

function status(deps: ControlDeps): ContractOutputs['status'] {
  const views = deps.grants.list();
  const usual = views.filter(({ isDefault }) => isDefault);
  return {
    version: deps.version,
    pid: process.pid,
    startedAt: deps.startedAt,
    dataFolder: deps.dataFolder,
    databaseSetAside: deps.databaseSetAside,
    vault: { kind: deps.vault.kind, persistent: deps.vault.persistent, reason: deps.vault.reason ?? null },
    bridge: deps.bridge,
    pausedSince: deps.pause.since(),
    lock: deps.lock.state(),
    approvals: deps.settings.approvals(),
    openQuestions: deps.access.prompts.list().length,
    heldTools: deps.pins.held(),
    servers: {
      total: usual.length,
      connected: usual.filter((view) => view.state.kind === 'connected').length,
      needSignIn: views.filter((view) => view.state.kind === 'needs-sign-in').length,
      needNone: usual.filter(({ state }) => state.kind === 'open' && state.answersSince !== undefined).length,
    },
  };
}
