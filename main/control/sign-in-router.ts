// The sign-in's part of the contract, carried out: a person starts it, here or in a terminal, and anybody may wait for it.
import type { ImplementerInternalWithMiddlewares } from '@orpc/server';
import type { z } from 'zod';
import type { contract } from '../../preload/contract.ts';
import type { ControlDeps } from './deps.ts';
import { present } from './implement.ts';
import type { CallContext } from './implement.ts';
import type { PersonOnly } from './person-only.ts';

type Start = z.output<NonNullable<(typeof contract.signIn.start)['~orpc']['inputSchema']>>;
type Plan = z.output<NonNullable<(typeof contract.servers.plan)['~orpc']['inputSchema']>>;

/** @param os the implementer of `contract.signIn`, with whatever stands around every procedure */
export function createSignInRouter(
  os: ImplementerInternalWithMiddlewares<typeof contract.signIn, CallContext, CallContext>,
  { grants, signIns }: Pick<ControlDeps, 'grants' | 'signIns'>,
  person: PersonOnly,
) {
  /** Whether the grant would outlive the end that the person gave it. */
  const livesOn = ({ server, account = grants.defaultAccount(server), endsAt }: Start): boolean => {
    // A first sign-in has no end yet.
    if (!grants.accounts(server).includes(account)) return false;
    const now = grants.view(server, account);
    if (now.state.kind === 'needs-sign-in' && now.state.because === 'lifetime-over') return true;
    return endsAt !== undefined && now.endsAt !== null && (endsAt === null || endsAt > now.endsAt);
  };

  return {
    // Not bound to the caller's connection: a UI may start it and another one finish it.
    start: os.start.handler(async ({ input, context }) => {
      const { server } = input;
      // Some flows ask nobody: there a sign-in is all that stands between an end and going on.
      if (livesOn(input)) await person.always(context, 'let the grant live longer', { server });
      // A browser opens on a person's word, and what is asked for there is theirs to say.
      else await person.whereItCounts(context, 'sign in', { server });
      const signIn = await grants.signIn(server, {
        ...choices(input),
        ...present({ openBrowser: input.openBrowser, endsAt: input.endsAt }),
      });
      return { id: signIns.track(signIn), server, url: signIn.url, redirectUri: signIn.redirectUri };
    }),
    wait: os.wait.handler(({ input, signal }) => signIns.wait(input.id, signal)),
    complete: os.complete.handler(async ({ input, context }) => {
      // Whose account it becomes, the address says.
      await person.whereItCounts(context, 'finish the sign-in');
      await signIns.complete(input.id, input.callback);
      return {};
    }),
    cancel: os.cancel.handler(({ input }) => {
      signIns.cancel(input.id);
      return {};
    }),
  };
}

export const choices = ({ account, scopes, issuer, freshConsent, registerAgain }: Plan) =>
  present({ account, scopes, issuer, freshConsent, registerAgain });
