// The control contract, carried out: each procedure is one call into grants, agents or the store, and nothing more.
import { implement, ORPCError } from '@orpc/server';
import type { z } from 'zod';
import { controlContract } from '../../preload/contract.ts';
import type { ContractOutputs } from '../../preload/contract.ts';
import type { NewAgent } from '../access/agents.ts';
import type { Flow } from '../oauth/types.ts';
import type { GrantView, NewServer, PreRegisteredClient } from '../grants/types.ts';
import { assertNever } from '../errors.ts';
import { secret } from '../secret.ts';
import type { EventRow, ServerSettings } from '../store/types.ts';
import { createChangeFeed, observe } from './changes.ts';
import type { ControlDeps } from './deps.ts';
import { createSignIns } from './sign-ins.ts';
import { toWire } from './wire-errors.ts';

/** Implements `controlContract` over the broker's parts. Every known failure leaves as the contract's typed error. */
export function createControlRouter(deps: ControlDeps) {
  const { grants, store, agents, log } = deps;
  const signIns = createSignIns();
  const feed = createChangeFeed();
  const os = implement(controlContract).use(async ({ next, path }) => {
    try {
      return await next();
    } catch (error) {
      // Input that the schema refused is oRPC's own error and says what was wrong; output that it refused is our defect.
      if (error instanceof ORPCError && error.code === 'BAD_REQUEST') throw error;
      const wire = toWire(error);
      if (wire.data.code === 'internal') log.error('control: a call failed', { call: path.join('.'), cause: error });
      throw wire;
    }
  });

  const addServer = async (server: NewServer): Promise<GrantView> => {
    const view = await grants.addServer(server);
    feed.publish({ kind: 'added', view });
    return view;
  };
  const changeSettings = (name: string, settings: Partial<ServerSettings>): GrantView => {
    grants.updateSettings(name, settings);
    const view = grants.view(name);
    feed.publish({ kind: 'settings', view });
    return view;
  };

  return os.router({
    status: os.status.handler(() => status(deps)),
    servers: {
      add: os.servers.add.handler(({ input }) =>
        addServer({ name: input.name, url: input.url, ...withSettings(input.settings) }),
      ),
      list: os.servers.list.handler(() => grants.list()),
      show: os.servers.show.handler(({ input }) => grants.view(input.server)),
      plan: os.servers.plan.handler(({ input, signal }) =>
        grants.plan(input.server, { ...choices(input), ...(signal === undefined ? {} : { signal }) }),
      ),
      updateSettings: os.servers.updateSettings.handler(({ input }) =>
        changeSettings(input.server, present(input.settings)),
      ),
      forget: os.servers.forget.handler(async ({ input }) => {
        const receipt = await grants.forgetServer(input.server);
        feed.publish({ kind: 'forgotten', server: input.server });
        return receipt;
      }),
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
      revoke: os.agents.revoke.handler(({ input }) => ({ revoked: agents.revoke(input.name) })),
    },
    events: {
      list: os.events.list.handler(({ input }) => store.events.list(present(input ?? {})).map(eventView)),
    },
    adoption: {
      list: os.adoption.list.handler(() => grants.adoptable()),
      adopt: os.adoption.adopt.handler(async ({ input }) => {
        const view = await grants.adopt(input.id);
        if (view !== null) feed.publish({ kind: 'added', view });
        return { server: view?.server ?? null };
      }),
    },
    changes: os.changes.handler(({ signal }) =>
      observe(
        () => ({ kind: 'snapshot', servers: grants.list() }),
        (listener) => {
          const ends = [
            feed.subscribe(listener),
            grants.onChange((change) => listener({ kind: 'state', server: change.server, state: change.state })),
          ];
          return () => ends.forEach((end) => end());
        },
        signal,
      ),
    ),
    script: {
      addServer: os.script.addServer.handler(({ input }) =>
        addServer({
          name: input.name,
          url: input.url,
          ...withSettings(input.settings),
          ...(input.client === undefined ? {} : { client: keepSecrets(input.client) }),
          ...(input.flow === undefined ? {} : { flow: keepFlowSecrets(input.flow) }),
        }),
      ),
      token: os.script.token.handler(async ({ input, signal }) => {
        const token = await grants.accessToken(input.server, {
          ...(input.minTtlMs === undefined ? {} : { minTtlMs: input.minTtlMs }),
          ...(signal === undefined ? {} : { signal }),
        });
        return {
          access_token: token.access_token.reveal(),
          token_type: token.token_type,
          expires_at: token.expires_at,
        };
      }),
      addAgent: os.script.addAgent.handler(({ input }) => reveal(agents.add(input.name))),
      rotateAgent: os.script.rotateAgent.handler(({ input }) => reveal(agents.rotate(input.name))),
    },
  });
}
// values --------------------------------------------------------------------------------------------------------------

type Inputs = {
  addServer: z.output<NonNullable<(typeof controlContract.script.addServer)['~orpc']['inputSchema']>>;
  plan: z.output<NonNullable<(typeof controlContract.servers.plan)['~orpc']['inputSchema']>>;
};
type Settings = NonNullable<Inputs['addServer']['settings']>;

/** An object without its undefined members: with exact optional properties, absent and undefined differ. */
type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Present<T>;
}

const withSettings = (settings: Settings | undefined): { settings?: Partial<ServerSettings> } =>
  settings === undefined ? {} : { settings: present(settings) };

function choices(input: Inputs['plan']) {
  return present({
    scopes: input.scopes,
    issuer: input.issuer,
    freshConsent: input.freshConsent,
    registerAgain: input.registerAgain,
  });
}

function keepSecrets(client: NonNullable<Inputs['addServer']['client']>): PreRegisteredClient {
  return {
    client_id: client.client_id,
    ...(client.client_secret === undefined ? {} : { client_secret: secret(client.client_secret) }),
    ...(client.private_key === undefined ? {} : { private_key: secret(client.private_key) }),
    ...present({
      signing_alg: client.signing_alg,
      token_endpoint_auth_method: client.token_endpoint_auth_method,
    }),
  };
}

function keepFlowSecrets(flow: NonNullable<Inputs['addServer']['flow']>): Flow {
  switch (flow.kind) {
    case 'id_jag':
      return { ...flow, id_token: secret(flow.id_token) };
    case 'jwt_bearer':
      return { ...flow, assertion: secret(flow.assertion) };
    case 'authorization_code':
    case 'client_credentials':
      return flow;
    default:
      return assertNever(flow);
  }
}

function status(deps: ControlDeps): ContractOutputs['status'] {
  const views = deps.grants.list();
  return {
    version: deps.version,
    pid: process.pid,
    startedAt: deps.startedAt,
    dataFolder: deps.dataFolder,
    databaseSetAside: deps.databaseSetAside,
    vault: { kind: deps.vault.kind, persistent: deps.vault.persistent, reason: deps.vault.reason ?? null },
    bridge: deps.bridge === null ? null : { url: deps.bridge.url, port: deps.bridge.port },
    servers: {
      total: views.length,
      connected: views.filter((view) => view.state.kind === 'connected').length,
      needSignIn: views.filter((view) => view.state.kind === 'needs-sign-in').length,
    },
  };
}

/** The one moment in which a key is shown. */
const reveal = ({ agent, key }: NewAgent) => ({ agent, key: key.reveal() });

/** The detail goes through JSON, so that whatever prints as `[secret]` does so before it leaves. */
const eventView = (event: EventRow): EventRow => ({
  ...event,
  detail: JSON.parse(JSON.stringify(event.detail)) as Record<string, unknown>,
});
