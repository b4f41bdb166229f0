// The accounts' part of the contract, carried out: several accounts at one server, who uses which, and when one ends.
import type { ImplementerInternalWithMiddlewares } from '@orpc/server';
import type { accountsContract } from '../../preload/contract-access-calls.ts';
import type { GrantView } from '../grants/types.ts';
import type { ControlDeps } from './deps.ts';
import { present } from './implement.ts';
import type { CallContext } from './implement.ts';
import type { PersonOnly } from './person-only.ts';

/**
 * @param os the implementer of `accountsContract`, with whatever stands around every procedure
 * @param publishAll tells whoever watches how everything is now
 */
export function createAccountsRouter(
  os: ImplementerInternalWithMiddlewares<typeof accountsContract, CallContext, CallContext>,
  {
    grants,
    accounts,
    access,
    changes,
    pins: toolPins,
  }: Pick<ControlDeps, 'grants' | 'accounts' | 'access' | 'changes' | 'pins'>,
  person: PersonOnly,
  publishAll: () => Promise<void>,
) {
  /** The default one first. */
  const views = (server: string): GrantView[] => grants.accounts(server).map((account) => grants.view(server, account));

  return {
    list: os.list.handler(({ input }) => views(input.server)),
    pins: os.pins.handler(() => accounts.pins()),
    pin: os.pin.handler(async ({ input: { server, account, ...to }, context }) => {
      await person.always(context, 'pin the account', { server });
      return accounts.pin(server, account, present(to));
    }),
    unpin: os.unpin.handler(async ({ input: { server, ...from }, context }) => {
      await person.always(context, 'unpin the account', { server });
      return accounts.unpin(server, present(from));
    }),
    setDefault: os.setDefault.handler(async ({ input: { server, account }, context }) => {
      await person.always(context, 'choose the default account', { server });
      grants.setDefaultAccount(server, account);
      access.settingChanged();
      await publishAll();
      return views(server);
    }),
    forget: os.forget.handler(async ({ input: { server, account }, context }) => {
      // With the account go the person's denials, and the definitions of tools that they agreed to.
      await person.whereItCounts(context, 'forget the account', { server });
      const receipt = await grants.forgetAccount(server, account);
      toolPins.forget(server, account);
      access.serverForgotten(server, account);
      access.settingChanged();
      await publishAll();
      return receipt;
    }),
    setEnd: os.setEnd.handler(async ({ input: { server, account, endsAt }, context }) => {
      const { endsAt: now } = grants.view(server, account);
      const isSooner = endsAt !== null && (now === null || endsAt <= now);
      if (!isSooner) await person.always(context, 'let the grant live longer', { server });
      const view = grants.setEnd(server, endsAt, account);
      changes.publish({ kind: 'settings', view });
      return view;
    }),
  };
}
