// The UI's contract, carried out: each procedure is one call into the broker's parts, and nothing more. No script call is in here.
import { implement } from '@orpc/server';
import type { z } from 'zod';
import { contract } from '../../preload/contract.ts';
import type { Change, ContractOutputs } from '../../preload/contract.ts';
import type { PreRegisteredClient } from '../grants/types.ts';
import { secret } from '../secret.ts';
import { activityPage, eventView, exportActivity } from './activity.ts';
import { observe } from './changes.ts';
import { clearEverything } from './clear-everything.ts';
import type { ControlDeps } from './deps.ts';
import { serverDetails, snippets } from './details.ts';
import { explaining, present } from './implement.ts';
import type { CallContext } from './implement.ts';

/** Implements `contract` over the broker's parts. Every known failure leaves as the contract's typed error. */
export function createUiRouter(deps: ControlDeps) {
  const { grants, servers, store, agents, signIns, pause, settings, sessions, demo, changes, clock, log } = deps;
  const os = implement(contract)
    .$context<CallContext>()
    .use(({ next, path }) => explaining(log, path, async () => next()));

  const note = (kind: string, detail: Readonly<Record<string, string>> = {}) =>
    store.events.append({ at: clock.now(), server: null, grantId: null, kind, detail });

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
      show: os.servers.show.handler(({ input }) => grants.view(input.server)),
      details: os.servers.details.handler(({ input }) => serverDetails(deps, input.server)),
      plan: os.servers.plan.handler(({ input, signal }) =>
        grants.plan(input.server, { ...choices(input), ...(signal === undefined ? {} : { signal }) }),
      ),
      updateSettings: os.servers.updateSettings.handler(({ input }) =>
        servers.change(input.server, present(input.settings)),
      ),
      bringClient: os.servers.bringClient.handler(({ input }) =>
        servers.bringClient(input.server, keepSecret(input.client)),
      ),
      snippets: os.servers.snippets.handler(({ input }) => {
        grants.view(input.server);
        return snippets(input.server, deps.shim, deps.bridge);
      }),
      forget: os.servers.forget.handler(({ input }) => servers.forget(input.server)),
    },
    signIn: {
      // Not bound to the caller's connection: a UI may start it and another one finish it.
      start: os.signIn.start.handler(async ({ input }) => {
        const signIn = await grants.signIn(input.server, {
          ...choices(input),
          ...(input.openBrowser === undefined ? {} : { openBrowser: input.openBrowser }),
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
    revoke: os.revoke.handler(({ input }) => grants.revoke(input.server)),
    cache: { clear: os.cache.clear.handler(({ input }) => grants.clearCache(input?.server)) },
    doctor: os.doctor.handler(({ input, signal }) =>
      deps.diagnose(input.url, {
        allowHttp: input.allowHttp ?? false,
        ...(signal === undefined ? {} : { signal }),
      }),
    ),
    agents: {
      list: os.agents.list.handler(() => agents.list()),
      revoke: os.agents.revoke.handler(({ input }) => {
        const revoked = agents.revoke(input.name);
        if (revoked) note('agent-revoked', { agent: input.name });
        changes.publish({ kind: 'agents', agents: agents.list() });
        return { revoked };
      }),
    },
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
    settings: {
      get: os.settings.get.handler(() => settings.view()),
      set: os.settings.set.handler(async ({ input }) => {
        const changed = await settings.set(input);
        note('settings-changed', { settings: Object.keys(present(input)).join(' ') });
        changes.publish({ kind: 'app-settings', settings: changed });
        return changed;
      }),
    },
    broker: {
      pause: os.broker.pause.handler(() => {
        pause.pause();
        return { pausedSince: pause.since() };
      }),
      resume: os.broker.resume.handler(() => {
        pause.resume();
        return { pausedSince: pause.since() };
      }),
    },
    clearEverything: os.clearEverything.handler(async () => {
      const cleared = await clearEverything(deps);
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
    uses: deps.store.uses.list(),
    agents: deps.agents.list(),
    sessions: deps.sessions.list(),
    demo: deps.demo.state(),
    pausedSince: deps.pause.since(),
  };
}

function watch({ changes, grants }: ControlDeps, listener: (change: Change) => void): () => void {
  const ends = [
    changes.subscribe(listener),
    grants.onChange(({ server, state }) => {
      listener({ kind: 'state', server, state });
      // With a grant that begins or ends, account, scopes and registration change as well.
      if (state.kind === 'connected' || state.kind === 'needs-sign-in') {
        listener({ kind: 'settings', view: grants.view(server) });
      }
    }),
  ];
  return () => ends.forEach((end) => end());
}

// values --------------------------------------------------------------------------------------------------------------

type Plan = z.output<NonNullable<(typeof contract.servers.plan)['~orpc']['inputSchema']>>;
type Brought = z.output<NonNullable<(typeof contract.servers.bringClient)['~orpc']['inputSchema']>>['client'];

const choices = ({ scopes, issuer, freshConsent, registerAgain }: Plan) =>
  present({ scopes, issuer, freshConsent, registerAgain });

const keepSecret = ({ client_id, client_secret, token_endpoint_auth_method }: Brought): PreRegisteredClient => ({
  client_id,
  ...(client_secret === undefined ? {} : { client_secret: secret(client_secret) }),
  ...(token_endpoint_auth_method === undefined ? {} : { token_endpoint_auth_method }),
});

function status(deps: ControlDeps): ContractOutputs['status'] {
  const views = deps.grants.list();
  return {
    version: deps.version,
    pid: process.pid,
    startedAt: deps.startedAt,
    dataFolder: deps.dataFolder,
    databaseSetAside: deps.databaseSetAside,
    vault: { kind: deps.vault.kind, persistent: deps.vault.persistent, reason: deps.vault.reason ?? null },
    bridge: deps.bridge,
    pausedSince: deps.pause.since(),
    servers: {
      total: views.length,
      connected: views.filter((view) => view.state.kind === 'connected').length,
      needSignIn: views.filter((view) => view.state.kind === 'needs-sign-in').length,
    },
  };
}
