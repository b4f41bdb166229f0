// The lock's part of the contract, carried out: anybody may lock, and only a person unlocks.
import type { ImplementerInternalWithMiddlewares } from '@orpc/server';
import type { lockContract } from '../../preload/contract-access-calls.ts';
import { secret } from '../secret.ts';
import type { ControlDeps } from './deps.ts';
import type { CallContext } from './implement.ts';
import type { PersonOnly } from './person-only.ts';

/** @param os the implementer of `lockContract`, with whatever stands around every procedure */
export function createLockRouter(
  os: ImplementerInternalWithMiddlewares<typeof lockContract, CallContext, CallContext>,
  { lock }: Pick<ControlDeps, 'lock'>,
  person: PersonOnly,
) {
  return {
    state: os.state.handler(() => lock.state()),
    // Whoever takes something away from agents need not be a person.
    lock: os.lock.handler(() => lock.lock('by-hand')),
    unlock: os.unlock.handler(async ({ input, context }) => {
      await person.always(context, 'unlock');
      return lock.unlock(input.passphrase === undefined ? null : secret(input.passphrase));
    }),
    panic: os.panic.handler(({ input }) => lock.panic(input)),
  };
}
