// The control contract, carried out: what every UI may ask, and beside it the script calls of the command line.
import { implement } from '@orpc/server';
import type { z } from 'zod';
import { scriptContract } from '../../preload/contract.ts';
import type { NewAgent } from '../access/agents.ts';
import { assertNever } from '../errors.ts';
import type { PreRegisteredClient } from '../grants/types.ts';
import type { Flow } from '../oauth/types.ts';
import { secret } from '../secret.ts';
import type { ControlDeps } from './deps.ts';
import { explaining, present } from './implement.ts';
import type { CallContext } from './implement.ts';
import { createPersonOnly } from './person-only.ts';
import type { PersonOnly } from './person-only.ts';
import { addingMore, asksLess } from './servers-router.ts';
import { createUiRouter } from './ui-router.ts';

const usualFlow = 'authorization_code';

/** Implements `controlContract`: for the control socket and for nothing else. */
export function createControlRouter(deps: ControlDeps) {
  const person = createPersonOnly(deps);
  return { ...createUiRouter(deps, person), script: createScriptRouter(deps, person) };
}

function createScriptRouter(deps: ControlDeps, person: PersonOnly) {
  const { grants, servers, agents, store, audit, pause, lock, clock, log, openUi } = deps;
  const os = implement(scriptContract)
    .$context<CallContext>()
    .use(({ next, path }) => {
      lock.touched();
      return explaining(log, path, async () => next());
    });

  /** The one moment in which a key is shown. */
  const reveal = (kind: 'agent-added' | 'agent-rotated', { agent, key }: NewAgent) => {
    store.events.append({ at: clock.now(), server: null, grantId: null, kind, detail: { agent: agent.name } });
    return { agent, key: key.reveal() };
  };

  return os.router({
    addServer: os.addServer.handler(async ({ input, context }) => {
      // A client of the person's own at the same issuer would have to make way for it, and other flows ask nobody to sign in.
      const isMore = input.client !== undefined || (input.flow?.kind ?? usualFlow) !== usualFlow;
      if (isMore || asksLess(input.settings)) await person.whereItCounts(context, addingMore);
      return servers.add({
        name: input.name,
        url: input.url,
        ...(input.settings === undefined ? {} : { settings: present(input.settings) }),
        ...(input.client === undefined ? {} : { client: keepSecrets(input.client) }),
        ...(input.flow === undefined ? {} : { flow: keepFlowSecrets(input.flow) }),
      });
    }),
    token: os.token.handler(async ({ input, signal, context }) => {
      lock.check();
      pause.check();
      // An agent that could fetch the token itself would need nobody's approval, and no rule would hold for it.
      const { server } = input;
      await person.whereItCounts(context, 'fetch a token', { orphans: 'may', server, rulesOf: [server] });
      const { account } = grants.view(server, input.account);
      const token = await grants.accessToken(input.server, {
        ...(input.account === undefined ? {} : { account: input.account }),
        ...(input.minTtlMs === undefined ? {} : { minTtlMs: input.minTtlMs }),
        ...(signal === undefined ? {} : { signal }),
      });
      audit.append({ kind: 'token-lent', server, account, detail: { until: token.expires_at } });
      return {
        access_token: token.access_token.reveal(),
        token_type: token.token_type,
        expires_at: token.expires_at,
      };
    }),
    addAgent: os.addAgent.handler(async ({ input, context }) => {
      if (input.trusted === true) await person.always(context, 'add a trusted agent');
      // With a key it would come in past the evidence of what it is, under a name that looks like one of the person's own.
      else await person.whereItCounts(context, 'add an agent');
      return reveal('agent-added', agents.add(input.name, present({ trusted: input.trusted })));
    }),
    rotateAgent: os.rotateAgent.handler(async ({ input, context }) => {
      // The new key may do whatever the agent may.
      await person.always(context, 'give the agent a new key');
      return reveal('agent-rotated', agents.rotate(input));
    }),
    openUi: os.openUi.handler(async ({ input, context }) => {
      // Whoever has the link can answer what an agent asks for, change the rules, and unlock.
      const only = () => person.always(context, 'get a link into the window');
      if (input.linkOnly === true) await only();
      const opened = await openUi({ linkOnly: input.linkOnly ?? false });
      if (opened.kind === 'link') await only();
      return opened;
    }),
  });
}

// values --------------------------------------------------------------------------------------------------------------

type AddServer = z.output<NonNullable<(typeof scriptContract.addServer)['~orpc']['inputSchema']>>;

function keepSecrets(client: NonNullable<AddServer['client']>): PreRegisteredClient {
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

function keepFlowSecrets(flow: NonNullable<AddServer['flow']>): Flow {
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
