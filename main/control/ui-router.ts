// The UI's contract, carried out: each procedure is one call into the broker's parts, and nothing more. No script call is in here.
import { implement } from '@orpc/server';
import type { z } from 'zod';
import { contract } from '../../preload/contract.ts';
import type { Change, ContractOutputs } from '../../preload/contract.ts';
import type { PreRegisteredClient } from '../grants/types.ts';
import { secret } from '../secret.ts';
import { activityPage, eventView, exportActivity } from './activity.ts';
import { accessView, createApprovalsRouter } from './approvals-router.ts';
import { createAccountsRouter } from './accounts-router.ts';
import { createAuditRouter } from './audit-router.ts';
import { observe } from './changes.ts';
import { clearEverything } from './clear-everything.ts';
import type { ControlDeps } from './deps.ts';
import { serverDetails, snippets } from './details.ts';
import { explaining, personOnly, present } from './implement.ts';
import type { CallContext } from './implement.ts';
import { createLockRouter } from './lock-router.ts';
import { createToolsRouter } from './tools-router.ts';

/** Looking on, which no person has to be there for. */
const watching: ReadonlySet<string> = new Set(['status', 'changes', 'signIn.wait', 'lock.state']);

/** Implements `contract` over the broker's parts. Every known failure leaves as the contract's typed error. */
export function createUiRouter(deps: ControlDeps) {
  const { grants, servers, store, agents, signIns, pause, lock, settings, sessions, demo, changes, clock, log } = deps;
  const os = implement(contract)
    .$context<CallContext>()
    .use(({ next, path }) => {
      if (!watching.has(path.join('.'))) lock.touched();
      return explaining(log, path, async () => next());
    });

  const note = (kind: string, detail: Readonly<Record<string, string>> = {}) =>
    store.events.append({ at: clock.now(), server: null, grantId: null, kind, detail });

  /** What takes a server takes the person's denials and rules with it, and an agent could add it again without them. */
  const whereAsked = async (context: CallContext, attempted: string): Promise<void> => {
    if (settings.approvals() === 'ask') await personOnly(context, attempted);
  };

  return os.router({
    status: os.status.handler(() => status(deps)),
    servers: {
      add: os.servers.add.handler(({ input }) =>
        servers.add({
          name: input.name,
          url: input.url,
          ...(input.settings === undefined ? {} : { settings: present(input.settings) }),
        }),
      ),
      list: os.servers.list.handler(() => grants.list()),
      show: os.servers.show.handler(({ input }) => grants.view(input.server, input.account)),
      details: os.servers.details.handler(({ input }) => serverDetails(deps, input.server, input.account)),
      plan: os.servers.plan.handler(({ input, signal }) =>
        grants.plan(input.server, { ...choices(input), ...(signal === undefined ? {} : { signal }) }),
      ),
      updateSettings: os.servers.updateSettings.handler(async ({ input, context }) => {
        await whereAsked(context, 'change the settings of the server');
        const view = servers.change(input.server, present(input.settings));
        deps.audit.append({ kind: 'server-settings-changed', server: input.server, detail: present(input.settings) });
        return view;
      }),
      bringClient: os.servers.bringClient.handler(({ input }) =>
        servers.bringClient(input.server, keepSecret(input.client)),
      ),
      snippets: os.servers.snippets.handler(({ input }) => {
        grants.view(input.server);
        return snippets(input.server, deps.shim, deps.bridge);
      }),
      forget: os.servers.forget.handler(async ({ input, context }) => {
        await whereAsked(context, 'forget the server');
        return servers.forget(input.server);
      }),
    },
    signIn: {
      // Not bound to the caller's connection: a UI may start it and another one finish it.
      start: os.signIn.start.handler(async ({ input }) => {
        const signIn = await grants.signIn(input.server, {
          ...choices(input),
          ...present({ openBrowser: input.openBrowser, endsAt: input.endsAt }),
        });
        return {
          id: signIns.track(signIn),
          server: input.server,
          url: signIn.url,
          redirectUri: signIn.redirectUri,
        };
      }),
      wait: os.signIn.wait.handler(({ input, signal }) => signIns.wait(input.id, signal)),
      complete: os.signIn.complete.handler(async ({ input }) => {
        await signIns.complete(input.id, input.callback);
        return {};
      }),
      cancel: os.signIn.cancel.handler(({ input }) => {
        signIns.cancel(input.id);
        return {};
      }),
    },
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
    agents: {
      list: os.agents.list.handler(() => agents.list()),
      revoke: os.agents.revoke.handler(({ input }) => {
        const revoked = agents.revoke(input);
        if (revoked !== null) note('agent-revoked', { agent: revoked.name });
        return { revoked: revoked !== null };
      }),
      rename: os.agents.rename.handler(async ({ input, context }) => {
        await personOnly(context, 'rename the agent');
        const was = agents.view(input.id)?.name ?? '';
        const agent = agents.rename(input, input.name);
        note('agent-renamed', { agent: agent.name, was });
        return agent;
      }),
      trust: os.agents.trust.handler(async ({ input, context }) => {
        if (input.trusted) await personOnly(context, 'trust the agent');
        const agent = agents.trust(input, input.trusted);
        deps.access.agentTrusted(agent.id, agent.trusted);
        note(agent.trusted ? 'agent-trusted' : 'agent-untrusted', { agent: agent.name });
        return agent;
      }),
    },
    approvals: createApprovalsRouter(os.approvals, deps),
    tools: createToolsRouter(os.tools, deps),
    accounts: createAccountsRouter(os.accounts, deps, async () => changes.publish(await snapshotOf(deps))),
    events: {
      list: os.events.list.handler(({ input }) => store.events.list(present(input ?? {})).map(eventView)),
    },
    adoption: {
      list: os.adoption.list.handler(() => grants.adoptable()),
      adopt: os.adoption.adopt.handler(async ({ input }) => {
        const view = await servers.adopt(input.id);
        return { server: view?.server ?? null };
      }),
    },
    activity: {
      list: os.activity.list.handler(({ input }) => activityPage(store.events, input)),
      choices: os.activity.choices.handler(() => store.events.named()),
      export: os.activity.export.handler(({ input: { format, ...filter } }) =>
        exportActivity(store.events, format, filter, clock.now()),
      ),
    },
    audit: createAuditRouter(os.audit, deps),
    lock: createLockRouter(os.lock, deps),
    settings: {
      get: os.settings.get.handler(() => settings.view()),
      set: os.settings.set.handler(async ({ input, context }) => {
        if (input.approvals === 'off') await personOnly(context, 'stop asking before agents use a server');
        if (input.tools !== undefined) await personOnly(context, 'change what becomes of tools that changed');
        if (input.audit !== undefined) await personOnly(context, 'change what the audit keeps');
        if (input.lock !== undefined) await personOnly(context, 'change when it locks');
        const changed = await settings.set(input);
        if (input.lock !== undefined) lock.look();
        if (input.approvals !== undefined) deps.access.settingChanged();
        if (input.tools !== undefined) deps.pins.settingChanged();
        const given = Object.entries(present(input));
        const values = given.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);
        note('settings-changed', {
          ...(Object.fromEntries(values) as Record<string, string>),
          settings: given.map(([name]) => name).join(' '),
        });
        changes.publish({ kind: 'app-settings', settings: changed });
        return changed;
      }),
    },
    broker: {
      pause: os.broker.pause.handler(() => {
        pause.pause();
        return { pausedSince: pause.since() };
      }),
      resume: os.broker.resume.handler(async ({ context }) => {
        await personOnly(context, 'lend again');
        pause.resume();
        return { pausedSince: pause.since() };
      }),
    },
    clearEverything: os.clearEverything.handler(async ({ context }) => {
      await whereAsked(context, 'clear everything');
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
      revoke: os.sessions.revoke.handler(({ input }) => ({ revoked: sessions.revoke(input.id) })),
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

type Plan = z.output<NonNullable<(typeof contract.servers.plan)['~orpc']['inputSchema']>>;
type Brought = z.output<NonNullable<(typeof contract.servers.bringClient)['~orpc']['inputSchema']>>['client'];

const choices = ({ account, scopes, issuer, freshConsent, registerAgain }: Plan) =>
  present({ account, scopes, issuer, freshConsent, registerAgain });

const keepSecret = ({ client_id, client_secret, token_endpoint_auth_method }: Brought): PreRegisteredClient => ({
  client_id,
  ...(client_secret === undefined ? {} : { client_secret: secret(client_secret) }),
  ...(token_endpoint_auth_method === undefined ? {} : { token_endpoint_auth_method }),
});

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
    servers: {
      total: usual.length,
      connected: usual.filter((view) => view.state.kind === 'connected').length,
      needSignIn: views.filter((view) => view.state.kind === 'needs-sign-in').length,
    },
  };
}
