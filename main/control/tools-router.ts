// The tools' part of the contract, carried out: rules of a server, what is known of its tools, and agreeing to what changed.
import type { ImplementerInternalWithMiddlewares } from '@orpc/server';
import type { ServerRules } from '../../preload/contract-access.ts';
import type { toolsContract } from '../../preload/contract-access-calls.ts';
import { serverRules } from '../access/server-rules.ts';
import type { ControlDeps } from './deps.ts';
import { present } from './implement.ts';
import type { CallContext } from './implement.ts';
import type { PersonOnly } from './person-only.ts';

/** @param os the implementer of `toolsContract`, with whatever stands around every procedure */
export function createToolsRouter(
  os: ImplementerInternalWithMiddlewares<typeof toolsContract, CallContext, CallContext>,
  { grants, pins, store, changes, clock }: Pick<ControlDeps, 'grants' | 'pins' | 'store' | 'changes' | 'clock'>,
  person: PersonOnly,
) {
  /** @throws unknown_server */
  const accountOf = (server: string, account: string | undefined): string => {
    const view = grants.view(server);
    return account ?? view.account;
  };
  const rulesOf = (server: string): ServerRules => {
    grants.view(server);
    return serverRules(store, server);
  };

  return {
    rules: os.rules.handler(({ input }) => rulesOf(input.server)),
    setRules: os.setRules.handler(async ({ input: { server, ...change }, context }) => {
      await person.always(context, 'change the rules', { server });
      const changed = { ...rulesOf(server), ...present(change) };
      store.serverRules.put(changed);
      store.events.append({
        at: clock.now(),
        server,
        grantId: null,
        kind: 'tool-rules-changed',
        detail: { what: Object.keys(present(change)).join(' ') },
      });
      pins.settingChanged();
      changes.publish({ kind: 'tools', server, held: pins.heldOf(server) });
      return changed;
    }),
    list: os.list.handler(({ input: { server, account } }) => pins.list(server, accountOf(server, account))),
    accept: os.accept.handler(async ({ input: { server, account, tools }, context }) => {
      await person.always(context, 'accept the definitions', { server });
      return { accepted: pins.accept(server, accountOf(server, account), tools) };
    }),
  };
}
