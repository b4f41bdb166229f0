// The servers' part of the contract, carried out: adding, changing and forgetting them, and what the vault holds of lost ones.
import type { ImplementerInternalWithMiddlewares } from '@orpc/server';
import type { z } from 'zod';
import type { contract } from '../../preload/contract.ts';
import type { PreRegisteredClient } from '../grants/types.ts';
import { secret } from '../secret.ts';
import type { ServerSettings } from '../store/types.ts';
import type { ControlDeps } from './deps.ts';
import { serverDetails, snippets } from './details.ts';
import { present } from './implement.ts';
import type { CallContext } from './implement.ts';
import type { PersonOnly } from './person-only.ts';
import { choices } from './sign-in-router.ts';

/** An address alone can be added by whoever likes: nobody signs in to it, and no agent uses it, without the person. */
export const addingMore = 'add a server with more than its address';

/** Settings that have a person asked less, or protect less of what is theirs. */
export const asksLess = (settings: Partial<Record<keyof ServerSettings, unknown>> = {}): boolean =>
  settings.signIn === 'auto' || settings.allowHttp === true;

/** @param os the implementer of `contract.servers`, with whatever stands around every procedure */
export function createServersRouter(
  os: ImplementerInternalWithMiddlewares<typeof contract.servers, CallContext, CallContext>,
  deps: ControlDeps,
  person: PersonOnly,
) {
  const { grants, servers } = deps;
  return {
    add: os.add.handler(async ({ input: { name, url, settings }, context }) => {
      if (asksLess(settings)) await person.whereItCounts(context, addingMore);
      return servers.add({ name, url, ...(settings === undefined ? {} : { settings: present(settings) }) });
    }),
    list: os.list.handler(() => grants.list()),
    show: os.show.handler(({ input }) => grants.view(input.server, input.account)),
    details: os.details.handler(({ input }) => serverDetails(deps, input.server, input.account)),
    plan: os.plan.handler(({ input, signal }) =>
      grants.plan(input.server, { ...choices(input), ...(signal === undefined ? {} : { signal }) }),
    ),
    updateSettings: os.updateSettings.handler(async ({ input: { server, settings }, context }) => {
      await person.whereItCounts(context, 'change the settings of the server', { server });
      const view = servers.change(server, present(settings));
      deps.audit.append({ kind: 'server-settings-changed', server, detail: present(settings) });
      return view;
    }),
    bringClient: os.bringClient.handler(async ({ input: { server, client }, context }) => {
      // The person's own client would make way for it, at every server of that issuer.
      await person.whereItCounts(context, 'bring a client', { server });
      return servers.bringClient(server, keepSecret(client));
    }),
    snippets: os.snippets.handler(({ input }) => {
      grants.view(input.server);
      return snippets(input.server, deps.shim, deps.bridge);
    }),
    // What takes a server takes the person's denials and rules with it, and an agent could add it again without them.
    forget: os.forget.handler(async ({ input: { server }, context }) => {
      await person.whereItCounts(context, 'forget the server', { server, rulesOf: [server] });
      return servers.forget(server);
    }),
  };
}

/** @param os the implementer of `contract.adoption` */
export function createAdoptionRouter(
  os: ImplementerInternalWithMiddlewares<typeof contract.adoption, CallContext, CallContext>,
  { grants, servers }: Pick<ControlDeps, 'grants' | 'servers'>,
  person: PersonOnly,
) {
  return {
    list: os.list.handler(() => grants.adoptable()),
    adopt: os.adopt.handler(async ({ input, context }) => {
      await person.whereItCounts(context, 'take up a grant');
      const view = await servers.adopt(input.id);
      return { server: view?.server ?? null };
    }),
  };
}

type Brought = z.output<NonNullable<(typeof contract.servers.bringClient)['~orpc']['inputSchema']>>['client'];

const keepSecret = ({ client_id, client_secret, token_endpoint_auth_method }: Brought): PreRegisteredClient => ({
  client_id,
  ...(client_secret === undefined ? {} : { client_secret: secret(client_secret) }),
  ...(token_endpoint_auth_method === undefined ? {} : { token_endpoint_auth_method }),
});
