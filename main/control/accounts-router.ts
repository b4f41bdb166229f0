// The accounts' part of the contract, carried out: several accounts at one server, who uses which, and when one ends.
import type { ImplementerInternalWithMiddlewares } from '@orpc/server';
import type { accountsContract } from '../../preload/contract-access-calls.ts';
import type { GrantView } from '../grants/types.ts';
import type { ControlDeps } from './deps.ts';
import { personOnly, present } from './implement.ts';
import type { CallContext } from './implement.ts';

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
  publishAll: () => Promise<void>,
) {
  /** The default one first. */
  const views = (server: string): GrantView[] => grants.accounts(server).map((account) => grants.view(server, account));

  return {
    list: os.list.handler(({ input }) => views(input.server)),
    pins: os.pins.handler(() => accounts.pins()),
    pin: os.pin.handler(async ({ input: { server, account, ...to }, context }) => {
      await personOnly(context, 'pin the account');
      return accounts.pin(server, account, present(to));
    }),
    unpin: os.unpin.handler(async ({ input: { server, ...from }, context }) => {
      await personOnly(context, 'unpin the account');
      return accounts.unpin(server, present(from));
    }),
    setDefault: os.setDefault.handler(async ({ input: { server, account }, context }) => {
      await personOnly(context, 'choose the default account');
      grants.setDefaultAccount(server, account);
      access.settingChanged();
      await publishAll();
      return views(server);
    }),
    // Whoever takes something away from an agent need not be a person.
    forget: os.forget.handler(async ({ input: { server, account } }) => {
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
      if (!isSooner) await personOnly(context, 'let the grant live longer');
      const view = grants.setEnd(server, endsAt, account);
      changes.publish({ kind: 'settings', view });
      return view;
    }),
  };
}
