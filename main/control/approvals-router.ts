// The approvals' part of the contract, carried out: what is open, what stands, and the person's answers.
import type { ImplementerInternalWithMiddlewares } from '@orpc/server';
import type { ContractOutputs } from '../../preload/contract.ts';
import type { approvalsContract } from '../../preload/contract-access-calls.ts';
import type { ControlDeps } from './deps.ts';
import type { CallContext } from './implement.ts';
import type { PersonOnly } from './person-only.ts';

/** @param os the implementer of `approvalsContract`, with whatever stands around every procedure */
export function createApprovalsRouter(
  os: ImplementerInternalWithMiddlewares<typeof approvalsContract, CallContext, CallContext>,
  { access }: Pick<ControlDeps, 'access'>,
  person: PersonOnly,
) {
  const { approvals, prompts } = access;
  return {
    list: os.list.handler(() => accessView({ access })),
    decide: os.decide.handler(async ({ input: { id, ...decision }, context }) => {
      await person.always(context, 'answer the question');
      return approvals.view(prompts.decide(id, decision, placeOf(context)));
    }),
    answer: os.answer.handler(async ({ input, context }) => {
      await person.always(context, 'answer the question');
      prompts.answer(input.id, input.allow, placeOf(context));
      return {};
    }),
    change: os.change.handler(async ({ input: { id, ...to }, context }) => {
      await person.always(context, 'change the approval');
      return approvals.view(approvals.change(id, to));
    }),
    // Whoever takes something away from an agent need not be a person; a denial is nothing that it has.
    revoke: os.revoke.handler(async ({ input, context }) => {
      const isDenial = approvals.living().some(({ id, decision }) => id === input.id && decision === 'deny');
      if (isDenial) await person.always(context, 'take back the denial');
      return { revoked: approvals.revoke(input.id) };
    }),
  };
}

/** All that is open and all that stands. */
export function accessView({ access }: Pick<ControlDeps, 'access'>): ContractOutputs['approvals']['list'] {
  const { approvals, prompts } = access;
  return { prompts: prompts.list(), approvals: approvals.living().map(approvals.view), floods: prompts.floods() };
}

/** Where the person decides. */
function placeOf({ session, startedBy }: CallContext): string {
  if (session !== null) return 'browser';
  return startedBy === undefined ? 'window' : 'command-line';
}
